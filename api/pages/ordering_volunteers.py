"""A volunteer for company or a hand, seen from the elder's side: ask, see who comes, confirm her time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Row, select

from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering import STEPS
from api.pages.ordering_side import ElderSide, Side
from api.pages.ordering_slots import windows
from services.catalogue.queries import Service, service_by_code, services_by_code
from services.catalogue.tables import ServiceItem
from services.clock import civil_date
from services.columns import table_of
from services.errors import DomainError, NotFound
from services.visits.queries import read_visit_code
from services.volunteering.actions import cancel_need, post_need
from services.volunteering.errors import UnknownNeedKind
from services.volunteering.queries import needs_of_elder, sessions_to_confirm
from services.volunteering.sessions import confirm_session, dispute_session

router = APIRouter(include_in_schema=False)
NeedId = Annotated[int, Path(ge=1, le=2**62)]
Kind = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,60}$")]
Need = Row[*tuple[Any, ...]]
_item = table_of(ServiceItem)


@router.get("/elder/volunteers")
@router.get("/family/{elder_id:int}/volunteers")
def board_of_elder(request: Request, side: Side) -> Response:
    """Show what volunteers can do for her, and what was asked before."""
    needs = [_shown(need) for need in needs_of_elder(side.work.session, side.elder_id)]
    names = side.names(kinds=kinds_of_help(side), needs=needs[:20], can_order=side.may("order"))
    return render(request, "order/volunteers.html", names)


@router.get("/elder/volunteers/ask/{kind}")
@router.get("/family/{elder_id:int}/volunteers/ask/{kind}")
def ask_volunteer_time(request: Request, side: Side, kind: Kind) -> Response:
    """Ask when a volunteer should come."""
    return _ask_page(request, side, volunteers_service(side, kind))


@router.post("/elder/volunteers")
@router.post("/family/{elder_id:int}/volunteers")
def ask_volunteer(
    request: Request,
    side: Side,
    kind: Annotated[str, Form(pattern=r"^[a-z0-9_]{1,60}$")],
    start: Annotated[datetime, Form()],
) -> Response:
    """Put her wish on the volunteers' board, without name and door; the same wish sent twice stays one."""
    work, service = side.work, volunteers_service(side, kind)
    for need in needs_of_elder(work.session, side.elder_id):
        if need.kind == kind and need.starts_at == start and need.state in ("open", "taken"):
            return RedirectResponse(f"{side.base}/volunteers/{need.id}", status_code=303)
    try:
        with work.session.begin_nested():
            need_id = post_need(
                work.session,
                work.now,
                work.actor,
                side.elder_id,
                kind=kind,
                title=None,
                starts_at=start,
                ends_at=start + timedelta(minutes=service.minutes),
            )
    except DomainError as refused:
        return _ask_page(request, side, service, refused)
    return RedirectResponse(f"{side.base}/volunteers/{need_id}", status_code=303)


@router.get("/elder/volunteers/{need_id:int}")
@router.get("/family/{elder_id:int}/volunteers/{need_id:int}")
def need_of_elder(request: Request, side: Side, need_id: NeedId) -> Response:
    """Show one wish: who comes, the four digits, and afterwards her time to confirm."""
    return _need_page(request, side, _find(side, need_id))


@router.post("/elder/volunteers/{need_id:int}/withdraw")
@router.post("/family/{elder_id:int}/volunteers/{need_id:int}/withdraw")
def withdraw(request: Request, side: Side, need_id: NeedId) -> Response:
    """Take a wish back before anybody has come; whoever took it is told."""
    work, need = side.work, _find(side, need_id)
    try:
        if need.state != "cancelled":
            with work.session.begin_nested():
                cancel_need(work.session, work.now, work.actor, need_id)
    except DomainError as refused:
        return _need_page(request, side, need, refused)
    return RedirectResponse(f"{side.base}/volunteers/{need_id}", status_code=303)


@router.post("/elder/volunteers/{need_id:int}/confirm")
@router.post("/family/{elder_id:int}/volunteers/{need_id:int}/confirm")
def confirm_time(request: Request, side: Side, need_id: NeedId) -> Response:
    """Confirm the volunteer's time; her minutes are posted. Doing it twice changes nothing."""
    work, need = side.work, _find(side, need_id)
    if need.session_id is None:
        raise NotFound(need_id=need_id)
    try:
        with work.session.begin_nested():
            confirm_session(work.session, work.now, work.actor, need.session_id)
    except DomainError as refused:
        return _need_page(request, side, need, refused)
    return RedirectResponse(f"{side.base}/volunteers/{need_id}", status_code=303)


@router.post("/elder/volunteers/{need_id:int}/dispute")
@router.post("/family/{elder_id:int}/volunteers/{need_id:int}/dispute")
def dispute_time(
    request: Request, side: Side, need_id: NeedId, reason: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    """Say that the time is not right: the minutes are void and the street looks into it."""
    work, need = side.work, _find(side, need_id)
    if need.session_id is None:
        raise NotFound(need_id=need_id)
    try:
        with work.session.begin_nested():
            dispute_session(work.session, work.now, work.actor, need.session_id, reason.strip() or "老人说时间不对")
    except DomainError as refused:
        return _need_page(request, side, need, refused)
    return RedirectResponse(f"{side.base}/volunteers/{need_id}", status_code=303)


def waiting_times(side: ElderSide) -> list[dict[str, Any]]:
    """Give the volunteers' times that wait for this side, for a line on the first page."""
    return [
        {"href": f"{side.base}/volunteers/{row.need_id}", "name": row.volunteer_name, "title": row.title}
        for row in sessions_to_confirm(side.work.session, side.elder_id)
    ]


def volunteers_service(side: ElderSide, kind: str) -> Service:
    """Give a service that volunteers do; raises UnknownNeedKind."""
    service = service_by_code(side.work.session, kind, civil_date(side.work.now))
    if not service.volunteer:
        raise UnknownNeedKind(kind=kind)
    return service


def kinds_of_help(side: ElderSide) -> list[dict[str, str]]:
    """Give what volunteers can do, company first."""
    codes = set(side.work.session.connection().execute(select(_item.c.code).where(_item.c.volunteer)).scalars())
    known = services_by_code(side.work.session, codes)
    return [
        {"code": one.code, "name": one.short_title, "plain": one.about}
        for one in sorted(known.values(), key=lambda one: (one.category != "company", one.code))
    ]


def _find(side: ElderSide, need_id: int) -> Need:
    for need in needs_of_elder(side.work.session, side.elder_id):
        if need.id == need_id:
            return need
    raise NotFound(need_id=need_id)


def _shown(need: Need) -> dict[str, Any]:
    step = need.session_state or ("started" if need.visit_state == "started" else need.state)
    return {
        "id": need.id,
        "title": need.title,
        "starts_at": need.starts_at,
        "ends_at": need.ends_at,
        "status": step,
        "volunteer_name": need.taken_by_name,
        "credit_minutes": need.credit_minutes,
    }


def _ask_page(request: Request, side: ElderSide, service: Service, refused: DomainError | None = None) -> Response:
    days: dict[Any, list[dict[str, Any]]] = {}
    for start, _ in windows(service, side.work.now):
        slot = {"start": start, "end": start + timedelta(minutes=service.minutes)}
        days.setdefault(civil_date(start), []).append(slot)
    names = side.names(
        kind=service.code,
        title=service.short_title,
        explanation=service.about,
        days=[{"day": day, "slots": slots} for day, slots in days.items()],
        step=2,
        steps=STEPS,
        errors={"start": refused.message_zh} if refused else {},
    )
    return render(request, "order/volunteer_time.html", names, status_code=status_of(refused) if refused else 200)


def _need_page(request: Request, side: ElderSide, need: Need, refused: DomainError | None = None) -> Response:
    work = side.work
    code = None
    if need.visit_id is not None and need.visit_state == "planned" and need.state == "taken":
        code = read_visit_code(work.session, work.now, work.actor, need.visit_id)
    names = side.names(
        need=_shown(need),
        door_code=code,
        may_order=side.may("order"),
        can_withdraw=need.state in ("open", "taken") and need.visit_state in (None, "planned"),
        errors={"need": refused.message_zh} if refused else {},
    )
    return render(request, "order/volunteer_need.html", names, status_code=status_of(refused) if refused else 200)
