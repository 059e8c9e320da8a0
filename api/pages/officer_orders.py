"""The officer names who serves (民政局派单), and sees what nobody could serve."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from api.pages.rights_in_words import rights_in_words
from services.clock import civil_date
from services.errors import DomainError
from services.matching.bureau import WaitingForBureau, candidates_for, name_provider, waiting_for_bureau
from services.matching.queries import unmet_needs
from services.matching.response_times import response_times
from services.matching.rules import minutes_up
from services.orders.holidays import years_assumed
from services.orders.steps import find_row

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
RECENT = timedelta(days=31)
SHOWN = 50


@router.get("/officer/orders")
def orders(request: Request, office: Desk, said: str = "") -> Response:
    """Show the orders that wait for the bureau with who can take each, how soon providers answer, and what nobody could do."""
    return _page(request, office, said=said)


@router.post("/officer/orders/{order_id:int}/provider")
def name(request: Request, office: Desk, order_id: Id, provider: Annotated[int, Form(ge=1, le=2**62)]) -> Response:
    """Name the provider an order goes to."""
    work = office.work
    try:
        with work.session.begin_nested():
            name_provider(work.session, work.now, work.actor, order_id, provider)
    except DomainError as refused:
        return _page(request, office, problem=refused)
    return RedirectResponse("/officer/orders?said=named", status_code=303)


def _page(request: Request, office: Office, *, said: str = "", problem: DomainError | None = None) -> Response:
    work = office.work
    needs = unmet_needs(work.session, work.now - RECENT, SHOWN)
    places = office.community_names({need.area_code for need in needs})
    names = office.names(
        said=said,
        problem="" if problem is None else problem.message_zh,
        years_assumed=years_assumed(work.session, civil_date(work.now)),
        answers=response_times(work.session, work.actor, work.now - RECENT, work.now),
        minutes_up=minutes_up,
        waiting=[_waiting(office, one) for one in waiting_for_bureau(work.session, work.actor)[:SHOWN]],
        needs=[
            {
                "order_id": need.order_id,
                "service_name": need.service_name,
                "starts_at": need.starts_at,
                "recorded_at": need.recorded_at,
                "community_name": places[need.area_code],
                "left_out": [one["why"] for one in need.reasons.get("left_out", ())][:5],
                "asked": len(need.reasons.get("asked", ())),
            }
            for need in needs
        ],
    )
    return render(request, "officer/orders.html", names, status_code=200 if problem is None else status_of(problem))


def _waiting(office: Office, one: WaitingForBureau) -> dict[str, Any]:
    session = office.work.session
    row = find_row(session, one.order_id)
    try:
        found = candidates_for(session, office.work.now, row)
    except DomainError as unknown:
        return {"one": one, "candidates": [], "left_out": [("", unknown.message_zh)]}
    return {
        "one": one,
        "candidates": [
            {
                "provider_id": each.provider_id,
                "provider_name": each.provider_name,
                "score": each.score,
                "reasons": rights_in_words(session, each.reasons[:4]),
            }
            for each in found.candidates
        ],
        "left_out": [(each.provider_name, each.why) for each in found.left_out],
    }
