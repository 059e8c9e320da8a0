"""Assignments over HTTP."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from api.schemas.orders import In


class AssignIn(In):
    """Which carer goes."""

    carer_id: int = Field(ge=1, le=2**62)


class ReassignIn(AssignIn):
    """Which carer goes instead, and why."""

    reason: str = Field(min_length=1, max_length=200)


class AssignedOut(BaseModel):
    """The promise that now stands."""

    assignment_id: int
    order_id: int
    carer_id: int


class CarerOut(BaseModel):
    """A carer who is free then, with the skills asked for."""

    carer_id: int
    display_name: str
    gender: str
    skills: list[str]
    skill_grade: int
    certificate_valid_until: date | None


class JobOut(BaseModel):
    """One promised time of a carer."""

    assignment_id: int
    order_id: int
    order_number: str
    order_state: str
    carer_id: int
    carer_name: str | None
    elder_id: int
    elder_name: str | None
    community_name: str | None
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    state: str


class UnassignedOut(BaseModel):
    """An accepted order that waits for a carer."""

    order_id: int
    order_number: str
    elder_id: int
    service_code: str
    service_name: str
    required_skills: list[str]
    community_name: str | None
    starts_at: datetime
    ends_at: datetime
