"""What somebody was told, and whom nobody has reached yet."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from services.columns import table_of
from services.messages.errors import NoSuchMessage
from services.messages.tables import Delivery, Message
from services.messages.templates import all_templates

_message = table_of(Message)
_delivery = table_of(Delivery)
MOST = 100


def inbox(session: Session, recipient_id: int, *, before_id: int | None = None, limit: int = 30) -> list[Row[Any]]:
    """Give somebody's messages, newest first, at most 100, older than `before_id` when given.

    Rows: id, template, body, elder_id, subject_type, subject_id, created_at, read_at.
    """
    query = select(
        _message.c.id,
        _message.c.template,
        _message.c.body,
        _message.c.elder_id,
        _message.c.subject_type,
        _message.c.subject_id,
        _message.c.created_at,
        _message.c.read_at,
    ).where(_message.c.recipient_id == recipient_id)
    if before_id is not None:
        query = query.where(_message.c.id < before_id)
    return list(session.connection().execute(query.order_by(_message.c.id.desc()).limit(min(limit, MOST))))


def unread_count(session: Session, recipient_id: int) -> int:
    """Give how many messages somebody has not opened yet."""
    query = select(func.count()).where(_message.c.recipient_id == recipient_id, _message.c.read_at.is_(None))
    count: int = session.connection().execute(query).scalar_one()
    return count


def title_of(template: str) -> str:
    """Give the short heading of a message; an old template that no longer exists has none."""
    found = all_templates().get(template)
    return found.title if found else ""


def deliveries(session: Session, message_id: int) -> list[Row[Any]]:
    """Give every try to reach the recipient: channel, state, receipt, sent_at, delivered_at, error; oldest first.

    Raises NoSuchMessage when the message may not be seen.
    """
    seen = session.connection().execute(select(_message.c.id).where(_message.c.id == message_id)).one_or_none()
    if seen is None:
        raise NoSuchMessage(message_id=message_id)
    return list(
        session.connection().execute(
            select(_delivery).where(_delivery.c.message_id == message_id).order_by(_delivery.c.id)
        )
    )


def not_reached(session: Session, *, limit: int = MOST) -> list[Row[Any]]:
    """Give the messages that no channel could carry and nobody has told in person yet, oldest first.

    Rows: id, recipient_id, elder_id, body, created_at. What the actor's office may see decides which.
    """
    asked = select(_delivery.c.message_id).where(_delivery.c.channel == "person", _delivery.c.state == "sent")
    told = select(_delivery.c.message_id).where(_delivery.c.channel == "person", _delivery.c.state == "delivered")
    return list(
        session.connection().execute(
            select(_message.c.id, _message.c.recipient_id, _message.c.elder_id, _message.c.body, _message.c.created_at)
            .where(_message.c.id.in_(asked), _message.c.id.not_in(told), _message.c.read_at.is_(None))
            .order_by(_message.c.id)
            .limit(limit)
        )
    )
