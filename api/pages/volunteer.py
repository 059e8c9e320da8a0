"""The volunteer's pages: who needs help nearby, what she promised, check-in and check-out, her minutes."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Row

from api.deps import Work
from api.errors import status_of
from api.pages.carer_doors import door_of
from api.pages.kit import render
from geo.coordinates import to_wgs84
from geo.errors import UnknownCrs
from services.catalogue.queries import services_by_code
from services.cities.queries import rules_in_force
from services.clock import civil_date, civil_midnight
from services.errors import DomainError, NotFound
from services.people.queries import person_card, reveal
from services.unit_of_work import UnitOfWork
from services.visits.actions import DoorProof, check_in, check_out
from services.visits.records import DeviceFacts
from services.visits.risk_words import risk_signs
from services.volunteering.actions import release_need, take_need
from services.volunteering.board import NearbyNeed, Wishes, board_near, days_ahead, interests_of, volunteers_codes
from services.volunteering.errors import NeedNotFound, NotAVolunteer
from services.volunteering.queries import StatementLine, my_needs, needs_board, volunteer_statement
from services.volunteering.registering import area_of_volunteer

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Key = Annotated[str, Form(max_length=80)]
Need = Row[*tuple[Any, ...]]
STATEMENT_DAYS = 365


@router.get("/volunteer")
def board(
    request: Request,
    work: Work,
    said: str = "",
    kind: Annotated[str, Query(pattern=r"^[a-z0-9_]{0,40}$")] = "",
    when: Annotated[str, Query(pattern=r"^(today|tomorrow|weekend)?$")] = "",
) -> Response:
    """Show what is asked for, the shortest walk first, without names and doors."""
    return _board_page(request, work, kind, when, said=said)


@router.post("/volunteer/near")
def board_from_here(
    request: Request,
    work: Work,
    lon: Annotated[str, Form(max_length=30)] = "",
    lat: Annotated[str, Form(max_length=30)] = "",
    crs: Annotated[str, Form(max_length=10)] = "wgs84",
    kind: Annotated[str, Form(pattern=r"^[a-z0-9_]{0,40}$")] = "",
    when: Annotated[str, Form(pattern=r"^(today|tomorrow|weekend)?$")] = "",
) -> Response:
    """Show the board with walks from where her phone is: asked for by a tap, used once, in no address and no row."""
    return _board_page(request, work, kind, when, place=_place(lon, lat, crs))


def _place(lon: str, lat: str, crs: str) -> tuple[float, float] | None:
    """A position in or near China as a browser tells it; None: not a position, and her home it is."""
    try:
        x, y = to_wgs84(float(lon), float(lat), crs)
    except (ValueError, UnknownCrs):
        return None
    return (x, y) if 70 <= x <= 140 and 0 <= y <= 60 else None


def _board_page(
    request: Request,
    work: UnitOfWork,
    kind: str,
    when: str,
    *,
    said: str = "",
    place: tuple[float, float] | None = None,
) -> Response:
    _check_volunteer(work)
    liked = interests_of(work.session, work.actor)
    kinds = liked if kind == "liked" else (kind,) if kind else None
    from_at, until_at = days_ahead(work.now, when)
    needs = board_near(work.session, work.now, work.actor, Wishes(kinds, from_at, until_at, place))
    known = services_by_code(work.session, volunteers_codes(work.session))
    context = {
        "home": "/volunteer",
        "volunteer_name": work.actor.full_name,
        "said": said,
        "from_here": place is not None,
        "needs": [
            {**_on_board(need), "walk_minutes": need.walk_minutes, "estimated": need.estimated} for need in needs
        ],
        "kind": kind,
        "when": when,
        "kinds": sorted((one.code, one.short_title) for one in known.values()),
        "has_interests": bool(liked),
    }
    return render(request, "volunteer/board.html", context)


@router.get("/volunteer/needs/{need_id:int}")
def need_page(request: Request, work: Work, need_id: Id) -> Response:
    """Show one need; one she took herself is among her promises."""
    if any(need.id == need_id for need in my_needs(work.session, work.actor)):
        return RedirectResponse("/volunteer/sessions", status_code=303)
    return _need_page(request, work, need_id)


@router.post("/volunteer/needs/{need_id:int}/take")
def take(request: Request, work: Work, need_id: Id) -> Response:
    """Promise to go. The first one wins; the same tap twice is one promise."""
    if not any(need.id == need_id for need in my_needs(work.session, work.actor)):
        try:
            with work.session.begin_nested():
                take_need(work.session, work.now, work.actor, need_id)
        except NotFound:
            return RedirectResponse("/volunteer?said=gone", status_code=303)
        except DomainError as refused:
            return _need_page(request, work, need_id, refused)
    return RedirectResponse("/volunteer/sessions?said=taken", status_code=303)


@router.post("/volunteer/needs/{need_id:int}/release")
def release(request: Request, work: Work, need_id: Id) -> Response:
    """Give a promise back to the board in time."""
    try:
        with work.session.begin_nested():
            release_need(work.session, work.now, work.actor, need_id)
    except DomainError as refused:
        return _sessions_page(request, work, refused=refused)
    return RedirectResponse("/volunteer?said=released", status_code=303)


@router.get("/volunteer/sessions")
def sessions(request: Request, work: Work, said: str = "") -> Response:
    """Show her promises and what came of them."""
    _check_volunteer(work)
    return _sessions_page(request, work, said=said)


@router.get("/volunteer/sessions/{visit_id:int}")
def one_session(
    request: Request, work: Work, visit_id: Id, plate: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Show one promise, as a scanned door plate leads to it."""
    door_of(work, visit_id)
    return _sessions_page(request, work, only=visit_id, plate=plate)


@router.post("/volunteer/sessions/{visit_id:int}/check-in")
def arrive(
    request: Request,
    work: Work,
    visit_id: Id,
    code: Annotated[str, Form(max_length=20)] = "",
    plate: Annotated[str, Form(max_length=200)] = "",
    event_key: Key = "",
) -> Response:
    """Record arrival by plate or four digits; a wrong try is counted, so it is answered, not raised."""
    proof = DoorProof("door_plate", plate) if plate else DoorProof("elder_code", code)
    device = DeviceFacts(event_key=event_key or None)
    try:
        with work.session.begin_nested():
            answer = check_in(
                work.session, work.now, work.actor, visit_id, proof=proof, happened_at=work.now, device=device
            )
        refusal = answer.refusal
    except DomainError as refused:
        refusal = refused
    if refusal is not None:
        return _sessions_page(request, work, only=visit_id, refused=refusal)
    return RedirectResponse(f"/volunteer/sessions/{visit_id}", status_code=303)


@router.post("/volunteer/sessions/{visit_id:int}/check-out")
def leave(
    request: Request,
    work: Work,
    visit_id: Id,
    note: Annotated[str, Form(max_length=1000)] = "",
    event_key: Key = "",
    risks: Annotated[list[str], Form()] = [],  # noqa: B006
) -> Response:
    """Record leaving; her minutes are held until the elder's side confirms."""
    try:
        with work.session.begin_nested():
            check_out(
                work.session,
                work.now,
                work.actor,
                visit_id,
                tasks_done=[],
                note=note.strip() or None,
                happened_at=work.now,
                device=DeviceFacts(event_key=event_key or None),
                risks=risks,
            )
    except DomainError as refused:
        return _sessions_page(request, work, only=visit_id, refused=refused)
    return RedirectResponse(f"/volunteer/sessions/{visit_id}", status_code=303)


@router.get("/volunteer/statement")
def statement(request: Request, work: Work) -> Response:
    """Show her minutes of the last year, each with what it was for."""
    assert work.actor.person_id is not None
    last = civil_date(work.now)
    first = last - timedelta(days=STATEMENT_DAYS)
    found = volunteer_statement(
        work.session,
        work.actor,
        work.actor.person_id,
        start=civil_midnight(first),
        end=civil_midnight(last + timedelta(days=1)),
        limit=1000,
    )
    area_code = area_of_volunteer(work.session, work.actor.person_id)
    coin_minutes = rules_in_force(work.session, area_code, last).timebank.coin_minutes
    context = {
        "home": "/volunteer",
        "coins": coins_of(found.closing_minutes, coin_minutes),
        "coin_minutes": coin_minutes,
        "posted_minutes": found.closing_minutes,
        "pending_minutes": found.pending_minutes,
        "opening_minutes": found.opening_minutes,
        "passport_number": found.passport_number,
        "from_day": first,
        "to_day": last,
        "entries": _entries(found.lines, found.opening_minutes),
    }
    return render(request, "volunteer/statement.html", context)


def coins_of(minutes: int, coin_minutes: int) -> str:
    """Give minutes in the city's coins to one decimal, rounded down: 100 minutes of 60 are 1.6."""
    tenths = minutes * 10 // coin_minutes
    return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)


def _check_volunteer(work: UnitOfWork) -> None:
    if not work.actor.has_role("volunteer"):
        raise NotAVolunteer(person_id=work.actor.person_id)


def _on_board(need: Need | NearbyNeed) -> dict[str, Any]:
    return {
        "id": need.id,
        "title": need.title,
        "place": need.rough_place,
        "starts_at": need.starts_at,
        "ends_at": need.ends_at,
        "credit_minutes": int((need.ends_at - need.starts_at).total_seconds() // 60),
    }


def _need_page(request: Request, work: UnitOfWork, need_id: int, refused: DomainError | None = None) -> Response:
    need = next((one for one in needs_board(work.session, work.now) if one.id == need_id), None)
    if need is None:
        raise refused or NeedNotFound(need_id=need_id)
    service = services_by_code(work.session, {need.kind}).get(need.kind)
    context = {
        "home": "/volunteer",
        "need": {
            **_on_board(need),
            "details": service.about if service else "",
            "standard": service.must if service else "",
        },
        "barred": refused.message_zh if refused else "",
    }
    return render(request, "volunteer/need.html", context, status_code=status_of(refused) if refused else 200)


def _sessions_page(
    request: Request,
    work: UnitOfWork,
    *,
    only: int | None = None,
    plate: str = "",
    said: str = "",
    refused: DomainError | None = None,
) -> Response:
    mine = [need for need in my_needs(work.session, work.actor) if only is None or need.visit_id == only]
    if only is not None and not mine:
        raise NotFound(visit_id=only)
    shown = [_session(work, need, private=only is not None or len(mine) < 20) for need in mine[:30]]
    shown.sort(key=lambda one: ("started", "taken", "pending", "served", "posted", "voided").index(one["status"]))
    context = {
        "home": "/volunteer",
        "sessions": shown,
        "only": only,
        "plate": plate,
        "said": said,
        "event_key": uuid.uuid4().hex,
        "risks": risk_signs(work.session, work.now),
        "errors": {"sessions" if only is None else f"code-{only}": refused.message_zh} if refused else {},
    }
    return render(request, "volunteer/sessions.html", context, status_code=status_of(refused) if refused else 200)


def _session(work: UnitOfWork, need: Need, *, private: bool) -> dict[str, Any]:
    status = need.session_state or {"planned": "taken", "started": "started", "finished": "served"}.get(
        need.visit_state or "", "voided"
    )
    today = civil_date(need.starts_at) == civil_date(work.now)
    going = private and status in ("taken", "started")
    return {
        **_on_board(need),
        "id": need.visit_id,
        "need_id": need.id,
        "elder_name": need.elder_name or "",
        "address": _where(work, need, in_clear=going) if going else need.rough_place,
        "status": status,
        "today": today,
        "credit_minutes": need.credit_minutes or _on_board(need)["credit_minutes"],
    }


def _where(work: UnitOfWork, need: Need, *, in_clear: bool) -> str:
    """Her door, once she promised to go there; the reading is written into the trail."""
    try:
        if in_clear:
            return reveal(work.session, work.now, work.actor, need.elder_id, "address", "志愿服务上门", purpose="visit")
        return person_card(work.session, need.elder_id, civil_date(work.now)).address or str(need.rough_place)
    except NotFound:
        return str(need.rough_place)


def _entries(lines: list[StatementLine], opening_minutes: int) -> list[dict[str, Any]]:
    """What came in and went out with the balance after it, newest first; held minutes only while they are held."""
    settled = {line.resolves_id for line in lines if line.phase in ("post", "void")}
    balance, found = opening_minutes, []
    for line in lines:
        balance += line.posted_minutes
        if line.phase == "pending" and line.transfer_id in settled:
            continue
        found.append(
            {
                "happened_at": line.event_at,
                "words": line.title or "",
                "kind": line.entry_type,
                "minutes": line.posted_minutes or (line.held_minutes if line.phase == "pending" else 0),
                "balance_minutes": balance,
                "status": {"pending": "pending", "void": "void"}.get(line.phase, "posted"),
            }
        )
    return found[::-1]
