"""An elder and the beds she waits for: her place and why, an offer to take or to let go, and applying for a home."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.bed_words import class_name, flags, why_here
from api.pages.kit import render
from api.pages.officer_office import speaking
from api.pages.ordering_side import ElderSide, Side
from services.beds import register, waiting, waiting_queries
from services.cities.queries import city_of_area
from services.cities.rules import area_range
from services.clock import civil_date
from services.errors import DomainError

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=500)]


@router.get("/elder/beds")
@router.get("/family/{elder_id:int}/beds")
def my_waits(request: Request, side: Side) -> Response:
    """Show where she waits, at which place and why, and what is offered to her."""
    return _page(request, side)


@router.post("/elder/beds")
@router.post("/family/{elder_id:int}/beds")
def apply(
    request: Request, side: Side, facility: Annotated[str, Form(max_length=18)] = "", wants: Words = ""
) -> Response:
    """Put her on a home's waiting list."""
    work = side.work
    try:
        with work.session.begin_nested():
            home = int(facility) if facility.isdecimal() else 0
            waiting.apply_for_bed(work.session, work.now, work.actor, home, side.elder_id, wants or None)
    except DomainError as refused:
        return _page(request, side, {"facility": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"{side.base}/beds", status_code=303)


@router.post("/elder/bed-offers/{bed_offer_id:int}")
@router.post("/family/{elder_id:int}/bed-offers/{bed_offer_id:int}")
def answer(request: Request, side: Side, bed_offer_id: Id, accepts: Words = "", reason: Words = "") -> Response:
    """Take a bed, or let it go."""
    work = side.work
    try:
        with work.session.begin_nested():
            waiting.answer_offer(work.session, work.now, work.actor, bed_offer_id, accepts == "yes", reason)
    except DomainError as refused:
        return _page(request, side, {f"offer-{bed_offer_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"{side.base}/beds", status_code=303)


@router.post("/elder/bed-waits/{wait_id:int}/ending")
@router.post("/family/{elder_id:int}/bed-waits/{wait_id:int}/ending")
def give_up(request: Request, side: Side, wait_id: Id, reason: Words = "") -> Response:
    """Wait no more."""
    work = side.work
    try:
        with work.session.begin_nested():
            waiting.give_up_waiting(work.session, work.now, work.actor, wait_id, reason)
    except DomainError as refused:
        return _page(request, side, {f"wait-{wait_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"{side.base}/beds", status_code=303)


def _page(request: Request, side: ElderSide, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    work = side.work
    lo, hi = area_range(city_of_area(work.session, side.area_code))
    homes = register.register_on(work.session, civil_date(work.now), lo=lo, hi=hi)
    with speaking(request):
        entries = [
            {"entry": one, "why": why_here(one), "class_name": class_name(one.class_facts, one.class_code)}
            for one in waiting_queries.waits_of(work.session, side.elder_id)
        ]
        names: dict[str, Any] = side.names(
            entries=entries, choices=[(row.facility_id, row.name) for row in homes], flags=flags(),
            may_apply=side.may("order"), errors=errors or {},
        )  # fmt: skip
    return render(request, "family/beds.html", names, status_code=status)
