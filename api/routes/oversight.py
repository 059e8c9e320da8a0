"""The officer's desk and the rows behind its figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Work
from api.errors import problems
from api.schemas.oversight import AdministrativeOut, DeskEscalationOut, DeskOut, UncoveredOut
from services.circles.coverage import uncovered_elders
from services.clock import civil_date
from services.oversight.administrative import administrative_coverage
from services.oversight.queries import desk_area, escalations_on_desk, officers_desk

router = APIRouter(prefix="/api/v1", tags=["oversight"])
Code = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


@router.get("/desk", response_model=DeskOut, responses=problems(401, 403, 404), summary="The officer's desk")
def desk(work: Work) -> DeskOut:
    """Give the figures of the actor's own area."""
    return DeskOut.model_validate(officers_desk(work.session, work.actor, work.now))


@router.get(
    "/desk/administrative-coverage",
    response_model=list[AdministrativeOut],
    responses=problems(401, 403, 404),
    summary="Which areas own what",
)
def who_owns(work: Work) -> list[AdministrativeOut]:
    """Give, per circle, the areas with and without a qualified facility, the missing function named."""
    found = administrative_coverage(work.session, desk_area(work.actor), civil_date(work.now))
    return [AdministrativeOut.model_validate(tier) for tier in found]


@router.get(
    "/desk/escalations",
    response_model=list[DeskEscalationOut],
    responses=problems(401, 403),
    summary="Unanswered doors",
)
def unanswered(work: Work) -> list[DeskEscalationOut]:
    """Give the unanswered doors of the actor's area, the most overdue first."""
    return [DeskEscalationOut.model_validate(row) for row in escalations_on_desk(work.session, work.actor, work.now)]


@router.get(
    "/desk/uncovered", response_model=list[UncoveredOut], responses=problems(401, 403), summary="Elders beyond a circle"
)
def beyond(
    work: Work,
    tier: Code,
    profile: Code,
    after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[UncoveredOut]:
    """Give the elders behind a walking figure: those beyond the circle, worst off first, 200 a page."""
    rows = uncovered_elders(work.session, desk_area(work.actor), tier, profile, after=after)
    return [UncoveredOut.model_validate(row) for row in rows]
