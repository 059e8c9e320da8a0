"""Asking providers in turn, after an order was placed, declined, timed out or cancelled."""

from __future__ import annotations

from collections.abc import Callable

from services.matching import bureau, offering
from services.unit_of_work import UnitOfWork


def offer_next(work: UnitOfWork, order_id: int) -> None:
    """Ask the next provider for an order, or leave it unfilled and say so."""
    offering.offer_next(work.session, work.now, order_id)


def expire_offer(work: UnitOfWork, offer_id: int) -> None:
    """The time to answer an offer is over: ask the next provider."""
    offering.expire_offer(work.session, work.now, offer_id)


def withdraw_offers(work: UnitOfWork, order_id: int) -> None:
    """An order was cancelled: nobody needs to answer its offers any more."""
    offering.withdraw_offers(work.session, work.now, order_id)


def bureau_overdue(work: UnitOfWork, task_id: int) -> None:
    """The bureau's time to name a provider is over: ask them one after the other."""
    order_id = bureau.order_of(work.session, task_id)
    if bureau.bureau_overdue(work.session, work.now, task_id) and order_id is not None:
        offering.offer_next(work.session, work.now, order_id)


HANDLERS: dict[str, Callable[..., None]] = {
    "matching.offer_next": offer_next,
    "matching.bureau_overdue": bureau_overdue,
    "matching.expire_offer": expire_offer,
    "matching.withdraw_offers": withdraw_offers,
}
