"""Opaque payables: an amount somebody owes for a subject, and every step of collecting it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words


class Payable(SQLModel, table=True):
    """An amount owed by an elder's side, in fen, and how far its collection has come.

    `wish` is what was asked while the authorisation was still under way; it is done as soon as that stands.
    `capture_fen` is what was asked to be taken when that is not all of it (a fee); `captured_fen`, `refunded_fen` and
    `disputed_fen` are what the gateway says was taken, given back and is in dispute. WeChat Pay and Alipay know no
    hold: what is paid there is taken at once, and given back when the service is not done.
    """

    __tablename__ = "payable"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="payable_amount_check"),
        CheckConstraint(
            "state IN ('due', 'authorising', 'authorised', 'capturing', 'captured', 'releasing', 'released', 'failed')",
            name="payable_state_check",
        ),
        CheckConstraint("wish IN ('capture', 'release')", name="payable_wish_check"),
        CheckConstraint("method IN ('card', 'wechat_pay', 'alipay')", name="payable_method_check"),
        CheckConstraint("capture_fen BETWEEN 1 AND amount_fen", name="payable_capture_check"),
        CheckConstraint("captured_fen BETWEEN 0 AND amount_fen", name="payable_captured_check"),
        CheckConstraint("refunded_fen BETWEEN 0 AND captured_fen", name="payable_refunded_check"),
        CheckConstraint("(captured_fen > 0) = (state = 'captured')", name="payable_captured_has_money_check"),
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
    method: str = words(default="card")
    payer_step: str | None = words(optional=True)
    capture_fen: int | None = number(optional=True)
    captured_fen: int = number(default=0)
    refunded_fen: int = number(default=0)
    disputed_fen: int = number(default=0)


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
        CheckConstraint(
            "state IN ('pending', 'authorised', 'captured', 'released', 'declined')", name="fake_charge_state_check"
        ),
    )
    id: int | None = own_id()
    reference: str = words(unique=True)
    idempotency_key: str = words(unique=True)
    amount_fen: int = number()
    state: str = words()
    updated_at: datetime = moment()
    payable_id: int | None = number(optional=True)
    captured_fen: int = number(default=0)
    refunds: dict[str, Any] = document()
    created_at: datetime | None = moment(optional=True)
    method: str | None = words(optional=True)


class PayableRefund(SQLModel, table=True):
    """Money given back of what was taken: asked by us, or found at the gateway (`key` then names it there)."""

    __tablename__ = "payable_refund"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="payable_refund_amount_check"),
        CheckConstraint("state IN ('asked', 'done', 'failed')", name="payable_refund_state_check"),
        CheckConstraint(
            "reason IN ('cancelled', 'fee_rest', 'paid_late', 'correction', 'complaint', 'at_gateway')",
            name="payable_refund_reason_check",
        ),
        UniqueConstraint("gateway", "gateway_reference", name="payable_refund_reference_key"),
        Index("payable_refund_payable_idx", "payable_id"),
    )
    id: int | None = own_id()
    payable_id: int = link("payable.id")
    elder_id: int = number(index=True)
    area_code: int = area_code()
    amount_fen: int = number()
    reason: str = words()
    state: str = words(default="asked")
    key: str = words(unique=True)
    gateway: str = words()
    gateway_reference: str | None = words(optional=True)
    asked_by: int | None = number(optional=True)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class PaymentDispute(SQLModel, table=True):
    """A payer's bank says she did not want this payment (拒付): while open or lost, it is not settled to a provider."""

    __tablename__ = "payment_dispute"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'won', 'lost')", name="payment_dispute_state_check"),
        CheckConstraint("amount_fen > 0", name="payment_dispute_amount_check"),
        UniqueConstraint("gateway", "reference", name="payment_dispute_reference_key"),
    )
    id: int | None = own_id()
    payable_id: int = link("payable.id", index=True)
    elder_id: int = number(index=True)
    area_code: int = area_code()
    gateway: str = words()
    reference: str = words()
    amount_fen: int = number()
    state: str = words()
    reason: str = words()
    recorded_at: datetime = moment()
    closed_at: datetime | None = moment(optional=True)


class GatewayNotice(SQLModel, table=True):
    """A gateway's signed notice as it came, byte for byte, stored once by its event id and heard by a job."""

    __tablename__ = "gateway_notice"
    __table_args__ = (UniqueConstraint("gateway", "event_id", name="gateway_notice_once_key"),)
    id: int | None = own_id()
    gateway: str = words()
    event_id: str = words()
    kind: str = words()
    payload: bytes = Field(sa_type=LargeBinary, nullable=False)
    received_at: datetime = moment()
    heard_at: datetime | None = moment(optional=True)
    outcome: str | None = words(optional=True)


class Reconciliation(SQLModel, table=True):
    """One day's comparison of our books with a gateway's: what both say was taken and given back, in fen."""

    __tablename__ = "reconciliation"
    __table_args__ = (UniqueConstraint("gateway", "day", name="reconciliation_once_a_day_key"),)
    id: int | None = own_id()
    gateway: str = words()
    day: date = Field(nullable=False)
    compared: int = number()
    differences: int = number()
    ours_fen: int = number()
    theirs_fen: int = number()
    recorded_at: datetime = moment()


class ReconciliationDifference(SQLModel, table=True):
    """One amount on which our books and a gateway's differ, until a person has said why."""

    __tablename__ = "reconciliation_difference"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('unknown_here', 'unknown_there', 'amount', 'captured', 'refunded')",
            name="reconciliation_difference_kind_check",
        ),
        CheckConstraint(
            "(explained_at IS NULL) = (explained_by IS NULL) AND (explained_at IS NULL) = (explanation IS NULL)",
            name="reconciliation_difference_explained_check",
        ),
        UniqueConstraint("reconciliation_id", "reference", "kind", name="reconciliation_difference_once_key"),
    )
    id: int | None = own_id()
    reconciliation_id: int = link("reconciliation.id")
    payable_id: int | None = number(optional=True, index=True)
    area_code: int = area_code()
    reference: str = words()
    kind: str = words()
    ours_fen: int = number()
    theirs_fen: int = number()
    recorded_at: datetime = moment()
    explained_at: datetime | None = moment(optional=True)
    explained_by: int | None = link("person.id", optional=True)
    explanation: str | None = words(optional=True)
