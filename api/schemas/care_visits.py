"""Visit tasks, grids and corrections over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.visits import Channel, In, Moment, Out, Outcome

Id = Annotated[int, Field(ge=1, le=2**62)]


class TaskToDoOut(Out):
    """One door on a worker's own list, in walking order; the address is masked."""

    task_id: int
    elder_id: int
    elder_name: str
    area_code: int
    address: str | None
    visit_class: str
    due_on: date
    part: str
    grid_name: str | None
    care_package: tuple[str, ...]
    tried_today: str | None
    lon: float | None
    lat: float | None


class TaskOut(Out):
    """One task of an area with who leads it."""

    id: int
    elder_id: int
    area_code: int
    visit_class: str
    from_on: date
    due_on: date
    state: str
    grid_name: str | None
    lead_id: int | None


class TaskTryIn(In):
    """What came of a try on a task."""

    channel: Channel
    outcome: Outcome
    happened_at: Moment
    note: Annotated[str | None, Field(max_length=2000)] = None


class TaskTryOut(Out):
    """The try as it was written down."""

    attempt_id: int


class GoerIn(In):
    """Who shall go, of what kind, leading or coming along."""

    person_id: Id
    actor_kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    part: Literal["lead", "companion"] = "lead"
    reason: Annotated[str | None, Field(max_length=500)] = None


class GridIn(In):
    """A grid in a community or quarter; `outline` are its corners (lon, lat) in `crs`."""

    area_code: Annotated[int, Field(ge=10**14, lt=10**15)]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    far: bool = False
    crs: Literal["wgs84", "gcj02", "bd09", "cgcs2000"]
    outline: Annotated[
        list[tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]] | None,
        Field(min_length=3, max_length=500),
    ] = None


class GridOut(Out):
    """A grid as it stands, with who leads it."""

    id: int
    area_code: int
    name: str
    far: bool
    since: date
    outlined: bool
    lead_id: int | None
    companions: int


class GridCreatedOut(Out):
    """The new grid's number."""

    grid_id: int


class CorrectionOut(Out):
    """What became known about a closed month afterwards."""

    kind: str
    elder_id: int
    area_code: int
    on: date
    known_at: datetime
    reason: str | None
