"""Carrying: what was written into the inbox climbs the ladder until one rung holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.columns import table_of
from services.messages.carriers import Receipt
from services.messages.errors import NoSuchMessage
from services.messages.rules import earliest_ring
from services.messages.tables import Delivery, Message, WechatSubscriber
from services.messages.templates import find_template
from services.outbox import enqueue

_message = table_of(Message)
_delivery = table_of(Delivery)
_subscriber = table_of(WechatSubscriber)


@dataclass(frozen=True)
class ToCarry:
    """One message on its way: its words, and which rungs already failed or held."""

    message_id: int
    recipient_id: int
    elder_id: int | None
    title: str
    body: str
    created_at: datetime
    failed: frozenset[str]
    carried: bool
    openid_sealed: str | None
    rings: bool = False


def write_message(
    session: Session,
    now: datetime,
    *,
    recipient_id: int,
    template: str,
    facts: dict[str, Any],
    spoken: Mapping[str, str],
    elder_id: int | None,
    area_code: int | None,
    subject: tuple[str, int] | None,
    key: str | None,
) -> None:
    """Put one message into somebody's inbox and promise to carry it; the same key writes and carries once.

    `spoken` are the facts in words, names included. Raises UnknownTemplate, KeyError for a missing fact.
    """
    words = find_template(template)
    row = upsert(_message).values(
        recipient_id=recipient_id,
        elder_id=elder_id,
        area_code=area_code,
        template=template,
        facts=facts,
        body=words.render(spoken),
        subject_type=subject[0] if subject else None,
        subject_id=subject[1] if subject else None,
        key=f"{key}/{recipient_id}" if key else None,
        created_at=now,
    )
    written = session.connection().execute(row.on_conflict_do_nothing(index_elements=["key"]).returning(_message.c.id))
    message_id = written.scalar_one_or_none()
    if message_id is not None:
        rings_at = earliest_ring(now, waits_for_morning=words.waits_for_morning)
        args = {"message_id": message_id}
        enqueue(session, now, "messages.carry", args, not_before=rings_at, key=f"carry/{message_id}")


def to_carry(session: Session, message_id: int) -> ToCarry:
    """Read one message and its tries, holding the row against a second carrier. Raises NoSuchMessage."""
    connection = session.connection()
    found = connection.execute(select(_message).where(_message.c.id == message_id).with_for_update()).one_or_none()
    if found is None:
        raise NoSuchMessage(message_id=message_id)
    tries = connection.execute(
        select(_delivery.c.channel, _delivery.c.state).where(_delivery.c.message_id == message_id)
    ).all()
    openid = connection.execute(
        select(_subscriber.c.openid_sealed).where(
            _subscriber.c.person_id == found.recipient_id,
            _subscriber.c.unbound_at.is_(None),
            _subscriber.c.long_term | (_subscriber.c.consents > 0),
        )
    ).scalar_one_or_none()
    failed = frozenset(row.channel for row in tries if row.state == "failed")
    return ToCarry(
        message_id=message_id,
        recipient_id=found.recipient_id,
        elder_id=found.elder_id,
        title=find_template(found.template).title,
        body=found.body,
        created_at=found.created_at,
        failed=failed,
        carried=any(row.channel not in failed for row in tries),
        openid_sealed=openid,
        rings=find_template(found.template).rings,
    )


def record_carried(session: Session, now: datetime, message_id: int, channel: str, receipt: Receipt) -> None:
    """Note that a rung holds, with the carrier's receipt; a consent spent on WeChat is spent. Twice is harmless."""
    message = to_carry(session, message_id)
    if message.carried:
        return
    _add(session, now, message, channel, receipt.state, receipt=receipt.id)
    if channel == "wechat":
        session.connection().execute(
            update(_subscriber)
            .where(
                _subscriber.c.person_id == message.recipient_id,
                ~_subscriber.c.long_term,
                _subscriber.c.consents > 0,
            )
            .values(consents=_subscriber.c.consents - 1)
        )


def record_failed(session: Session, now: datetime, message_id: int, channel: str, error: str) -> None:
    """Note that a rung broke, so that the next one is tried. Twice is harmless."""
    message = to_carry(session, message_id)
    if not message.carried and channel not in message.failed:
        _add(session, now, message, channel, "failed", error=error)


def record_arrival(session: Session, now: datetime, receipt: str, *, arrived: bool, error: str | None = None) -> bool:
    """Take a carrier's later report on a parcel by its receipt; False when no such parcel went out.

    A text that did not arrive after all is promised again over the next rung.
    """
    connection = session.connection()
    sent = connection.execute(
        select(_delivery.c.message_id, _delivery.c.channel).where(
            _delivery.c.receipt == receipt, _delivery.c.state == "sent"
        )
    ).first()
    if sent is None:
        return False
    message = to_carry(session, sent.message_id)
    known = connection.execute(
        select(_delivery.c.id).where(_delivery.c.receipt == receipt, _delivery.c.state != "sent")
    ).first()
    if known is None:
        state = "delivered" if arrived else "failed"
        _add(session, now, message, sent.channel, state, receipt=receipt, error=error)
        if not arrived:
            args = {"message_id": message.message_id}
            enqueue(session, now, "messages.carry", args, key=f"carry/{message.message_id}/{sent.channel}")
    return True


def _add(
    session: Session,
    now: datetime,
    message: ToCarry,
    channel: str,
    state: str,
    *,
    receipt: str | None = None,
    error: str | None = None,
) -> None:
    session.connection().execute(
        insert(_delivery).values(
            message_id=message.message_id,
            recipient_id=message.recipient_id,
            channel=channel,
            state=state,
            receipt=receipt,
            sent_at=now,
            delivered_at=now if state == "delivered" else None,
            error=error,
        )
    )
