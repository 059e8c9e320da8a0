"""Visits over HTTP: the door, the list of elders who must be seen, unanswered doors."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Channel = Literal["home", "phone", "video", "neighbour", "volunteer", "device"]
Outcome = Literal["seen", "spoken", "no_answer", "refused", "hospital", "moved", "died"]
Resolution = Literal["contacted", "safe", "hospital", "away", "moved", "died", "rescued", "refused"]


def _in_our_time(moment: datetime) -> datetime:
    if not datetime(2000, 1, 1, tzinfo=UTC) <= moment <= datetime(2100, 1, 1, tzinfo=UTC):
        raise ValueError("between the years 2000 and 2100")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_in_our_time)]
"""A moment with its time zone; a naive one is refused."""
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
"""A civil day in Asia/Shanghai."""


class In(BaseModel):
    """What a program sends; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """What we answer."""

    model_config = ConfigDict(from_attributes=True)


class DeviceIn(In):
    """What the phone reports; nothing of it is a condition. `lon`, `lat` in degrees, WGS-84."""

    event_key: str | None = Field(default=None, min_length=1, max_length=80)
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    accuracy_m: float | None = Field(default=None, ge=0, le=100_000)
    sent_at: Moment | None = None
    mock_location: bool = False


class CheckInIn(In):
    """Arrival at the door, with its proof."""

    proof: Literal["door_plate", "elder_code"]
    secret: str = Field(min_length=1, max_length=300, description="the scanned plate, or the elder's four digits")
    happened_at: Moment
    device: DeviceIn = DeviceIn()


class CheckInOut(Out):
    """The record of arrival; `replayed`: it stood already."""

    visit_id: int
    checked_in_at: datetime
    recorded_at: datetime
    proof: str
    replayed: bool


class VitalsIn(In):
    """Measured at a visit if the elder likes: mmHg, beats a minute, degrees Celsius, mmol/L."""

    systolic_mmhg: int | None = Field(default=None, ge=0, le=1000)
    diastolic_mmhg: int | None = Field(default=None, ge=0, le=1000)
    pulse_per_minute: int | None = Field(default=None, ge=0, le=1000)
    temperature_c: float | None = Field(default=None, ge=0, le=100)
    glucose_mmol: float | None = Field(default=None, ge=0, le=100)


class CheckOutIn(In):
    """Leaving the door: what was done."""

    tasks_done: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(default=[], max_length=40)
    note: str | None = Field(default=None, max_length=2000)
    risks: list[Annotated[str, Field(min_length=1, max_length=40)]] = Field(default=[], max_length=20)
    vitals: VitalsIn | None = None
    happened_at: Moment
    device: DeviceIn = DeviceIn()


class CheckOutOut(Out):
    """The record of leaving."""

    visit_id: int
    checked_out_at: datetime
    recorded_at: datetime
    served_minutes: int
    replayed: bool


class ArrivalForIn(In):
    """Arrival recorded for a visitor whose plate and code both failed; `note`: how it was verified."""

    happened_at: Moment
    reason: str = Field(min_length=2, max_length=40, description="a code of GET /evidence-words")
    note: str = Field(min_length=2, max_length=500)


class LeavingForIn(ArrivalForIn):
    """Leaving recorded for a visitor."""

    tasks_done: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(default=[], max_length=40)


class VisitOut(Out):
    """A visit as the actor may see it."""

    id: int
    kind: str
    state: str
    order_id: int | None
    need_id: int | None
    elder_id: int
    visitor_id: int
    planned_start: datetime
    planned_end: datetime
    checked_in_at: datetime | None
    check_in_recorded_at: datetime | None
    check_in_proof: str | None
    checked_out_at: datetime | None
    check_out_recorded_at: datetime | None
    tasks_done: list[str]
    note: str | None
    confirmed_at: datetime | None


class VisitOfDayOut(VisitOut):
    """One of the visitor's doors today; `lon`, `lat` of the home in degrees, WGS-84."""

    elder_name: str | None
    lon: float | None
    lat: float | None


class VisitOfElderOut(VisitOut):
    """One of an elder's visits."""

    visitor_name: str | None


class CodeOut(Out):
    """The four digits the elder tells whoever stands at her door."""

    visit_id: int
    code: str


class PlateIn(In):
    """A word on the plate that helps to hang it at the right door; it is public, so no name."""

    caption: str = Field(default="", max_length=20)


class PlateOut(Out):
    """A new plate, shown once: its token, the address in its QR code and a page for printing."""

    elder_id: int
    token: str
    address: str
    svg: str


class AttemptIn(In):
    """One try to see an elder; `no_answer` is recorded and is never a visit."""

    channel: Channel
    outcome: Outcome
    happened_at: Moment
    note: str | None = Field(default=None, max_length=2000)
    visit_id: int | None = Field(default=None, ge=1, le=2**62)


class AttemptCreatedOut(Out):
    """The id of the try."""

    attempt_id: int


class AttemptOut(Out):
    """One try: when it happened and when it was recorded."""

    id: int
    elder_id: int
    channel: str
    outcome: str
    happened_at: datetime
    recorded_at: datetime
    by_person_id: int
    visit_id: int | None
    note: str | None


class EscalationOut(Out):
    """An unanswered door in somebody's hands."""

    id: int
    elder_id: int
    elder_name: str | None
    area_code: int
    step: int
    in_charge_id: int
    opened_at: datetime
    due_at: datetime
    history: list[Any]


class ClosingIn(In):
    """How an unanswered door ended."""

    resolution: Resolution
    note: str | None = Field(default=None, max_length=2000)


class DutyEndIn(In):
    """From which day an elder is no longer on the list, and why."""

    on: Day
    reason: Literal["moved", "died", "institution", "no_longer_in_group", "other"]


class AreaMonthOut(Out):
    """One area's month; `rate` is a proportion (0.71)."""

    area_code: int
    name: str
    due: int
    done: int
    late_only: int
    attempts: int
    rate: float | None


class ComplianceOut(Out):
    """The visit rate of a month with its definition and the day it stands for."""

    month: date
    as_of: date
    due: int
    done: int
    late_only: int
    attempts: int
    rate: float | None
    target: float | None
    definition: str
    rules_version: str
    areas: list[AreaMonthOut]


class NotYetVisitedOut(Out):
    """An elder nobody has met this month."""

    elder_id: int
    elder_name: str | None
    area_code: int
    visit_class: str
    class_name: str
    rank: int
    days_since: int | None
    attempts: int
    entered_late: bool
    over_frequency: bool
