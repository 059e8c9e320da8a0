"""Any past day of the register counts again to the same number; two sources stand side by side until somebody chooses."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.beds import actions, register, reports
from services.beds.errors import BadBedFacts, HomeNotFound, NotForYourOffice, NothingReported, StandingOverlaps
from services.beds.ratio import nursing_ratio
from services.beds.what_if import Change, what_if
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.oversight.bed_watch import readings, watch_city, watch_ratio

CITY = 320100000000000
LO, HI = 320102003000000, 320102003999999


def do(cast: Any, who: str, verb: Any, *args: Any, **more: Any) -> Any:
    with cast.work(who) as work:
        return verb(work.session, work.now, work.actor, *args, **more)


def ask(cast: Any, statement: str, **values: Any) -> Any:
    with cast.work("house") as work:
        return work.session.connection().execute(text(statement), values).all()


def today(cast: Any) -> date:
    with cast.work("house") as work:
        return civil_date(work.now)


def on(cast: Any, day: date) -> Any:
    with cast.work("officer") as work:
        return register.register_on(work.session, day, lo=LO, hi=HI)[0]


@pytest.mark.mission("DY-07")
@pytest.mark.mission("HB-01")
@pytest.mark.mission("TZ-43")
def test_papers_of_beds_make_every_past_day_count_again_to_the_same_number(cast: Any, home: Any) -> None:
    _, beds = home(beds=4, nursing=1)
    paper = {"paper": "宁民认〔2025〕8号", "issued_by": "区民政局"}
    until = date(2025, 12, 31)
    do(
        cast,
        "officer",
        register.certify_beds,
        beds[1:3],
        register.Paper("nursing", date(2025, 6, 1), valid_until=until, **paper),
    )
    do(cast, "officer", register.certify_beds, beds[1:2], register.Paper("nursing", date(2026, 3, 1), **paper))
    do(cast, "officer", register.certify_beds, beds[:2], register.Paper("dementia", date(2025, 7, 1), **paper))
    do(
        cast,
        "officer",
        register.certify_beds,
        beds[:1],
        register.Paper("dementia", date(2026, 2, 1), grants=False, **paper),
    )
    do(cast, "officer", register.set_care_level, beds[0], "full", date(2025, 2, 1))
    do(cast, "dispatcher", register.set_care_level, beds[0], "special", date(2026, 1, 1))
    counted = {
        date(2025, 5, 31): (1, 0, 1, 0), date(2025, 6, 1): (3, 0, 1, 0), date(2025, 7, 1): (3, 2, 1, 0),
        date(2025, 12, 31): (3, 2, 1, 0), date(2026, 1, 1): (1, 2, 0, 1), date(2026, 2, 1): (1, 1, 0, 1),
        date(2026, 3, 1): (2, 1, 0, 1),
    }  # fmt: skip
    found = {day: on(cast, day) for day in counted}
    assert {day: (row.nursing, row.dementia, row.full_care, row.special) for day, row in found.items()} == counted
    with cast.work("officer") as work:
        assert nursing_ratio(work.session, CITY, date(2025, 12, 31), lo=LO, hi=HI).nursing == 3
        assert nursing_ratio(work.session, CITY, date(2026, 1, 1), lo=LO, hi=HI).nursing == 1
        assert [one.paper for one in register.papers_of(work.session, beds[1])] == [paper["paper"]] * 3
    with pytest.raises(DBAPIError, match="written once"):
        ask(cast, "UPDATE bed_certificate SET holds_from = '2020-01-01' RETURNING 1")


def test_a_home_does_not_write_its_own_papers(cast: Any, home: Any) -> None:
    _, beds = home(beds=1, nursing=0)
    paper = register.Paper("nursing", date(2026, 1, 1), "自己写的", "自己")
    with pytest.raises(NotForYourOffice):
        do(cast, "dispatcher", register.certify_beds, beds, paper)
    with cast.work("dispatcher") as work, pytest.raises(DBAPIError, match="written by the office"):
        work.session.connection().execute(
            text("UPDATE bed SET nursing_from = '2026-01-01' WHERE id = :b"), {"b": beds[0]}
        )
    with cast.work("other_dispatcher") as work:
        changed = work.session.connection().execute(text("UPDATE bed SET label = 'x' WHERE id = :b"), {"b": beds[0]})
        assert changed.rowcount == 0
    with pytest.raises(BadBedFacts):
        do(cast, "officer", register.certify_beds, beds, register.Paper("nursing", date(2026, 1, 1), " ", "区民政局"))


@pytest.mark.mission("DY-54")
@pytest.mark.mission("TZ-22")
def test_whose_a_home_is_has_its_days(cast: Any, home: Any) -> None:
    facility, _ = home()
    first = register.Standing("private", False, True, date(2025, 3, 1))
    do(cast, "officer", register.record_standing, facility, first)
    capped = register.Standing("private_non_profit", True, True, date(2026, 1, 1), 300_000, "普惠〔2026〕1号")
    do(cast, "officer", register.record_standing, facility, capped)
    with pytest.raises(StandingOverlaps):
        do(cast, "officer", register.record_standing, facility, first)
    for who in ("dispatcher", "other_officer"):
        with pytest.raises((NotForYourOffice, HomeNotFound)):
            do(cast, who, register.record_standing, facility, capped)
    said = [(on(cast, day).ownership, on(cast, day).price_cap_fen, on(cast, day).embedded)
            for day in (date(2025, 2, 28), date(2025, 12, 31), date(2026, 1, 1))]  # fmt: skip
    assert said == [(None, None, None), ("private", None, True), ("private_non_profit", 300_000, True)]


@pytest.mark.usefixtures("assessed")
def test_two_sources_differ_until_an_officer_chooses_and_says_why(cast: Any, home: Any) -> None:
    facility, beds = home(beds=4, nursing=2)
    day = today(cast)
    do(cast, "officer", actions.admit, beds[0], cast["wang"], first_day=day - timedelta(days=3))
    do(cast, "dispatcher", reports.report_beds, facility, day, {"total": 4, "occupied": 3})
    do(cast, "officer", reports.report_beds, facility, day, {"occupied": 1}, "现场清点")
    with cast.work("officer") as work:
        open_ones = reports.differences(work.session, LO, HI, day)
    assert [(one.fact, one.register, one.home, one.inspector, one.open) for one in open_ones] == [
        ("occupied", 1, 3, 1, True)
    ]
    with pytest.raises(NothingReported):
        do(cast, "officer", reports.choose_official, facility, day, "nursing", "home", "只有它")
    with pytest.raises(NotForYourOffice):
        do(cast, "dispatcher", reports.choose_official, facility, day, "occupied", "home", "我们说的")
    assert do(cast, "officer", reports.choose_official, facility, day, "occupied", "inspector", "现场看到一人") == 1
    with cast.work("dispatcher") as work:
        seen = next(one for one in reports.sources_on(work.session, facility, day) if one.fact == "occupied")
        assert (seen.official, seen.official_source, seen.open) == (1, "inspector", False)
    do(cast, "dispatcher", reports.report_beds, facility, day, {"occupied": 2})
    with cast.work("officer") as work:
        assert reports.differences(work.session, LO, HI, day)[0].open, "a later report opens the question again"
    with cast.work("other_dispatcher") as work:
        assert all(one.home is None and one.official is None for one in reports.sources_on(work.session, facility, day))


@pytest.mark.mission("DY-09")
def test_what_if_says_the_new_ratio_and_writes_nothing(cast: Any, home: Any) -> None:
    facility, _ = home(beds=10, nursing=5)
    day = today(cast)
    with cast.work("officer") as work:
        before = work.session.connection().execute(text("SELECT count(*), count(nursing_from) FROM bed")).one()
        would = what_if(work.session, CITY, day, [Change(facility, certify=3)])
        assert (would.now.ratio, would.ratio, would.homes[0].could_certify) == (0.5, 0.8, 5)
        assert (
            would.now.target is not None and would.meets_target == (would.now.target <= 0.8) and would.short_after == 0
        )
        more = what_if(work.session, CITY, day, [Change(facility, certify=1, open_beds=10)])
        assert (more.nursing, more.total) == (16, 20)
        with pytest.raises(BadBedFacts):
            what_if(work.session, CITY, day, [Change(facility, certify=6)])
        after = work.session.connection().execute(text("SELECT count(*), count(nursing_from) FROM bed")).one()
        assert before == after


@pytest.mark.mission("DY-08")
@pytest.mark.mission("DY-09")
def test_the_night_reads_every_ratio_keeps_it_and_tells_of_beds_short_once_a_month(cast: Any, home: Any) -> None:
    one, _ = home(beds=10, nursing=3)
    two, _ = home(beds=6, nursing=3)
    with cast.work("house") as work:
        ratios = {one.code for one in rules_in_force(work.session, CITY, civil_date(work.now)).ratios}
        seen = {one.ratio_code: one for one in watch_city(work.session, work.now, CITY)}
        watch_city(work.session, work.now, CITY)
    assert set(seen) == ratios
    found = next(iter(seen.values()))
    assert found.found.short_beds == sum(beds for _, beds in found.places) > 0
    assert found.places[0][0].facility_id == one, "most beds to certify first"
    cast.run_jobs()
    told = ask(cast, "SELECT recipient_id, body FROM message WHERE template = 'beds.short'")
    assert [row.recipient_id for row in told] == [cast["officer"]] * len(ratios)
    assert f"{len(found.places)}家机构缺{found.found.short_beds}张" in told[0].body
    with cast.work("officer") as work:
        kept = readings(work.session, CITY, found.ratio_code)
        assert [(row.nursing, row.total, row.short_beds) for row in kept] == [(6, 16, found.found.short_beds)]
        again = watch_ratio(work.session, CITY, civil_date(work.now), found.ratio_code)
        assert again.ahead is not None and again.ahead.expected == pytest.approx(37.5)
