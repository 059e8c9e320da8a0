"""Moving in, away for some days, from bed to bed, and out; and waiting one's turn where the database holds the order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.beds import actions, jumps, waiting
from services.beds.errors import (
    BedNotFree,
    BedOfferClosed,
    BedPromised,
    BedTaken,
    NotAssessed,
    NotFirst,
    NotForYourOffice,
    NotInTheStay,
    NotOnTheList,
    OnLeave,
    SecondPersonNeeded,
    SomebodyWaits,
    StayNotFound,
    WaitsAlready,
)
from services.beds.queries import beds_of, homes_with_beds
from services.beds.snapshots import take_snapshot
from services.beds.waiting_queries import waiting_at, waiting_list, waiting_times, waits_of
from services.clock import civil_date
from services.errors import NotAllowed, NotFound

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


def messages(cast: Any, template: str) -> int:
    cast.run_jobs()
    return int(ask(cast, "SELECT count(*) FROM message WHERE template = :t", t=template)[0][0])


def put_in_group(cast: Any, elder: str, *groups: str) -> None:
    ask(
        cast,
        "UPDATE elder SET groups = :g, care_level = 0 WHERE person_id = :e RETURNING 1",
        g=list(groups),
        e=cast[elder],
    )


def test_nobody_moves_in_without_an_assessment_but_in_an_emergency_with_a_clock(cast: Any, home: Any) -> None:
    _, beds = home()
    day = today(cast)
    with pytest.raises(NotAssessed):
        do(cast, "officer", actions.admit, beds[0], cast["sun"], first_day=day)
    with cast.work("officer") as work, pytest.raises(DBAPIError, match="has no assessment"):
        work.session.connection().execute(
            text("INSERT INTO bed_stay (bed_id, elder_id, area_code, during, recorded_at)"
                 " VALUES (:b, :e, 320102003902000, daterange(:d, NULL), now())"),
            {"b": beds[0], "e": cast["sun"], "d": day},
        )  # fmt: skip
    stay = do(cast, "officer", actions.admit, beds[0], cast["sun"], first_day=day, emergency="家中无人照料")
    kept = ask(cast, "SELECT basis, assess_by, assessment_id FROM bed_stay WHERE id = :s", s=stay)[0]
    assert kept == ("emergency", day + timedelta(days=7), None)
    cast.advance(days=6)
    assert messages(cast, "beds.unassessed") == 0
    cast.advance(days=3)
    assert messages(cast, "beds.unassessed") >= 1


@pytest.mark.usefixtures("assessed")
def test_an_assessment_made_since_is_tied_to_the_emergency(cast: Any, home: Any) -> None:
    _, beds = home()
    stay = do(cast, "officer", actions.admit, beds[0], cast["wang"], first_day=today(cast), emergency="跌倒")
    rests = ask(cast, "SELECT assessment_id IS NOT NULL FROM bed_stay WHERE id = :s", s=stay)
    assert rests == [(True,)], "an assessment that holds already is tied at once"
    with cast.work("house") as work, pytest.raises(DBAPIError, match="began as it began"):
        work.session.connection().execute(text("UPDATE bed_stay SET basis = 'register' WHERE id = :s"), {"s": stay})


@pytest.mark.mission("HB-01")
@pytest.mark.usefixtures("assessed")
def test_who_is_away_still_holds_her_bed_and_is_counted_apart(cast: Any, home: Any) -> None:
    _, beds = home()
    day = today(cast)
    stay = do(cast, "officer", actions.admit, beds[0], cast["wang"], first_day=day - timedelta(days=20))
    with pytest.raises(NotInTheStay):
        do(cast, "officer", actions.go_on_leave, stay, "hospital", day - timedelta(days=30), None)
    leave = do(cast, "dispatcher", actions.go_on_leave, stay, "hospital", day - timedelta(days=5), None)
    with pytest.raises(OnLeave):
        do(cast, "officer", actions.go_on_leave, stay, "holiday", day - timedelta(days=1), None)
    with pytest.raises((StayNotFound, NotForYourOffice)):
        do(cast, "other_dispatcher", actions.go_on_leave, stay, "holiday", day, None)
    with pytest.raises(BedTaken):
        do(cast, "officer", actions.admit, beds[0], cast["sun"], first_day=day)
    with cast.work("officer") as work:
        row = homes_with_beds(work.session, day, LO, HI)[0]
    assert (row.occupied, row.on_leave) == (1, 1)
    do(cast, "dispatcher", actions.come_back, leave, day)
    with cast.work("house") as work:
        take_snapshot(work.session, work.now, day - timedelta(days=1))
        take_snapshot(work.session, work.now, day)
    kept = ask(cast, "SELECT day, occupied, on_leave FROM bed_snapshot ORDER BY day")
    assert kept == [(day - timedelta(days=1), 1, 1), (day, 1, 0)]


@pytest.mark.usefixtures("assessed")
def test_a_transfer_is_one_act_and_a_refused_one_changes_nothing(cast: Any, home: Any) -> None:
    _, here = home()
    _, there = home()
    day = today(cast)
    first = do(cast, "officer", actions.admit, here[0], cast["wang"], first_day=day - timedelta(days=9))
    do(cast, "officer", actions.admit, there[0], cast["sun"], first_day=day - timedelta(days=9))
    with pytest.raises(BedTaken):
        do(cast, "officer", actions.transfer, first, there[0], day, "离女儿近")
    assert ask(cast, "SELECT upper(during), end_kind FROM bed_stay WHERE id = :s", s=first) == [(None, None)]
    moved = do(cast, "dispatcher", actions.transfer, first, there[1], day, "离女儿近")
    rows = ask(
        cast, "SELECT id, bed_id, lower(during), upper(during), end_kind, moved_from, basis FROM bed_stay WHERE elder_id = :e"
        " ORDER BY id", e=cast["wang"],
    )  # fmt: skip
    assert rows == [
        (first, here[0], day - timedelta(days=9), day, "transfer", None, "assessed"),
        (moved, there[1], day, None, None, first, "assessed"),
    ]


@pytest.mark.usefixtures("assessed")
def test_a_death_ends_the_stay_with_its_leave_and_the_register_learns_it(cast: Any, home: Any) -> None:
    _, beds = home()
    day = today(cast)
    stay = do(cast, "officer", actions.admit, beds[0], cast["sun"], first_day=day - timedelta(days=9))
    do(cast, "dispatcher", actions.go_on_leave, stay, "hospital", day - timedelta(days=4), None)
    do(cast, "dispatcher", actions.record_death, stay, day - timedelta(days=1))
    cast.run_jobs()
    assert ask(cast, "SELECT died_on FROM person WHERE id = :e", e=cast["sun"]) == [(day - timedelta(days=1),)]
    assert ask(cast, "SELECT upper(during) FROM bed_leave") == [(day - timedelta(days=1),)]
    other = do(cast, "officer", actions.admit, beds[1], cast["wang"], first_day=day - timedelta(days=9))
    ask(cast, "UPDATE person SET died_on = :d WHERE id = :e RETURNING 1", d=day - timedelta(days=2), e=cast["wang"])
    from workers.jobs.beds import HANDLERS

    with cast.work("house") as work:
        HANDLERS["beds.end_stays"](work)
    ended = ask(cast, "SELECT upper(during), end_kind FROM bed_stay WHERE id = :s", s=other)
    assert ended == [(day - timedelta(days=2), "death")], "a death the register learned elsewhere ends the stay too"


@pytest.mark.mission("DY-20")
@pytest.mark.usefixtures("assessed")
def test_the_list_goes_by_class_then_by_time_and_says_why(cast: Any, home: Any) -> None:
    facility, beds = home(nursing=1)
    put_in_group(cast, "wang", "low_income")
    put_in_group(cast, "sun", "extreme_hardship")
    mine = do(cast, "daughter", waiting.apply_for_bed, facility, cast["wang"])
    with pytest.raises(WaitsAlready):
        do(cast, "wang", waiting.apply_for_bed, facility, cast["wang"])
    do(cast, "officer", waiting.apply_for_bed, facility, cast["sun"])
    with cast.work("officer") as work:
        order = [(one.elder_id, one.class_code, one.place) for one in waiting_list(work.session, facility)]
    assert order == [(cast["sun"], "extreme_hardship", 1), (cast["wang"], "others", 2)]
    with cast.work("daughter") as work:
        seen = waits_of(work.session, cast["wang"])
        assert [(one.id, one.place, one.higher_class, one.same_class, one.waiting) for one in seen] == [
            (mine, 2, 1, 0, 2)
        ]
        assert waiting_list(work.session, facility) == seen, (
            "she sees her own entry and how many stand before it, no names"
        )
    with cast.work("other_dispatcher") as work:
        assert waiting_list(work.session, facility) == []
    with pytest.raises((NotFound, NotAllowed)):
        do(cast, "outsider", waiting.apply_for_bed, facility, cast["wang"])


@pytest.mark.mission("SH-17")
@pytest.mark.usefixtures("assessed")
def test_an_offer_goes_to_the_first_holds_the_bed_and_runs_out_by_the_clock(cast: Any, home: Any) -> None:
    facility, beds = home(beds=1)
    put_in_group(cast, "wang")
    day = today(cast)
    first = do(cast, "officer", waiting.apply_for_bed, facility, cast["sun"])
    second = do(cast, "daughter", waiting.apply_for_bed, facility, cast["wang"])
    with pytest.raises(NotFirst):
        do(cast, "dispatcher", waiting.offer_bed, beds[0], day, second)
    with pytest.raises(SomebodyWaits):
        do(cast, "officer", actions.admit, beds[0], cast["wang"], first_day=day)
    offer = do(cast, "dispatcher", waiting.offer_bed, beds[0], day)
    assert ask(cast, "SELECT wait_id, state FROM bed_offer WHERE id = :o", o=offer) == [(first, "open")]
    with pytest.raises(BedNotFree):
        do(cast, "officer", waiting.offer_bed, beds[0], day)
    with pytest.raises((BedPromised, SomebodyWaits)):
        do(cast, "officer", actions.admit, beds[0], cast["wang"], first_day=day, emergency="急")
    assert messages(cast, "beds.offered") == 1
    cast.advance(hours=73)
    assert messages(cast, "beds.passed") >= 1
    assert ask(cast, "SELECT state, declines FROM bed_wait WHERE id = :w", w=first) == [("waiting", 1)]
    with pytest.raises(BedOfferClosed):
        do(cast, "officer", waiting.answer_offer, offer, True)
    again = do(cast, "dispatcher", waiting.offer_bed, beds[0], day + timedelta(days=4))
    do(cast, "officer", waiting.answer_offer, again, False, "想离儿子近一点")
    with cast.work("dispatcher") as work:
        order = [one.id for one in waiting_at(work.session, cast.providers["kangle"])]
    assert order == [second, first], "after two beds let go she stands behind the others of her class"


@pytest.mark.mission("SH-17")
@pytest.mark.mission("SH-18")
@pytest.mark.usefixtures("assessed")
def test_a_yes_leads_into_the_bed_and_the_waiting_time_is_counted(cast: Any, home: Any) -> None:
    facility, beds = home(beds=2)
    wait = do(cast, "daughter", waiting.apply_for_bed, facility, cast["wang"])
    do(cast, "officer", waiting.apply_for_bed, facility, cast["sun"])
    cast.advance(days=10)
    day = today(cast)
    with pytest.raises(NotOnTheList):
        do(cast, "dispatcher", actions.admit, beds[0], cast["wang"], first_day=day)
    offer = do(cast, "dispatcher", waiting.offer_bed, beds[0], day, wait)
    with pytest.raises((NotFound, NotAllowed)):
        do(cast, "dispatcher", waiting.answer_offer, offer, True)
    do(cast, "daughter", waiting.answer_offer, offer, True)
    stay = do(cast, "dispatcher", actions.admit, beds[0], cast["wang"], first_day=day)
    assert ask(cast, "SELECT state FROM bed_wait WHERE id = :w", w=wait) == [("admitted",)]
    assert ask(cast, "SELECT state FROM bed_offer WHERE id = :o", o=offer) == [("fulfilled",)]
    with cast.work("dispatcher") as work:
        names = {row.elder_name for row in beds_of(work.session, facility, day) if row.stay_id == stay}
        assert len(names) == 1 and None not in names, "the home knows who lives in it"
    with cast.work("officer") as work:
        times = [(one.moved_in, one.median_days, one.waiting, one.waiting_median_days)
                 for one in waiting_times(work.session, LO, HI, work.now)]  # fmt: skip
    assert times == [(1, 10, 0, None), (0, None, 1, 10)]


@pytest.mark.usefixtures("assessed")
def test_a_bed_taken_but_not_moved_into_is_free_again(cast: Any, home: Any) -> None:
    facility, beds = home(beds=1)
    wait = do(cast, "daughter", waiting.apply_for_bed, facility, cast["wang"])
    offer = do(cast, "officer", waiting.offer_bed, beds[0], today(cast))
    do(cast, "wang", waiting.answer_offer, offer, True)
    cast.advance(days=16)
    cast.run_jobs(only="beds.release_bed")
    assert ask(cast, "SELECT state FROM bed_wait WHERE id = :w", w=wait) == [("waiting",)]
    assert ask(cast, "SELECT state FROM bed_offer WHERE id = :o", o=offer) == [("withdrawn",)]


@pytest.mark.mission("SH-17")
@pytest.mark.usefixtures("assessed")
def test_nobody_is_put_first_by_one_person_alone(cast: Any, home: Any) -> None:
    facility, beds = home(beds=1)
    put_in_group(cast, "wang")
    do(cast, "officer", waiting.apply_for_bed, facility, cast["sun"])
    late = do(cast, "daughter", waiting.apply_for_bed, facility, cast["wang"])
    jump = do(cast, "officer", jumps.ask_jump, late, "女儿住院，家中无人")
    with pytest.raises(SecondPersonNeeded):
        do(cast, "officer", jumps.decide_jump, jump, True)
    with cast.work("officer") as work, pytest.raises(DBAPIError, match="keeps its home"):
        work.session.connection().execute(text("UPDATE bed_wait SET jumped_at = now() WHERE id = :w"), {"w": late})
    with pytest.raises((NotFound, NotAllowed)):
        do(cast, "dispatcher", jumps.decide_jump, jump, True)
    ask(cast, "UPDATE bed_jump SET asked_by = :p WHERE id = :j RETURNING 1", p=cast["dispatcher"], j=jump)
    do(cast, "officer", jumps.decide_jump, jump, True, "情况属实")
    offer = do(cast, "dispatcher", waiting.offer_bed, beds[0], today(cast))
    assert ask(cast, "SELECT wait_id FROM bed_offer WHERE id = :o", o=offer) == [(late,)]
    verbs = ask(cast, "SELECT verb FROM act WHERE subject_type = 'bed_jump' ORDER BY id")
    assert verbs == [("ask_bed_jump",), ("decide_bed_jump",)]
