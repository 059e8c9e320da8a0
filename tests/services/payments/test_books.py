"""Whatever a gateway says, in any order and any number of times, ends in the same books; every difference is listed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from services.clock import civil_date
from services.columns import table_of
from services.errors import NotAllowed
from services.payments import reconciling
from services.payments.actions import (
    ask_refund,
    lock_payable,
    owe,
    request_authorisation,
    request_capture,
    request_release,
)
from services.payments.errors import RefundTooLarge
from services.payments.gateway import Charge, Dispute, GatewayEvent, Refund, gateway
from services.payments.refunds import request_refund
from services.payments.steps import hear_event
from services.payments.tables import PayableRefund
from services.unit_of_work import SYSTEM, Actor, unit_of_work

OFFICER = Actor(person_id=None, role="officer", area_lo=1, area_hi=10**15)
REFERENCE = "pi_sim"


def held(house: Any, amount_fen: int = 8000, method: str = "card", subject: int = 1) -> int:
    with unit_of_work(SYSTEM, login="jobs") as work:
        payable = owe(
            work.session, work.now, subject=("order", subject), elder_id=1, payer_id=None, area_code=320102002001000,
            amount_fen=amount_fen, method=method,
        )  # fmt: skip
    house.do(request_authorisation, payable)
    house.work()
    return payable


def refunds(house: Any) -> list[tuple[int, str, str]]:
    table = table_of(PayableRefund)
    return [(row.amount_fen, row.reason, row.state) for row in house._rows(select(table).order_by(table.c.id))]


def books(house: Any, payable: int) -> tuple[Any, ...]:
    row = house.payable(payable)
    rows = house._rows(text("SELECT reference, amount_fen, state FROM payment_dispute ORDER BY reference"))
    back = house._rows(
        text("SELECT gateway_reference, amount_fen, state FROM payable_refund ORDER BY gateway_reference")
    )
    return (row.state, row.captured_fen, row.refunded_fen, row.disputed_fen, *map(tuple, rows), *map(tuple, back))


# --- the simulator: one life of a charge, told in any order ---


def a_life(dice: random.Random) -> list[GatewayEvent]:
    """Draw a life of one charge as its gateway would tell it: refusals, the hold, taking, refunds, disputes."""
    charge = lambda state, taken=None: Charge(REFERENCE, state, 8000, taken)  # noqa: E731
    told: list[tuple[str, dict[str, Any]]] = [("declined", {"charge": charge("declined")})] * dice.randint(0, 1)
    if dice.random() < 0.8:
        told.append(("authorised", {"charge": charge("authorised")}))
    end = dice.choice(["captured", "captured", "captured", "released", "nothing"])
    if end == "released":
        told.append(("released", {"charge": charge("released")}))
    if end == "captured":
        taken = dice.choice([8000, 8000, 1600])
        told.append(("captured", {"charge": charge("captured", taken)}))
        for number in range(dice.randint(0, 3)):
            fen, fate = taken // 4, dice.choice(["done", "done", "failed"])
            steps = ["pending", "done"] + (["failed"] if fate == "failed" else [])
            told += [("refund", {"refund": Refund(f"re_{number}", step, fen)}) for step in steps]
        if dice.random() < 0.4:
            fate = dice.choice(["open", "won", "lost"])
            told += [
                ("dispute", {"dispute": Dispute("dp_1", step, 1000, "fraud")}) for step in dict.fromkeys(["open", fate])
            ]
    empty = Charge(REFERENCE, "pending", 0)
    return [
        GatewayEvent(f"evt_{n}", kind, about.get("charge", empty), None, about.get("refund"), about.get("dispute"))
        for n, (kind, about) in enumerate(told)
    ]


def tell_all(house: Any, payable: int, events: list[GatewayEvent]) -> tuple[Any, ...]:
    for event in events:
        with unit_of_work(SYSTEM, login="jobs") as work:
            hear_event(work.session, work.now, "fake", event)
    return books(house, payable)


@pytest.mark.parametrize("seed", range(3))
def test_events_in_any_order_and_number_end_in_the_same_books(house, seed):
    """Twelve drawn lives a seed: each told once in order, then shuffled with repeats to a payable of its own."""
    dice = random.Random(seed)
    for life in range(12):
        events = a_life(dice)
        shuffled = events + dice.choices(events, k=len(events)) if events else []
        dice.shuffle(shuffled)
        ends = []
        for copy, order in enumerate((events, shuffled)):
            with house.database.session("setup") as session, session.begin():
                session.connection().execute(text("TRUNCATE payable_refund, payment_dispute"))
            payable = house.owes(subject=1000 + 2 * life + copy)
            house.do(request_authorisation, payable)
            reference = f"{REFERENCE}_{life}_{copy}"
            with house.database.session("setup") as session, session.begin():
                session.connection().execute(
                    text("UPDATE payable SET gateway_reference = :r WHERE id = :p"), {"r": reference, "p": payable}
                )
            told = [_about(event, reference, f"{life}-{copy}") for event in order]
            ends.append(tell_all(house, payable, told))
        assert ends[0] == ends[1], (seed, life, [event.kind for event in shuffled])


def _about(event: GatewayEvent, reference: str, mark: str) -> GatewayEvent:
    from dataclasses import replace

    return replace(event, id=f"{event.id}-{mark}", charge=replace(event.charge, reference=reference))


def test_the_simulator_would_notice_news_that_moves_books_back(house, monkeypatch):
    """Its twin: let a late refusal undo a payment, and the same lives end in different books."""
    from services.payments import rules

    broken = dict(rules.MOVES) | {"declined": frozenset({"authorising", "authorised", "captured"})}
    monkeypatch.setattr(rules, "MOVES", broken)
    with pytest.raises((AssertionError, IntegrityError)):
        for seed in range(3):
            test_events_in_any_order_and_number_end_in_the_same_books(house, seed)


# --- partial capture, refunds, ways of paying ---


def test_a_fee_takes_a_part_of_the_hold_and_the_message_names_what_was_taken(house):
    payable = held(house)
    house.do(lambda session, now, one: request_capture(session, now, one, 1600), payable)
    house.work()
    row = house.payable(payable)
    assert (row.state, row.captured_fen, row.refunded_fen) == ("captured", 1600, 0)
    told = house._rows(text("SELECT args->'facts'->>'amount_fen' AS fen FROM outbox WHERE job = 'messages.deliver'"))
    assert [row.fen for row in told] == ["8000", "1600"]


@pytest.mark.parametrize("method", ["wechat_pay", "alipay"])
def test_what_is_paid_at_once_is_refunded_when_the_service_is_not_done(house, method):
    payable = held(house, method=method)
    assert (house.payable(payable).state, house.payable(payable).captured_fen) == ("captured", 8000)
    house.do(request_release, payable)
    house.do(request_release, payable)  # pressed twice
    house.work()
    assert refunds(house) == [(8000, "cancelled", "done")] and house.payable(payable).refunded_fen == 8000
    other = held(house, method=method, subject=2)
    house.do(lambda session, now, one: request_capture(session, now, one, 1600), other)  # a fee stays, the rest goes
    house.work()
    assert refunds(house)[-1] == (6400, "fee_rest", "done") and "payments.refunded" in house.told()


def test_money_that_comes_after_cancelling_goes_back_and_a_second_payment_too(house):
    payable = held(house)
    house.do(request_release, payable)
    house.work()
    reference = house.payable(payable).gateway_reference
    with house.database.session("setup") as session, session.begin():
        session.connection().execute(text("UPDATE fake_charge SET state = 'captured', captured_fen = 8000"))
    late = GatewayEvent("evt_late", "captured", Charge(reference, "captured", 8000), payable)
    tell_all(house, payable, [late, late])
    house.work()
    assert refunds(house) == [(8000, "paid_late", "done")] and house.payable(payable).refunded_fen == 8000
    with unit_of_work(SYSTEM, login="jobs") as work:
        second = gateway("fake").authorise(payable_id=payable, amount_fen=8000, key="second-card", method="alipay")
    again = GatewayEvent("evt_twice", "captured", second, payable)
    tell_all(house, payable, [again, again])
    house.work()
    assert gateway("fake").lookup(second.reference).refunded_fen == 8000
    assert house.kinds(payable).count("stray_returned") == 1
    del work


def test_a_refund_is_made_once_and_never_exceeds_what_was_taken_even_in_sql(house):
    payable = held(house)
    house.do(request_capture, payable)
    house.work()

    def refund(fen: int, actor: Actor = OFFICER) -> int:
        with unit_of_work(SYSTEM, login="jobs") as work:
            return request_refund(work.session, work.now, actor, payable, fen, "complaint")

    refund(5000)
    gateway("fake").lose_next_answers = 1
    assert house.work() == [("payments.refund", "GatewayUnknown")]
    assert house.work() == [("payments.refund", None)]
    with pytest.raises(RefundTooLarge):
        refund(3001)
    with pytest.raises(NotAllowed):
        refund(1, SYSTEM)
    with pytest.raises(IntegrityError, match="more asked"):
        house.do(
            lambda session, now, one: ask_refund(session, now, lock_payable(session, one), 3001, "complaint"), payable
        )
    assert house.payable(payable).refunded_fen == 5000
    assert gateway("fake").lookup(house.payable(payable).gateway_reference).refunded_fen == 5000


def test_a_slow_bank_and_a_notice_that_never_comes_are_found_by_asking(house):
    from services.payments.steps import STUCK_AFTER

    payable = held(house, 8053)
    assert (house.payable(payable).state, house.payable(payable).payer_step) == ("authorising", "wait:bank")
    with house.database.session("setup") as session, session.begin():
        session.connection().execute(text("UPDATE payable SET updated_at = updated_at - :s"), {"s": STUCK_AFTER * 2})
        session.connection().execute(
            text("INSERT INTO outbox (job, args, not_before, created_at, state, sends) "
                 "VALUES ('payments.reconcile', '{}', now(), now(), 'waiting', 0)")
        )  # fmt: skip
    house.work(job="payments.reconcile")
    assert house.payable(payable).state == "authorised"


def test_the_banks_own_notices_are_believed_once_each_in_any_order(house):
    payable = held(house)
    house.do(request_capture, payable)
    bank = gateway("fake")
    house.work()
    with unit_of_work(SYSTEM, login="jobs") as work:
        request_refund(work.session, work.now, OFFICER, payable, 100, "correction")
    house.work()
    before = books(house, payable)
    told = bank.notices(house.payable(payable).gateway_reference)
    assert len(told) == 2
    for payload, mark in [*told, *reversed(told), *told]:
        with unit_of_work(SYSTEM, login="jobs") as work:
            hear_event(work.session, work.now, "fake", bank.read_event(payload, mark))
    assert books(house, payable) == before and house.kinds(payable).count("notice") == 2


# --- the two books beside each other ---


def test_every_difference_between_the_books_is_listed_once_and_explained_once(house):
    same, taken, unknown = held(house), held(house, subject=2), held(house, subject=3)
    for payable in (same, taken, unknown):
        house.do(request_capture, payable)
    house.work()
    with house.database.session("setup") as session, session.begin():
        run = session.connection().execute
        run(text("UPDATE fake_charge SET captured_fen = 7000 WHERE payable_id = :p"), {"p": taken})
        run(text("DELETE FROM fake_charge WHERE payable_id = :p"), {"p": unknown})
        run(text("INSERT INTO fake_charge (reference, idempotency_key, amount_fen, state, updated_at, captured_fen, refunds, created_at) "
                 "VALUES ('stranger', 'k', 900, 'captured', now(), 900, '{}', now())"))  # fmt: skip
        run(text("INSERT INTO outbox (job, args, not_before, created_at, state, sends) VALUES ('payments.reconcile_day', "
                 "jsonb_build_object('day', CAST(:d AS text)), now(), now(), 'waiting', 0)"), {"d": civil_date(datetime.now(UTC)).isoformat()})  # fmt: skip
    assert house.work(job="payments.reconcile_day") == [("payments.reconcile_day", None)]
    rows = house._rows(text("SELECT kind, ours_fen, theirs_fen FROM reconciliation_difference ORDER BY kind"))
    assert [tuple(row) for row in rows] == [
        ("captured", 8000, 7000), ("unknown_here", 0, 900), ("unknown_there", 8000, 0),
    ]  # fmt: skip
    with unit_of_work(SYSTEM, login="jobs") as work:
        day, theirs = civil_date(work.now), list(gateway("fake").statement(work.now - timedelta(days=1), work.now))
        assert reconciling.compare(work.session, work.now, "fake", day, theirs) is None
        run = reconciling.list_runs(work.session)[0]
        assert (run.compared, run.differences, run.ours_fen, run.theirs_fen) == (3, 3, 24_000, 15_900)
    assert house._rows(text("SELECT count(*) AS n FROM reconciliation_difference"))[0].n == 3


def test_a_day_is_compared_with_eight_days_of_charges() -> None:
    since, until = reconciling.window(date(2026, 11, 30))
    assert (since.isoformat(), until.isoformat()) == ("2026-11-22T16:00:00+00:00", "2026-11-30T16:00:00+00:00")
