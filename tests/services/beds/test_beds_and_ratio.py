"""Beds: nobody lies in two, no bed holds two, and one ratio has as many definitions as the plans gave it."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from services.beds import ratio as ratios
from services.beds.actions import admit, discharge
from services.beds.errors import (
    BadDays,
    BedNotFound,
    BedNotOpen,
    BedTaken,
    ElderHasABed,
    NotForYourOffice,
    StayEnded,
    StayNotFound,
    UnknownRatio,
)
from services.beds.queries import beds_of, homes_with_beds, snapshot_differences
from services.beds.snapshots import take_snapshot
from services.beds.tables import Bed, BedSnapshot, BedStay
from services.cities.pack import BedFilter
from services.columns import table_of
from services.directory.tables import Facility
from services.errors import NotAllowed, NotFound

STREET = 320102003902000
CITY = 320100000000000
LO, HI = 320102003000000, 320102003999999
START = date(2025, 1, 1)


pytestmark = pytest.mark.usefixtures("assessed")


def move_in(cast: Any, bed_id: int, elder: str, first: date, last: date | None = None, who: str = "officer") -> int:
    with cast.work(who) as work:
        return admit(work.session, work.now, work.actor, bed_id, cast[elder], first_day=first, last_day=last)


def the_ratio(cast: Any, on: date, who: str = "officer", lo: int = CITY, hi: int = CITY + 10**11 - 1) -> Any:
    with cast.work(who) as work:
        return ratios.nursing_ratio(work.session, CITY, on, lo=lo, hi=hi)


def test_a_bed_holds_one_elder_and_an_elder_has_one_bed(cast: Any, home: Any) -> None:
    _, beds = home()
    day = date(2026, 3, 1)
    stay = move_in(cast, beds[0], "wang", day, date(2026, 4, 1))
    with pytest.raises(BedTaken):
        move_in(cast, beds[0], "sun", date(2026, 3, 31))
    with pytest.raises(ElderHasABed):
        move_in(cast, beds[1], "wang", date(2026, 3, 15), date(2026, 3, 16))
    move_in(cast, beds[0], "sun", date(2026, 4, 1))  # the day she leaves, the bed is free
    with cast.work("officer") as work, pytest.raises(StayEnded):
        discharge(work.session, work.now, work.actor, stay, date(2026, 4, 1), "回家")


def test_leaving_frees_the_bed(cast: Any, home: Any) -> None:
    _, beds = home()
    stay = move_in(cast, beds[0], "wang", date(2026, 3, 1))
    with cast.work("officer") as work, pytest.raises(BadDays):
        discharge(work.session, work.now, work.actor, stay, date(2026, 3, 1), "回家")
    for who, refusal in (("other_officer", StayNotFound), ("daughter", NotForYourOffice)):
        with cast.work(who) as work, pytest.raises(refusal):
            discharge(work.session, work.now, work.actor, stay, date(2026, 3, 5), "回家")
    with cast.work("officer") as work:
        discharge(work.session, work.now, work.actor, stay, date(2026, 3, 5), "回家")
    move_in(cast, beds[0], "sun", date(2026, 3, 5))


def test_only_her_streets_officer_gives_a_bed(cast: Any, home: Any) -> None:
    _, beds = home()
    for who in ("daughter", "wang", "operator", "outsider", "other_officer", "dispatcher"):
        with pytest.raises((NotFound, NotAllowed)):
            move_in(cast, beds[0], "wang", date(2026, 3, 1), who=who)
    _, far = home(area=320102002901000)
    with pytest.raises(BedNotFound):
        move_in(cast, far[0], "wang", date(2026, 3, 1))


def test_a_bed_that_is_not_open_is_not_given(cast: Any, home: Any) -> None:
    _, beds = home(closed_on=date(2026, 6, 1))
    for first, last in (
        (date(2024, 12, 31), date(2025, 2, 1)),
        (date(2026, 5, 1), None),
        (date(2026, 5, 1), date(2026, 6, 2)),
    ):
        with pytest.raises(BedNotOpen):
            move_in(cast, beds[0], "wang", first, last)
    with pytest.raises(BadDays):
        move_in(cast, beds[0], "wang", date(2026, 5, 2), date(2026, 5, 2))


@pytest.mark.mission("HB-02", "TZ-01")
def test_dongyings_ratio_counts_institutions_only_and_names_target_and_shortfall(cast: Any, home: Any) -> None:
    facility_id, _ = home(beds=10, nursing=6)
    home(beds=4, nursing=4, type_code="street_centre")
    home(beds=3, nursing=3, kind="home")
    found = the_ratio(cast, date(2026, 11, 1))
    assert (found.nursing, found.total, found.ratio) == (6, 10, 0.6)
    assert (found.target, found.target_due, found.short_beds) == (0.73, date(2030, 12, 31), 2)
    assert [(row.facility_id, row.nursing, row.total) for row in found.rows] == [(facility_id, 6, 10)]
    assert "养老机构" in found.definition and found.basis == "open"
    past = the_ratio(cast, date(2025, 6, 30))
    assert (past.target, past.target_due, past.short_beds) == (0.6, date(2025, 12, 31), 0)


@pytest.mark.mission("NG-05", "SH-08", "SH-09")
def test_the_definition_is_the_citys_data_not_the_codes(cast: Any, home: Any) -> None:
    home(beds=10, nursing=6)
    home(beds=10, nursing=1, type_code="support_home", dementia=True, basic_guarantee=True)
    home(beds=5, nursing=5, kind="home", type_code="street_centre")

    def counted(numerator: BedFilter, denominator: BedFilter, basis: str = "open") -> tuple[int, int]:
        rules = SimpleNamespace(facility_type=lambda code: SimpleNamespace(also=()))
        definition = SimpleNamespace(numerator=numerator, denominator=denominator, basis=basis)
        with cast.work("officer") as work:
            (row,) = ratios._counted(
                work.session,
                rules,
                definition,
                [date(2026, 11, 1)],
                LO,
                HI,
                by_home=False,  # type: ignore[arg-type]
            )
        return row.nursing, row.total

    support = ("support_home",)
    assert counted(BedFilter(flags=("nursing",)), BedFilter()) == (7, 20)  # Shanghai: of all beds
    assert counted(BedFilter(facility_types=support, flags=("nursing",)), BedFilter(facility_types=support)) == (
        1,
        10,
    )  # Ningguo
    assert counted(BedFilter(flags=("dementia", "nursing")), BedFilter(flags=("basic_guarantee",))) == (1, 10)
    assert counted(BedFilter(flags=("home_bed",)), BedFilter(include_home_beds=True)) == (5, 25)
    assert counted(BedFilter(flags=("nursing",)), BedFilter(), "occupied") == (0, 0)


def test_certifying_beds_lifts_the_trend_from_that_month_on(cast: Any, home: Any) -> None:
    _, beds = home(beds=10, nursing=5)
    with cast.work("house") as work:
        for bed_id in beds[5:8]:
            work.session.connection().exec_driver_sql(
                "UPDATE bed SET nursing_from = '2026-08-15' WHERE id = %s", (bed_id,)
            )
    with cast.work("officer") as work:
        points = ratios.ratio_trend(work.session, CITY, date(2026, 11, 20), lo=CITY, hi=CITY + 10**11 - 1)
    assert len(points) == 15 and points[0].on == date(2025, 9, 30) and points[-1].on == date(2026, 11, 20)
    assert {point.ratio for point in points if point.on < date(2026, 8, 15)} == {0.5}
    assert {point.ratio for point in points if point.on > date(2026, 8, 15)} == {0.8}


def test_the_beds_behind_the_ratio_add_up_to_it(cast: Any, home: Any) -> None:
    home(beds=7, nursing=3)
    home(beds=5, nursing=5, type_code="support_home")
    on = date(2026, 11, 1)
    found = the_ratio(cast, on)
    with cast.work("officer") as work:
        beds = ratios.ratio_beds(work.session, CITY, on, lo=CITY, hi=CITY + 10**11 - 1)
    assert (sum(bed.in_numerator for bed in beds), len(beds)) == (found.nursing, found.total) == (8, 12)


def test_a_ratio_the_city_does_not_measure_is_said(cast: Any) -> None:
    with cast.work("officer") as work, pytest.raises(UnknownRatio):
        ratios.nursing_ratio(work.session, CITY, date(2026, 11, 1), lo=CITY, hi=HI, ratio_code="invented")


@pytest.mark.mission("DY-08")
def test_the_ratio_and_the_snapshot_equal_a_recount_of_the_beds(cast: Any, home: Any) -> None:
    """Homes and beds with random dates; every month end is counted again in plain Python."""
    dice = random.Random(11)
    for _ in range(6):
        home(
            beds=dice.randrange(1, 9),
            nursing=0,
            type_code=dice.choice(("care_home", "support_home", "day_care_centre")),
        )
    bed, facility, snapshot = table_of(Bed), table_of(Facility), table_of(BedSnapshot)
    with cast.work("house") as work:
        connection = work.session.connection()
        for row in connection.execute(select(bed.c.id)).all():
            opened = START + timedelta(days=dice.randrange(0, 500))
            connection.execute(
                bed.update().where(bed.c.id == row.id).values(
                    opened_on=opened,
                    closed_on=opened + timedelta(days=dice.randrange(0, 400)) if dice.random() < 0.3 else None,
                    nursing_from=opened + timedelta(days=dice.randrange(0, 300)) if dice.random() < 0.6 else None,
                )
            )  # fmt: skip
        rows = connection.execute(
            select(bed, facility.c.type_code).join(facility, facility.c.id == bed.c.facility_id)
        ).all()
        for day in ratios.month_ends(date(2026, 11, 20), 14):
            open_beds = [b for b in rows if b.opened_on <= day and (b.closed_on is None or b.closed_on > day)]
            mine = [b for b in open_beds if b.type_code in ("care_home", "support_home")]
            nursing = sum(b.nursing_from is not None and b.nursing_from <= day for b in mine)
            found = ratios.nursing_ratio(work.session, CITY, day, lo=CITY, hi=CITY + 10**11 - 1)
            assert (found.nursing, found.total) == (nursing, len(mine))
            take_snapshot(work.session, work.now, day)
            kept = connection.execute(select(snapshot).where(snapshot.c.day == day)).all()
            assert sum(row.total for row in kept) == len(open_beds)
            assert snapshot_differences(work.session, day) == []


def test_a_snapshot_taken_again_corrects_itself(cast: Any, home: Any) -> None:
    _, beds = home(beds=4, nursing=2)
    day, snapshot = date(2026, 10, 31), table_of(BedSnapshot)
    with cast.work("house") as work:
        take_snapshot(work.session, work.now, day)
    move_in(cast, beds[0], "wang", date(2026, 10, 1))
    with cast.work("house") as work:
        work.session.connection().exec_driver_sql("UPDATE bed SET closed_on = '2026-10-01' WHERE id = %s", (beds[3],))
        (difference,) = snapshot_differences(work.session, day)
        assert (difference.kept_total, difference.counted_total, difference.counted_occupied) == (4, 3, 1)
        assert take_snapshot(work.session, work.now, day) == 1
        assert snapshot_differences(work.session, day) == []
        work.session.connection().exec_driver_sql("UPDATE bed SET closed_on = '2026-10-01'")
        take_snapshot(work.session, work.now, day)
        (row,) = work.session.connection().execute(select(snapshot).where(snapshot.c.day == day))
        assert (row.total, row.occupied) == (0, 0)


@pytest.mark.mission("NG-03", "SH-07")
def test_the_register_shows_names_to_the_officer_of_the_area_only(cast: Any, home: Any) -> None:
    facility_id, beds = home()
    move_in(cast, beds[0], "wang", date(2026, 3, 1))
    on = date(2026, 3, 2)
    for who, name, occupied in (("officer", "王秀兰", 1), ("other_officer", None, 0)):
        with cast.work(who) as work:
            assert beds_of(work.session, facility_id, on)[0].elder_name == name
            (counts,) = homes_with_beds(work.session, on, LO, HI)
            assert (counts.total, counts.nursing, counts.occupied) == (4, 2, occupied)
    with cast.work("officer") as work, pytest.raises(BedNotFound):
        beds_of(work.session, 999_999, on)


def test_two_officers_give_one_bed_at_the_same_moment(cast: Any, home: Any) -> None:
    import threading

    _, beds = home()
    answers: list[str] = []
    gate = threading.Barrier(2)

    def give(elder: str) -> None:
        from services.unit_of_work import unit_of_work

        try:
            with unit_of_work(cast.actor("officer")) as work:
                gate.wait(timeout=120)
                admit(
                    work.session, work.now, work.actor, beds[0], cast[elder], first_day=date(2026, 3, 1), last_day=None
                )
            answers.append("given")
        except BedTaken:
            answers.append("taken")

    threads = [threading.Thread(target=give, args=(elder,)) for elder in ("wang", "sun")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    assert sorted(answers) == ["given", "taken"]
    with cast.work("house") as work:
        assert len(work.session.connection().execute(select(table_of(BedStay))).all()) == 1


def test_shortfall_is_the_beds_that_would_meet_the_target() -> None:
    for nursing, total, value in (
        (6, 10, "73"),
        (5, 10, "55"),
        (0, 3, "60"),
        (10, 10, "55"),
        (0, 0, "55"),
        (73, 100, "73"),
    ):
        short = ratios.beds_short(nursing, total, float(Decimal(value) / 100))
        assert (nursing + short) * 100 >= Decimal(value) * total
        assert short == 0 or (nursing + short - 1) * 100 < Decimal(value) * total
