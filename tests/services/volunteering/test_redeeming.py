"""Hours spent: held at booking, settled at confirmation, released when nobody helped; and who may enter it for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from services.acts import Act
from services.clock import civil_date
from services.columns import table_of
from services.errors import NotAllowed, NotFound
from services.people.tables import Person, Proxy
from services.volunteering import actions, callbacks, correcting, giving, lapsing, office, queries, redeeming, sessions
from services.volunteering.errors import (
    BadWindow,
    MayNotRedeem,
    NotEnoughHours,
    NothingLeft,
    NotInsured,
    NotToCallBack,
    OfficeOnly,
    ReasonNeeded,
    RedemptionEnded,
    StatementNotYours,
)
from services.volunteering.tables import Need, Redemption, Volunteer, VolunteerSession
from timebank.reader import read_balance
from timebank.verify import verify

_redemption, _need, _session = table_of(Redemption), table_of(Need), table_of(VolunteerSession)
_person, _volunteer, _act = table_of(Person), table_of(Volunteer), table_of(Act)
CITY = 320100000000000


@pytest.fixture
def mother(cast: Any) -> str:
    """Let 李老师 be a registered daughter of 王奶奶, who may order for her."""
    with cast.work("house") as work:
        work.session.connection().execute(
            insert(table_of(Proxy)).values(
                elder_id=cast["wang"], area_code=320102003902901, proxy_person_id=cast["volunteer"], relation="女儿",
                ground="family", scopes=["view", "order"], state="confirmed", requested_at=work.now,
                confirmed_by=cast["wang"], confirmed_channel="counter", confirmed_at=work.now,
            )
        )  # fmt: skip
    return "wang"


@pytest.fixture
def booked(cast: Any, mother: str, saved: Any, second_volunteer: str) -> Any:
    """Book a visit of 90 minutes for 王奶奶 with 李老师's 200 minutes; give the redemption and the need."""
    saved(200)
    with cast.work("volunteer") as work:
        starts = work.now + timedelta(minutes=30)
        number = redeeming.book_with_hours(
            work.session, work.now, work.actor, cast[mother],
            redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=90)),
        )  # fmt: skip
    with cast.work("house") as work:
        return work.session.connection().execute(select(_redemption).where(_redemption.c.id == number)).one()


def free(cast: Any) -> tuple[int, int]:
    """Give what 李老师 has posted, and what is held of it."""
    with cast.work("house") as work:
        account = (
            work.session.connection()
            .execute(select(_person.c.timebank_account_id).where(_person.c.id == cast["volunteer"]))
            .scalar_one()
        )
        held = read_balance(work.session, account)
        assert verify(work.session).ok
        return held.posted, held.pending_out


@pytest.mark.mission("DY-14")
def test_hours_are_held_at_booking_and_leave_only_when_she_was_helped(cast: Any, hands: Any, booked: Any) -> None:
    assert free(cast) == (200, 90)
    session_id = hands.served(booked.need_id, minutes=90, who="other_carer")
    assert free(cast) == (200, 90)
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert free(cast) == (110, 0) and hands.balance("other_carer") == (90, 0)
    assert hands.row(_redemption, booked.id).state == "settled"


def test_a_shorter_visit_takes_less_and_a_longer_one_no_more_than_was_held(cast: Any, hands: Any, booked: Any) -> None:
    session_id = hands.served(booked.need_id, minutes=40, who="other_carer")
    with cast.work("wang") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert free(cast) == (160, 0)
    assert hands.row(_redemption, booked.id).settled_minutes == 40


def test_withdrawing_disputing_or_nobody_coming_gives_the_hours_back(cast: Any, hands: Any, booked: Any) -> None:
    with cast.work("daughter") as work:
        actions.cancel_need(work.session, work.now, work.actor, booked.need_id)
    assert free(cast) == (200, 0) and hands.row(_redemption, booked.id).state == "released"
    with cast.work("volunteer") as work:
        starts = work.now + timedelta(minutes=30)
        second = redeeming.book_with_hours(
            work.session, work.now, work.actor, cast["wang"],
            redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=90)),
        )  # fmt: skip
    session_id = hands.served(hands.row(_redemption, second).need_id, minutes=90, who="other_carer")
    with cast.work("daughter") as work:
        sessions.dispute_session(work.session, work.now, work.actor, session_id, "没有来过")
    assert free(cast) == (200, 0)
    with cast.work("volunteer") as work:
        starts = work.now + timedelta(minutes=30)
        third = redeeming.book_with_hours(
            work.session, work.now, work.actor, cast["wang"],
            redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=90)),
        )  # fmt: skip
    cast.advance(hours=3)
    cast.run_jobs(only="volunteering.return_unused_hours")
    assert free(cast) == (200, 0) and hands.row(_redemption, third).state == "released"
    assert hands.row(_need, hands.row(_redemption, third).need_id).state == "cancelled"


def test_hours_spent_on_a_visit_that_never_was_come_back_by_a_counter_entry(cast: Any, hands: Any, booked: Any) -> None:
    session_id = hands.served(booked.need_id, minutes=90, who="other_carer")
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    with cast.work("officer") as work:
        correcting.correct_session(work.session, work.now, work.actor, session_id, "核实没有来过")
    with cast.work("house") as work:
        assert correcting.reverse_minutes(work.session, work.now, session_id)
    assert free(cast) == (200, 0) and hands.balance("other_carer") == (0, 0)


def test_nobody_books_with_hours_that_are_held_or_not_hers(cast: Any, booked: Any) -> None:
    with cast.work("volunteer") as work, pytest.raises(NotEnoughHours) as short:
        starts = work.now + timedelta(hours=9)
        redeeming.book_with_hours(
            work.session, work.now, work.actor, cast["wang"],
            redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=111)),
        )  # fmt: skip
    assert short.value.facts["available_minutes"] == 110
    for who, refused in (("daughter", MayNotRedeem), ("outsider", NotFound), ("other_officer", NotFound)):
        with cast.work(who) as work, pytest.raises(refused):
            starts = work.now + timedelta(hours=9)
            redeeming.book_with_hours(
                work.session, work.now, work.actor, cast["wang"],
                redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=30)), payer_id=cast["volunteer"],
                reason="替她",
            )  # fmt: skip
    with cast.work("volunteer") as work, pytest.raises(BadWindow):
        starts = work.now + timedelta(hours=9)
        redeeming.book_with_hours(
            work.session, work.now, work.actor, cast["wang"], redeeming.Wish("friendly_visit", starts, starts)
        )


def test_an_officer_books_for_who_never_goes_online_and_says_why(cast: Any, mother: str, saved: Any) -> None:
    saved(100)
    with cast.work("officer") as work:
        starts = work.now + timedelta(hours=9)
        plan = redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=60))
        with pytest.raises(ReasonNeeded):
            redeeming.book_with_hours(
                work.session, work.now, work.actor, cast["wang"], plan, payer_id=cast["volunteer"]
            )
        number = redeeming.book_with_hours(
            work.session, work.now, work.actor, cast["wang"], plan, payer_id=cast["volunteer"], reason="本人到柜台办理"
        )
    with cast.work("house") as work:
        row = work.session.connection().execute(select(_redemption).where(_redemption.c.id == number)).one()
        assert (row.booked_by, row.by_right, row.reason) == (cast["officer"], "office:officer", "本人到柜台办理")
        act = work.session.connection().execute(select(_act).where(_act.c.verb == "book_with_hours")).one()
        assert act.facts["reason"] == "本人到柜台办理" and act.for_person_id == cast["wang"]


def test_an_office_enters_a_visit_that_had_no_phone_and_such_hours_stay_apart(cast: Any, hands: Any) -> None:
    with cast.work("officer") as work:
        ended = work.now - timedelta(hours=3)
        started = ended - timedelta(minutes=90)
        facts = {"kind": "friendly_visit", "started_at": started, "ended_at": ended}
        with pytest.raises(ReasonNeeded):
            office.enter_served_time(
                work.session, work.now, work.actor, cast["wang"], cast["volunteer"], **facts, reason=" "
            )
        with pytest.raises(BadWindow):
            office.enter_served_time(
                work.session, work.now, work.actor, cast["wang"], cast["volunteer"], kind="friendly_visit",
                started_at=started, ended_at=work.now + timedelta(minutes=5), reason="签到簿",
            )  # fmt: skip
        visit_id = office.enter_served_time(
            work.session, work.now, work.actor, cast["wang"], cast["volunteer"], **facts, reason="社区签到簿，电话核实"
        )
    session_id = hands.book(visit_id)
    found = hands.row(_session, session_id)
    assert (found.proof, found.credit_minutes, found.state) == ("attested", 90, "pending")
    for who, refused in (
        ("operator", OfficeOnly),
        ("daughter", OfficeOnly),
        ("volunteer", NotAllowed),
        ("outsider", NotFound),
    ):
        with cast.work(who) as work, pytest.raises((refused, NotFound)):
            office.enter_served_time(
                work.session, work.now, work.actor, cast["wang"], cast["volunteer"], **facts, reason="x"
            )


def test_a_clocked_hour_says_so_and_the_office_takes_a_need_for_a_volunteer(cast: Any, hands: Any, posted: Any) -> None:
    need_id = posted()
    with cast.work("officer") as work, pytest.raises(ReasonNeeded):
        office.take_need_for(work.session, work.now, work.actor, need_id, cast["volunteer"], "")
    with cast.work("officer") as work:
        visit_id = office.take_need_for(work.session, work.now, work.actor, need_id, cast["volunteer"], "来电报名")
    hands.serve(visit_id)
    assert hands.row(_session, hands.book(visit_id)).proof == "clocked"
    with cast.work("house") as work:
        work.session.connection().execute(
            _volunteer.update().values(insured_until=civil_date(work.now) - timedelta(days=1))
        )
    other = posted(200)
    with cast.work("officer") as work, pytest.raises(NotInsured):
        office.take_need_for(work.session, work.now, work.actor, other, cast["volunteer"], "来电报名")


def test_silence_draws_a_sample_that_is_called_back_and_each_answer_is_kept(
    cast: Any, hands: Any, posted: Any, own_hours: Any
) -> None:
    from services.cities.actions import load_pack

    with cast.work("house") as work:
        load_pack(
            work.session, work.now, own_hours("nanjing").replace("callback_percent = 10", "callback_percent = 100")
        )
    session_id = hands.served(posted())
    cast.advance(hours=73)
    with cast.work("house") as work:
        assert sessions.auto_confirm(work.session, work.now, session_id)
    with cast.work("officer") as work:
        (due,) = callbacks.callbacks_due(work.session, work.actor)
        assert (due.id, due.elder_name, due.volunteer_name, due.credit_minutes) == (session_id, "王秀兰", "李文华", 90)
    for who in ("other_officer", "outsider"):
        with cast.work(who) as work, pytest.raises((NotFound, OfficeOnly)):
            callbacks.answer_call_back(work.session, work.now, work.actor, session_id, "right")
    with cast.work("daughter") as work, pytest.raises(OfficeOnly):
        callbacks.answer_call_back(work.session, work.now, work.actor, session_id, "right")
    with cast.work("operator") as work:
        callbacks.answer_call_back(work.session, work.now, work.actor, session_id, "unreached")
    with cast.work("operator") as work:
        callbacks.answer_call_back(work.session, work.now, work.actor, session_id, "wrong", "老人说没来")
    with cast.work("operator") as work, pytest.raises(NotToCallBack):
        callbacks.answer_call_back(work.session, work.now, work.actor, session_id, "right")
    found = hands.row(_session, session_id)
    assert (found.callback_state, found.callback_by, found.state) == ("wrong", cast["operator"], "posted")


def test_a_city_without_a_sample_calls_nobody_back(cast: Any, hands: Any, posted: Any) -> None:
    session_id = hands.served(posted())
    cast.advance(hours=73)
    with cast.work("house") as work:
        assert sessions.auto_confirm(work.session, work.now, session_id)
    assert hands.row(_session, session_id).callback_state is None


def test_an_estate_goes_to_the_heir_in_two_linked_steps_and_nobody_but_an_officer_settles_it(
    cast: Any, hands: Any, saved: Any, second_volunteer: str
) -> None:
    saved(300)
    with cast.work("house") as work:
        passport = work.session.connection().execute(
            select(_volunteer.c.passport_number).where(_volunteer.c.person_id == cast["other_carer"])
        ).scalar_one()  # fmt: skip
    with cast.work("officer") as work, pytest.raises(NotAllowed):
        lapsing.settle_estate(
            work.session, work.now, work.actor, cast["volunteer"], heir_passport=passport, reason="公证书"
        )
    with cast.work("house") as work:
        work.session.connection().execute(
            _person.update().where(_person.c.id == cast["volunteer"]).values(died_on=civil_date(work.now))
        )
    for who, refused in (("other_officer", StatementNotYours), ("advisor", OfficeOnly), ("daughter", OfficeOnly)):
        with cast.work(who) as work, pytest.raises(refused):
            lapsing.settle_estate(
                work.session, work.now, work.actor, cast["volunteer"], heir_passport=passport, reason="公证书"
            )
    with cast.work("officer") as work:
        assert 300 == lapsing.settle_estate(
            work.session, work.now, work.actor, cast["volunteer"], heir_passport=passport, reason="公证书"
        )
    assert free(cast) == (0, 0) and hands.balance("other_carer") == (300, 0)
    with cast.work("officer") as work, pytest.raises(NothingLeft):
        lapsing.settle_estate(
            work.session, work.now, work.actor, cast["volunteer"], heir_passport=passport, reason="公证书"
        )


def test_who_moves_away_keeps_her_hours_where_the_city_says_so(cast: Any, saved: Any, under: Any) -> None:
    saved(300)
    with cast.work("officer") as work:
        assert lapsing.settle_moving(work.session, work.now, work.actor, cast["volunteer"], "迁往苏州") == 0
    assert free(cast) == (300, 0)
    under("guangzhou")
    with cast.work("officer") as work:
        assert lapsing.settle_moving(work.session, work.now, work.actor, cast["volunteer"], "迁往苏州") == 300
    assert free(cast) == (0, 0)


def test_a_donation_sent_twice_is_one_and_she_reads_it_in_her_statement(cast: Any, saved: Any) -> None:
    saved(100)
    for _ in range(2):
        with cast.work("volunteer") as work:
            giving.donate_hours(work.session, work.now, work.actor, cast["volunteer"], 60, key="same")
    assert free(cast) == (40, 0)
    with cast.work("officer") as work, pytest.raises(ReasonNeeded):
        giving.donate_hours(work.session, work.now, work.actor, cast["volunteer"], 10, key="o")
    with cast.work("officer") as work:
        giving.donate_hours(work.session, work.now, work.actor, cast["volunteer"], 10, key="o", reason="本人来电")
    with cast.work("volunteer") as work:
        page = queries.volunteer_statement(
            work.session, work.actor, cast["volunteer"], start=work.now - timedelta(days=1),
            end=work.now + timedelta(days=1),
        )  # fmt: skip
    assert [(line.entry_type, line.posted_minutes) for line in page.lines] == [
        ("earn", 100), ("donate", -60), ("donate", -10),
    ]  # fmt: skip


def test_a_settled_booking_is_not_settled_again_by_a_professional(cast: Any, hands: Any, booked: Any) -> None:
    with cast.work("officer") as work, pytest.raises(RedemptionEnded):
        redeeming.record_professional(
            work.session, work.now, work.actor, booked.id, cast.providers["kangle"], 60, "核实"
        )
