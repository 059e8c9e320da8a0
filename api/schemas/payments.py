"""What the payments API shows of an elder's self-paid part."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PayableOut(BaseModel):
    """An amount owed, in fen, and how far its collection has come."""

    id: int
    subject_type: str
    subject_id: int
    elder_id: int
    amount_fen: int
    state: str
    method: str
    captured_fen: int
    refunded_fen: int
    disputed_fen: int
    payer_step: str | None
    created_at: datetime
    updated_at: datetime


class PayableEventOut(BaseModel):
    """One step of the collection."""

    kind: str
    happened_at: datetime


class PayableDetailOut(PayableOut):
    """A payable with its history, oldest first."""

    events: list[PayableEventOut]


class NoticeOut(BaseModel):
    """Whether a gateway's notice was taken in."""

    received: bool


class PayingWish(BaseModel):
    """How the payer wants to pay."""

    model_config = ConfigDict(extra="forbid")
    method: Literal["card", "wechat_pay", "alipay"] | None = None


class RefundWish(BaseModel):
    """How much goes back, and why."""

    model_config = ConfigDict(extra="forbid")
    amount_fen: int = Field(gt=0, le=10**9)
    reason: Literal["correction", "complaint"]


class RefundOut(BaseModel):
    """A refund that was promised."""

    refund_id: int
    payable_id: int
    amount_fen: int


class ExplanationWish(BaseModel):
    """Why two books differed."""

    model_config = ConfigDict(extra="forbid")
    explanation: str = Field(min_length=1, max_length=500)


class DifferenceOut(BaseModel):
    """One amount on which our books and a gateway's differ, in fen."""

    id: int
    day: date
    gateway: str
    reference: str
    kind: str
    payable_id: int | None
    ours_fen: int
    theirs_fen: int
    recorded_at: datetime
    explained_at: datetime | None
    explanation: str | None
