"""Supervision of institutions over HTTP: filings, grades and what anybody may read of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.orders import In

Step = Literal["applied", "filed", "changed", "withdrawn"]
Level = Literal["national", "province", "city", "district"]


class InstitutionOut(BaseModel):
    """A care institution with its filing (备案) and the grade in force today; null: none."""

    id: int
    code: str
    name: str
    type_code: str
    area_code: int
    address: str
    phone: str | None
    provider_id: int
    provider_name: str
    beds: int
    filing_step: Step | None
    filing_number: str | None
    filed_on: date | None
    grade: int | None = Field(description="1 to 5, 5 best; of the certificate issued last, while it is valid")
    certificate_number: str | None
    issuer: str | None
    issued_on: date | None
    expires_on: date | None


class InstitutionPageOut(BaseModel):
    """One page; ask for the next with `after_id`, until it is null."""

    institutions: list[InstitutionOut]
    after_id: int | None


class FilingStepOut(BaseModel):
    """One step of a filing, written once."""

    id: int
    step: Step
    filing_number: str | None
    authority: str
    on_day: date
    documents: list[str]
    note: str
    recorded_at: datetime


class GradeOut(BaseModel):
    """One certificate of grade; `mistaken` ones count for nothing."""

    id: int
    grade: int
    standard: str
    points: int | None
    certificate_number: str
    issuer: str
    issuing_level: Level
    issued_on: date
    expires_on: date
    revoked_on: date | None
    revoke_reason: str | None
    mistaken: bool


class InstitutionDetailOut(InstitutionOut):
    """An institution with every step of its filing and every certificate of grade."""

    filing: list[FilingStepOut]
    grades: list[GradeOut]


class FilingStepIn(In):
    """The next step of a filing; number and authority stand until they are changed."""

    step: Step
    on_day: date
    filing_number: str = Field(default="", max_length=60)
    authority: str = Field(default="", max_length=200)
    documents: list[str] = Field(default_factory=list, max_length=20)
    note: str = Field(default="", max_length=2000)


class GradeIn(In):
    """A certificate of grade as it stands on paper."""

    grade: int = Field(ge=1, le=5)
    certificate_number: str = Field(min_length=1, max_length=60)
    issuer: str = Field(min_length=1, max_length=200)
    issuing_level: Level = "city"
    issued_on: date
    expires_on: date
    standard: str = Field(default="GB/T 37276-2018", min_length=1, max_length=60)
    points: int | None = Field(default=None, ge=0, le=1000)


class RevocationIn(In):
    """A certificate taken away from a day on, or struck because it was written down by mistake."""

    on: date
    reason: str = Field(min_length=1, max_length=2000)
    mistaken: bool = False


class GradeRequestIn(In):
    """The wish to be graded, or graded again."""

    wanted: int = Field(ge=1, le=5)
    told: str = Field(default="", max_length=2000)


class GradeRequestOut(BaseModel):
    """A request to be graded and what became of it."""

    id: int
    facility_id: int
    facility_name: str
    wanted: int
    told: str
    state: Literal["asked", "graded", "refused"]
    asked_at: datetime
    grade_id: int | None
    reply: str | None
    decided_at: datetime | None


class ReplyIn(In):
    """Words of an answer."""

    reply: str = Field(min_length=1, max_length=2000)
