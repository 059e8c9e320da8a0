"""A site's plate scanned by an elder's side, a code told at the counter or the door, and a word for her."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering_life import show_order
from api.pages.ordering_side import Side
from api.pages.provider_places import places_page
from services.catalogue.queries import services_by_code
from services.directory.queries import find_facility
from services.errors import DomainError
from services.orders import place_evidence
from services.orders.errors import NoPlateThere
from services.orders.places import place_of
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Token = Annotated[str, Path(max_length=80)]


@router.get("/site/{token}")
def scanned(request: Request, work: Work, token: Token) -> Response:
    """Show whoever scanned a site's plate what she (or her elder) has booked there now."""
    return _site(request, work, token)


@router.post("/site/{token}")
def here(request: Request, work: Work, token: Token, order_id: Annotated[int, Form(ge=1, le=2**62)]) -> Response:
    """Record that the elder is at the site."""
    try:
        with work.session.begin_nested():
            place_evidence.prove_by_plate(work.session, work.now, work.actor, order_id, token)
    except DomainError as refused:
        return _site(request, work, token, refused)
    return RedirectResponse(f"/site/{token}", status_code=303)


@router.post("/provider/orders/{order_id:int}/code")
def told_code(request: Request, work: Work, order_id: Id, code: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Record that an elder is here, or got her meal, by her four digits. A wrong code is counted, so it is answered."""
    try:
        with work.session.begin_nested():
            refusal = place_evidence.prove_by_code(work.session, work.now, work.actor, order_id, code).refusal
    except DomainError as refused:
        refusal = refused
    if refusal is not None:
        return places_page(request, work, refusal)
    return RedirectResponse("/provider/places", status_code=303)


@router.post("/elder/orders/{order_id:int}/was-there")
@router.post("/family/{elder_id:int}/orders/{order_id:int}/was-there")
def was_there(request: Request, side: Side, order_id: Id, note: Annotated[str, Form(max_length=500)] = "") -> Response:
    """Say for an elder that she was at her meal, bath or day, or got her meal; never by who is paid for it."""
    work = side.work
    try:
        with work.session.begin_nested():
            place = place_of(work.session, order_id)
            happened_at = work.now if place is None else min(work.now, place.ends_at)
            place_evidence.attest_place(work.session, work.now, work.actor, order_id, happened_at, note)
    except DomainError as refused:
        return show_order(request, side, order_id, refused)
    return RedirectResponse(f"{side.base}/orders/{order_id}", status_code=303)


def _site(request: Request, work: UnitOfWork, token: str, refused: DomainError | None = None) -> Response:
    facility_id = place_evidence.facility_of_plate(work.session, token)
    if facility_id is None:
        raise NoPlateThere()
    booked = place_evidence.booked_here(work.session, work.now, facility_id)
    services = services_by_code(work.session, {one.service_code for one in booked})
    names = {
        "home": "/elder" if work.actor.has_role("elder") else "/",
        "site_name": find_facility(work.session, facility_id).name,
        "token": token,
        "bookings": [
            {
                "id": one.id, "service_name": services[one.service_code].title, "starts_at": one.starts_at,
                "ends_at": one.ends_at, "proof": one.proof,
            }
            for one in booked
        ],
        "errors": {} if refused is None else {"order_id": refused.message_zh},
    }  # fmt: skip
    return render(request, "visit/site.html", names, status_code=200 if refused is None else status_of(refused))
