"""The self-paid part is held when the order stands, taken once when the visit is confirmed, or given back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.payments.actions import owe, request_authorisation, request_capture, request_release
from services.payments.errors import OwedOtherwise, PayableNotFound, PaymentStateConflict
from services.payments.gateway import gateway
from services.unit_of_work import SYSTEM, Actor, unit_of_work


def test_a_confirmed_visit_takes_the_money_once_and_each_step_is_told(house):
    payable = house.owes(8000)
    assert house.do(request_authorisation, payable) == "authorising"
    assert house.charges() == []  # nothing is called inside the act
    assert house.work() == [("payments.authorise", None)]
    assert (house.payable(payable).state, house.charges()) == ("authorised", [(8000, "authorised")])
    assert house.do(request_capture, payable) == "capturing"
    house.work()
    assert (house.payable(payable).state, house.charges()) == ("captured", [(8000, "captured")])
    assert house.told() == ["payments.authorised", "payments.captured"]
    assert house.kinds(payable) == [
        "owed", "authorise_requested", "authorise_sent", "authorised", "capture_requested", "capture_sent", "captured",
    ]  # fmt: skip


@pytest.mark.parametrize("step", [request_authorisation, request_capture])
def test_asking_twice_asks_the_gateway_once(house, step):
    payable = house.owes()
    house.do(request_authorisation, payable)
    house.work()
    house.do(step, payable)
    house.do(step, payable)
    house.work()
    house.do(step, payable)
    house.work()
    assert len(house.charges()) == 1
    assert len([kind for kind in house.kinds(payable) if kind.endswith("_requested")]) == (
        1 if step is request_authorisation else 2
    )


@pytest.mark.parametrize("step", ["authorise", "capture", "release"])
def test_a_lost_answer_is_asked_again_with_the_same_key_and_there_is_one_charge(house, step):
    payable = house.owes()
    house.do(request_authorisation, payable)
    if step != "authorise":
        house.work()
        house.do(request_capture if step == "capture" else request_release, payable)
    gateway("fake").lose_next_answers = 2
    waiting = house.payable(payable).state
    for _ in range(2):
        assert house.work() == [(f"payments.{step}", "GatewayUnknown")]
        assert house.payable(payable).state == waiting
    assert house.work() == [(f"payments.{step}", None)]
    settled = {"authorise": "authorised", "capture": "captured", "release": "released"}[step]
    assert (house.payable(payable).state, house.charges()) == (settled, [(8000, settled)])


def test_a_job_done_twice_has_one_effect(house):
    payable = house.owes()
    house.do(request_authorisation, payable)
    house.work()
    with house.database.session("setup") as session, session.begin():
        session.connection().execute(text("UPDATE outbox SET state = 'sent', confirmed_at = NULL"))
    house.work(job="payments.authorise")
    assert house.kinds(payable).count("authorised") == 1 and len(house.charges()) == 1


def test_a_killed_worker_between_call_and_record_leaves_one_charge(house, monkeypatch):
    from services.payments import steps

    payable = house.owes()
    house.do(request_authorisation, payable)
    real = steps.hear

    def die(*_args, **_named):
        raise SystemError("killed here")

    monkeypatch.setattr(steps, "hear", die)
    assert house.work() == [("payments.authorise", "SystemError")]
    assert house.payable(payable).state == "authorising" and len(house.charges()) == 1
    monkeypatch.setattr(steps, "hear", real)
    house.work()
    assert (house.payable(payable).state, len(house.charges())) == ("authorised", 1)


def test_a_visit_confirmed_before_the_hold_stands_is_taken_as_soon_as_it_does(house):
    payable = house.owes()
    house.do(request_authorisation, payable)
    assert house.do(request_capture, payable) == "authorising"
    house.work()
    assert house.payable(payable).state == "capturing"
    house.work()
    assert house.payable(payable).state == "captured"
    assert house.told() == ["payments.captured"]


def test_a_cancelled_order_gives_back_what_is_held_and_is_never_taken(house):
    payable = house.owes()
    house.do(request_authorisation, payable)
    house.do(request_release, payable)  # while the hold is still under way
    with pytest.raises(PaymentStateConflict):
        house.do(request_capture, payable)
    house.work()
    house.work()
    assert (house.payable(payable).state, house.charges()) == ("released", [(8000, "released")])
    with pytest.raises(PaymentStateConflict):
        house.do(request_capture, payable)


def test_what_was_never_held_is_released_without_asking_anybody(house):
    payable = house.owes()
    assert house.do(request_release, payable) == "released"
    assert house.work() == [] and house.do(request_release, payable) == "released"


def test_a_taken_payment_is_not_released(house):
    payable = house.owes()
    for step in (request_authorisation, request_capture):
        house.do(step, payable)
        house.work()
    with pytest.raises(PaymentStateConflict):
        house.do(request_release, payable)


def test_a_declined_payment_is_told_and_may_be_asked_again(house):
    payable = house.owes(8051)
    house.do(request_authorisation, payable)
    house.work()
    assert (house.payable(payable).state, house.told()) == ("failed", ["payments.declined"])
    with pytest.raises(PaymentStateConflict):
        house.do(request_capture, payable)
    assert house.do(request_authorisation, payable) == "authorising"
    assert house.kinds(payable).count("authorise_requested") == 2
    assert house.do(request_release, payable) == "authorising"
    house.work()
    assert house.payable(payable).state == "released"


def test_reconciling_finds_what_a_forgotten_answer_left_behind(house, frozen):
    held, lost = house.owes(8000, 1), house.owes(9000, 2)
    for payable in (held, lost):
        house.do(request_authorisation, payable)
    house.work()
    house.do(request_capture, held)
    gateway("fake").capture(house.payable(held).gateway_reference, amount_fen=8000, key="by the bank")
    with house.database.session("setup") as session, session.begin():
        session.connection().execute(text("UPDATE outbox SET state = 'done', confirmed_at = now()"))
        session.connection().execute(
            text("UPDATE payable SET state = 'authorising', gateway_reference = NULL WHERE id = :i"), {"i": lost}
        )
    frozen.advance(minutes=11)
    _reconcile(house)
    assert house.payable(held).state == "captured"
    house.work()  # the step asked again, under its first key
    assert house.payable(lost).state == "authorised" and len(house.charges()) == 2


def test_reconciling_leaves_what_is_fresh_alone(house, frozen):
    payable = house.owes()
    house.do(request_authorisation, payable)
    frozen.advance(minutes=9)
    _reconcile(house)
    with house.database.session("setup") as session:
        asked = session.connection().execute(text("SELECT count(*) FROM outbox WHERE job = 'payments.authorise'"))
        assert asked.scalar_one() == 1


def _reconcile(house):
    from services.outbox import enqueue

    with unit_of_work(SYSTEM, login="jobs") as work:
        enqueue(work.session, work.now, "payments.reconcile", {})
    house.work(job="payments.reconcile")


def test_one_subject_owes_one_amount(house, now):
    payable = house.owes(8000)
    assert house.owes(8000) == payable
    with pytest.raises(OwedOtherwise) as refused:
        house.owes(8100)
    assert refused.value.facts["owed_fen"] == 8000
    with pytest.raises(IntegrityError, match="payable_amount_check"):
        house.owes(0, subject=2)
    assert house.kinds(payable) == ["owed"]


def test_nobody_asks_for_money_she_may_not_see(house):
    payable = house.owes()
    stranger = Actor(99, "registered")
    with pytest.raises(PayableNotFound), unit_of_work(stranger) as work:
        request_authorisation(work.session, work.now, payable)
    with unit_of_work(Actor(1, "elder")) as work:
        assert request_authorisation(work.session, work.now, payable) == "authorising"
    with pytest.raises(DBAPIError), unit_of_work(stranger) as work:
        owe(work.session, work.now, subject=("order", 9), elder_id=1, payer_id=None, area_code=1, amount_fen=5)


def test_a_payables_history_is_written_once(house):
    house.owes()
    for login in ("jobs", "setup"):
        with pytest.raises(DBAPIError), house.database.session(login) as session, session.begin():
            session.connection().execute(text("UPDATE payment_event SET kind = 'captured'"))


def test_the_fake_bank_loses_its_first_answer_for_amounts_ending_in_52(house):
    payable = house.owes(8052)
    house.do(request_authorisation, payable)
    assert house.work() == [("payments.authorise", "GatewayUnknown")]
    assert house.work() == [("payments.authorise", None)]
    assert house.charges() == [(8052, "authorised")]


def test_the_waiting_time_before_reconciling_is_ten_minutes():
    from services.payments.steps import STUCK_AFTER

    assert timedelta(minutes=10) == STUCK_AFTER
