"""Incidents and cases of supervision over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.orders import In

IncidentKind = Literal[
    "choking", "misingestion", "pressure_injury", "scald", "bed_fall", "fall", "harm", "missing", "activity", "other"
]
Severity = Literal["minor", "injury", "severe", "death"]


class IncidentIn(In):
    """Something that happened in an institution; what is told is sealed."""

    facility_id: int = Field(ge=1, le=2**62)
    kind: IncidentKind
    severity: Severity
    happened_at: datetime
    told: str = Field(min_length=1, max_length=2000)
    elder_id: int | None = Field(default=None, ge=1, le=2**62)


class IncidentOut(BaseModel):
    """An incident without its words; they are read one by one, and each look is noted."""

    id: int
    incident_number: str
    facility_id: int
    facility_name: str
    elder_id: int | None
    kind: IncidentKind
    severity: Severity
    happened_at: datetime
    due_at: datetime
    reported_at: datetime
    state: Literal["reported", "handled", "closed"]
    responsible: bool | None
    closed_at: datetime | None


class IncidentStepOut(BaseModel):
    """One step with its words."""

    kind: Literal["reported", "measures", "closed"]
    happened_at: datetime
    told: str


class IncidentDetailOut(IncidentOut):
    """An incident with its words in clear."""

    told: str
    steps: list[IncidentStepOut]


class ToldIn(In):
    """Words."""

    told: str = Field(min_length=1, max_length=2000)


class IncidentClosingIn(In):
    """The end of an incident; `responsible`: the institution answers for it."""

    responsible: bool
    told: str = Field(min_length=1, max_length=2000)


class CaseIn(In):
    """A finding against a provider."""

    provider_id: int = Field(ge=1, le=2**62)
    source: Literal["inspection", "incident", "complaint", "audit", "other"]
    source_id: int | None = Field(default=None, ge=1, le=2**62)
    facility_id: int | None = Field(default=None, ge=1, le=2**62)
    title: str = Field(min_length=1, max_length=100)
    finding: str = Field(min_length=1, max_length=2000)


class DecisionIn(In):
    """What is decided; `due_on` for rectify, `amount_fen` for a fine, `line_id` for money back."""

    kind: Literal["rectify", "warning", "fine", "blacklist", "recovery", "none"]
    told: str = Field(min_length=1, max_length=2000)
    due_on: date | None = None
    amount_fen: int | None = Field(default=None, gt=0, le=10**12)
    line_id: int | None = Field(default=None, ge=1, le=2**62)


class DecisionOut(BaseModel):
    """One thing decided and when it was carried out."""

    id: int
    kind: Literal["rectify", "warning", "fine", "blacklist", "recovery", "none"]
    told: str
    due_on: date | None
    amount_fen: int | None
    line_id: int | None
    correction_id: int | None
    entry_id: int | None
    decided_at: datetime
    done_on: date | None
    done_note: str | None


class ReferralIn(In):
    """Another department that is asked to act."""

    department: str = Field(min_length=1, max_length=100)
    told: str = Field(min_length=1, max_length=2000)


class ReferralAnswerIn(In):
    """What the department answered, under its number."""

    answer: str = Field(min_length=1, max_length=2000)
    reference: str = Field(default="", max_length=100)


class ReferralOut(BaseModel):
    """A referral and its answer."""

    id: int
    department: str
    told: str
    sent_at: datetime
    reference: str
    answer: str | None
    answered_at: datetime | None


class CaseEventOut(BaseModel):
    """One step in a case's life."""

    kind: str
    happened_at: datetime
    facts: dict[str, Any]


class CaseOut(BaseModel):
    """A case: what was found, until when it is to be answered, what was answered."""

    id: int
    case_number: str
    provider_id: int
    provider_name: str
    facility_id: int | None
    source: Literal["inspection", "incident", "complaint", "audit", "other"]
    inspection_id: int | None
    incident_id: int | None
    complaint_id: int | None
    title: str
    finding: str
    state: Literal["found", "answered", "decided", "closed"]
    opened_at: datetime
    answer_by: datetime
    answer: str | None
    answered_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None


class CaseDetailOut(CaseOut):
    """A case with its decisions, referrals (the office's) and log."""

    decisions: list[DecisionOut]
    referrals: list[ReferralOut]
    events: list[CaseEventOut]


class AnswerIn(In):
    """The provider's answer."""

    answer: str = Field(min_length=1, max_length=2000)


class DoneIn(In):
    """How something decided was carried out."""

    note: str = Field(min_length=1, max_length=2000)
