"""Telling people: promised in the act's own transaction, carried afterwards by a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.messages.errors import NoSuchMessage
from services.messages.tables import Delivery, Message, WechatSubscriber
from services.messages.templates import find_template
from services.outbox import enqueue
from services.unit_of_work import Actor

_message = table_of(Message)
_delivery = table_of(Delivery)
_subscriber = table_of(WechatSubscriber)


def tell(
    session: Session,
    now: datetime,
    *,
    recipient_ids: list[int] | None = None,
    audience: dict[str, Any] | None = None,
    template: str,
    facts: dict[str, Any],
    elder_id: int | None = None,
    area_code: int | None = None,
    subject: tuple[str, int] | None = None,
    key: str | None = None,
) -> None:
    """Promise that people will be told; who they are and what they are called is looked up at delivery.

    `audience`: {"elder_side": id} (the elder and her confirmed proxies who may view), {"provider_id": id}
    (its dispatchers), {"office": {"role": "officer", "area_code": code}} (who holds that office there).
    `facts` are ids, codes, ISO moments and numbers, never names (docs/messages.md). The same `key` tells
    once. Raises UnknownTemplate, and ValueError when nobody is addressed.
    """
    find_template(template)
    if not recipient_ids and not audience:
        raise ValueError(f"{template}: nobody is addressed")
    args = {
        "recipient_ids": recipient_ids or [],
        "audience": audience or {},
        "template": template,
        "facts": facts,
        "elder_id": elder_id,
        "area_code": area_code,
        "subject": list(subject) if subject else None,
        "key": key,
    }
    enqueue(session, now, "messages.deliver", args, key=f"tell/{key}" if key else None)


def mark_read(session: Session, now: datetime, actor: Actor, message_id: int) -> datetime:
    """Note when the recipient first opened her message; a second time changes nothing. Raises NoSuchMessage."""
    found = (
        session.connection()
        .execute(
            select(_message.c.read_at, _message.c.elder_id, _message.c.area_code)
            .where(_message.c.id == message_id, _message.c.recipient_id == actor.person_id)
            .with_for_update()
        )
        .one_or_none()
    )
    if found is None:
        raise NoSuchMessage(message_id=message_id)
    if found.read_at is not None:
        first: datetime = found.read_at
        return first
    session.connection().execute(update(_message).where(_message.c.id == message_id).values(read_at=now))
    record_act(
        session, now, actor, "read_message",
        for_person_id=found.elder_id or actor.person_id, by_right="recipient", area_code=found.area_code,
        subject=("message", message_id),
    )  # fmt: skip
    return now


def told_in_person(session: Session, now: datetime, actor: Actor, message_id: int) -> None:
    """Note that somebody told the recipient by voice or at her door, when no channel reached her.

    Raises NoSuchMessage when the actor's office does not see the message.
    """
    found = (
        session.connection()
        .execute(
            select(_message.c.recipient_id, _message.c.elder_id, _message.c.area_code).where(
                _message.c.id == message_id
            )
        )
        .one_or_none()
    )
    if found is None:
        raise NoSuchMessage(message_id=message_id)
    session.connection().execute(
        insert(_delivery).values(
            message_id=message_id,
            recipient_id=found.recipient_id,
            channel="person",
            state="delivered",
            receipt=f"person-{actor.person_id}",
            sent_at=now,
            delivered_at=now,
        )  # fmt: skip
    )
    record_act(
        session, now, actor, "tell_in_person",
        for_person_id=found.elder_id or found.recipient_id, area_code=found.area_code, subject=("message", message_id),
    )  # fmt: skip


def bind_wechat(
    session: Session, now: datetime, person_id: int, openid_sealed: str, *, consents: int = 0, long_term: bool = False
) -> None:
    """Note that a person may be told over WeChat: once per consent she gave, or long-term (政务民生).

    `openid_sealed` is the openid sealed for the purpose "openid". A second call adds its consents.
    """
    row = upsert(_subscriber).values(
        person_id=person_id, openid_sealed=openid_sealed, consents=consents, long_term=long_term, bound_at=now
    )
    session.connection().execute(
        row.on_conflict_do_update(
            index_elements=["person_id"],
            set_={
                "openid_sealed": row.excluded.openid_sealed,
                "consents": _subscriber.c.consents + row.excluded.consents,
                "long_term": row.excluded.long_term,
                "unbound_at": None,
            },
        )
    )
