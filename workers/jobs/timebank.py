"""The ledger's own check, every hour."""

from __future__ import annotations

import structlog

from services.unit_of_work import UnitOfWork
from timebank.verify import verify

log = structlog.get_logger("timebank")


def verify_ledger(work: UnitOfWork) -> None:
    """Recompute the whole ledger from its entries; a bad row is logged as an error by name."""
    found = verify(work.session)
    if found.ok:
        log.info("ledger verified")
    else:
        log.error("ledger broken", first_bad=str(found.first_bad))


HANDLERS = {"timebank.verify": verify_ledger}
