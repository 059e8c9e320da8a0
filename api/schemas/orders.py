"""Orders over HTTP: money in fen, moments with their zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = int
CancelReason = Literal["not_needed", "other_time", "not_at_home", "hospital", "wrong_order", "other"]


class In(BaseModel):
    """What a program sends; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class OrderIn(In):
    """A wish: one service for one elder in one window; `chosen_provider_id` comes from POST /api/v1/match."""

    elder_id: int = Field(ge=1, le=2**62)
    service_code: str = Field(min_length=1, max_length=60, pattern=r"^[a-z0-9_]+$", examples=["home_bath"])
    starts_at: datetime = Field(examples=["2026-11-26T09:00:00+08:00"])
    ends_at: datetime = Field(examples=["2026-11-26T11:00:00+08:00"])
    chosen_provider_id: int | None = Field(default=None, ge=1, le=2**62)
    note: str | None = Field(default=None, max_length=500)
    channel: Literal["web", "family", "elder", "phone", "counter", "advisor", "program"] = "program"
    even_if_ordered: bool = False


class CancelIn(In):
    """Why an order is cancelled."""

    reason: CancelReason
    words: str | None = Field(default=None, max_length=500)


class RatingIn(In):
    """One of three faces: 3 good, 2 fair, 1 poor; `by_call`: an office called the receiver and asked."""

    face: int = Field(ge=1, le=3)
    comment: str | None = Field(default=None, max_length=500)
    by_call: bool = False


class PlacedOut(BaseModel):
    """The order as placed; `replayed` when the same request had placed it before. `reasons` explain the split."""

    order_id: int
    order_number: str
    elder_id: int
    service_code: str
    starts_at: datetime
    ends_at: datetime
    state: str
    price_fen: int
    government_fen: int
    voucher_fen: int
    self_fen: int
    chosen_provider_id: int | None
    replayed: bool
    reasons: list[str]


class OrderOut(BaseModel):
    """One order as the asking person may see it."""

    id: int
    order_number: str
    state: str
    elder_id: int
    elder_name: str | None
    area_code: int
    service_code: str
    service_name: str
    at_home: bool
    starts_at: datetime
    ends_at: datetime
    price_fen: int
    government_fen: int
    voucher_fen: int
    self_fen: int
    chosen_provider_id: int | None
    provider_id: int | None
    provider_name: str | None
    provider_phone: str | None
    by_right: str
    channel: str
    note: str | None
    placed_at: datetime
    accepted_at: datetime | None
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    cancelled_reason: str | None
    face: int | None


class OrderDetailOut(OrderOut):
    """One order with who comes and what the asking person may still do."""

    carer_id: int | None
    carer_name: str | None
    can_cancel: bool
    can_confirm: bool
    can_rate: bool


class TimelineStepOut(BaseModel):
    """One line of the timeline."""

    id: int
    kind: str
    happened_at: datetime
    words: str
    tone: str
    facts: dict[str, Any]
