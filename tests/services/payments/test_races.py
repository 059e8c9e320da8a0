"""Two hands at once, on two real connections: one asking, one charge, one notice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from services.payments.actions import owe, request_authorisation, request_capture, request_release
from services.payments.errors import PaymentStateConflict
from services.payments.gateway import Charge, GatewayEvent
from services.payments.steps import hear_event
from services.unit_of_work import SYSTEM, unit_of_work


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Do each act in a thread of its own, all released at one moment; gives results or errors."""
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[index] = act()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index, act)) for index, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def overlapping(house: Any, first: Callable[..., Any], second: Callable[..., Any], *args: Any) -> list[Any]:
    """Begin the second act while the first is done but not committed; gives both results or errors."""
    results: list[Any] = [None, None]
    later = threading.Thread(target=lambda: results.__setitem__(1, together(in_work(second, *args))[0]))
    with unit_of_work(SYSTEM, login="jobs") as work:
        results[0] = first(work.session, work.now, *args)
        later.start()
        while later.is_alive() and not _somebody_waits(house):
            later.join(0.05)
    later.join()
    return results


def _somebody_waits(house: Any) -> bool:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with house.database.session("setup") as session:
        return bool(session.connection().execute(query).scalar_one())


def in_work(action: Callable[..., Any], *args: Any, **named: Any) -> Callable[[], Any]:
    def act() -> Any:
        with unit_of_work(SYSTEM, login="jobs") as work:
            return action(work.session, work.now, *args, **named)

    return act


def test_two_captures_at_once_ask_the_gateway_once(house):
    payable = house.owes()
    house.do(request_authorisation, payable)
    house.work()
    assert overlapping(house, request_capture, request_capture, payable) == ["capturing", "capturing"]
    assert house.kinds(payable).count("capture_requested") == 1
    assert together(*[in_work(request_capture, payable)] * 4) == ["capturing"] * 4
    house.work()
    assert house.charges() == [(8000, "captured")]


@pytest.mark.parametrize("first", [request_capture, request_release])
def test_of_a_capture_and_a_release_at_once_the_first_stands(house, first):
    second = request_release if first is request_capture else request_capture
    payable = house.owes()
    house.do(request_authorisation, payable)
    house.work()
    stands, refused = overlapping(house, first, second, payable)
    assert stands in ("capturing", "releasing") and isinstance(refused, PaymentStateConflict)
    house.work()
    assert house.payable(payable).state == ("captured" if first is request_capture else "released")
    assert house.charges() == [(8000, house.payable(payable).state)]


def test_one_subject_owed_from_two_hands_is_one_payable(house):
    same = {"subject": ("order", 5), "elder_id": 1, "payer_id": None, "area_code": 1, "amount_fen": 700}
    first, second = together(*[in_work(owe, **same)] * 2)
    assert first == second and house.kinds(first) == ["owed"]


def test_one_job_done_by_two_workers_at_once_makes_one_charge(house):
    from workers.performing import perform

    payable = house.owes()
    house.do(request_authorisation, payable)
    with house.database.session("setup") as session:
        row = session.connection().execute(text("SELECT id FROM outbox WHERE job = 'payments.authorise'")).scalar_one()
    together(*[lambda: perform(row)] * 3)
    assert (house.payable(payable).state, house.charges()) == ("authorised", [(8000, "authorised")])
    assert house.kinds(payable).count("authorised") == 1 and house.told() == ["payments.authorised"]


@pytest.mark.parametrize("copies", [2, 4])
def test_one_notice_delivered_at_once_counts_once(house, copies):
    payable = house.owes()
    house.do(request_authorisation, payable)
    notice = GatewayEvent("evt_1", "authorised", Charge("fake_x", "authorised", 8000), payable)
    results = together(*[in_work(hear_event, "fake", notice)] * copies)
    assert sorted(results) == [False] * (copies - 1) + [True]
    assert house.kinds(payable).count("notice") == 1
