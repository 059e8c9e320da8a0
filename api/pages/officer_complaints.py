"""Complaints at the officer's desk: the overdue first, one with its log, and the acts that move it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from services.errors import DomainError
from services.people.queries import names_of
from services.visits import complaints
from services.visits.complaint_queries import complaint_with_names, is_overdue, list_complaints, steps_of
from services.visits.complaint_tables import OUTCOMES

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
Code = Annotated[str, Form(max_length=40)]


@router.get("/officer/complaints")
def complaints_page(request: Request, office: Desk) -> Response:
    """Show the area's complaints, those whose clock ran out first."""
    now = office.work.now
    found = list_complaints(office.work.session)
    found.sort(key=lambda one: (not is_overdue(one, now), one.state == "answered", -one.id))
    rows = [{"one": one, "overdue": is_overdue(one, now)} for one in found]
    return render(request, "officer/complaints.html", office.names(rows=rows))


@router.get("/officer/complaints/{complaint_id:int}")
def complaint_page(request: Request, office: Desk, complaint_id: Id, said: str = "") -> Response:
    """Show one complaint with its log."""
    return _page(request, office, complaint_id, said=said)


@router.post("/officer/complaints/{complaint_id:int}/acknowledge")
def acknowledge(request: Request, office: Desk, complaint_id: Id) -> Response:
    """Say that somebody has read it."""
    return _do(request, office, complaint_id, "acknowledged", complaints.acknowledge_complaint)


@router.post("/officer/complaints/{complaint_id:int}/owner")
def hand_over(
    request: Request, office: Desk, complaint_id: Id, owner: Annotated[int, Form(ge=1, le=2**62)]
) -> Response:
    """Give it to another officer."""
    return _do(request, office, complaint_id, "handed", complaints.hand_complaint_over, owner)


@router.post("/officer/complaints/{complaint_id:int}/answer")
def answer(request: Request, office: Desk, complaint_id: Id, outcome: Code = "", reply: Words = "") -> Response:
    """Close it with an outcome and a reply."""
    values = {"outcome": outcome, "reply": reply}
    return _do(request, office, complaint_id, "answered", complaints.answer_complaint, outcome, reply, values=values)


@router.post("/officer/complaints/{complaint_id:int}/contact")
def contact(request: Request, office: Desk, complaint_id: Id) -> Response:
    """Show name and phone of who complained without an account; the look is noted."""
    work = office.work
    known = complaints.contact_of(work.session, work.now, work.actor, complaint_id)
    return _page(request, office, complaint_id, contact=known)


def _do(
    request: Request, office: Office, complaint_id: int, said: str, verb: Any, *what: Any,
    values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    work = office.work
    try:
        with work.session.begin_nested():
            verb(work.session, work.now, work.actor, complaint_id, *what)
    except DomainError as refused:
        return _page(request, office, complaint_id, refused=refused, values=values)
    return RedirectResponse(f"/officer/complaints/{complaint_id}?said={said}", status_code=303)


def _page(
    request: Request,
    office: Office,
    complaint_id: int,
    *,
    said: str = "",
    refused: DomainError | None = None,
    values: dict[str, str] | None = None,
    contact: dict[str, str] | None = None,
) -> Response:
    session = office.work.session
    found = complaint_with_names(session, complaint_id)
    officers = complaints.officers_for(session, found.area_code)
    names = office.names(
        complaint=found,
        overdue=is_overdue(found, office.work.now),
        steps=steps_of(session, complaint_id),
        officers=sorted(names_of(session, officers).items()),
        outcomes=OUTCOMES,
        contact=contact,
        said=said,
        errors={} if refused is None else {str(refused.facts.get("field", "reply")): refused.message_zh},
        values=values or {"outcome": "", "reply": ""},
    )
    return render(request, "officer/complaint.html", names, status_code=status_of(refused) if refused else 200)
