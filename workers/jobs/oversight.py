"""Jobs of the oversight room: the house checks its own books."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from services.oversight.actions import check_ledger
from services.unit_of_work import UnitOfWork

log = structlog.get_logger("oversight")


def check_books(work: UnitOfWork) -> None:
    """Recompute the time bank and keep the result for the officers' desks."""
    if not check_ledger(work.session, work.now):
        log.error("the time bank does not verify; bin/yinling timebank verify names the first bad row")


HANDLERS: dict[str, Callable[..., None]] = {"oversight.check_ledger": check_books}
