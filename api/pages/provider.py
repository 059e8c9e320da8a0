"""The dispatcher's board: offers to answer, accepted orders to give to a carer, and who goes where."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.rights_in_words import rights_in_words
from services.catalogue.queries import services_by_code
from services.clock import civil_date, civil_midnight
from services.directory.queries import find_provider
from services.dispatch.actions import assign_carer, reassign_carer
from services.dispatch.queries import CarerView, Job, carers_free, carers_of, provider_jobs, unassigned_orders
from services.errors import DomainError, NotFound
from services.matching.actions import DECLINE_REASONS, accept_offer, decline_offer
from services.matching.errors import NotADispatcher
from services.matching.queries import OfferView, open_offers
from services.matching.wishes import wish_of
from services.orders.queries import find_order
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
SOON = timedelta(minutes=5)
DAYS_SHOWN = 8


@router.get("/provider")
def board(request: Request, work: Work, said: str = "") -> Response:
    """Show the board of the dispatcher's provider."""
    return _board(request, work, said=said)


@router.post("/provider/offers/{offer_id:int}/accept")
def accept(request: Request, work: Work, offer_id: Id) -> Response:
    """Take an offer; who is late is told so on the board."""
    try:
        with work.session.begin_nested():
            accept_offer(work.session, work.now, work.actor, offer_id)
    except DomainError as refused:
        return _board(request, work, problem=refused)
    return RedirectResponse("/provider?said=accepted", status_code=303)


@router.get("/provider/offers/{offer_id:int}/decline")
def ask_why(request: Request, work: Work, offer_id: Id) -> Response:
    """Ask why an offer cannot be taken."""
    offer = next(
        (one for one in open_offers(work.session, work.now, work.actor, _provider_of(work)) if one.id == offer_id), None
    )
    if offer is None:
        return RedirectResponse("/provider?said=gone", status_code=303)
    context = {
        "home": "/provider",
        "offer": _offer(work, offer),
        "reasons": list(DECLINE_REASONS.items()),
        "errors": {},
    }
    return render(request, "provider/decline.html", context)


@router.post("/provider/offers/{offer_id:int}/decline")
def decline(request: Request, work: Work, offer_id: Id, reason: Annotated[str, Form(max_length=40)] = "") -> Response:
    """Say no with a reason; the next provider is asked at once."""
    try:
        with work.session.begin_nested():
            decline_offer(work.session, work.now, work.actor, offer_id, reason)
    except DomainError as refused:
        return _board(request, work, problem=refused)
    return RedirectResponse("/provider?said=declined", status_code=303)


@router.post("/provider/orders/{order_id:int}/assign")
def assign(request: Request, work: Work, order_id: Id, carer: Annotated[int, Form(ge=1, le=2**62)]) -> Response:
    """Promise a carer's time; the database refuses an overlap, and the board says who is free instead."""
    try:
        with work.session.begin_nested():
            assign_carer(work.session, work.now, work.actor, order_id, carer)
    except DomainError as refused:
        return _board(request, work, problem=refused, order_id=order_id, carer_id=carer)
    return RedirectResponse("/provider?said=assigned", status_code=303)


@router.post("/provider/orders/{order_id:int}/reassign")
def reassign(
    request: Request,
    work: Work,
    order_id: Id,
    carer: Annotated[int, Form(ge=1, le=2**62)],
    reason: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Send somebody else before the visit begins; elder and carers are told."""
    try:
        with work.session.begin_nested():
            reassign_carer(work.session, work.now, work.actor, order_id, carer, reason.strip() or "机构改派")
    except DomainError as refused:
        return _board(request, work, problem=refused, order_id=order_id, carer_id=carer)
    return RedirectResponse("/provider?said=reassigned", status_code=303)


def _provider_of(work: UnitOfWork) -> int:
    if work.actor.provider_id is None:
        raise NotADispatcher(provider_id=None)
    return work.actor.provider_id


def _board(
    request: Request,
    work: UnitOfWork,
    *,
    said: str = "",
    problem: DomainError | None = None,
    order_id: int | None = None,
    carer_id: int | None = None,
) -> Response:
    provider_id = _provider_of(work)
    today = civil_date(work.now)
    carers = carers_of(work.session, provider_id, today)
    midnight = civil_midnight(today)
    jobs = provider_jobs(work.session, work.actor, provider_id, midnight, midnight + timedelta(days=DAYS_SHOWN))
    context = {
        "home": "/provider",
        "provider_name": find_provider(work.session, provider_id).name,
        "now": work.now,
        "said": said,
        "problem": None if problem is None else _problem(problem, carers, order_id, carer_id),
        "offers": [_offer(work, one) for one in open_offers(work.session, work.now, work.actor, provider_id)],
        "unassigned": [
            _unassigned(work, provider_id, one, carers)
            for one in unassigned_orders(work.session, work.actor, provider_id)
        ],
        "carers": [_carer(one, jobs) for one in _working_first(carers, jobs)],
        "movable": _movable(work, provider_id, jobs),
    }
    return render(request, "provider/board.html", context, status_code=200 if problem is None else status_of(problem))


def _problem(
    problem: DomainError, carers: list[CarerView], order_id: int | None, carer_id: int | None
) -> dict[str, Any]:
    name = next((one.display_name for one in carers if one.carer_id == carer_id), "")
    return {"carer_name": name, "order_id": order_id, "words": problem.message_zh}


def _offer(work: UnitOfWork, one: OfferView) -> dict[str, Any]:
    return {
        "id": one.id,
        "service_name": one.service_name,
        "slot_start": one.starts_at,
        "slot_end": one.ends_at,
        "community_name": one.community_name or "",
        "walk_seconds": one.walk_seconds,
        "price_fen": one.price_fen,
        "reasons": rights_in_words(work.session, one.reasons),
        "expires_at": one.expires_at,
        "shared": one.shared,
        "soon": one.expires_at - work.now < SOON,
    }


def _unassigned(work: UnitOfWork, provider_id: int, one: Any, carers: list[CarerView]) -> dict[str, Any]:
    free = carers_free(work.session, provider_id, (one.starts_at, one.ends_at), one.required_skills)
    able = {carer.carer_id for carer in free}
    wish = wish_of(work.session, one.elder_id)
    free.sort(key=lambda carer: carer.carer_id != wish.carer_id)
    return {
        "wish": wish.words,
        "order_id": one.order_id,
        "service_name": one.service_name,
        "slot_start": one.starts_at,
        "slot_end": one.ends_at,
        "community_name": one.community_name or "",
        "skills": list(one.required_skills),
        "free": [_name(carer) for carer in free],
        "others": [_name(carer) for carer in carers if carer.carer_id not in able],
    }


def _movable(work: UnitOfWork, provider_id: int, jobs: list[Job]) -> list[dict[str, Any]]:
    """Promised times that can still be given to somebody else who is free then and able."""
    found = []
    services = services_by_code(work.session, {job.service_code for job in jobs})
    for job in jobs:
        if job.order_state != "assigned" or job.starts_at <= work.now:
            continue
        try:
            order = find_order(work.session, job.order_id)
        except NotFound:
            continue
        window: tuple[datetime, datetime] = (order.starts_at, order.ends_at)
        skills = services[job.service_code].required_skills if job.service_code in services else ()
        free = carers_free(work.session, provider_id, window, skills, besides_order_id=job.order_id)
        found.append({**_job(job), "free": [_name(one) for one in free if one.carer_id != job.carer_id]})
    return [job for job in found if job["free"]][:20]


def _working_first(carers: list[CarerView], jobs: list[Job]) -> list[CarerView]:
    busy = {job.carer_id for job in jobs}
    return sorted(carers, key=lambda one: one.carer_id not in busy)


def _name(carer: CarerView) -> dict[str, Any]:
    return {"id": carer.carer_id, "name": carer.display_name, "skills": list(carer.skills)}


def _carer(carer: CarerView, jobs: list[Job]) -> dict[str, Any]:
    return {**_name(carer), "jobs": [_job(job) for job in jobs if job.carer_id == carer.carer_id]}


def _job(job: Job) -> dict[str, Any]:
    return {
        "order_id": job.order_id,
        "service_name": job.service_name,
        "slot_start": job.starts_at,
        "slot_end": job.ends_at,
        "community_name": job.community_name or "",
        "carer_name": job.carer_name or "",
        "elder_name": job.elder_name or "",
        "status": job.order_state,
    }
