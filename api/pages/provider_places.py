"""A site's day: who holds a place, what to leave out of her meal, who came and who did not; and giving an order back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from services.catalogue.queries import services_by_code
from services.clock import civil_date
from services.directory.queries import find_provider
from services.dispatch.rescheduling import give_back
from services.errors import DomainError
from services.matching.actions import DECLINE_REASONS
from services.matching.errors import NotADispatcher
from services.orders.place_evidence import proof_of_order
from services.orders.place_giving import guests_of, note_absence, note_arrival
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/provider/places")
def places(request: Request, work: Work) -> Response:
    """Show who comes today and tomorrow."""
    return places_page(request, work)


@router.post("/provider/orders/{order_id:int}/came")
def came(request: Request, work: Work, order_id: Id) -> Response:
    """Note that an elder came."""
    return _do(request, work, lambda: note_arrival(work.session, work.now, work.actor, order_id))


@router.post("/provider/orders/{order_id:int}/absent")
def absent(request: Request, work: Work, order_id: Id) -> Response:
    """Note that an elder did not come."""
    return _do(request, work, lambda: note_absence(work.session, work.now, work.actor, order_id))


@router.post("/provider/orders/{order_id:int}/give-back")
def back(request: Request, work: Work, order_id: Id, reason: Annotated[str, Form(max_length=40)] = "") -> Response:
    """Give an accepted order back; the next provider is asked."""
    return _do(
        request,
        work,
        lambda: give_back(work.session, work.now, work.actor, order_id, reason),
        to="/provider?said=declined",
    )


def _do(request: Request, work: UnitOfWork, act: Any, to: str = "/provider/places") -> Response:
    try:
        with work.session.begin_nested():
            act()
    except DomainError as refused:
        return places_page(request, work, refused)
    return RedirectResponse(to, status_code=303)


def places_page(request: Request, work: UnitOfWork, refused: DomainError | None = None) -> Response:
    """Show who comes today and tomorrow, with what could not be done."""
    provider_id = work.actor.provider_id
    if provider_id is None:
        raise NotADispatcher(provider_id=None)
    today = civil_date(work.now)
    guests = [
        guest for day in (today, today + timedelta(days=1)) for guest in guests_of(work.session, work.actor, provider_id, day)
    ]  # fmt: skip
    services = services_by_code(work.session, {guest.service_code for guest in guests})
    names = {
        "home": "/provider",
        "provider_name": find_provider(work.session, provider_id).name,
        "guests": [
            {
                "guest": guest,
                "service_name": services[guest.service_code].title,
                "proof": getattr(proof_of_order(work.session, guest.order_id), "proof", None),
            }
            for guest in guests
        ],
        "reasons": list(DECLINE_REASONS.items()),
        "now": work.now,
        "problem": "" if refused is None else refused.message_zh,
    }
    return render(request, "provider/places.html", names, status_code=200 if refused is None else status_of(refused))
