"""Opaque payables: an amount somebody owes for a subject, and every step of collecting it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words


class Payable(SQLModel, table=True):
    """An amount owed by an elder's side, in fen, and how far its collection has come.

    `wish` is what was asked while the authorisation was still under way; it is done as soon as that stands.
    """

    __tablename__ = "payable"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="payable_amount_check"),
        CheckConstraint(
            "state IN ('due', 'authorising', 'authorised', 'capturing', 'captured', 'releasing', 'released', 'failed')",
            name="payable_state_check",
        ),
        CheckConstraint("wish IN ('capture', 'release')", name="payable_wish_check"),
        UniqueConstraint("subject_type", "subject_id", name="payable_subject_key"),
        UniqueConstraint("gateway", "gateway_reference", name="payable_gateway_reference_key"),
    )
    id: int | None = own_id()
    subject_type: str = words()
    subject_id: int = number()
    elder_id: int = number(index=True)
    payer_id: int | None = number(optional=True)
    area_code: int = area_code()
    amount_fen: int = number()
    state: str = words(default="due")
    wish: str | None = words(optional=True)
    gateway: str = words()
    gateway_reference: str | None = words(optional=True)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    last_error: str | None = words(optional=True)


class PaymentEvent(SQLModel, table=True):
    """One step of one payable; append-only. A gateway's event id is accepted once."""

    __tablename__ = "payment_event"
    __table_args__ = (UniqueConstraint("gateway", "gateway_event_id", name="payment_event_once_key"),)
    id: int | None = own_id()
    payable_id: int = link("payable.id", index=True)
    area_code: int = area_code()
    happened_at: datetime = moment()
    kind: str = words()
    gateway: str = words()
    gateway_event_id: str | None = words(optional=True)
    facts: dict[str, Any] = document()


class FakeCharge(SQLModel, table=True):
    """What the stateful fake gateway remembers, as a bank would: it outlives our own rollbacks."""

    __tablename__ = "fake_charge"
    __table_args__ = (
        CheckConstraint("state IN ('authorised', 'captured', 'released')", name="fake_charge_state_check"),
    )
    id: int | None = own_id()
    reference: str = words(unique=True)
    idempotency_key: str = words(unique=True)
    amount_fen: int = number()
    state: str = words()
    updated_at: datetime = moment()
