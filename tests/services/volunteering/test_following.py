"""Moving to another district: hours follow through clearing with both legs or wait, and every step can be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.people.moving import move_elder
from services.people.tables import Person
from services.unit_of_work import SYSTEM
from services.volunteering import correcting, giving, lapsing, papers, redeeming, registering, sessions, turning
from services.volunteering.accounts import earned_that_day
from services.volunteering.bank import bank_of, ledger_of
from services.volunteering.errors import (
    BadNewPlace,
    HourMoveEnded,
    HoursOnTheirWay,
    NotEnoughHours,
    OfficeOnly,
    ReasonNeeded,
    StatementNotYours,
)
from services.volunteering.following import follow_home
from services.volunteering.moving_on import ask_to_follow, ask_to_undo, moves_of_area
from services.volunteering.tables import ElderHours, HourMove, Volunteer
from timebank.clearing import read_clearing
from timebank.errors import CapExceeded
from timebank.reader import read_balance
from timebank.verify import verify
from timebank.writer import open_account, record_transfer

_person, _volunteer, _move = table_of(Person), table_of(Volunteer), table_of(HourMove)
HERE, THERE, NEW_STREET = 320102000000000, 320104000000000, 320104006000000
OLD_STREET = 320102003000000


@pytest.fixture
def helper(cast: Any, districts: Any) -> Any:
    """Let 刘春梅 be a trained volunteer in a city whose districts are banks of their own; give her key."""

    def come(**policy: Any) -> str:
        districts(**policy)
        with cast.work("other_carer") as work:
            registering.register_volunteer(
                work.session, work.now, work.actor, cast["other_carer"], display_name="刘姐", interests=[]
            )
        with cast.work("officer") as work:
            registering.record_training(
                work.session, work.now, work.actor, cast["other_carer"], trained_on=civil_date(work.now),
                insured_until=civil_date(work.now) + timedelta(days=90),
            )  # fmt: skip
        cast.run_jobs(only="volunteering.keep_limits")
        return "other_carer"

    return come


def account(cast: Any, who: str) -> int:
    with cast.work("house") as work:
        mine = select(_person.c.timebank_account_id).where(_person.c.id == cast[who])
        found: int = work.session.connection().execute(mine).scalar_one()
        return found


def moves(cast: Any, who: str) -> list[Any]:
    with cast.work("house") as work:
        hers = select(_move).where(_move.c.person_id == cast[who]).order_by(_move.c.id)
        return list(work.session.connection().execute(hers))


def posted(cast: Any, account_id: int) -> int:
    with cast.work("house") as work:
        assert verify(work.session).ok
        return read_balance(work.session, account_id).posted


def asks(cast: Any, who: str, area: int = NEW_STREET, by: str = "officer", reason: str = "户口簿") -> int:
    with cast.work(by) as work:
        return ask_to_follow(work.session, work.now, work.actor, cast[who], area, reason)


def follow(cast: Any) -> None:
    cast.run_jobs(only="volunteering.follow_home")


def owed(cast: Any) -> int:
    with cast.work("house") as work:
        (row,) = [row for row in read_clearing(work.session, HERE) if row.peer_ledger == THERE]
        return row.owed_minutes


def test_a_move_is_asked_for_by_her_own_office_with_a_reason_to_a_street_there_is_and_once(
    cast: Any, helper: Any
) -> None:
    who = helper(most=1000)
    for wrong, by, kind in (
        (320104999000000, "officer", BadNewPlace), (HERE, "officer", BadNewPlace),
        (NEW_STREET, "other_officer", StatementNotYours), (NEW_STREET, who, OfficeOnly),
    ):  # fmt: skip
        with pytest.raises(kind):
            asks(cast, who, wrong, by)
    with pytest.raises(ReasonNeeded):
        asks(cast, who, reason=" ")
    assert asks(cast, who) == 1
    with pytest.raises(HoursOnTheirWay):
        asks(cast, who)


def test_what_is_free_goes_at_once_what_waits_follows_and_the_old_account_is_closed_at_zero(
    cast: Any, helper: Any, saved: Any, hands: Any, request: Any
) -> None:
    who = helper(most=1000)
    saved(200, who)
    old = account(cast, who)
    session_id = hands.served(request.getfixturevalue("posted")(), minutes=60, who=who)
    with cast.work(who) as work:
        before = papers.issue_paper(
            work.session, work.now, work.actor, cast[who], "statement", civil_date(work.now), civil_date(work.now)
        )
        printed = papers.read_paper(work.session, work.actor, before).fingerprint
    assert asks(cast, who) == 1
    follow(cast)

    new = account(cast, who)
    (move,) = moves(cast, who)
    assert (move.state, move.minutes, move.refusal) == ("moved", 200, None) and new != old
    assert (posted(cast, old), posted(cast, new), owed(cast)) == (0, 200, 200)
    with cast.work("house") as work:
        assert (ledger_of(work.session, old), ledger_of(work.session, new)) == (HERE, THERE)
        one = work.session.connection().execute
        assert one(select(_volunteer.c.area_code).where(_volunteer.c.person_id == cast[who])).scalar() == NEW_STREET
        then = work.now - timedelta(minutes=60)
        assert earned_that_day(work.session, new, then) == 60  # the day's cap counts what she earned before
        assert redeeming.fresh_minutes(work.session, work.now, 3, new) == 200  # as fresh as before, and not twice
    with cast.work("wang") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    cast.advance(days=1, minutes=1)
    follow(cast)
    (move,) = moves(cast, who)
    assert (move.state, move.minutes, move.sends, len(move.carried)) == ("closed", 260, 2, 4)
    assert (posted(cast, old), posted(cast, new)) == (0, 260)
    follow(cast)
    assert moves(cast, who) == [move]
    with cast.work("house") as work, pytest.raises(CapExceeded):  # closed: it takes nothing more, whoever asks
        record_transfer(
            work.session, work.now, ledger=HERE, key="late", entry_type="earn", minutes=1, credit_account_id=old,
            debit_account_id=bank_of(work.session, work.now, HERE).issuance_account_id,
        )  # fmt: skip
    with cast.work(who) as work:
        again = papers.read_paper(work.session, work.actor, before)
        assert again.fingerprint == printed and again.seal.in_chain  # a paper of the old bank stays what it was


def test_banks_that_refuse_leave_everything_as_it_was_until_they_do_not(cast: Any, helper: Any, saved: Any) -> None:
    who = helper(most=100)
    saved(150, who)
    old = account(cast, who)
    asks(cast, who)
    follow(cast)
    (move,) = moves(cast, who)
    assert (move.state, move.refusal, move.minutes) == ("waiting", "full", 0)
    assert account(cast, who) == old and posted(cast, old) == 150
    with cast.work("house") as work:
        kinds = "SELECT count(*) FROM timebank.account WHERE ledger = :l AND kind = 'volunteer'"
        assert work.session.connection().execute(text(kinds), {"l": THERE}).scalar() == 0  # no half of it was written
    with cast.work("officer") as work:
        (shown,) = moves_of_area(work.session, work.actor)
        assert (shown["state"], shown["refusal"], shown["full_name"]) == ("waiting", "full", None)
    with cast.work(who) as work:
        giving.donate_hours(work.session, work.now, work.actor, cast[who], 60, key="meanwhile")
    cast.advance(days=1, minutes=1)
    follow(cast)
    (move,) = moves(cast, who)
    assert (move.state, move.minutes, owed(cast)) == ("closed", 90, 90)


def test_without_agreement_between_the_banks_the_months_turn_tries_again(
    cast: Any, helper: Any, saved: Any, districts: Any
) -> None:
    who = helper(linked=False)
    saved(60, who)
    asks(cast, who)
    follow(cast)
    assert [(move.state, move.refusal) for move in moves(cast, who)] == [("waiting", "apart")]
    districts(name="later")
    with cast.work("house") as work:
        turning.turn_month(work.session, work.now, 320100000000000)
    follow(cast)
    assert [(move.state, move.minutes) for move in moves(cast, who)] == [("closed", 60)]


def test_a_move_written_by_mistake_goes_back_by_counter_entries_and_only_once(
    cast: Any, helper: Any, saved: Any
) -> None:
    who = helper(most=1000)
    saved(120, who)
    old = account(cast, who)
    asks(cast, who)
    follow(cast)
    new = account(cast, who)
    (move,) = moves(cast, who)
    with cast.work("officer") as work, pytest.raises(ReasonNeeded):
        ask_to_undo(work.session, work.now, work.actor, move.id, "")
    with cast.work("officer") as work:
        assert ask_to_undo(work.session, work.now, work.actor, move.id, "看错了户口簿") == 1
    follow(cast)
    gone, back = moves(cast, who)
    assert (gone.state, back.state, back.undoes_id) == ("undone", "closed", gone.id)
    assert account(cast, who) == old and (posted(cast, old), posted(cast, new), owed(cast)) == (120, 0, 0)
    with cast.work("house") as work:
        home = select(_person.c.area_code).where(_person.c.id == cast[who])
        assert work.session.connection().execute(home).scalar_one() // 10**9 == 320102
    with cast.work("officer") as work, pytest.raises(HourMoveEnded):
        ask_to_undo(work.session, work.now, work.actor, move.id, "再来一次")
    assert asks(cast, who) == 1  # and the right move can be written after it
    follow(cast)
    assert posted(cast, account(cast, who)) == 120


def test_granted_hours_follow_an_elder_whose_register_moves_and_a_city_may_let_them_stay(
    cast: Any, districts: Any
) -> None:
    districts(most=1000)
    with cast.work("house") as work:
        granted = open_account(work.session, work.now, ledger=HERE, kind="elder_grant", floor_minutes=0)
        record_transfer(
            work.session, work.now, ledger=HERE, key="grant", entry_type="grant", minutes=90,
            debit_account_id=bank_of(work.session, work.now, HERE).issuance_account_id, credit_account_id=granted,
        )  # fmt: skip
        work.session.connection().execute(
            insert(table_of(ElderHours)).values(
                elder_id=cast["wang"], area_code=OLD_STREET, account_id=granted, opened_on=civil_date(work.now)
            )
        )
        move_elder(work.session, work.now, SYSTEM, cast["wang"], NEW_STREET, None)
    follow(cast)
    (move,) = moves(cast, "wang")
    assert (move.granted, move.state, move.minutes, move.by_right) == (True, "closed", 90, "house")
    with cast.work("house") as work:
        held = work.session.connection().execute(select(table_of(ElderHours))).one()
        assert ledger_of(work.session, held.account_id) == THERE and held.area_code == NEW_STREET
        assert read_balance(work.session, held.account_id).posted == 90 and verify(work.session).ok
        rules = rules_in_force(work.session, NEW_STREET, civil_date(work.now))
        kept = rules.timebank.model_copy(update={"moving_district": "keep"})
    assert rules.timebank.moving_district == "follow" and kept.moving_district == "keep"


def test_a_city_that_lets_hours_stay_moves_the_register_and_no_minute(
    cast: Any, helper: Any, saved: Any, districts: Any
) -> None:
    who = helper(most=1000)
    saved(60, who)
    old = account(cast, who)
    districts(name="stay", most=1000, more='moving_district = "keep"\n')
    assert asks(cast, who) == 0
    follow(cast)
    assert moves(cast, who) == [] and account(cast, who) == old and posted(cast, old) == 60
    with cast.work("house") as work:
        hers = select(_volunteer.c.area_code).where(_volunteer.c.person_id == cast[who])
        assert work.session.connection().execute(hers).scalar_one() == NEW_STREET


def test_a_visit_corrected_after_the_move_is_taken_from_what_she_carried_away(
    cast: Any, helper: Any, saved: Any, hands: Any, request: Any
) -> None:
    who = helper(most=1000)
    saved(100, who)
    session_id = hands.served(request.getfixturevalue("posted")(), minutes=60, who=who)
    with cast.work("wang") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    old = account(cast, who)
    asks(cast, who)
    follow(cast)
    assert posted(cast, account(cast, who)) == 160
    with cast.work("officer") as work:
        correcting.correct_session(work.session, work.now, work.actor, session_id, "核实没有来过")
    with cast.work("house") as work:
        assert correcting.reverse_minutes(work.session, work.now, session_id)
    follow(cast)
    (move,) = moves(cast, who)
    assert (move.state, move.minutes, posted(cast, old), posted(cast, account(cast, who))) == ("closed", 100, 0, 100)
    with cast.work("house") as work:
        debts = "SELECT count(*) FROM timebank.transfer WHERE debit_kind = 'clawback' OR credit_kind = 'clawback'"
        assert work.session.connection().execute(text(debts)).scalar() == 0


def test_carried_hours_lapse_when_they_would_have_lapsed_at_home(cast: Any, helper: Any, saved: Any) -> None:
    who = helper(most=1000)
    saved(60, who)
    asks(cast, who)
    follow(cast)
    with cast.work("house") as work:
        new = account(cast, who)
        came = lapsing._movements(work.session, work.now + timedelta(minutes=1), new)
        (move,) = moves(cast, who)
        assert [one.minutes for one in came] == [60] and came[0].at < move.moved_at
        assert follow_home(work.session, work.now, cast[who]) == 0  # again changes nothing
    with cast.work(who) as work, pytest.raises(NotEnoughHours):
        giving.donate_hours(work.session, work.now, work.actor, cast[who], 61, key="too-much")
