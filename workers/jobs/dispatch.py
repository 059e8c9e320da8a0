"""Giving a carer her time back when an order is cancelled."""

from __future__ import annotations

from collections.abc import Callable

from services.dispatch import actions, barred, rescheduling
from services.dispatch.no_show import replace_or_release
from services.unit_of_work import UnitOfWork
from services.visits.queries import has_begun


def free_carer(work: UnitOfWork, order_id: int) -> None:
    """An order was cancelled: the carer's promised time is free again."""
    actions.free_carer(work.session, work.now, order_id)


def look_who_came(work: UnitOfWork, order_id: int, assignment_id: int) -> None:
    """Half an hour after the start: somebody came, somebody else is sent, or the order ends with an apology.

    After a pause of the workers this may run before the order is told of the check-in; so the door is asked first.
    """
    if has_begun(work.session, order_id):
        return
    replace_or_release(work.session, work.now, order_id, assignment_id)


def bring_carer(work: UnitOfWork, order_id: int) -> None:
    """An assigned order was put to another time: the same carer comes, or the dispatcher finds somebody."""
    rescheduling.bring_carer(work.session, work.now, order_id)


def blacklisted(work: UnitOfWork, entry_id: int) -> None:
    """Somebody was blacklisted: open offers go back, running visits wait for an officer's decision."""
    barred.list_visits(work.session, work.now, entry_id)


def barred_decided(work: UnitOfWork, visit_id: int) -> None:
    """An officer decided what becomes of a visit."""
    barred.carry_out(work.session, work.now, visit_id)


HANDLERS: dict[str, Callable[..., None]] = {
    "dispatch.barred_decided": barred_decided,
    "dispatch.blacklisted": blacklisted,
    "dispatch.bring_carer": bring_carer,
    "dispatch.free_carer": free_carer,
    "dispatch.no_show": look_who_came,
}
