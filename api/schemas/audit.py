"""The audit over HTTP: rules, draws, cases, the chain, and openings in an emergency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.people import In


class HeadOut(BaseModel):
    """One district's chain (0: the house's own): how long, its head, its newest seal."""

    chain_code: int
    links: int
    head: str
    linked_at: datetime
    seal_number: int | None
    sealed_upto: int | None
    root: str | None
    sealed_at: datetime | None


class ChainOut(BaseModel):
    """The chains of an area and the last recomputation of all of them."""

    ok: bool | None
    checked_at: datetime | None
    first_bad: str | None
    chains: list[HeadOut]


class SeedOut(BaseModel):
    """A day's commitment and, from that day on, its seed."""

    day: date
    commitment: str
    made_at: datetime
    seed: str | None
    shown_at: datetime | None


class RuleOut(BaseModel):
    """A rule and the rows that break it."""

    code: str
    text: str
    rows: list[str]


class DrawOut(BaseModel):
    """The public paper of a draw, as `bin/yinling audit check-draw` reads it, and the cases it opens."""

    paper: dict[str, Any]
    cases: list[str]


class CaseOut(BaseModel):
    """One case followed to its payment, masked: facts with source and fingerprint, gaps, checks."""

    order_number: str
    service_day: date
    facts: list[dict[str, Any]]
    gaps: list[dict[str, str]]
    checks: list[dict[str, Any]]


class EmergencyIn(In):
    """Whose record is opened and why; beside the name one more fact that names her alone."""

    full_name: str = Field(min_length=1, max_length=60)
    kind: Literal["life", "missing", "disaster", "other"]
    reason: str = Field(min_length=1, max_length=500)
    id_number: str = Field(default="", max_length=18)
    phone: str = Field(default="", max_length=20)
    born_on: date | None = None


class OpenedOut(BaseModel):
    """The opening that stands; `found` is false when name and fact fit nobody, or more than one."""

    found: bool
    glass_id: int | None = None
    expires_at: datetime | None = None
    review_due_at: datetime | None = None


class GlassOut(BaseModel):
    """One opening: who, whose, why, until when, how often it was looked through, and what came of it."""

    id: int
    asker_id: int
    asker_role: str
    elder_id: int
    kind: str
    reason: str
    asked_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    review_due_at: datetime
    escalated_at: datetime | None
    verdict: str | None
    verdict_note: str | None
    consequence: str | None
    looks: int


class EmergencyRecordOut(BaseModel):
    """What is seen of an elder through broken glass."""

    elder_id: int
    full_name: str
    born_on: date | None
    phone: str | None
    address: str | None
    living: str
    emergency_name: str | None
    has_health: bool
    has_emergency_phone: bool
    relatives: list[str]
    expires_at: datetime


class FieldIn(In):
    """Which field is opened."""

    field: Literal["phone", "address", "health", "emergency_phone"]


class JudgementIn(In):
    """What somebody else found: justified or not, and what follows."""

    justified: bool
    note: str = Field(min_length=1, max_length=500)
    consequence: str = Field(default="", max_length=500)
