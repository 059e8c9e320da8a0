"""A volunteer's hour: from the board to the ledger, and everything that may go wrong on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from services.clock import civil_date
from services.columns import table_of
from services.errors import NotAllowed, NotFound
from services.people.tables import Person, Proxy, RoleGrant
from services.visits.actions import DoorProof, check_in, check_out
from services.visits.compliance import month_compliance
from services.visits.errors import VisitNotOpen
from services.visits.records import DeviceFacts
from services.visits.tables import Visit, VisitAttempt
from services.volunteering import actions, bank, correcting, queries, registering, sessions
from services.volunteering.errors import (
    AlreadyAVolunteer,
    AlreadySettled,
    BadWindow,
    BoardShowsNoNames,
    NeedNotFound,
    NeedNotOpen,
    NeedTaken,
    NotAVolunteer,
    NotInsured,
    NotTrained,
    NotYoursToConfirm,
    OtherVisitThen,
    OwnRelative,
    SessionNotFound,
    StatementNotYours,
    TooYoung,
    UnknownNeedKind,
)
from services.volunteering.tables import Need, Volunteer, VolunteerSession
from timebank.reader import read_balance, read_trial_balance
from timebank.verify import verify

_need, _visit, _session = table_of(Need), table_of(Visit), table_of(VolunteerSession)
_volunteer, _person = table_of(Volunteer), table_of(Person)
CITY = 320100000000000
PLATE = DoorProof("door_plate", "demo-door-plate-wang")


@pytest.fixture
def posted(cast: Any) -> Callable[..., int]:
    """Post a need of 王奶奶 that starts `minutes` from now and lasts 90 minutes; give its id."""

    def post(minutes: int = 30, title: str | None = "陪我聊聊天", who: str = "daughter", kind: str = "friendly_visit") -> int:
        with cast.work(who) as work:
            starts = work.now + timedelta(minutes=minutes)
            return actions.post_need(
                work.session, work.now, work.actor, cast["wang"],
                kind=kind, title=title, starts_at=starts, ends_at=starts + timedelta(minutes=90),
            )  # fmt: skip

    return post


@pytest.fixture
def second_volunteer(cast: Any) -> str:
    """Make 刘春梅 a trained and insured volunteer as well; give her key."""
    with cast.work("other_carer") as work:
        registering.register_volunteer(
            work.session, work.now, work.actor, cast["other_carer"], display_name="刘姐", interests=[]
        )
    with cast.work("officer") as work:
        today = civil_date(work.now)
        registering.record_training(
            work.session, work.now, work.actor, cast["other_carer"],
            trained_on=today, insured_until=today + timedelta(days=30),
        )  # fmt: skip
    return "other_carer"


def take(cast: Any, need_id: int, who: str = "volunteer") -> int:
    with cast.work(who) as work:
        return actions.take_need(work.session, work.now, work.actor, need_id)


def serve(cast: Any, visit_id: int, minutes: int = 90, who: str = "volunteer") -> None:
    with cast.work(who) as work:
        check_in(
            work.session, work.now, work.actor, visit_id, proof=PLATE, happened_at=work.now, device=DeviceFacts(event_key="in")
        )
    cast.advance(minutes=minutes)
    with cast.work(who) as work:
        check_out(
            work.session, work.now, work.actor, visit_id,
            tasks_done=["聊天问候"], note=None, happened_at=work.now, device=DeviceFacts(event_key="out"),
        )  # fmt: skip


def book(cast: Any, visit_id: int) -> int | None:
    with cast.work("house") as work:
        return sessions.record_session(work.session, work.now, visit_id)


def balance(cast: Any, who: str = "volunteer") -> tuple[int, int]:
    with cast.work("house") as work:
        account = work.session.connection().execute(
            select(_person.c.timebank_account_id).where(_person.c.id == cast[who])
        ).scalar_one()
        held = read_balance(work.session, account)
        return held.posted, held.pending_in


def served(cast: Any, need_id: int, minutes: int = 90, who: str = "volunteer") -> int:
    visit_id = take(cast, need_id, who)
    serve(cast, visit_id, minutes, who)
    session_id = book(cast, visit_id)
    assert session_id is not None
    return session_id


def row(cast: Any, table: Any, number: int) -> Any:
    with cast.work("house") as work:
        return work.session.connection().execute(select(table).where(table.c.id == number)).one()


@pytest.mark.mission("DY-14")
def test_ninety_minutes_are_held_at_check_out_and_posted_when_the_daughter_confirms(cast: Any, posted: Any) -> None:
    session_id = served(cast, posted())
    assert balance(cast) == (0, 90)
    with cast.work("daughter") as work:
        (waiting,) = queries.sessions_to_confirm(work.session, cast["wang"])
        assert (waiting.id, waiting.credit_minutes, waiting.volunteer_name) == (session_id, 90, "李文华")
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert balance(cast) == (90, 0)
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert balance(cast) == (90, 0)
    found = row(cast, _session, session_id)
    assert (found.state, found.confirmed_by) == ("posted", cast["daughter"])
    assert row(cast, _need, found.need_id).state == "confirmed"
    assert row(cast, _visit, found.visit_id).confirmed_by == cast["daughter"]
    with cast.work("house") as work:
        assert verify(work.session).ok
        assert sum(kind.balance_minutes for kind in read_trial_balance(work.session, CITY)) == 0


def test_her_statement_names_what_each_minute_was_for(cast: Any, posted: Any) -> None:
    session_id = served(cast, posted(title="陪我聊聊天"))
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


def test_the_board_shows_neither_name_nor_door(cast: Any, posted: Any) -> None:
    posted()
    with cast.work("volunteer") as work:
        (shown,) = queries.needs_board(work.session, work.now)
    assert set(shown._fields) == {"id", "kind", "title", "rough_place", "starts_at", "ends_at"}
    assert shown.rough_place.startswith("新街口街道") and "王" not in shown.rough_place + shown.title
    for title in ("陪王秀兰看病", "请打19900000001", "3幢201室聊天", "三单元来坐坐"):
        with pytest.raises(BoardShowsNoNames):
            posted(title=title)
    for who in ("outsider", "other_officer", "carer"):
        with cast.work(who) as work:
            assert queries.needs_board(work.session, work.now) == []


def test_a_need_is_posted_by_her_side_or_her_community_only(cast: Any, posted: Any) -> None:
    for who in ("wang", "daughter", "officer", "operator", "advisor"):
        posted(who=who)
    for who in ("outsider", "other_officer", "volunteer", "carer"):
        with pytest.raises((NotFound, NotAllowed)):
            posted(who=who)
    with pytest.raises(UnknownNeedKind):
        posted(kind="home_bath")
    with pytest.raises(BadWindow):
        posted(minutes=-5)


def test_taking_hides_it_from_the_board_and_gives_name_and_code(cast: Any, posted: Any, second_volunteer: str) -> None:
    need_id = posted()
    visit_id = take(cast, need_id)
    with cast.work("volunteer") as work:
        assert queries.needs_board(work.session, work.now) == []
        (mine,) = queries.my_needs(work.session, work.actor)
        assert (mine.elder_name, mine.visit_id) == ("王秀兰", visit_id)
    with pytest.raises(NeedNotFound):
        take(cast, need_id, second_volunteer)
    with cast.work("daughter") as work:
        (hers,) = queries.needs_of_elder(work.session, cast["wang"])
        assert hers.taken_by_name == "李文华"


def test_two_volunteers_at_the_same_moment_one_takes_it(cast: Any, posted: Any, second_volunteer: str) -> None:
    need_id, answers, gate = posted(), {}, threading.Barrier(2)
    actors = {who: cast.actor(who, role="volunteer") for who in ("volunteer", second_volunteer)}

    def try_it(who: str) -> None:
        from services.unit_of_work import unit_of_work

        try:
            with unit_of_work(actors[who]) as work:
                gate.wait(timeout=20)
                answers[who] = actions.take_need(work.session, work.now, work.actor, need_id)
        except (NeedTaken, NeedNotFound) as refused:
            answers[who] = refused

    threads = [threading.Thread(target=try_it, args=(who,)) for who in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(isinstance(answer, int) for answer in answers.values()) == [False, True]
    with cast.work("house") as work:
        visits = work.session.connection().execute(select(_visit).where(_visit.c.need_id == need_id)).all()
    winner = next(who for who, answer in answers.items() if isinstance(answer, int))
    assert [visit.visitor_id for visit in visits] == [cast[winner]]


def test_the_second_hand_waits_and_reads_that_it_is_gone(cast: Any, posted: Any, second_volunteer: str) -> None:
    """The second volunteer reads the need while the first still holds it, on two real connections."""
    from services.unit_of_work import unit_of_work

    need_id, seen = posted(), []
    with unit_of_work(cast.actor("volunteer")) as first:
        actions.take_need(first.session, first.now, first.actor, need_id)

        def second_hand() -> None:
            with unit_of_work(cast.actor(second_volunteer, role="volunteer")) as second:
                with pytest.raises(NeedTaken):
                    actions.take_need(second.session, second.now, second.actor, need_id)
                seen.append("taken")

        thread = threading.Thread(target=second_hand)
        thread.start()
        thread.join(timeout=1.5)
        assert thread.is_alive(), "the second hand must wait for the first"
    thread.join(timeout=20)
    assert seen == ["taken"]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"trained_on": None}, NotTrained),
        ({"insured_until": None}, NotInsured),
        ({"insured_until": "yesterday"}, NotInsured),
        ({"left_on": "yesterday"}, NotAVolunteer),
    ],
)
def test_who_is_not_ready_cannot_take(cast: Any, posted: Any, change: dict[str, Any], refusal: type[Exception]) -> None:
    need_id = posted()
    with cast.work("house") as work:
        yesterday = civil_date(work.now) - timedelta(days=1)
        values = {name: yesterday if day else None for name, day in change.items()}
        work.session.connection().execute(
            update(_volunteer).where(_volunteer.c.person_id == cast["volunteer"]).values(**values)
        )
    with pytest.raises(refusal):
        take(cast, need_id)


def test_somebody_of_seventeen_cannot_take(cast: Any, posted: Any) -> None:
    need_id = posted()
    with cast.work("house") as work:
        born = civil_date(work.now) - timedelta(days=17 * 365)
        work.session.connection().execute(update(_person).where(_person.c.id == cast["volunteer"]).values(born_on=born))
    with pytest.raises(TooYoung):
        take(cast, need_id)


def test_nobody_but_a_volunteer_takes(cast: Any, posted: Any) -> None:
    need_id = posted()
    for who in ("outsider", "daughter", "wang", "carer", "officer"):
        with pytest.raises(NotAVolunteer):
            take(cast, need_id, who)


def test_a_daughter_who_volunteers_cannot_earn_with_her_own_mother(cast: Any, posted: Any) -> None:
    need_id = posted()
    with cast.work("house") as work:
        work.session.connection().execute(
            insert(table_of(Proxy)).values(
                elder_id=cast["wang"], area_code=320102003902901, proxy_person_id=cast["volunteer"], relation="女儿",
                ground="family", scopes=["view"], state="revoked", requested_at=work.now,
            )
        )  # fmt: skip
    with pytest.raises(OwnRelative):
        take(cast, need_id)


def test_one_volunteer_cannot_promise_two_doors_at_once(cast: Any, posted: Any) -> None:
    first, second, after = posted(30), posted(60), posted(180)
    take(cast, first)
    with pytest.raises(OtherVisitThen):
        take(cast, second)
    take(cast, after)


def test_a_need_given_back_is_on_the_board_again_with_a_new_visit(cast: Any, posted: Any, second_volunteer: str) -> None:
    need_id = posted()
    first = take(cast, need_id)
    with cast.work(second_volunteer, role="volunteer") as work, pytest.raises(NeedNotFound):
        actions.release_need(work.session, work.now, work.actor, need_id)
    with cast.work("volunteer") as work:
        actions.release_need(work.session, work.now, work.actor, need_id)
    second = take(cast, need_id, second_volunteer)
    assert row(cast, _visit, first).state == "cancelled" and second != first
    with pytest.raises(VisitNotOpen):
        serve(cast, first)


def test_a_visit_that_has_begun_is_not_given_back_or_withdrawn(cast: Any, posted: Any) -> None:
    need_id = posted(5)
    visit_id = take(cast, need_id)
    with cast.work("volunteer") as work:
        check_in(work.session, work.now, work.actor, visit_id, proof=PLATE, happened_at=work.now, device=DeviceFacts())
    with cast.work("volunteer") as work, pytest.raises(NeedNotOpen):
        actions.release_need(work.session, work.now, work.actor, need_id)
    with cast.work("daughter") as work, pytest.raises(NeedNotOpen):
        actions.cancel_need(work.session, work.now, work.actor, need_id)


def test_her_side_withdraws_and_the_volunteer_is_told(cast: Any, posted: Any) -> None:
    need_id = posted()
    visit_id = take(cast, need_id)
    with cast.work("volunteer") as work, pytest.raises((NotFound, NotAllowed)):
        actions.cancel_need(work.session, work.now, work.actor, need_id)
    with cast.work("daughter") as work:
        actions.cancel_need(work.session, work.now, work.actor, need_id)
    assert (row(cast, _need, need_id).state, row(cast, _visit, visit_id).state) == ("cancelled", "cancelled")
    with cast.work("house") as work:
        told = work.session.connection().exec_driver_sql(
            "SELECT args->'recipient_ids' FROM outbox WHERE args->>'template' = 'volunteering.need_cancelled'"
        )
        assert told.scalar_one() == [cast["volunteer"]]


def test_the_same_check_out_books_once_however_often_the_job_runs(cast: Any, posted: Any) -> None:
    visit_id = take(cast, posted())
    serve(cast, visit_id)
    assert len({book(cast, visit_id) for _ in range(5)}) == 1
    assert balance(cast) == (0, 90)


def test_a_friendly_visit_counts_once_as_having_seen_her(cast: Any, posted: Any) -> None:
    served(cast, posted())
    with cast.work("house") as work:
        attempt = work.session.connection().execute(select(table_of(VisitAttempt))).one()
        assert (attempt.outcome, attempt.channel, attempt.by_person_id) == ("seen", "home", cast["volunteer"])
        month = civil_date(attempt.happened_at)
        found = month_compliance(work.session, work.now, month, lo=320102003000000, hi=320102003999999)
        assert (found.due, found.done) == (2, 1)


def test_a_disputed_visit_is_void_and_no_longer_counts(cast: Any, posted: Any) -> None:
    session_id = served(cast, posted())
    with cast.work("daughter") as work:
        sessions.dispute_session(work.session, work.now, work.actor, session_id, "没有来过")
    assert balance(cast) == (0, 0)
    found = row(cast, _session, session_id)
    assert (found.state, found.dispute_reason) == ("voided", "没有来过")
    with cast.work("daughter") as work, pytest.raises(AlreadySettled):
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    with cast.work("house") as work:
        assert not sessions.auto_confirm(work.session, work.now + timedelta(days=9), session_id)
        counted = month_compliance(
            work.session, work.now, civil_date(work.now), lo=320102003000000, hi=320102003999999
        )
        assert counted.done == 0


def test_minutes_posted_cannot_be_disputed_away(cast: Any, posted: Any) -> None:
    session_id = served(cast, posted())
    with cast.work("wang") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    with cast.work("daughter") as work, pytest.raises(AlreadySettled):
        sessions.dispute_session(work.session, work.now, work.actor, session_id, "改主意了")
    assert balance(cast) == (90, 0)


def test_confirming_and_disputing_at_the_same_moment_settles_once(cast: Any, posted: Any) -> None:
    session_id, answers, gate = served(cast, posted()), [], threading.Barrier(2)

    def settle(who: str, dispute: bool) -> None:
        from services.unit_of_work import unit_of_work

        try:
            with unit_of_work(cast.actor(who)) as work:
                gate.wait(timeout=20)
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
        thread.join(timeout=30)
    assert sorted(answers)[0] == "late" and len(answers) == 2
    assert row(cast, _session, session_id).state in answers
    assert balance(cast) == ((90, 0) if "posted" in answers else (0, 0))


def test_nobody_confirms_her_own_minutes(cast: Any, posted: Any) -> None:
    session_id = served(cast, posted())
    with cast.work("volunteer") as work, pytest.raises(NotYoursToConfirm):
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    for who in ("outsider", "other_officer", "carer"):
        with cast.work(who) as work, pytest.raises(SessionNotFound):
            sessions.confirm_session(work.session, work.now, work.actor, session_id)
    with cast.work("officer") as work:  # for an elder who cannot confirm any more
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert balance(cast) == (90, 0)


def test_silence_posts_the_minutes_when_the_citys_time_is_over(cast: Any, posted: Any) -> None:
    session_id = served(cast, posted())
    with cast.work("house") as work:
        assert not sessions.auto_confirm(work.session, work.now, session_id)
        timer = work.session.connection().exec_driver_sql(
            "SELECT not_before FROM outbox WHERE job = 'volunteering.auto_confirm'"
        ).scalar_one()
        assert timer == row(cast, _session, session_id).auto_confirm_at
        assert timedelta(hours=71) < timer - work.now < timedelta(hours=73)
    cast.advance(hours=73)
    with cast.work("house") as work:
        assert sessions.auto_confirm(work.session, work.now, session_id)
        assert not sessions.auto_confirm(work.session, work.now, session_id)
    assert balance(cast) == (90, 0)


def test_a_visit_shorter_than_the_citys_minimum_earns_nothing_and_says_so(cast: Any, posted: Any) -> None:
    visit_id = take(cast, posted())
    serve(cast, visit_id, minutes=29)
    assert book(cast, visit_id) is None and balance(cast) == (0, 0)
    with cast.work("house") as work:
        facts = work.session.connection().exec_driver_sql(
            "SELECT args->'facts' FROM outbox WHERE args->>'template' = 'volunteering.nothing_credited'"
        ).scalar_one()
    assert facts["minutes"] == 29 and "最短" in facts["reason"]


def test_a_day_never_earns_more_than_the_citys_cap(cast: Any, posted: Any) -> None:
    with cast.work("house") as work:  # begin the Shanghai day, so that the whole story lies in it
        hours = (24 - (work.now + timedelta(hours=8)).hour) % 24
    cast.advance(hours=hours)
    first = served(cast, posted(10), minutes=300)
    second = served(cast, posted(10), minutes=300)
    assert [row(cast, _session, s).credit_minutes for s in (first, second)] == [300, 180]
    assert row(cast, _session, second).service_minutes == 300
    visit_id = take(cast, posted(10))
    serve(cast, visit_id, minutes=60)
    assert book(cast, visit_id) is None


def test_minutes_above_the_cap_go_to_the_pool_in_the_same_act(cast: Any, posted: Any) -> None:
    from timebank.writer import open_account

    with cast.work("house") as work:
        small = open_account(
            work.session, work.now, ledger=CITY, kind="volunteer", floor_minutes=0, cap_minutes=60, owner_label="small"
        )
        work.session.connection().execute(
            update(_person).where(_person.c.id == cast["volunteer"]).values(timebank_account_id=small)
        )
    session_id = served(cast, posted())
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert balance(cast) == (60, 0)
    with cast.work("house") as work:
        kinds = {kind.kind: kind.balance_minutes for kind in read_trial_balance(work.session, CITY)}
    assert (kinds["pool"], kinds["issuance"]) == (30, -90)


def test_registering_opens_an_account_and_gives_the_role_once(cast: Any) -> None:
    with cast.work("daughter") as work:
        with pytest.raises(NotFound):
            registering.register_volunteer(
                work.session, work.now, work.actor, cast["wang"], display_name="妈妈", interests=[]
            )
    with cast.work("carer") as work:
        passport = registering.register_volunteer(
            work.session, work.now, work.actor, cast["carer"], display_name="小陈", interests=["escort"]
        )
        with pytest.raises(AlreadyAVolunteer):
            registering.register_volunteer(
                work.session, work.now, work.actor, cast["carer"], display_name="小陈", interests=[]
            )
        with pytest.raises(NotAVolunteer):
            registering.record_training(
                work.session, work.now, work.actor, cast["carer"], trained_on=civil_date(work.now), insured_until=None
            )
    assert passport.startswith("GY320100-") and balance(cast, "carer") == (0, 0)
    grant = table_of(RoleGrant)
    with cast.work("house") as work:
        roles = work.session.connection().execute(select(grant.c.role).where(grant.c.person_id == cast["carer"]))
        assert set(roles.scalars()) == {"carer", "volunteer"}


def confirmed(cast: Any, need_id: int) -> int:
    session_id = served(cast, need_id)
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    return session_id


def test_posted_minutes_are_corrected_by_a_counter_entry_and_both_stay(cast: Any, posted: Any) -> None:
    session_id = confirmed(cast, posted())
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
    assert balance(cast) == (0, 0) and row(cast, _session, session_id).state == "voided"
    with cast.work("volunteer") as work:
        page = queries.volunteer_statement(
            work.session, work.actor, cast["volunteer"], start=work.now - timedelta(days=1), end=work.now + timedelta(days=1)
        )
    assert [(line.entry_type, line.posted_minutes) for line in page.lines] == [("earn", 0), ("earn", 90), ("reversal", -90)]
    with cast.work("officer") as work, pytest.raises(AlreadySettled):
        correcting.correct_session(work.session, work.now, work.actor, session_id, "再来一次")


def test_minutes_already_given_away_become_a_debt_not_a_balance_below_zero(cast: Any, posted: Any) -> None:
    from timebank.writer import record_transfer

    session_id = confirmed(cast, posted())
    with cast.work("house") as work:
        account = work.session.connection().execute(
            select(_person.c.timebank_account_id).where(_person.c.id == cast["volunteer"])
        ).scalar_one()
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
    assert balance(cast) == (0, 0)
    assert (kinds["clawback"], kinds["pool"], kinds["issuance"]) == (-70, 70, 0)
