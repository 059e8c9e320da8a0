"""Work that must happen after an act, written in the act's own transaction: nothing promised is forgotten.

PostgreSQL is the truth; RQ only carries ids. A row is `waiting` until the relay sends it, `sent` until the
handler's own transaction confirms it, and is sent again when nobody confirms (docs/outbox.md).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, SQLModel

from services.columns import area_code as area_code_column
from services.columns import document, moment, number, own_id, table_of, words


class OutboxRow(SQLModel, table=True):
    """A promised job: what, with which facts, in which area, not before when."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'done', 'failed')", name="outbox_state_check"),
        CheckConstraint("(state = 'done') = (confirmed_at IS NOT NULL)", name="outbox_done_is_confirmed_check"),
        Index("outbox_due_idx", "not_before", "id", postgresql_where=text("state = 'waiting'")),
        Index("outbox_sent_idx", "sent_at", postgresql_where=text("state = 'sent'")),
    )
    id: int | None = own_id()
    job: str = words()
    args: dict[str, Any] = document()
    area_code: int | None = area_code_column(optional=True)
    key: str | None = words(optional=True, unique=True)
    not_before: datetime = moment()
    created_at: datetime = moment()
    state: str = words(default="waiting")
    sends: int = number(default=0)
    sent_at: datetime | None = moment(optional=True)
    confirmed_at: datetime | None = moment(optional=True)
    last_error: str | None = words(optional=True)


_outbox = table_of(OutboxRow)
_PROMISE = insert(_outbox).on_conflict_do_nothing(index_elements=["key"])
REQUEST = "_request"
"""Where a job's arguments carry the id of the request that promised it; handlers never see it."""


def enqueue(
    session: Session,
    now: datetime,
    job: str,
    args: dict[str, Any],
    *,
    area_code: int | None = None,
    not_before: datetime | None = None,
    key: str | None = None,
) -> None:
    """Promise a job in the caller's transaction; the same `key` promises it only once.

    With `area_code` the job runs under that area's row-level security; without it, city-wide as `jobs`.
    `args` hold ids and plain facts, never a name, a phone number or an address.
    """
    request_id = session.info.get("request_id")
    session.connection().execute(
        _PROMISE,
        {
            "job": job,
            "args": args | {REQUEST: request_id} if request_id else args,
            "area_code": area_code,
            "key": key,
            "not_before": not_before or now,
            "created_at": now,
            "state": "waiting",
            "sends": 0,
        },
    )


def confirm(session: Session, now: datetime, outbox_id: int) -> None:
    """Record, in the handler's own transaction, that a promised job has had its effect."""
    session.connection().execute(
        update(_outbox).where(_outbox.c.id == outbox_id).values(state="done", confirmed_at=now, last_error=None)
    )
