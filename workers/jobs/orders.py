"""What happens to an order after the act that moved it: arrival, leaving, its money."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from services.dispatch.actions import finish_assignment
from services.orders import actions, judging, recurring
from services.orders.paying import prepare_payment
from services.orders.place_giving import close_place
from services.unit_of_work import UnitOfWork


def mark_in_service(work: UnitOfWork, order_id: int) -> None:
    """The carer checked in at the elder's door."""
    actions.mark_in_service(work.session, work.now, order_id)


def mark_served(work: UnitOfWork, order_id: int) -> None:
    """The carer checked out; her promised time is done and the elder's side is asked to confirm."""
    if actions.mark_served(work.session, work.now, order_id):
        finish_assignment(work.session, work.now, order_id)


def prepare_order_payment(work: UnitOfWork, order_id: int) -> None:
    """A provider accepted: owe the self part and ask for its authorisation."""
    prepare_payment(work.session, work.now, order_id)


def close_a_place(work: UnitOfWork, order_id: int) -> None:
    """A meal, bath or day at a site is over."""
    close_place(work.session, work.now, order_id)


def place_recurring(work: UnitOfWork, recurring_id: int | None = None) -> None:
    """Promise the coming days of one recurring order, or of all."""
    recurring.promise_days(work.session, work.now, recurring_id)


def place_recurring_day(work: UnitOfWork, recurring_id: int, on_day: str) -> None:
    """Order one day of a recurring order."""
    recurring.place_day(work.session, work.now, recurring_id, date.fromisoformat(on_day))


def stop_for_departed(work: UnitOfWork) -> None:
    """Nothing more is brought to an elder who died or moved away."""
    recurring.stop_for_departed(work.session, work.now)


def cancel_for_departed(work: UnitOfWork, order_id: int) -> None:
    """Cancel one order of an elder who died or moved away."""
    recurring.cancel_for_departed(work.session, work.now, order_id)


def open_ratings(work: UnitOfWork, order_id: int) -> None:
    """The other side kept silent long enough: what was written opens."""
    judging.open_ratings(work.session, work.now, order_id)


HANDLERS: dict[str, Callable[..., None]] = {
    "orders.cancel_for_departed": cancel_for_departed,
    "orders.place_recurring": place_recurring,
    "orders.place_recurring_day": place_recurring_day,
    "orders.stop_for_departed": stop_for_departed,
    "orders.close_place": close_a_place,
    "orders.open_ratings": open_ratings,
    "orders.mark_in_service": mark_in_service,
    "orders.mark_served": mark_served,
    "orders.prepare_payment": prepare_order_payment,
}
