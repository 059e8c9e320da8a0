"""What the API shows and takes of the registers: project sites, duties of residential areas, checks, titles of areas."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Area = Field(ge=11 * 10**13, lt=10**15)
Said = Field(min_length=1, max_length=200)


class ProjectSiteOut(BaseModel):
    """One site of a project with its days."""

    id: int
    project_code: str
    area_code: int
    name: str
    type_code: str
    work: Literal["build", "rebuild"]
    planned_on: date
    started_on: date | None
    built_on: date | None
    opened_on: date | None
    dropped_on: date | None
    facility_id: int | None
    note: str


class ProjectSiteWish(BaseModel):
    """A site a project will build or rebuild."""

    model_config = ConfigDict(extra="forbid")
    project_code: str = Said
    area_code: int = Area
    name: str = Said
    type_code: str = Said
    work: Literal["build", "rebuild"] = "build"
    planned_on: date


class ProjectSiteChange(BaseModel):
    """What has become of a site; only what is said changes, null takes a day back."""

    model_config = ConfigDict(extra="forbid")
    planned_on: date | None = None
    started_on: date | None = None
    built_on: date | None = None
    opened_on: date | None = None
    dropped_on: date | None = None
    facility_id: int | None = Field(default=None, ge=1, le=2**62)
    note: str | None = Field(default=None, max_length=200)


class ObligationOut(BaseModel):
    """A residential area's duty with its four steps."""

    id: int
    obligation_code: str
    area_code: int
    name: str
    households: int | None
    required_m2: int
    due_on: date
    planned_on: date | None
    built_on: date | None
    accepted_on: date | None
    handed_over_on: date | None
    provided_m2: int | None
    facility_id: int | None
    note: str
    met: bool


class ObligationWish(BaseModel):
    """A residential area's duty to have room for elders."""

    model_config = ConfigDict(extra="forbid")
    obligation_code: str = Field(default="residential_facilities", min_length=1, max_length=60)
    area_code: int = Area
    name: str = Said
    households: int | None = Field(default=None, ge=1, le=10**6)
    required_m2: int = Field(ge=1, le=10**6)
    due_on: date


class ObligationChange(BaseModel):
    """How far a duty has come; only what is said changes, null takes a day back."""

    model_config = ConfigDict(extra="forbid")
    planned_on: date | None = None
    built_on: date | None = None
    accepted_on: date | None = None
    handed_over_on: date | None = None
    provided_m2: int | None = Field(default=None, ge=0, le=10**6)
    facility_id: int | None = Field(default=None, ge=1, le=2**62)
    note: str | None = Field(default=None, max_length=200)


class FacilityCheckOut(BaseModel):
    """A check of standard operation."""

    id: int
    facility_id: int
    facility_name: str
    checklist: str
    checked_on: date
    answers: dict[str, bool]
    passed: bool
    note: str
    withdrawn_at: datetime | None


class FacilityCheckWish(BaseModel):
    """A check: every item of the list answered."""

    model_config = ConfigDict(extra="forbid")
    facility_id: int = Field(ge=1, le=2**62)
    checklist: str = Field(min_length=1, max_length=60)
    checked_on: date
    answers: dict[str, bool] = Field(max_length=60)
    note: str = Field(default="", max_length=200)


class ReasonForIt(BaseModel):
    """Why something is taken back."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Said


class AreaFlagOut(BaseModel):
    """A title an area holds."""

    id: int
    area_code: int
    area_name: str
    flag: str
    since: date
    until: date | None
    ground: str


class AreaFlagWish(BaseModel):
    """A title for an area, with the paper that gives it."""

    model_config = ConfigDict(extra="forbid")
    area_code: int = Area
    flag: str = Said
    since: date
    ground: str = Said


class FlagEnding(BaseModel):
    """The first day without the title."""

    model_config = ConfigDict(extra="forbid")
    until: date


class RegisterNewOut(BaseModel):
    """The id of what was written."""

    id: int


class ChecklistOut(BaseModel):
    """A list of standard operation: its items by code."""

    code: str
    name: str
    facility_types: list[str]
    items: dict[str, str]
