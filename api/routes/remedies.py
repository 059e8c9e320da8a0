"""Areas without their site or with one below standard, and how each will come by one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import Work
from api.errors import problems
from api.schemas.remedies import AreaGapOut, RemedyIn, RemedyMadeOut, RemedyWithdrawal
from services.circles import remedies
from services.clock import civil_date
from services.oversight.queries import desk_area

router = APIRouter(prefix="/api/v1", tags=["siting"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/area-gaps", response_model=list[AreaGapOut], responses=problems(401, 403), summary="Areas without their site"
)
def list_area_gaps(work: Work) -> list[AreaGapOut]:
    """Show every area of the office that owns no qualified site of a circle, with the remedy that was chosen."""
    found = remedies.gap_list(work.session, desk_area(work.actor), civil_date(work.now))
    return [AreaGapOut.model_validate(gap) for gap in found]


@router.post(
    "/gap-remedies", status_code=201, response_model=RemedyMadeOut, responses=problems(401, 403, 404, 409),
    summary="Choose the remedy of a gap",
)  # fmt: skip
def choose_remedy(work: Work, wish: RemedyIn) -> RemedyMadeOut:
    """Write down how a gap will be closed and by when; one chosen before is withdrawn and kept."""
    return RemedyMadeOut(id=remedies.choose_remedy(work.session, work.now, work.actor, **wish.model_dump()))


@router.post(
    "/gap-remedies/{remedy_id}/withdrawal", status_code=204, responses=problems(401, 403, 404, 409),
    summary="Take a remedy back",
)  # fmt: skip
def withdraw_remedy(work: Work, remedy_id: Id, told: RemedyWithdrawal) -> None:
    """Take a chosen remedy back; the gap has none again."""
    remedies.withdraw_remedy(work.session, work.now, work.actor, remedy_id, told.reason)
