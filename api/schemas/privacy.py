"""People's own data over HTTP: consents, readings, copies, erasure, positions, WeChat accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from api.schemas.people import Crs, In


class ConsentOut(BaseModel):
    """One purpose as it is asked today, and how the person's word stands."""

    code: str
    version: int
    basis: str
    title: str
    text: str
    allowed: bool
    said: bool | None
    said_version: int | None
    said_at: datetime | None
    by_right: str


class ConsentIn(In):
    """A yes to the version that was shown; at the counter with the paper, an attachment of purpose "consent"."""

    purpose: str = Field(min_length=1, max_length=40)
    version: int = Field(ge=1, le=10_000)
    attachment_id: int | None = Field(default=None, ge=1, le=2**62)


class ReadingOut(BaseModel):
    """Who read one sealed field in clear, when and what for."""

    id: int
    happened_at: datetime
    reader_id: int | None
    reader_name: str
    reader_role: str
    person_id: int
    field: str
    purpose: str
    reason: str
    by_right: str
    channel: str


class VisitRevealIn(In):
    """What a visitor may read on the day of her visit."""

    field: Literal["health", "emergency_phone"]


class FixIn(In):
    """One position between check-in and check-out."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    crs: Crs
    accuracy_m: float | None = Field(default=None, ge=0, le=100_000)
    taken_at: AwareDatetime


class PositionsIn(In):
    """Positions in the order they were taken; the same ones again change nothing."""

    positions: list[FixIn] = Field(min_length=1, max_length=500)


class KeptOut(BaseModel):
    """How many were new."""

    kept: int


class PositionOut(BaseModel):
    """One kept position, in WGS-84."""

    lon: float
    lat: float
    accuracy_m: float | None
    taken_at: datetime
    recorded_at: datetime


class CopyOut(BaseModel):
    """A copy that can be fetched as an attachment."""

    id: int
    uploaded_at: datetime
    size_bytes: int


class ErasureOut(BaseModel):
    """A request to be forgotten, until when it must be answered, and how it stands."""

    id: int
    person_id: int
    asked_at: datetime
    due_at: datetime
    by_right: str
    state: str
    decision: str
    decided_at: datetime | None
    done_at: datetime | None
    proof: dict[str, Any]
    proof_hash: str | None


class ErasureDecisionIn(In):
    """An officer's decision; a refusal says why."""

    approve: bool
    reason: str = Field(default="", max_length=500)


class RetentionRunOut(BaseModel):
    """What one clearing did for one kind."""

    kind: str
    days: int
    before: datetime
    found: int
    removed: int
    dry: bool
    ran_at: datetime


class WechatOut(BaseModel):
    """A WeChat account that signs the person in; its openid is never shown."""

    id: int
    bound_at: datetime
    bound_how: str
