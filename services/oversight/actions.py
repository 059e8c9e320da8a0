"""The house checks itself and keeps what it found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert
from sqlmodel import Session

from services.columns import table_of
from services.oversight.tables import LedgerCheck
from timebank.verify import verify

_check = table_of(LedgerCheck)


def check_ledger(session: Session, now: datetime) -> bool:
    """Recompute every elder's and volunteer's minutes and keep the result; tell whether they hold. As the house."""
    found = verify(session)
    bad = found.first_bad
    session.connection().execute(
        insert(_check).values(
            checked_at=now,
            ok=found.ok,
            first_bad=None if bad is None else f"{bad.table} {bad.id}: {bad.rule}",
            transfers=found.counts["transfers"],
        )
    )
    return found.ok
