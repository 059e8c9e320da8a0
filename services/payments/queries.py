"""How an elder's side stands with what it owes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from services.errors import NotAllowed
from services.payments.actions import payables, payment_events
from services.payments.errors import PayableNotFound
from services.unit_of_work import Actor


def check_money_office(actor: Actor) -> None:
    """Refuse who is neither an officer nor an auditor of an area: the city's books are theirs. Raises NotAllowed."""
    if not actor.has_role("officer", "auditor") or actor.area_lo is None:
        raise NotAllowed("资金账目由民政干部和审计员查看。")


def find_payable(session: Session, payable_id: int) -> Row[Any]:
    """Give one payable. Raises PayableNotFound when it may not be seen."""
    found = session.connection().execute(select(payables).where(payables.c.id == payable_id)).one_or_none()
    if found is None:
        raise PayableNotFound(payable_id=payable_id)
    return found


def payable_of(session: Session, subject: tuple[str, int]) -> Row[Any] | None:
    """Give what is owed for a subject ("order", 7), or None."""
    found: Row[Any] | None = (
        session.connection()
        .execute(select(payables).where(payables.c.subject_type == subject[0], payables.c.subject_id == subject[1]))
        .one_or_none()
    )
    return found


def payables_of_elder(
    session: Session, elder_id: int, *, before_id: int | None = None, limit: int = 30
) -> list[Row[Any]]:
    """Give an elder's payables, newest first."""
    query = select(payables).where(payables.c.elder_id == elder_id)
    if before_id is not None:
        query = query.where(payables.c.id < before_id)
    return list(session.connection().execute(query.order_by(payables.c.id.desc()).limit(min(limit, 100))))


def history(session: Session, payable_id: int) -> list[Row[Any]]:
    """Give every step of one payable: kind, happened_at, gateway, facts; oldest first."""
    return list(
        session.connection().execute(
            select(payment_events).where(payment_events.c.payable_id == payable_id).order_by(payment_events.c.id)
        )
    )
