"""Volunteers over HTTP: the needs board, served time, the time bank's statement."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.schemas.visits import Day, In, Moment, Out

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class VolunteerIn(In):
    """Who signs up; `person_id` None: the actor herself."""

    person_id: int | None = Field(default=None, ge=1, le=2**62)
    display_name: str = Field(min_length=1, max_length=20)
    interests: list[Code] = Field(default=[], max_length=20)


class VolunteerOut(Out):
    """The number of the volunteer's passport (公益护照)."""

    person_id: int
    passport_number: str


class TrainingIn(In):
    """The community's ticks; None leaves a day as it is."""

    trained_on: Day | None = None
    insured_until: Day | None = None


class NeedIn(In):
    """What an elder asks of volunteers; the title is public, so no name, number or door."""

    kind: Code
    title: str | None = Field(default=None, min_length=2, max_length=60)
    starts_at: Moment
    ends_at: Moment


class NeedCreatedOut(Out):
    """The id of the need."""

    need_id: int


class NeedSeenOut(Out):
    """A need as strangers see it."""

    id: int
    kind: str
    title: str
    rough_place: str
    starts_at: datetime
    ends_at: datetime


class NeedOnBoardOut(NeedSeenOut):
    """A need on the board: minutes on foot to its community, never to the door; `estimated`: 估算."""

    walk_minutes: int | None
    estimated: bool


class MyNeedOut(NeedSeenOut):
    """A need the volunteer took, and how far its minutes have come."""

    state: str
    elder_id: int
    elder_name: str | None
    visit_id: int | None
    visit_state: str | None
    session_id: int | None
    session_state: str | None
    credit_minutes: int | None
    auto_confirm_at: datetime | None


class ElderNeedOut(NeedSeenOut):
    """A need of one elder, with who took it."""

    state: str
    taken_by: int | None
    taken_by_name: str | None
    visit_id: int | None
    visit_state: str | None
    session_id: int | None
    session_state: str | None
    credit_minutes: int | None


class TakenOut(Out):
    """The visit a volunteer promised."""

    need_id: int
    visit_id: int


class SessionOut(Out):
    """Served time waiting for the elder's side."""

    id: int
    need_id: int
    visit_id: int
    title: str
    volunteer_id: int
    volunteer_name: str | None
    started_at: datetime
    ended_at: datetime
    service_minutes: int
    credit_minutes: int
    auto_confirm_at: datetime | None


class DisputeIn(In):
    """Why the elder's side objects."""

    reason: str = Field(min_length=2, max_length=500)


class CorrectionOut(Out):
    """The counter-entry was ordered and is written next."""

    session_id: int
    ordered: bool


class StatementLineOut(Out):
    """One entry; minutes came in when positive."""

    transfer_id: int
    entry_type: str
    phase: str
    posted_minutes: int
    held_minutes: int
    service_minutes: int
    event_at: datetime
    recorded_at: datetime
    rule_version: str | None
    title: str | None
    need_id: int | None
    visit_id: int | None
    resolves_id: int | None


class StatementOut(Out):
    """A page of a volunteer's account."""

    person_id: int
    display_name: str
    passport_number: str
    from_day: date
    to_day: date
    opening_minutes: int
    closing_minutes: int
    pending_minutes: int
    cap_minutes: int | None
    lines: list[StatementLineOut]
    next_after_id: int | None
