"""Jobs of the oversight room: the house checks its own books."""

from __future__ import annotations

from collections.abc import Callable

from services.oversight.actions import check_ledger
from services.unit_of_work import UnitOfWork


def check_books(work: UnitOfWork) -> None:
    """Recompute the time bank and keep the result for the officers' desks."""
    check_ledger(work.session, work.now)


HANDLERS: dict[str, Callable[..., None]] = {"oversight.check_ledger": check_books}
