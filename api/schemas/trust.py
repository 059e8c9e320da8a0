"""Ratings of both sides, complaints, credit levels, blacklists, appeals and personnel files over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.orders import In

Id = int


class CooperationIn(In):
    """How the provider's side found the cooperation: 3 good, 2 fair, 1 poor."""

    face: int = Field(ge=1, le=3)
    comment: str | None = Field(default=None, max_length=500)


class JudgementOut(BaseModel):
    """One side's judgement; `by_call`: an office called and asked (`rated_by` is who asked)."""

    face: int
    comment: str | None
    rated_by: int
    rated_at: datetime
    by_call: bool


class BothSidesOut(BaseModel):
    """What you may read of both judgements; null: not written, or not open to you yet."""

    of_the_work: JudgementOut | None
    of_the_cooperation: JudgementOut | None
    opened_at: datetime | None


class CallDueOut(BaseModel):
    """Somebody to call and ask how it was."""

    order_id: int
    order_number: str
    elder_id: int
    elder_name: str | None
    provider_name: str
    service_name: str
    served_at: datetime


class ComplaintIn(In):
    """A complaint about an order, or else about a provider; contact for who has no account here."""

    subject: Literal["quality", "late", "no_show", "attitude", "money", "safety", "privacy", "other"]
    told: str = Field(min_length=1, max_length=2000)
    order_id: int | None = Field(default=None, ge=1, le=2**62)
    provider_id: int | None = Field(default=None, ge=1, le=2**62)
    channel: Literal["web", "phone", "counter", "letter", "api"] = "api"
    contact_name: str = Field(default="", max_length=60)
    contact_phone: str = Field(default="", max_length=60)


class ComplaintOut(BaseModel):
    """A complaint with its clock, owner, the provider's statement and the reply."""

    id: int
    complaint_number: str
    order_id: int | None
    elder_id: int | None
    provider_id: int
    channel: str
    subject: str
    told: str
    state: str
    filed_at: datetime
    acknowledge_by: datetime
    answer_by: datetime
    acknowledged_at: datetime | None
    owner_id: int
    escalations: int
    statement: str | None
    statement_at: datetime | None
    outcome: str | None
    reply: str | None
    closed_at: datetime | None
    times_reopened: int


class StatementIn(In):
    """What the provider says."""

    statement: str = Field(min_length=1, max_length=2000)


class AnswerIn(In):
    """The outcome and the reply to the complainant."""

    outcome: Literal["upheld", "partly", "unfounded", "withdrawn"]
    reply: str = Field(min_length=1, max_length=2000)


class WhyIn(In):
    """A reason in words."""

    reason: str = Field(min_length=1, max_length=1000)


class OwnerIn(In):
    """The officer who takes over."""

    owner_id: int = Field(ge=1, le=2**62)


class NewIdOut(BaseModel):
    """The id of what was written."""

    id: int


class CreditOut(BaseModel):
    """A provider's level of a month with the formula it was counted by; `level` none: too few orders to judge."""

    id: int
    provider_id: int
    month: date
    version: int
    level: str
    points: int
    orders: int
    parts: list[dict[str, Any]]
    formula: dict[str, Any]
    rule_version: str
    because: str
    computed_at: datetime


class CreditEvidenceOut(BaseModel):
    """One fact behind a level; `struck`: an appeal took it out."""

    id: int
    part: str
    subject_type: str
    subject_id: int
    happened_on: date
    value: int
    struck: bool


class MonthIn(In):
    """Any day of the month meant."""

    month: date


class AppealIn(In):
    """Why the level or the entry is wrong; for a level, which facts."""

    grounds: str = Field(min_length=1, max_length=1000)
    evidence_ids: list[Id] = Field(default_factory=list, max_length=200)


class AppealOut(BaseModel):
    """An appeal and its decision."""

    id: int
    credit_id: int | None
    entry_id: int | None
    provider_id: int
    provider_name: str
    grounds: str
    evidence_ids: list[int]
    filed_at: datetime
    decision: str | None
    reply: str | None
    decided_at: datetime | None


class DecisionIn(In):
    """Granted or refused, with the reply."""

    decision: Literal["granted", "refused"]
    reply: str = Field(min_length=1, max_length=1000)


class PublicEntryOut(BaseModel):
    """An organisation on the blacklist."""

    entry_id: int
    provider_id: int
    provider_name: str
    reason: str
    legal_basis: str | None
    from_at: datetime
    until_on: date | None


class EntryIn(In):
    """Whom to put on the list (a provider or one carer), why, on what evidence, until which day if any."""

    reason: str = Field(min_length=1, max_length=1000)
    evidence: str = Field(min_length=1, max_length=1000)
    legal_basis: str = Field(default="", max_length=1000)
    provider_id: int | None = Field(default=None, ge=1, le=2**62)
    carer_id: int | None = Field(default=None, ge=1, le=2**62)
    until_on: date | None = None


class BarredVisitOut(BaseModel):
    """A running or future visit of somebody blacklisted and what was decided of it."""

    id: int
    entry_id: int
    order_id: int
    order_number: str
    order_state: str
    elder_id: int
    elder_name: str | None
    service_name: str
    carer_name: str | None
    starts_at: datetime
    decision: str | None
    note: str | None
    decided_at: datetime | None
    outcome: str | None


class VisitDecisionIn(In):
    """It stays, somebody else comes, or it ends."""

    decision: Literal["keep", "reassign", "cancel"]
    note: str = Field(default="", max_length=500)


class CertificateIn(In):
    """A certificate as it stands on the paper; no skill in `covers` means it proves all of hers."""

    name: str = Field(min_length=1, max_length=120)
    certificate_number: str = Field(min_length=1, max_length=120)
    issuer: str = Field(min_length=1, max_length=120)
    valid_from: date
    valid_until: date
    covers: list[str] = Field(default_factory=list, max_length=40)


class CertificateOut(BaseModel):
    """A certificate of a personnel file."""

    id: int
    name: str
    certificate_number: str
    issuer: str
    valid_from: date
    valid_until: date
    covers: list[str]
    has_scan: bool
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


class TrainingIn(In):
    """A training a carer took part in."""

    title: str = Field(min_length=1, max_length=120)
    organiser: str = Field(min_length=1, max_length=120)
    held_on: date
    minutes: int = Field(ge=1, le=525_600)


class TrainingOut(BaseModel):
    """A training of a personnel file."""

    id: int
    title: str
    organiser: str
    held_on: date
    minutes: int


class PersonnelOut(BaseModel):
    """A carer's personnel file; `unproved`: skills no certificate proves today."""

    carer_id: int
    provider_id: int
    display_name: str
    skills: list[str]
    since: date
    certificate_valid_until: date | None
    ends_soon: bool
    unproved: list[str]
    certificates: list[CertificateOut]
    trainings: list[TrainingOut]
