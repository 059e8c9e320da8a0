"""Homes and their beds, moving in and out, and the nursing-bed ratio."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.beds import (
    BedOut,
    DeathIn,
    HomeOut,
    LeaveIn,
    LeaveOut,
    RatioBedOut,
    RatioOut,
    ReturnIn,
    StayCreatedOut,
    StayEndIn,
    StayIn,
    TransferIn,
    TrendPointOut,
)
from api.schemas.visits import Day
from services.beds import actions, queries, ratio
from services.cities.queries import city_of_area
from services.cities.rules import area_range
from services.clock import civil_date
from services.oversight.queries import desk_area

router = APIRouter(prefix="/api/v1", tags=["beds"])
Id = Annotated[int, Path(ge=1, le=2**62)]
On = Annotated[Day | None, Query(description="Shanghai day; default today")]
Scope = Annotated[Literal["area", "city"], Query(description="the actor's own area, or her whole city")]


@router.get("/beds/homes", response_model=list[HomeOut], responses=problems(401, 403), summary="Homes with beds")
def homes(work: Work, on: On = None) -> list[HomeOut]:
    """Give the homes of the actor's area with their bed counts on a day."""
    _, lo, hi = _where(work, "area")
    rows = queries.homes_with_beds(work.session, on or civil_date(work.now), lo, hi)
    return [HomeOut.model_validate(row) for row in rows]


@router.get(
    "/beds/homes/{facility_id}", response_model=list[BedOut], responses=problems(401, 403, 404), summary="A home's beds"
)
def beds_of_home(work: Work, facility_id: Id, on: On = None) -> list[BedOut]:
    """Give a home's beds with who lies in each, where the actor may know."""
    desk_area(work.actor)
    rows = queries.beds_of(work.session, facility_id, on or civil_date(work.now))
    return [BedOut.model_validate(row) for row in rows]


@router.post(
    "/beds/{bed_id}/stays",
    status_code=201,
    response_model=StayCreatedOut,
    responses=problems(401, 403, 404, 409),
    summary="Move in",
)
def move_in(work: Work, bed_id: Id, asked: StayIn) -> StayCreatedOut:
    """Give an elder a bed; neither the bed nor the elder can be promised twice on one day."""
    stay_id = actions.admit(
        work.session,
        work.now,
        work.actor,
        bed_id,
        asked.elder_id,
        first_day=asked.first_day,
        last_day=asked.last_day,
        emergency=asked.emergency,
    )
    return StayCreatedOut(stay_id=stay_id)


@router.post("/bed-stays/{stay_id}/ending", status_code=204, responses=problems(401, 403, 404, 409), summary="Move out")
def move_out(work: Work, stay_id: Id, asked: StayEndIn) -> None:
    """End a stay; on its last day the bed is free."""
    actions.discharge(work.session, work.now, work.actor, stay_id, asked.last_day, asked.reason)


@router.post(
    "/bed-stays/{stay_id}/transfer",
    status_code=201,
    response_model=StayCreatedOut,
    responses=problems(401, 403, 404, 409),
    summary="Move to another bed",
)
def move_over(work: Work, stay_id: Id, asked: TransferIn) -> StayCreatedOut:
    """End a stay and begin one in another bed on the same day, in one act."""
    moved = actions.transfer(work.session, work.now, work.actor, stay_id, asked.bed_id, asked.day, asked.reason)
    return StayCreatedOut(stay_id=moved)


@router.post("/bed-stays/{stay_id}/death", status_code=204, responses=problems(401, 403, 404, 409), summary="A death")
def died(work: Work, stay_id: Id, asked: DeathIn) -> None:
    """End the stay of an elder who died; the register of people is told."""
    actions.record_death(work.session, work.now, work.actor, stay_id, asked.died_on)


@router.post(
    "/bed-stays/{stay_id}/leaves",
    status_code=201,
    response_model=LeaveOut,
    responses=problems(401, 403, 404, 409),
    summary="Away for some days",
)
def go_away(work: Work, stay_id: Id, asked: LeaveIn) -> LeaveOut:
    """Write down that an elder is in hospital or on holiday; the bed stays hers."""
    given = (asked.kind, asked.first_day, asked.back_on)
    return LeaveOut(leave_id=actions.go_on_leave(work.session, work.now, work.actor, stay_id, *given))


@router.post("/bed-leaves/{leave_id}/return", status_code=204, responses=problems(401, 403, 404, 409), summary="Back")
def back(work: Work, leave_id: Id, asked: ReturnIn) -> None:
    """Write down on which day an elder is back."""
    actions.come_back(work.session, work.now, work.actor, leave_id, asked.back_on)


@router.get(
    "/beds/nursing-ratio", response_model=RatioOut, responses=problems(401, 403, 404), summary="The nursing-bed ratio"
)
def nursing_ratio(work: Work, on: On = None, scope: Scope = "city") -> RatioOut:
    """Give the ratio of a day by the city's own definition, with every home behind it."""
    city, lo, hi = _where(work, scope)
    return RatioOut.model_validate(ratio.nursing_ratio(work.session, city, on or civil_date(work.now), lo=lo, hi=hi))


@router.get(
    "/beds/nursing-ratio/trend",
    response_model=list[TrendPointOut],
    responses=problems(401, 403, 404),
    summary="The ratio's trend",
)
def trend(
    work: Work, on: On = None, scope: Scope = "city", months: Annotated[int, Query(ge=1, le=60)] = 14
) -> list[TrendPointOut]:
    """Give the ratio at past month ends and today, oldest first."""
    city, lo, hi = _where(work, scope)
    points = ratio.ratio_trend(work.session, city, on or civil_date(work.now), lo=lo, hi=hi, months=months)
    return [TrendPointOut.model_validate(point) for point in points]


@router.get(
    "/beds/nursing-ratio/beds",
    response_model=list[RatioBedOut],
    responses=problems(401, 403, 404),
    summary="The beds behind the ratio",
)
def beds_behind(
    work: Work,
    on: On = None,
    scope: Scope = "city",
    facility_id: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> list[RatioBedOut]:
    """Give the beds behind the ratio, one row a bed, each with whether it is in the numerator."""
    city, lo, hi = _where(work, scope)
    rows = ratio.ratio_beds(work.session, city, on or civil_date(work.now), lo=lo, hi=hi, facility_id=facility_id)
    return [RatioBedOut.model_validate(row) for row in rows]


def _where(work: Work, scope: str) -> tuple[int, int, int]:
    area = desk_area(work.actor)
    city = city_of_area(work.session, area)
    assert work.actor.area_hi is not None
    return (city, area, work.actor.area_hi) if scope == "area" else (city, *area_range(city))
