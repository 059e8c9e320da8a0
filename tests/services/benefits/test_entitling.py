"""What an elder is entitled to is decided by the day's rules, written down as rights, and used by every quote."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.benefits.deciding import DISPLACED, GIVEN, NOT_MET
from services.benefits.entitling import decision_on, load_rules, settle_entitlements
from services.benefits.queries import entitlements_in_month, split_price
from services.cities.errors import BadPack, PackVersionChanged
from services.clock import civil_date
from services.errors import NotFound
from services.unit_of_work import SYSTEM

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "sample_data/entitlement/dongying.toml"
CITY = 320100000000000


def settled(cast: Any, who: str = "wang") -> list[tuple[Any, ...]]:
    with cast.work("house") as work:
        settle_entitlements(work.session, work.now, cast[who])
    with cast.work("house") as work:
        return [
            tuple(row)
            for row in work.session.connection().execute(
                text(
                    "SELECT ground, lower(during), upper(during) FROM entitlement WHERE elder_id = :e AND rule_id IS NOT NULL"
                    " AND NOT isempty(during) ORDER BY ground, lower(during)"
                ),
                {"e": cast[who]},
            )
        ]


def change(cast: Any, statement: str, **values: Any) -> None:
    with cast.work("house") as work:
        work.session.connection().execute(text(statement), values)


@pytest.mark.mission("DY-18", "HB-12", "NG-08")
def test_every_rule_says_what_it_gives_her_or_why_it_gives_nothing(cast: Any) -> None:
    with cast.work("daughter") as work:
        decision = decision_on(work.session, cast["wang"], civil_date(work.now))
    told = {one.rule.code: one for one in decision.tried}
    assert len(told) == 9
    assert told["aged_alone_home_service"].outcome == GIVEN
    assert told["hardship_home_service"].reasons == ("须是这些对象之一：分散供养特困人员、低保",)
    assert told["old_age_80"].reasons == ("须满80岁，现在78岁",)
    assert told["insured_care"].reasons == (
        "须按长期护理失能等级评估标准（试行，2021）评估，现在没有有效的评估结果",
    ), "her level by GB/T 42195 is not taken for the insurance's"
    assert told["respite_days"].outcome == NOT_MET and "居住情况不符：独居" in told["respite_days"].reasons


def test_who_may_not_see_her_finds_nobody_to_decide_for(cast: Any) -> None:
    for who in ("outsider", "other_officer"):
        with cast.work(who) as work, pytest.raises(NotFound):
            decision_on(work.session, cast["wang"], date(2026, 1, 1))


@pytest.mark.mission("DY-19", "TZ-15", "SH-19")
def test_a_right_begins_on_the_birthday_ends_with_the_assessment_and_quotes_follow(cast: Any) -> None:
    change(cast, "UPDATE entitlement SET during = 'empty'")
    change(cast, "UPDATE elder SET groups = '{alone}', living = 'with_family' WHERE person_id = :e", e=cast["wang"])
    with cast.work("house") as work:
        today = civil_date(work.now)
        until = work.session.connection().execute(
            text("SELECT valid_until FROM assessment WHERE elder_id = :e"), {"e": cast["wang"]}
        ).scalar_one()  # fmt: skip
    assert settled(cast) == [
        ("aged_alone_home_service@1", today, None),
        ("respite_days@1", today, until + timedelta(days=1)),
    ]
    with cast.work("house") as work:
        shared = split_price(work.session, work.now, cast["wang"], "home_bath", 12_000, today)
        late = split_price(work.session, work.now, cast["wang"], "respite_stay", 20_000, until + timedelta(days=1))
        soon = split_price(work.session, work.now, cast["wang"], "respite_stay", 20_000, until)
    assert (shared.government_fen, shared.self_fen) == (6_000, 6_000)
    assert (soon.government_fen, late.government_fen) == (12_000, 0)


def test_deciding_again_changes_nothing_and_a_new_fact_ends_a_right_today(cast: Any) -> None:
    change(cast, "UPDATE entitlement SET during = 'empty'")
    first = settled(cast)
    assert settled(cast) == first and len(first) == 1
    change(cast, "UPDATE elder SET groups = '{low_income}' WHERE person_id = :e", e=cast["wang"])
    with cast.work("house") as work:
        today = civil_date(work.now)
    assert settled(cast) == [("hardship_home_service@1", today, None)]
    change(cast, "UPDATE person SET died_on = :d WHERE id = :e", d=today, e=cast["wang"])
    assert settled(cast) == []


def test_rights_given_by_hand_are_left_alone(cast: Any) -> None:
    settled(cast)
    with cast.work("house") as work:
        month = entitlements_in_month(work.session, cast["wang"], civil_date(work.now))
    assert any("演示" in one.ground for one in month) and any("@1" in one.ground for one in month)


def test_hours_are_held_per_month_and_a_visit_longer_than_what_is_left_is_not_covered(cast: Any) -> None:
    change(cast, "UPDATE entitlement SET during = 'empty'")
    change(cast, "UPDATE elder SET living = 'with_family', groups = '{}' WHERE person_id = :e", e=cast["wang"])
    settled(cast)
    with cast.work("house") as work:
        today = civil_date(work.now)
        day = today.replace(day=1)
        assert split_price(work.session, work.now, cast["wang"], "respite_stay", 20_000, today).government_fen == 12_000
        month = entitlements_in_month(work.session, cast["wang"], today)[0]
        assert (month.monthly_cap_minutes, month.left_minutes) == (1440, 1440)
        order = (
            "INSERT INTO care_order (order_number, elder_id, area_code, service_code, starts_at, ends_at, state, price_fen,"
            " government_fen, voucher_fen, self_fen, placed_by, by_right, channel, idempotency_key, request_hash, placed_at)"
            " VALUES (:n, :e, 320102003902901, 'respite_stay', now(), now() + interval '1 day', 'placed', 0, 0, 0, 0, :e,"
            " 'self', 'web', :n, '\\x00', now()) RETURNING id"
        )
        ids = [
            work.session.connection().execute(text(order), {"n": f"R{n}", "e": cast["wang"]}).scalar_one()
            for n in (1, 2)
        ]
        use = (
            "INSERT INTO entitlement_use (entitlement_id, elder_id, area_code, order_id, month, amount_fen, minutes, state,"
            " recorded_at) VALUES (:r, :e, 320102003902901, :o, :m, 100, 0, 'held', now())"
        )
        values = {"r": month.entitlement_id, "e": cast["wang"], "m": day}
        work.session.connection().execute(text(use), values | {"o": ids[0]})
        assert split_price(work.session, work.now, cast["wang"], "respite_stay", 20_000, today).government_fen == 0
        assert entitlements_in_month(work.session, cast["wang"], today)[0].left_minutes == 0
        with pytest.raises(DBAPIError) as refused, work.session.begin_nested():
            work.session.connection().execute(text(use), values | {"o": ids[1]})
        assert "entitlement_use_month_minutes_check" in str(refused.value.orig.diag.constraint_name)  # type: ignore[union-attr]
        work.session.rollback()  # these orders have no log


def test_the_next_version_of_a_rule_holds_from_its_day_and_the_earlier_one_before(cast: Any, tmp_path: Path) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
    later = today + timedelta(days=30)
    text_of = FILE.read_text("utf-8")
    head, tail = text_of.split('code = "aged_alone_home_service"')
    tail = tail.replace("valid_from = 2021-01-01", f"valid_from = {later}", 1).replace(
        "percent = 50", "percent = 80", 1
    )
    file = tmp_path / "dongying.toml"
    file.write_text(head + 'code = "aged_alone_home_service"' + tail, "utf-8")
    change(cast, "UPDATE entitlement SET during = 'empty'")
    with cast.work("house") as work:
        done = load_rules(work.session, work.now, SYSTEM, file)
        assert (done.published, done.unchanged) == (1, 8)
        assert load_rules(work.session, work.now, SYSTEM, file).published == 0
    cast.run_jobs()
    assert settled(cast) == [
        ("aged_alone_home_service@1", today, later), ("aged_alone_home_service@2", later, None),
    ]  # fmt: skip
    with cast.work("house") as work:
        for day, fen in ((later - timedelta(days=1), 5_000), (later, 8_000)):
            assert split_price(work.session, work.now, cast["wang"], "home_bath", 10_000, day).government_fen == fen
        decided = decision_on(work.session, cast["wang"], later - timedelta(days=1))
        assert [rule.version for rule in decided.given] == [1]
    with cast.work("house") as work, pytest.raises(PackVersionChanged):
        file.write_text(file.read_text("utf-8").replace("percent = 80", "percent = 90"), "utf-8")
        load_rules(work.session, work.now, SYSTEM, file)
    with cast.work("house") as work, pytest.raises(DBAPIError):
        work.session.connection().execute(text("UPDATE entitlement_rule SET percent = 1"))


@pytest.mark.mission("SH-16", "SH-41")
def test_under_shanghais_rules_her_own_scheme_decides_and_exclusive_rules_give_one(cast: Any) -> None:
    from services.cities.actions import adopt_rules
    from services.cities.queries import city_by_key

    with cast.work("house") as work:
        adopt_rules(work.session, work.now, CITY, city_by_key(work.session, "shanghai"))
    change(cast, "UPDATE person SET born_on = '1940-01-01' WHERE id = :e", e=cast["wang"])
    change(cast, "UPDATE elder SET groups = '{alone,low_income}' WHERE person_id = :e", e=cast["wang"])
    with cast.work("house") as work:
        decision = decision_on(work.session, cast["wang"], civil_date(work.now))
    told = {one.rule.code: one for one in decision.tried}
    assert [rule.code for rule in decision.given] == ["hardship_home_service"]
    assert told["aged_alone_home_service"].outcome == DISPLACED
    assert "评估" in told["insured_care_4"].reasons[0]


@pytest.mark.mission("HB-13")
def test_under_hulunbuirs_rules_the_old_age_allowance_goes_by_bands_of_age(cast: Any) -> None:
    from services.cities.actions import adopt_rules
    from services.cities.queries import city_by_key

    with cast.work("house") as work:
        adopt_rules(work.session, work.now, CITY, city_by_key(work.session, "hulunbuir"))
        today = civil_date(work.now)
    paid = {}
    for age in (79, 80, 99, 100):
        change(cast, "UPDATE person SET born_on = :b WHERE id = :e", b=date(today.year - age, 1, 1), e=cast["wang"])
        with cast.work("house") as work:
            given = decision_on(work.session, cast["wang"], today).given
        paid[age] = [rule.monthly_fen for rule in given if rule.code.startswith("old_age")]
    assert paid == {79: [], 80: [10_000], 99: [10_000], 100: [60_000]}, "1200 and 7200 yuan a year"


def test_a_rule_that_names_a_level_without_its_scheme_is_refused_with_its_line(tmp_path: Path, cast: Any) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(FILE.read_text("utf-8").replace('scheme = "ltci-2021"\n', ""), "utf-8")
    with cast.work("house") as work, pytest.raises(BadPack) as refused:
        load_rules(work.session, work.now, SYSTEM, file)
    assert "scheme" in refused.value.facts["problems"][0]["message"]
