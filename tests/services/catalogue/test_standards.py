"""A city's catalogue: versions by day, five public fields, a ceiling the database holds, and a menu that follows it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.catalogue.actions import load_catalogue, publish_version, withdraw_item
from services.catalogue.errors import (
    LinesAboveCeiling,
    StandardChanged,
    TooLateToOrder,
    UnknownService,
    UnknownStandard,
    VersionTooEarly,
)
from services.catalogue.queries import menu, service_by_code
from services.catalogue.standards import standard_on, standards_on, versions_of
from services.cities.queries import city_by_key
from services.clock import civil_date
from services.errors import NotAllowed
from services.unit_of_work import SYSTEM

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "sample_data/catalogue/dongying.toml"
AREA = 320102003902901
KINDS = {
    "meals", "bathing", "cleaning", "emergency", "medical", "mobility", "personal_care", "nursing", "rehabilitation",
    "day_care", "respite", "advice", "devices", "adaptation",
}  # fmt: skip


def dongying(work: Any) -> int:
    return city_by_key(work.session, "dongying")


@pytest.mark.mission("DY-10", "DY-26", "HB-10", "HB-19", "HB-37", "TZ-14", "TZ-29")
def test_a_city_that_adopted_rules_has_their_catalogue_with_every_kind_and_all_five_fields(cast: Any) -> None:
    with cast.work("house") as work:
        found = standards_on(work.session, AREA, civil_date(work.now))
        assert standards_on(work.session, AREA, date(2020, 12, 31)) == []
    assert {one.kind for one in found} >= KINDS
    for one in found:
        assert all(one.five) and one.content and one.acceptance
        assert one.price_fen is None or one.price_ceiling_fen is None or one.price_fen <= one.price_ceiling_fen


def test_what_was_in_force_on_a_day_stays_answerable_after_an_administrators_change(cast: Any) -> None:
    with cast.work("administrator") as work:
        today = civil_date(work.now)
        city = dongying(work)
        act = (work.session, work.now, work.actor)
        for when in (today - timedelta(days=1), date(2021, 1, 1)):
            with pytest.raises(VersionTooEarly):
                publish_version(*act, city, "home_bath", {}, valid_from=when, reason="太早")
        number = publish_version(
            *act, city, "home_bath", {"minutes": 100, "price_fen": 13_000, "standard": "浴后观察20分钟"},
            valid_from=today + timedelta(days=10), reason="标准提高",
        )  # fmt: skip
        assert number == 2
    with cast.work("house") as work:
        for day, minutes in ((today + timedelta(days=9), 90), (today + timedelta(days=10), 100)):
            assert standard_on(work.session, AREA, "home_bath", day).minutes == minutes
            assert service_by_code(work.session, "home_bath", day, AREA).minutes == minutes
        assert [one.version for one in versions_of(work.session, dongying(work), "home_bath")] == [2, 1]
        acts = work.session.connection().execute(text("SELECT count(*) FROM act WHERE verb = 'publish_standard'"))
        assert acts.scalar_one() == 1
    for who in ("officer", "wang"):
        with cast.work(who) as work, pytest.raises(NotAllowed):
            publish_version(
                work.session, work.now, work.actor, dongying(work), "home_bath", {},
                valid_from=today + timedelta(days=20), reason="无权",
            )  # fmt: skip
    with cast.work("officer") as work, pytest.raises(DBAPIError):
        work.session.connection().execute(text("INSERT INTO service_standard SELECT * FROM service_standard LIMIT 1"))
    with cast.work("house") as work, pytest.raises(DBAPIError):
        work.session.connection().execute(text("UPDATE service_standard SET price_fen = 1"))


def test_a_price_above_the_ceiling_is_refused_by_the_database_itself(cast: Any) -> None:
    with cast.work("administrator") as work:
        day = civil_date(work.now) + timedelta(days=5)
        act = (work.session, work.now, work.actor, dongying(work), "home_bath")
        with pytest.raises(IntegrityError) as refused, work.session.begin_nested():
            publish_version(*act, {"price_fen": 15_001}, valid_from=day, reason="涨价")
        assert refused.value.orig.diag.constraint_name == "service_standard_price_within_ceiling_check"  # type: ignore[union-attr]
        with pytest.raises(LinesAboveCeiling) as told:
            publish_version(*act, {"price_fen": 9_000, "price_ceiling_fen": 10_000}, valid_from=day, reason="限价")
        assert {price for _, price in told.value.facts["providers"]} == {12_000}
        publish_version(
            *act, {"price_fen": 9_000, "price_ceiling_fen": 10_000}, valid_from=day, reason="限价", lower_lines=True
        )
    with cast.work("house") as work:
        prices = "SELECT DISTINCT price_fen FROM service_line WHERE service_code = 'home_bath'"
        assert work.session.connection().execute(text(prices)).scalars().all() == [10_000]
        with pytest.raises(DBAPIError) as refused_line, work.session.begin_nested():
            work.session.connection().execute(
                text("UPDATE service_line SET price_fen = 10001 WHERE service_code = 'home_bath'")
            )
        assert refused_line.value.orig.diag.constraint_name == "service_line_price_within_ceiling_check"  # type: ignore[union-attr]
        work.session.connection().execute(
            text("UPDATE service_line SET price_fen = 9999 WHERE service_code = 'home_bath'")
        )


def test_the_menu_is_what_the_catalogue_offers_that_day(cast: Any) -> None:
    def offered(work: Any) -> set[str]:
        return {line.service.code for tile in menu(work.session, work.now, AREA) for line in tile.lines}

    with cast.work("house") as work:
        first = offered(work)
    assert {"home_bath", "day_care_place", "respite_stay"} <= first and "home_adaptation" not in first
    with cast.work("administrator") as work:
        today = civil_date(work.now)
        withdraw_item(work.session, work.now, work.actor, dongying(work), "home_bath", last_day=today, reason="停办")
    with cast.work("house") as work:
        assert service_by_code(work.session, "home_bath", today, AREA).standard_version == 1
        with pytest.raises(UnknownService):
            service_by_code(work.session, "home_bath", today + timedelta(days=1), AREA)
        with pytest.raises(UnknownStandard):
            standard_on(work.session, AREA, "home_bath", today + timedelta(days=1))
        assert service_by_code(work.session, "home_bath", today + timedelta(days=1)).minutes == 90, "old orders keep it"


def test_an_order_after_the_notice_is_refused_with_the_last_moment(cast: Any) -> None:
    from services.orders.actions import place_order

    with cast.work("daughter") as work:
        day = work.now + timedelta(days=1)
        starts = day.replace(hour=1, minute=0, second=0, microsecond=0)  # 9:00 in Shanghai
        wish = {
            "elder_id": cast["wang"], "service_code": "home_cleaning", "starts_at": starts,
            "ends_at": starts + timedelta(hours=3), "idempotency_key": "notice-0001", "channel": "web",
        }  # fmt: skip
        with pytest.raises(TooLateToOrder) as refused:
            place_order(work.session, starts - timedelta(minutes=119), work.actor, **wish)
        assert refused.value.facts["latest"] == (starts - timedelta(minutes=120)).isoformat()
        assert place_order(work.session, starts - timedelta(minutes=121), work.actor, **wish).state == "placed"


def test_the_same_file_changes_nothing_and_other_words_for_the_same_day_are_refused(cast: Any, tmp_path: Path) -> None:
    with cast.work("house") as work:
        done = load_catalogue(work.session, work.now, SYSTEM, FILE)
        assert (done.published, done.unchanged) == (0, 20)
        other = tmp_path / "other.toml"
        other.write_text(FILE.read_text("utf-8").replace("浴后观察15分钟", "浴后观察10分钟"), "utf-8")
        with pytest.raises(StandardChanged):
            load_catalogue(work.session, work.now, SYSTEM, other)
