"""Beds over HTTP: homes, who lies where, the nursing-bed ratio with its rows."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from api.schemas.visits import Day, In, Out


class HomeOut(Out):
    """A home's open beds on a day; `occupied` as far as the actor may see."""

    facility_id: int
    name: str
    type_code: str
    area_code: int
    total: int
    nursing: int
    dementia: int
    occupied: int
    on_leave: int


class BedOut(Out):
    """A bed and, where the actor may know, who lies in it."""

    id: int
    label: str
    kind: str
    nursing_from: date | None
    dementia: bool
    basic_guarantee: bool
    opened_on: date
    closed_on: date | None
    stay_id: int | None
    elder_id: int | None
    elder_name: str | None


class StayIn(In):
    """Who moves in, from when; `last_day` is the day she leaves.

    Without an ability assessment that holds on the first day, `emergency` says why she moves in all the same.
    """

    elder_id: int = Field(ge=1, le=2**62)
    first_day: Day
    last_day: Day | None = None
    emergency: str = Field(default="", max_length=500)


class TransferIn(In):
    """To which bed, from which day, and why."""

    bed_id: int = Field(ge=1, le=2**62)
    day: Day
    reason: str = Field(min_length=1, max_length=500)


class DeathIn(In):
    """The day she died."""

    died_on: Day


class LeaveIn(In):
    """In hospital or on holiday from a day on; `back_on` is the day she is back (none: not known yet)."""

    kind: Literal["hospital", "holiday"]
    first_day: Day
    back_on: Day | None = None


class LeaveOut(Out):
    """The id of the leave."""

    leave_id: int


class ReturnIn(In):
    """The day she is back."""

    back_on: Day


class StayCreatedOut(Out):
    """The id of the stay."""

    stay_id: int


class StayEndIn(In):
    """When and why an elder leaves."""

    last_day: Day
    reason: str = Field(min_length=1, max_length=200)


class HomeRatioOut(Out):
    """One home's beds in the ratio."""

    facility_id: int
    name: str
    area_code: int
    nursing: int
    total: int


class RatioOut(Out):
    """The ratio of a day as a proportion (0.55), with its definition, target and homes."""

    on: date
    nursing: int
    total: int
    ratio: float | None
    definition: str
    basis: str
    rules_version: str
    target: float | None
    target_due: date | None
    target_plan: str | None
    short_beds: int
    rows: list[HomeRatioOut]


class TrendPointOut(Out):
    """One point of the trend line."""

    on: date
    nursing: int
    total: int
    ratio: float | None


class RatioBedOut(Out):
    """One bed behind the ratio."""

    id: int
    facility_id: int
    name: str
    label: str
    kind: str
    dementia: bool
    basic_guarantee: bool
    opened_on: date
    nursing_from: date | None
    in_numerator: bool
