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


class InspectorOut(BaseModel):
    """An inspector of the office's area."""

    id: int
    person_id: int
    full_name: str | None
    code: str
    department: str
    since: date


class InspectorIn(In):
    """Somebody put on the list of inspectors under the code on her papers."""

    person_id: int = Field(ge=1, le=2**62)
    code: str = Field(min_length=2, max_length=40, pattern="^[0-9A-Za-z-]+$")
    department: str = Field(min_length=1, max_length=200)


class ConflictIn(In):
    """A provider the inspector is not sent to."""

    provider_id: int = Field(ge=1, le=2**62)
    reason: str = Field(min_length=1, max_length=2000)


class KeyTargetOut(BaseModel):
    """An institution watched more closely, with the reason."""

    id: int
    facility_id: int
    facility_name: str
    code: str
    reason: str
    from_on: date


class KeyTargetIn(In):
    """An institution to watch more closely; the reason is public."""

    facility_id: int = Field(ge=1, le=2**62)
    reason: str = Field(min_length=1, max_length=2000)


class WhyIn(In):
    """A reason."""

    reason: str = Field(min_length=1, max_length=2000)


class DrawIn(In):
    """A draw to commit to: how many of each list, how many inspectors each, by which checklist."""

    title: str = Field(min_length=1, max_length=100)
    checklist: str = Field(min_length=1, max_length=60, pattern="^[a-z0-9_]+$")
    key_wanted: int = Field(ge=0, le=500)
    others_wanted: int = Field(ge=0, le=500)
    inspectors_each: int = Field(default=2, ge=1, le=10)
    public_source: str = Field(default="", max_length=200)


class RevealIn(In):
    """The public word, where one was agreed on."""

    public_word: str = Field(default="", max_length=200)


class DrawnOut(BaseModel):
    """One institution that was drawn, with its inspectors by code."""

    list: str
    place: int
    target: str
    ticket: str
    inspectors: tuple[str, ...]


class DrawOut(BaseModel):
    """A draw's public paper: enough for anybody to draw it again (bin/yinling supervision draw-check)."""

    id: int
    method: str
    title: str
    committed_at: str
    list_fingerprint: str
    commitment: str
    public_source: str
    revealed_at: str | None
    lists: str | None = Field(description="the lists as the one line of JSON whose SHA-256 is the fingerprint")
    seed: str | None
    public_word: str | None
    drawn: list[DrawnOut] | None
    procedure: list[str]


class CheckItemOut(BaseModel):
    """One thing looked at."""

    code: str
    group: str
    name_zh: str
    name_en: str
    must: bool


class ChecklistOut(BaseModel):
    """A checklist in force today."""

    id: int
    code: str
    version: str
    name_zh: str
    name_en: str
    about: str
    items: list[CheckItemOut]


class InspectionOut(BaseModel):
    """A round through an institution; `results` by item, empty until it is done."""

    id: int
    facility_id: int
    facility_name: str
    kind: Literal["routine", "drawn", "complaint", "follow_up"]
    state: Literal["planned", "done"]
    checklist_code: str
    checklist_version: str
    draw_id: int | None
    planned_on: date
    visited_on: date | None
    inspectors: list[str]
    conclusion: str | None
    passed: int
    failed: int
    results: dict[str, Literal["pass", "fail", "na"]] = Field(default_factory=dict)


class InspectionIn(In):
    """A round to plan."""

    facility_id: int = Field(ge=1, le=2**62)
    checklist: str = Field(min_length=1, max_length=60, pattern="^[a-z0-9_]+$")
    kind: Literal["routine", "complaint", "follow_up"] = "routine"
    planned_on: date


class InspectionResultIn(In):
    """What was found, on every item; a drawn round is done by the inspectors who were drawn."""

    visited_on: date
    inspectors: list[str] = Field(default_factory=list, max_length=10)
    results: dict[str, Literal["pass", "fail", "na"]]
    conclusion: str = Field(min_length=1, max_length=2000)


class SiteCertificateIn(In):
    """A certificate of a house; `expires_on` null: without an end."""

    kind: Literal["fire", "food", "building", "medical"]
    certificate_number: str = Field(min_length=1, max_length=60)
    issuer: str = Field(min_length=1, max_length=200)
    issued_on: date
    expires_on: date | None = None


class SiteCertificateOut(BaseModel):
    """A certificate of a house."""

    id: int
    kind: Literal["fire", "food", "building", "medical"]
    certificate_number: str
    issuer: str
    issued_on: date
    expires_on: date | None
    withdrawn_on: date | None
    withdrawn_reason: str | None
