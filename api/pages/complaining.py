"""Complaining, for the elder and her family: about an order, what became of it, and being not content."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering_side import ElderSide, Side
from services.errors import DomainError, NotFound
from services.orders.queries import OrderView, find_order
from services.visits import complaints
from services.visits.complaint_queries import complaint_with_names, list_complaints, steps_of
from services.visits.complaint_tables import SUBJECTS

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
Code = Annotated[str, Form(max_length=40)]


@router.get("/elder/complaints")
@router.get("/family/{elder_id:int}/complaints")
def complaints_page(request: Request, side: Side) -> Response:
    """Show what the elder's side complained of, and how far each is."""
    rows = list_complaints(side.work.session, elder_id=side.elder_id, mine=side.work.actor.person_id)
    return render(request, "order/complaints.html", side.names(complaints=rows))


@router.get("/elder/orders/{order_id:int}/complain")
@router.get("/family/{elder_id:int}/orders/{order_id:int}/complain")
def ask_what(request: Request, side: Side, order_id: Id) -> Response:
    """Ask what was wrong with an order."""
    return _form(request, side, _order(side, order_id))


@router.post("/elder/orders/{order_id:int}/complain")
@router.post("/family/{elder_id:int}/orders/{order_id:int}/complain")
def complain(request: Request, side: Side, order_id: Id, subject: Code = "", told: Words = "") -> Response:
    """Take the complaint down; an officer owns it at once."""
    work, order = side.work, _order(side, order_id)
    try:
        with work.session.begin_nested():
            new = complaints.NewComplaint(subject=subject, told=told, order_id=order_id)
            filed = complaints.file_complaint(work.session, work.now, work.actor, new)
    except DomainError as refused:
        return _form(request, side, order, refused, {"subject": subject, "told": told})
    return RedirectResponse(f"{side.base}/complaints/{filed}?said=filed", status_code=303)


@router.get("/elder/complaints/{complaint_id:int}")
@router.get("/family/{elder_id:int}/complaints/{complaint_id:int}")
def complaint_page(request: Request, side: Side, complaint_id: Id, said: str = "") -> Response:
    """Show one complaint with its clock, its owner and the reply."""
    return _complaint(request, side, complaint_id, said=said)


@router.post("/elder/complaints/{complaint_id:int}/reopen")
@router.post("/family/{elder_id:int}/complaints/{complaint_id:int}/reopen")
def reopen(request: Request, side: Side, complaint_id: Id, reason: Words = "") -> Response:
    """Have it taken up again, once."""
    work = side.work
    _own(side, complaint_id)
    try:
        with work.session.begin_nested():
            complaints.reopen_complaint(work.session, work.now, work.actor, complaint_id, reason)
    except DomainError as refused:
        return _complaint(request, side, complaint_id, refused=refused)
    return RedirectResponse(f"{side.base}/complaints/{complaint_id}?said=reopened", status_code=303)


def _order(side: ElderSide, order_id: int) -> OrderView:
    order = find_order(side.work.session, order_id)
    if order.elder_id != side.elder_id:
        raise NotFound(order_id=order_id)
    return order


def _own(side: ElderSide, complaint_id: int) -> None:
    found = complaints.find_complaint(side.work.session, complaint_id)
    if side.elder_id != found.elder_id and side.work.actor.person_id != found.complainant_id:
        raise NotFound(complaint_id=complaint_id)


def _form(
    request: Request, side: ElderSide, order: OrderView, refused: DomainError | None = None,
    values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    errors = {} if refused is None else {str(refused.facts.get("field", "told")): refused.message_zh}
    names = side.names(order=order, subjects=SUBJECTS, values=values or {"subject": "", "told": ""}, errors=errors)
    return render(request, "order/complain.html", names, status_code=status_of(refused) if refused else 200)


def _complaint(
    request: Request, side: ElderSide, complaint_id: int, *, said: str = "", refused: DomainError | None = None
) -> Response:
    _own(side, complaint_id)
    work = side.work
    names = side.names(
        complaint=complaint_with_names(work.session, complaint_id),
        steps=steps_of(work.session, complaint_id),
        said=said,
        errors={} if refused is None else {"reason": refused.message_zh},
    )
    return render(request, "order/complaint.html", names, status_code=status_of(refused) if refused else 200)
