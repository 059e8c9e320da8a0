"""A volunteer's hour on its way into the ledger, and everything that may go wrong with it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Person
from services.visits.actions import DoorProof
from services.visits.compliance import month_compliance
from services.visits.tables import Visit, VisitAttempt
from services.volunteering import bank, correcting, queries, sessions
from services.volunteering.errors import (
    AlreadySettled,
    NotYoursToConfirm,
    SessionNotFound,
    StatementNotYours,
)
from services.volunteering.tables import Need, Volunteer, VolunteerSession
from timebank.reader import read_trial_balance
from timebank.verify import verify

_need, _visit, _session = table_of(Need), table_of(Visit), table_of(VolunteerSession)
_volunteer, _person = table_of(Volunteer), table_of(Person)
CITY = 320100000000000
PLATE = DoorProof("door_plate", "demo-door-plate-wang")


@pytest.mark.mission("HB-31", "DY-14")
def test_ninety_minutes_are_held_at_check_out_and_posted_when_the_daughter_confirms(
    cast: Any, hands: Any, posted: Any
) -> None:
    session_id = hands.served(posted())
    assert hands.balance() == (0, 90)
    with cast.work("daughter") as work:
        (waiting,) = queries.sessions_to_confirm(work.session, cast["wang"])
        assert (waiting.id, waiting.credit_minutes, waiting.volunteer_name) == (session_id, 90, "李文华")
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert hands.balance() == (90, 0)
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert hands.balance() == (90, 0)
    found = hands.row(_session, session_id)
    assert (found.state, found.confirmed_by) == ("posted", cast["daughter"])
    assert hands.row(_need, found.need_id).state == "confirmed"
    assert hands.row(_visit, found.visit_id).confirmed_by == cast["daughter"]
    with cast.work("house") as work:
        assert verify(work.session).ok
        assert sum(kind.balance_minutes for kind in read_trial_balance(work.session, CITY)) == 0


@pytest.mark.mission("HB-32")
def test_her_statement_names_what_each_minute_was_for(cast: Any, hands: Any, posted: Any) -> None:
    session_id = hands.served(posted(title="陪我聊聊天"))
    with cast.work("wang") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    for who in ("volunteer", "officer"):
        with cast.work(who) as work:
            page = queries.volunteer_statement(
                work.session, work.actor, cast["volunteer"],
                start=work.now - timedelta(days=1), end=work.now + timedelta(days=1),
            )  # fmt: skip
        assert [(line.phase, line.title, line.posted_minutes) for line in page.lines] == [
            ("pending", "陪我聊聊天", 0), ("post", "陪我聊聊天", 90),
        ]  # fmt: skip
        assert (page.opening_minutes, page.closing_minutes, page.pending_minutes) == (0, 90, 0)
    for who in ("outsider", "other_officer", "wang", "daughter"):
        with cast.work(who) as work, pytest.raises(StatementNotYours):
            queries.volunteer_statement(work.session, work.actor, cast["volunteer"], start=work.now, end=work.now)


def test_the_same_check_out_books_once_however_often_the_job_runs(cast: Any, hands: Any, posted: Any) -> None:
    visit_id = hands.take(posted())
    hands.serve(visit_id)
    assert len({hands.book(visit_id) for _ in range(5)}) == 1
    assert hands.balance() == (0, 90)


def test_a_friendly_visit_counts_once_as_having_seen_her(cast: Any, hands: Any, posted: Any) -> None:
    hands.served(posted())
    with cast.work("house") as work:
        attempt = work.session.connection().execute(select(table_of(VisitAttempt))).one()
        assert (attempt.outcome, attempt.channel, attempt.by_person_id) == ("seen", "home", cast["volunteer"])
        month = civil_date(attempt.happened_at)
        found = month_compliance(work.session, work.now, month, lo=320102003000000, hi=320102003999999)
        assert (found.due, found.done) == (2, 1)


def test_a_disputed_visit_is_void_and_no_longer_counts(cast: Any, hands: Any, posted: Any) -> None:
    session_id = hands.served(posted())
    with cast.work("daughter") as work:
        sessions.dispute_session(work.session, work.now, work.actor, session_id, "没有来过")
    assert hands.balance() == (0, 0)
    found = hands.row(_session, session_id)
    assert (found.state, found.dispute_reason) == ("voided", "没有来过")
    with cast.work("daughter") as work, pytest.raises(AlreadySettled):
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    with cast.work("house") as work:
        assert not sessions.auto_confirm(work.session, work.now + timedelta(days=9), session_id)
        counted = month_compliance(work.session, work.now, civil_date(work.now), lo=320102003000000, hi=320102003999999)
        assert counted.done == 0


def test_minutes_posted_cannot_be_disputed_away(cast: Any, hands: Any, posted: Any) -> None:
    session_id = hands.served(posted())
    with cast.work("wang") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    with cast.work("daughter") as work, pytest.raises(AlreadySettled):
        sessions.dispute_session(work.session, work.now, work.actor, session_id, "改主意了")
    assert hands.balance() == (90, 0)


def test_confirming_and_disputing_at_the_same_moment_settles_once(cast: Any, hands: Any, posted: Any) -> None:
    session_id, answers, gate = hands.served(posted()), [], threading.Barrier(2)

    def settle(who: str, dispute: bool) -> None:
        from services.unit_of_work import unit_of_work

        try:
            with unit_of_work(cast.actor(who)) as work:
                gate.wait(timeout=120)
                if dispute:
                    sessions.dispute_session(work.session, work.now, work.actor, session_id, "没有来过")
                else:
                    sessions.confirm_session(work.session, work.now, work.actor, session_id)
            answers.append("voided" if dispute else "posted")
        except AlreadySettled:
            answers.append("late")

    threads = [threading.Thread(target=settle, args=given) for given in (("wang", False), ("daughter", True))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    assert sorted(answers)[0] == "late" and len(answers) == 2
    assert hands.row(_session, session_id).state in answers
    assert hands.balance() == ((90, 0) if "posted" in answers else (0, 0))


def test_nobody_confirms_her_own_minutes(cast: Any, hands: Any, posted: Any) -> None:
    session_id = hands.served(posted())
    with cast.work("volunteer") as work, pytest.raises(NotYoursToConfirm):
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    for who in ("outsider", "other_officer", "carer"):
        with cast.work(who) as work, pytest.raises(SessionNotFound):
            sessions.confirm_session(work.session, work.now, work.actor, session_id)
    with cast.work("officer") as work:  # for an elder who cannot confirm any more
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert hands.balance() == (90, 0)


def test_silence_posts_the_minutes_when_the_citys_time_is_over(cast: Any, hands: Any, posted: Any) -> None:
    session_id = hands.served(posted())
    with cast.work("house") as work:
        assert not sessions.auto_confirm(work.session, work.now, session_id)
        timer = (
            work.session.connection()
            .exec_driver_sql("SELECT not_before FROM outbox WHERE job = 'volunteering.auto_confirm'")
            .scalar_one()
        )
        assert timer == hands.row(_session, session_id).auto_confirm_at
        assert timedelta(hours=71) < timer - work.now < timedelta(hours=73)
    cast.advance(hours=73)
    with cast.work("house") as work:
        assert sessions.auto_confirm(work.session, work.now, session_id)
        assert not sessions.auto_confirm(work.session, work.now, session_id)
    assert hands.balance() == (90, 0)


def test_a_visit_shorter_than_the_citys_minimum_earns_nothing_and_says_so(cast: Any, hands: Any, posted: Any) -> None:
    visit_id = hands.take(posted())
    hands.serve(visit_id, minutes=29)
    assert hands.book(visit_id) is None and hands.balance() == (0, 0)
    with cast.work("house") as work:
        facts = (
            work.session.connection()
            .exec_driver_sql(
                "SELECT args->'facts' FROM outbox WHERE args->>'template' = 'volunteering.nothing_credited'"
            )
            .scalar_one()
        )
    assert facts["minutes"] == 29 and "最短" in facts["reason"]


def test_a_day_never_earns_more_than_the_citys_cap(cast: Any, hands: Any, posted: Any) -> None:
    with cast.work("house") as work:  # begin the Shanghai day, so that the whole story lies in it
        hours = (24 - (work.now + timedelta(hours=8)).hour) % 24
    cast.advance(hours=hours)
    first = hands.served(posted(10), minutes=300)
    second = hands.served(posted(10), minutes=300)
    assert [hands.row(_session, s).credit_minutes for s in (first, second)] == [300, 180]
    assert hands.row(_session, second).service_minutes == 300
    visit_id = hands.take(posted(10))
    hands.serve(visit_id, minutes=60)
    assert hands.book(visit_id) is None


def test_minutes_above_the_cap_go_to_the_pool_in_the_same_act(cast: Any, hands: Any, posted: Any, saved: Any) -> None:
    with cast.work("house") as work:
        cap = rules_in_force(work.session, CITY, civil_date(work.now)).timebank.cap_minutes
    saved(cap - 60)
    session_id = hands.served(posted())
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert hands.balance() == (cap, 0)
    with cast.work("house") as work:
        kinds = {kind.kind: kind.balance_minutes for kind in read_trial_balance(work.session, CITY)}
    assert (kinds["pool"], kinds["issuance"]) == (30, -cap - 30)


def test_posted_minutes_are_corrected_by_a_counter_entry_and_both_stay(cast: Any, hands: Any, posted: Any) -> None:
    session_id = hands.confirmed(posted())
    for who in ("volunteer", "daughter", "wang", "operator"):
        with cast.work(who) as work, pytest.raises(NotYoursToConfirm):
            correcting.correct_session(work.session, work.now, work.actor, session_id, "没有来过")
    for who in ("outsider", "other_officer"):
        with cast.work(who) as work, pytest.raises(SessionNotFound):
            correcting.correct_session(work.session, work.now, work.actor, session_id, "没有来过")
    with cast.work("officer") as work:
        correcting.correct_session(work.session, work.now, work.actor, session_id, "核实没有来过")
    for expected in (True, False):
        with cast.work("house") as work:
            assert correcting.reverse_minutes(work.session, work.now, session_id) is expected
    assert hands.balance() == (0, 0) and hands.row(_session, session_id).state == "voided"
    with cast.work("volunteer") as work:
        page = queries.volunteer_statement(
            work.session,
            work.actor,
            cast["volunteer"],
            start=work.now - timedelta(days=1),
            end=work.now + timedelta(days=1),
        )
    assert [(line.entry_type, line.posted_minutes) for line in page.lines] == [
        ("earn", 0),
        ("earn", 90),
        ("reversal", -90),
    ]
    with cast.work("officer") as work, pytest.raises(AlreadySettled):
        correcting.correct_session(work.session, work.now, work.actor, session_id, "再来一次")


def test_minutes_already_given_away_become_a_debt_not_a_balance_below_zero(cast: Any, hands: Any, posted: Any) -> None:
    from timebank.writer import record_transfer

    session_id = hands.confirmed(posted())
    with cast.work("house") as work:
        account = (
            work.session.connection()
            .execute(select(_person.c.timebank_account_id).where(_person.c.id == cast["volunteer"]))
            .scalar_one()
        )
        pool = bank.bank_of(work.session, work.now, CITY).pool_account_id
        record_transfer(
            work.session, work.now, ledger=CITY, key="gift-1", debit_account_id=account, credit_account_id=pool,
            entry_type="donate", minutes=70,
        )  # fmt: skip
    with cast.work("officer") as work:
        correcting.correct_session(work.session, work.now, work.actor, session_id, "核实没有来过")
    with cast.work("house") as work:
        assert correcting.reverse_minutes(work.session, work.now, session_id)
        kinds = {kind.kind: kind.balance_minutes for kind in read_trial_balance(work.session, CITY)}
        assert verify(work.session).ok
    assert hands.balance() == (0, 0)
    assert (kinds["clawback"], kinds["pool"], kinds["issuance"]) == (-70, 70, 0)


def test_the_ledger_itself_counts_a_day_and_the_day_ends_at_midnight_in_shanghai(
    cast: Any, hands: Any, posted: Any
) -> None:
    from sqlalchemy import text

    def counted() -> dict[str, int]:
        with cast.work("house") as work:
            rows = work.session.connection().execute(text("SELECT day, minutes FROM timebank.earned_day ORDER BY day"))
            return {str(row.day): row.minutes for row in rows}

    cast.go_to_hour(17)
    with cast.work("house") as work:
        today = civil_date(work.now)
    first = hands.served(posted(10), minutes=400)  # 17:10 to 23:50
    cast.advance(minutes=5)
    second = hands.served(posted(2), minutes=120)  # begins before midnight: that day's, 80 of them fit
    assert [hands.row(_session, one).credit_minutes for one in (first, second)] == [400, 80]
    third = hands.served(posted(2), minutes=200)  # after midnight: another day
    assert hands.row(_session, third).credit_minutes == 200
    tomorrow = today + timedelta(days=1)
    assert counted() == {str(today): 480, str(tomorrow): 200}
    with cast.work("daughter") as work:
        sessions.dispute_session(work.session, work.now, work.actor, first, "没有来过")
    assert counted() == {str(today): 80, str(tomorrow): 200}
    with cast.work("house") as work:
        assert verify(work.session).ok


def test_who_types_an_entry_above_the_day_is_refused_by_the_ledger(cast: Any, hands: Any, posted: Any) -> None:
    from timebank.errors import DailyCapExceeded
    from timebank.writer import record_transfer

    hands.served(posted())
    with cast.work("house") as work:
        account = (
            work.session.connection()
            .execute(select(_person.c.timebank_account_id).where(_person.c.id == cast["volunteer"]))
            .scalar_one()
        )
        with pytest.raises(DailyCapExceeded):
            record_transfer(
                work.session, work.now, ledger=CITY, key="past-the-house", credit_account_id=account,
                debit_account_id=bank.bank_of(work.session, work.now, CITY).issuance_account_id, entry_type="earn",
                minutes=480,
            )  # fmt: skip
