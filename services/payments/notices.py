"""A gateway's notices: stored once, byte for byte, when their signature was checked; heard by a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.columns import table_of
from services.outbox import enqueue
from services.payments.gateway import GatewayEvent
from services.payments.tables import GatewayNotice

_notice = table_of(GatewayNotice)


def keep_notice(
    session: Session,
    now: datetime,
    gateway: str,
    event: GatewayEvent,
    payload: bytes,
    *,
    not_before: datetime | None = None,
) -> None:
    """Store a checked notice under its event id and promise to hear it; a second copy changes nothing."""
    values = {"gateway": gateway, "event_id": event.id, "kind": event.kind, "payload": payload, "received_at": now}
    once = upsert(_notice).values(values).on_conflict_do_nothing(constraint="gateway_notice_once_key")
    session.connection().execute(once)
    args = {"gateway": gateway, "event_id": event.id}
    enqueue(session, now, "payments.hear_notice", args, key=f"{gateway}/{event.id}", not_before=not_before)


def lock_notice(session: Session, gateway: str, event_id: str) -> Row[Any] | None:
    """Give a stored notice and keep other hands from hearing it at the same time."""
    found: Row[Any] | None = (
        session.connection()
        .execute(select(_notice).where(_notice.c.gateway == gateway, _notice.c.event_id == event_id).with_for_update())
        .one_or_none()
    )
    return found


def note_heard(session: Session, now: datetime, notice_id: int, outcome: str) -> None:
    """Write down that a notice was heard, and whether it was news."""
    session.connection().execute(update(_notice).where(_notice.c.id == notice_id).values(heard_at=now, outcome=outcome))
