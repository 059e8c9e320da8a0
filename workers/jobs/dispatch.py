"""Giving a carer her time back when an order is cancelled."""

from __future__ import annotations

from collections.abc import Callable

from services.dispatch import actions
from services.unit_of_work import UnitOfWork


def free_carer(work: UnitOfWork, order_id: int) -> None:
    """An order was cancelled: the carer's promised time is free again."""
    actions.free_carer(work.session, work.now, order_id)


HANDLERS: dict[str, Callable[..., None]] = {"dispatch.free_carer": free_carer}
