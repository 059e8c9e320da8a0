"""通存通兑: each district a bank of its own; what people give and book across is owed between the banks, up to a limit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Person, Proxy
from services.volunteering import actions, banks, correcting, giving, redeeming, registering, sessions, turning
from services.volunteering.bank import ledger_of
from services.volunteering.errors import BanksApart, BanksFull, NotEnoughHours
from services.volunteering.tables import HourMovement, Redemption, Volunteer
from timebank.clearing import read_clearing
from timebank.reader import read_balance
from timebank.verify import verify

_person, _volunteer, _redemption, _movement = (
    table_of(Person), table_of(Volunteer), table_of(Redemption), table_of(HourMovement),
)  # fmt: skip
CITY, HERE, THERE = 320100000000000, 320102000000000, 320104000000000
MOST = 100


@pytest.fixture
def neighbours(cast: Any) -> Callable[[], None]:
    """Register 刘春梅 in 玄武 and 老吴 in 秦淮 as trained volunteers, each in the bank of the district; link the banks."""

    def come() -> None:
        with cast.work("house") as work:
            write = work.session.connection().execute
            write(update(_person).where(_person.c.id == cast["outsider"]).values(area_code=THERE + 1_000_000))
        for who in ("other_carer", "outsider"):
            with cast.work(who) as work:
                registering.register_volunteer(
                    work.session, work.now, work.actor, cast[who], display_name=who, interests=[]
                )
        with cast.work("house") as work:
            today = civil_date(work.now)
            work.session.connection().execute(
                update(_volunteer).values(trained_on=today, insured_until=today + timedelta(days=60))
            )
        cast.run_jobs(only="volunteering.keep_limits")

    return come


def account(cast: Any, who: str) -> int:
    with cast.work("house") as work:
        found: int = (
            work.session.connection()
            .execute(select(_person.c.timebank_account_id).where(_person.c.id == cast[who]))
            .scalar_one()
        )
        return found


def passport(cast: Any, who: str) -> str:
    with cast.work("house") as work:
        found: str = (
            work.session.connection()
            .execute(select(_volunteer.c.passport_number).where(_volunteer.c.person_id == cast[who]))
            .scalar_one()
        )
        return found


def held(cast: Any, who: str) -> tuple[int, int]:
    with cast.work("house") as work:
        now = read_balance(work.session, account(cast, who))
        assert verify(work.session).ok
        return now.posted, now.pending_out


def owed(cast: Any) -> tuple[int, int]:
    """What 玄武 owes 秦淮, and what is held on the way there."""
    with cast.work("house") as work:
        (row,) = [row for row in read_clearing(work.session, HERE) if row.peer_ledger == THERE]
        return row.owed_minutes, row.held_in_minutes


def her_child(cast: Any, who: str) -> None:
    with cast.work("house") as work:
        work.session.connection().execute(
            insert(table_of(Proxy)).values(
                elder_id=cast["wang"], area_code=320102003902901, proxy_person_id=cast[who], relation="儿子",
                ground="family", scopes=["view", "order"], state="confirmed", requested_at=work.now,
                confirmed_by=cast["wang"], confirmed_channel="counter", confirmed_at=work.now,
            )
        )  # fmt: skip


def book(cast: Any, who: str, minutes: int = 90) -> Any:
    with cast.work(who) as work:
        starts = work.now + timedelta(minutes=30)
        number = redeeming.book_with_hours(
            work.session, work.now, work.actor, cast["wang"],
            redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=minutes)),
        )  # fmt: skip
    with cast.work("house") as work:
        return work.session.connection().execute(select(_redemption).where(_redemption.c.id == number)).one()


def test_a_gift_across_districts_is_owed_by_the_givers_bank_and_refused_at_the_limit_with_nothing_written(
    cast: Any, districts: Any, neighbours: Any, saved: Any
) -> None:
    districts()
    neighbours()
    with cast.work("house") as work:
        assert ledger_of(work.session, account(cast, "other_carer")) == HERE
        assert ledger_of(work.session, account(cast, "outsider")) == THERE
    saved(200, "other_carer")
    there = passport(cast, "outsider")
    for _ in range(2):
        with cast.work("other_carer") as work:
            giving.give_hours(work.session, work.now, work.actor, cast["other_carer"], there, 60, key="one")
    assert (held(cast, "other_carer"), held(cast, "outsider"), owed(cast)) == ((140, 0), (60, 0), (60, 0))
    with cast.work("other_carer") as work, pytest.raises(BanksFull) as full:
        giving.give_hours(work.session, work.now, work.actor, cast["other_carer"], there, 60, key="two")
    assert full.value.facts["room_minutes"] == 40 and "上限" in full.value.message_zh
    with cast.work("other_carer") as work, pytest.raises(NotEnoughHours):
        giving.give_hours(work.session, work.now, work.actor, cast["other_carer"], there, 500, key="three")
    assert held(cast, "other_carer") == (140, 0) and owed(cast) == (60, 0)
    with cast.work("house") as work:
        kept = work.session.connection().execute(select(_movement)).all()
        assert [(one.kind, one.minutes) for one in kept] == [("gift", 60)]


def test_the_months_settlement_frees_the_limit_and_an_officer_reads_what_crossed(
    cast: Any, districts: Any, neighbours: Any, saved: Any
) -> None:
    from workers.jobs.timebank import settle_month

    districts()
    neighbours()
    saved(200, "other_carer")
    there = passport(cast, "outsider")
    with cast.work("other_carer") as work:
        giving.give_hours(work.session, work.now, work.actor, cast["other_carer"], there, MOST, key="one")
    with cast.work("other_carer") as work, pytest.raises(BanksFull):
        giving.give_hours(work.session, work.now, work.actor, cast["other_carer"], there, 1, key="two")
    for _ in range(2):
        with cast.work("house") as work:
            settle_month(work)
    assert owed(cast) == (0, 0)
    with cast.work("other_carer") as work:
        giving.give_hours(work.session, work.now, work.actor, cast["other_carer"], there, 1, key="two")
    with cast.work("officer") as work:
        crossed = banks.latest_crossings(work.session, work.actor)
        assert [(one.from_name, one.to_name, one.purpose, one.minutes) for one in crossed] == [
            ("玄武区", "秦淮区", "send", 1), ("玄武区", "秦淮区", "settle", MOST), ("玄武区", "秦淮区", "send", MOST),
        ]  # fmt: skip
    assert held(cast, "outsider") == (MOST + 1, 0)


def test_a_booking_across_districts_holds_settles_and_gives_back_on_both_sides(
    cast: Any, districts: Any, neighbours: Any, saved: Any, hands: Any
) -> None:
    districts()
    neighbours()
    saved(200, "outsider")
    her_child(cast, "outsider")
    booked = book(cast, "outsider")
    assert (booked.to_ledger, booked.act_key is not None) == (HERE, True)
    assert held(cast, "outsider") == (200, 90) and owed(cast) == (0, 0)
    with cast.work("house") as work:  # the hold is on the way out of 秦淮's clearing account too
        (row,) = [row for row in read_clearing(work.session, HERE) if row.peer_ledger == THERE]
        assert row.held_out_minutes == 90
    with cast.work("outsider") as work, pytest.raises(BanksFull):
        starts = work.now + timedelta(hours=9)
        redeeming.book_with_hours(
            work.session, work.now, work.actor, cast["wang"],
            redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=60)),
        )  # fmt: skip
    with cast.work("outsider") as work:
        actions.cancel_need(work.session, work.now, work.actor, booked.need_id)
    assert held(cast, "outsider") == (200, 0)

    again = book(cast, "outsider")
    session_id = hands.served(again.need_id, minutes=60, who="other_carer")
    with cast.work("wang") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert held(cast, "outsider") == (140, 0) and hands.balance("other_carer") == (60, 0)
    assert owed(cast) == (-60, 0)  # 秦淮 owes 玄武, whose volunteer came
    with cast.work("officer") as work:
        correcting.correct_session(work.session, work.now, work.actor, session_id, "核实没有来过")
    with cast.work("house") as work:
        assert correcting.reverse_minutes(work.session, work.now, session_id)
    assert held(cast, "outsider") == (200, 0) and owed(cast) == (0, 0) and hands.balance("other_carer") == (0, 0)


def test_hours_follow_the_volunteer_who_says_yes_to_her_bank_or_she_cannot_take_the_need(
    cast: Any, districts: Any, neighbours: Any, saved: Any, hands: Any
) -> None:
    districts()
    neighbours()
    saved(300, "other_carer")
    her_child(cast, "other_carer")
    booked = book(cast, "other_carer")
    assert booked.act_key is None and held(cast, "other_carer") == (300, 90)
    session_id = hands.served(booked.need_id, minutes=90, who="outsider")
    assert hands.row(_redemption, booked.id).to_ledger == THERE and held(cast, "other_carer") == (300, 90)
    with cast.work("wang") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    assert held(cast, "other_carer") == (210, 0) and hands.balance("outsider") == (90, 0) and owed(cast) == (90, 0)
    second = book(cast, "other_carer")
    with cast.work("outsider") as work, pytest.raises(BanksFull):
        actions.take_need(work.session, work.now, work.actor, second.need_id)
    found = hands.row(_redemption, second.id)
    assert (found.to_ledger, found.state) == (HERE, "held") and held(cast, "other_carer") == (210, 90)


def test_banks_that_do_not_honour_each_other_say_so_and_linking_them_is_the_citys_word(
    cast: Any, districts: Any, neighbours: Any, saved: Any
) -> None:
    districts(linked=False)
    neighbours()
    saved(200, "outsider")
    her_child(cast, "outsider")
    with cast.work("house") as work:
        assert read_clearing(work.session) == []
    for act in (
        lambda work, wish: redeeming.book_with_hours(work.session, work.now, work.actor, cast["wang"], wish),
        lambda work, _: giving.give_hours(
            work.session, work.now, work.actor, cast["outsider"], passport(cast, "other_carer"), 60, key="one"
        ),
    ):
        with cast.work("outsider") as work, pytest.raises(BanksApart):
            starts = work.now + timedelta(minutes=30)
            act(work, redeeming.Wish("friendly_visit", starts, starts + timedelta(minutes=60)))
    assert held(cast, "outsider") == (200, 0)
    districts(name="later", most=70)
    with cast.work("house") as work:
        assert turning.keep_limits(work.session, work.now, CITY) >= 1
        assert turning.keep_limits(work.session, work.now, CITY) == 0
    assert book(cast, "outsider", 60).act_key is not None
    districts(name="latest", most=150)
    with cast.work("house") as work:
        turning.keep_limits(work.session, work.now, CITY)
        assert {row.most_minutes for row in read_clearing(work.session)} == {150} and verify(work.session).ok
        rules = rules_in_force(work.session, CITY, civil_date(work.now))
        assert banks.banks_in(work.session, rules) == [CITY, HERE, THERE]  # the city's own bank is older
