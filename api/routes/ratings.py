"""How both sides found a visit, and whom an operator calls to ask."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import Work
from api.errors import problems
from api.schemas.trust import BothSidesOut, CallDueOut, CooperationIn, JudgementOut
from services.orders import judging
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["ratings"])
OrderId = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/orders/{order_id}/ratings",
    response_model=BothSidesOut,
    responses=problems(401, 403, 404),
    summary="Both sides' ratings",
)
def show_ratings(work: Work, order_id: OrderId) -> BothSidesOut:
    """Show what you may read: the other side's judgement opens when both are in, or after the city's days."""
    return _both(work, order_id)


@router.post(
    "/orders/{order_id}/cooperation",
    status_code=201,
    response_model=BothSidesOut,
    responses=problems(401, 403, 404, 409),
    summary="Rate the cooperation",
)
def rate_cooperation(work: Work, order_id: OrderId, judged: CooperationIn) -> BothSidesOut:
    """Judge, for the provider's side, how the carer was received; once an order."""
    judging.rate_cooperation(work.session, work.now, work.actor, order_id, judged.face, judged.comment)
    return _both(work, order_id)


@router.get(
    "/rating-calls", response_model=list[CallDueOut], responses=problems(401, 403, 404), summary="Whom to call back"
)
def show_calls(work: Work) -> list[CallDueOut]:
    """Show an office who was served and has not said how it was."""
    due = judging.calls_due(work.session, work.now, work.actor)
    return [CallDueOut.model_validate(asdict(one)) for one in due]


def _both(work: UnitOfWork, order_id: int) -> BothSidesOut:
    found = judging.both_sides(work.session, order_id)
    return BothSidesOut(
        of_the_work=JudgementOut(**asdict(found.of_the_work)) if found.of_the_work else None,
        of_the_cooperation=JudgementOut(**asdict(found.of_the_cooperation)) if found.of_the_cooperation else None,
        opened_at=found.opened_at,
    )
