"""What people are told, and the proof that it reached them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words


class Message(SQLModel, table=True):
    """One thing one person is told, in the words she reads."""

    __tablename__ = "message"
    __table_args__ = (Index("message_recipient_idx", "recipient_id", "created_at"),)
    id: int | None = own_id()
    recipient_id: int = number()
    elder_id: int | None = number(optional=True, index=True)
    area_code: int | None = area_code(optional=True)
    template: str = words()
    facts: dict[str, Any] = document()
    body: str = words()
    subject_type: str | None = words(optional=True)
    subject_id: int | None = number(optional=True)
    key: str | None = words(optional=True, unique=True)
    created_at: datetime = moment()
    read_at: datetime | None = moment(optional=True)


class Delivery(SQLModel, table=True):
    """One try to reach the recipient over one channel, with the channel's receipt."""

    __tablename__ = "message_delivery"
    __table_args__ = (
        CheckConstraint("channel IN ('wechat', 'sms', 'call', 'person')", name="message_delivery_channel_check"),
        CheckConstraint("state IN ('sent', 'delivered', 'failed')", name="message_delivery_state_check"),
    )
    id: int | None = own_id()
    message_id: int = link("message.id", index=True)
    recipient_id: int = number(index=True)
    channel: str = words()
    state: str = words()
    receipt: str | None = words(optional=True)
    sent_at: datetime = moment()
    delivered_at: datetime | None = moment(optional=True)
    error: str | None = words(optional=True)


class WechatSubscriber(SQLModel, table=True):
    """Somebody who may be written to over WeChat: once per consent, or long-term where the category allows it.

    `openid_sealed` is sealed like a phone number (purpose "openid").
    """

    __tablename__ = "wechat_subscriber"
    __table_args__ = (CheckConstraint("consents >= 0", name="wechat_subscriber_consents_check"),)
    person_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    openid_sealed: str = words()
    consents: int = number(default=0)
    long_term: bool = Field(default=False, nullable=False)
    bound_at: datetime = moment()
    unbound_at: datetime | None = moment(optional=True)


class FakeParcel(SQLModel, table=True):
    """What the stateful fake SMS and WeChat carriers received; the real ones keep this elsewhere.

    `to_hash` is the phone's keyed hash, so that the development page shows who was written to by name only.
    """

    __tablename__ = "fake_parcel"
    id: int | None = own_id()
    channel: str = words()
    to_hash: str = words(index=True)
    to_label: str = words()
    body: str = words()
    key: str | None = words(optional=True, unique=True)
    received_at: datetime = moment()
