"""Help paid with hours, seen from the elder's side: what there is, book, see the hold, take it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Row

from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering import STEPS
from api.pages.ordering_side import ElderSide, Side
from api.pages.ordering_slots import windows
from api.pages.ordering_volunteers import kinds_of_help, volunteers_service
from services.catalogue.queries import Service
from services.clock import civil_date
from services.errors import DomainError, NotFound
from services.volunteering.purses import price_minutes, purses_for
from services.volunteering.redeeming import Wish, book_with_hours, bookings_of, release_booking

router = APIRouter(include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=2**62)]
Kind = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,60}$")]
From = Literal["own", "grant"]
Booking = Row[*tuple[Any, ...]]


@router.get("/elder/hours")
@router.get("/family/{elder_id:int}/hours")
def hours(request: Request, side: Side) -> Response:
    """Show the hours there are, what they can be used for, and what is booked."""
    session = side.work.session
    names = side.names(
        purses=purses_for(session, side.work.actor, side.elder_id),
        kinds=kinds_of_help(side),
        bookings=bookings_of(session, side.elder_id)[:20],
        can_order=side.may("order"),
    )
    return render(request, "order/hours.html", names)


@router.get("/elder/hours/ask/{kind}")
@router.get("/family/{elder_id:int}/hours/ask/{kind}")
def ask_hour_time(request: Request, side: Side, kind: Kind, purse: Annotated[From, Query()] = "own") -> Response:
    """Ask when somebody should come; say what it costs in time."""
    return _ask_page(request, side, volunteers_service(side, kind), purse)


@router.post("/elder/hours")
@router.post("/family/{elder_id:int}/hours")
def book_hours(
    request: Request,
    side: Side,
    kind: Annotated[str, Form(pattern=r"^[a-z0-9_]{1,60}$")],
    start: Annotated[datetime, Form()],
    purse: Annotated[From, Form()] = "own",
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Hold the hours and ask the volunteers; the same wish sent twice stays one."""
    work, service = side.work, volunteers_service(side, kind)
    for row in bookings_of(work.session, side.elder_id):
        if row.state == "held" and (row.kind, row.starts_at) == (kind, start):
            return RedirectResponse(f"{side.base}/hours/{row.id}", status_code=303)
    try:
        with work.session.begin_nested():
            number = book_with_hours(
                work.session,
                work.now,
                work.actor,
                side.elder_id,
                Wish(kind, start, start + timedelta(minutes=service.minutes)),
                from_grant=purse == "grant",
                reason=reason.strip() or None,
            )
    except DomainError as refused:
        return _ask_page(request, side, service, purse, refused, reason)
    return RedirectResponse(f"{side.base}/hours/{number}", status_code=303)


@router.get("/elder/hours/{redemption_id:int}")
@router.get("/family/{elder_id:int}/hours/{redemption_id:int}")
def booking(request: Request, side: Side, redemption_id: Number) -> Response:
    """Show one booking: how many hours wait, went, or came back."""
    return _booking_page(request, side, _find(side, redemption_id))


@router.post("/elder/hours/{redemption_id:int}/release")
@router.post("/family/{elder_id:int}/hours/{redemption_id:int}/release")
def release(request: Request, side: Side, redemption_id: Number) -> Response:
    """Take a booking back; the hours are free at once. Twice is once."""
    work, found = side.work, _find(side, redemption_id)
    try:
        if found.state == "held":
            with work.session.begin_nested():
                release_booking(work.session, work.now, work.actor, redemption_id)
    except DomainError as refused:
        return _booking_page(request, side, found, refused)
    return RedirectResponse(f"{side.base}/hours/{redemption_id}", status_code=303)


def _find(side: ElderSide, redemption_id: int) -> Booking:
    for row in bookings_of(side.work.session, side.elder_id):
        if row.id == redemption_id:
            return row
    raise NotFound(redemption_id=redemption_id)


def _ask_page(
    request: Request,
    side: ElderSide,
    service: Service,
    purse: str,
    refused: DomainError | None = None,
    reason: str = "",
) -> Response:
    work = side.work
    days: dict[Any, list[dict[str, Any]]] = {}
    for start, _ in windows(service, work.now):
        slot = {"start": start, "end": start + timedelta(minutes=service.minutes)}
        days.setdefault(civil_date(start), []).append(slot)
    names = side.names(
        kind=service.code,
        title=service.short_title,
        explanation=service.about,
        days=[{"day": day, "slots": slots} for day, slots in days.items()],
        purse=purse,
        cost_minutes=price_minutes(work.session, work.now, side.area_code, service.code, service.minutes),
        asks_reason=purse == "grant" and side.ground != "self",
        reason=reason,
        step=2,
        steps=STEPS,
        errors={_field(refused): refused.message_zh} if refused else {},
    )
    return render(request, "order/hours_time.html", names, status_code=status_of(refused) if refused else 200)


def _field(refused: DomainError) -> str:
    return "reason" if refused.facts.get("field") == "reason" else "start"


def _booking_page(request: Request, side: ElderSide, row: Booking, refused: DomainError | None = None) -> Response:
    names = side.names(
        booking=row, may_order=side.may("order"), errors={"booking": refused.message_zh} if refused else {}
    )
    return render(request, "order/hours_booking.html", names, status_code=status_of(refused) if refused else 200)
