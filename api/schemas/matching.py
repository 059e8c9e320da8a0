"""Matching and offers over HTTP: seconds on foot, money in fen, moments with their zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.orders import In


class MatchIn(In):
    """Who can serve this elder in this window?"""

    elder_id: int = Field(ge=1, le=2**62)
    service_code: str = Field(min_length=1, max_length=60, pattern=r"^[a-z0-9_]+$", examples=["home_bath"])
    starts_at: datetime = Field(examples=["2026-11-26T09:00:00+08:00"])
    ends_at: datetime = Field(examples=["2026-11-26T11:00:00+08:00"])


class CandidateOut(BaseModel):
    """A provider that can come, with why; `walk_estimated` (估算) when no street route is known."""

    rank: int
    provider_id: int
    provider_name: str
    facility_id: int
    score: int
    score_parts: dict[str, int]
    walk_seconds: int
    walk_estimated: bool
    capacity_left: int
    grade: int
    mean_face: float | None
    ratings: int
    price_fen: int
    government_fen: int
    voucher_fen: int = 0
    self_fen: int
    credit_level: str | None = None
    reasons: list[str]


class LeftOutOut(BaseModel):
    """A provider that cannot come, and the first reason that rules it out."""

    provider_id: int
    provider_name: str
    code: Literal["blocked", "not_offering", "closed", "too_far", "no_carer_with_the_skill", "full", "not_as_wished"]
    why: str
    facts: dict[str, Any]


class MatchedOut(BaseModel):
    """Providers best first, and why the nearest others were left out; `farther`: more of them, too far to list."""

    elder_id: int
    service_code: str
    starts_at: datetime
    ends_at: datetime
    candidates: list[CandidateOut]
    left_out: list[LeftOutOut]
    farther: bool = False


class OfferOut(BaseModel):
    """An offer that waits for an answer; the elder is named only after it was accepted."""

    id: int
    order_id: int
    order_number: str
    provider_id: int
    state: str
    rank: int
    offered_at: datetime
    expires_at: datetime
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    community_name: str | None
    price_fen: int
    walk_seconds: int | None
    walk_estimated: bool
    reasons: list[str]


class AcceptedOut(BaseModel):
    """What the provider now has to do."""

    offer_id: int
    order_id: int
    order_number: str
    elder_id: int
    provider_id: int
    starts_at: datetime
    ends_at: datetime


class DeclineIn(In):
    """Why a provider cannot take an order."""

    reason: Literal["no_hands", "too_far", "not_our_service", "price", "other"]


class DeclinedOut(BaseModel):
    """The offer was declined; the next provider is asked."""

    offer_id: int
    state: Literal["declined"] = "declined"


class ProviderAnswersOut(BaseModel):
    """How one provider answered: seconds from being asked to its answer; `silent`: it let the time pass."""

    provider_id: int
    provider_name: str
    asked: int
    accepted: int
    declined: int
    silent: int
    median_seconds: int | None
    nine_in_ten_seconds: int | None


class ResponseTimesOut(BaseModel):
    """Seconds from ordering to a provider's yes, and each provider's answers, the fastest first."""

    since: datetime
    until: datetime
    orders: int
    accepted: int
    median_seconds: int | None
    nine_in_ten_seconds: int | None
    providers: list[ProviderAnswersOut]


class UnmetNeedOut(BaseModel):
    """Demand without supply."""

    id: int
    order_id: int | None
    elder_id: int
    area_code: int
    service_code: str
    service_name: str
    starts_at: datetime
    recorded_at: datetime
    reasons: dict[str, Any]
