"""Which risks a visitor may tick: rows, so that a city adds a word without a release."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import Session

from services.clock import civil_date
from services.columns import table_of
from services.language import name_for_reader
from services.visits.errors import UnknownRisk
from services.visits.evidence_tables import RiskSign

_sign = table_of(RiskSign)


def risk_signs(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Give the risks that may be ticked today, (code, name in the reader's language), in order."""
    rows = session.connection().execute(
        select(_sign.c.code, name_for_reader(_sign).label("name"))
        .where(or_(_sign.c.ended_on.is_(None), _sign.c.ended_on > civil_date(now)))
        .order_by(_sign.c.rank, _sign.c.code)
    )
    return [(row.code, row.name) for row in rows]


def refuse_unknown_risks(session: Session, now: datetime, risks: Iterable[str]) -> None:
    """Refuse a tick that is none of the house's words. Raises UnknownRisk(unknown)."""
    ticked = set(risks)
    unknown = ticked - {code for code, _ in risk_signs(session, now)} if ticked else set()
    if unknown:
        raise UnknownRisk(field="risks", unknown=sorted(unknown))
