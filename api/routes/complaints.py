"""Complaints: filed by anybody, owned by an officer, answered in time."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.trust import AnswerIn, ComplaintIn, ComplaintOut, OwnerIn, StatementIn, WhyIn
from services.unit_of_work import UnitOfWork
from services.visits import complaints
from services.visits.complaint_queries import list_complaints

router = APIRouter(prefix="/api/v1", tags=["complaints"])
Id = Annotated[int, Path(ge=1, le=2**62)]
State = Literal["open", "acknowledged", "answered"]


@router.get(
    "/complaints", response_model=list[ComplaintOut], responses=problems(401, 403), summary="Complaints you may see"
)
def show_complaints(
    work: Work, state: State | None = None, provider_id: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> list[ComplaintOut]:
    """Show one's own complaints, those about one's provider, or those of the office's area, newest first."""
    rows = list_complaints(work.session, state=state, provider_id=provider_id)
    return [ComplaintOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/complaints",
    status_code=201,
    response_model=ComplaintOut,
    responses=problems(401, 403, 404, 409),
    summary="Complain",
)
def file_complaint(work: Work, told: ComplaintIn) -> ComplaintOut:
    """Take a complaint down; an officer owns it at once and the clock begins."""
    new = complaints.NewComplaint(**told.model_dump())
    return _out(work, complaints.file_complaint(work.session, work.now, work.actor, new))


@router.get(
    "/complaints/{complaint_id}",
    response_model=ComplaintOut,
    responses=problems(401, 403, 404),
    summary="One complaint",
)
def show_complaint(work: Work, complaint_id: Id) -> ComplaintOut:
    """Show a complaint with its clock, the provider's statement and the reply."""
    return _out(work, complaint_id)


@router.post(
    "/complaints/{complaint_id}/acknowledgement",
    response_model=ComplaintOut,
    responses=problems(401, 403, 404, 409),
    summary="Say that it was read",
)
def acknowledge(work: Work, complaint_id: Id) -> ComplaintOut:
    """Acknowledge a complaint; twice changes nothing."""
    complaints.acknowledge_complaint(work.session, work.now, work.actor, complaint_id)
    return _out(work, complaint_id)


@router.put(
    "/complaints/{complaint_id}/owner",
    response_model=ComplaintOut,
    responses=problems(401, 403, 404, 409),
    summary="Hand it over",
)
def hand_over(work: Work, complaint_id: Id, asked: OwnerIn) -> ComplaintOut:
    """Give a complaint to another officer of its area."""
    complaints.hand_complaint_over(work.session, work.now, work.actor, complaint_id, asked.owner_id)
    return _out(work, complaint_id)


@router.put(
    "/complaints/{complaint_id}/statement",
    response_model=ComplaintOut,
    responses=problems(401, 403, 404, 409),
    summary="The provider's statement",
)
def state_case(work: Work, complaint_id: Id, said: StatementIn) -> ComplaintOut:
    """Say how it was, for the provider complained of."""
    complaints.state_case(work.session, work.now, work.actor, complaint_id, said.statement)
    return _out(work, complaint_id)


@router.post(
    "/complaints/{complaint_id}/answer",
    response_model=ComplaintOut,
    responses=problems(401, 403, 404, 409),
    summary="Answer it",
)
def answer(work: Work, complaint_id: Id, answered: AnswerIn) -> ComplaintOut:
    """Close a complaint with an outcome and a reply; its order is settled again."""
    complaints.answer_complaint(work.session, work.now, work.actor, complaint_id, answered.outcome, answered.reply)
    return _out(work, complaint_id)


@router.post(
    "/complaints/{complaint_id}/reopening",
    response_model=ComplaintOut,
    responses=problems(401, 403, 404, 409),
    summary="Not content",
)
def reopen(work: Work, complaint_id: Id, why: WhyIn) -> ComplaintOut:
    """Have an answered complaint taken up again: once, within the city's days."""
    complaints.reopen_complaint(work.session, work.now, work.actor, complaint_id, why.reason)
    return _out(work, complaint_id)


def _out(work: UnitOfWork, complaint_id: int) -> ComplaintOut:
    return ComplaintOut.model_validate(complaints.find_complaint(work.session, complaint_id), from_attributes=True)
