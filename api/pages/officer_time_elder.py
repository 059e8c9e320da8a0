"""The counter for elders who never go online: an office books with hours, enters a visit, finds a volunteer, and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from api.pages.volunteer_giving import whole_minutes
from services.catalogue.queries import services_by_code
from services.catalogue.tables import ServiceItem
from services.clock import SHANGHAI, civil_date
from services.columns import table_of
from services.directory.tables import Provider
from services.errors import DomainError, NotAllowed
from services.people.queries import person_card
from services.people.rights import right_to
from services.unit_of_work import UnitOfWork
from services.volunteering.errors import (
    BadWindow,
    NotAVolunteer,
    ReasonNeeded,
    ReceiverNotFound,
    RedemptionNotFound,
    SessionNotFound,
)
from services.volunteering.office import enter_served_time, take_need_for
from services.volunteering.purses import by_passport, is_volunteer, purses_for
from services.volunteering.queries import needs_of_elder, sessions_to_confirm
from services.volunteering.redeeming import (
    Wish,
    book_with_hours,
    bookings_of,
    record_professional,
    release_booking,
)
from services.volunteering.registering import register_volunteer
from services.volunteering.sessions import confirm_session, dispute_session

router = APIRouter(include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=2**62)]
Typed = Annotated[str, Form(max_length=500)]
_item, _provider = table_of(ServiceItem), table_of(Provider)
SAID = ("booked", "released", "entered", "taken", "settled", "confirmed", "disputed", "registered")


@router.get("/officer/time/elders/{elder_id:int}")
def one_elder(request: Request, office: Desk, elder_id: Number, said: str = "") -> Response:
    """Show an elder's hours, wishes and bookings, and what can be entered for her."""
    return _page(request, office, elder_id, said=said)


@router.post("/officer/time/elders/{elder_id:int}/book")
def book_for(
    request: Request,
    office: Desk,
    elder_id: Number,
    kind: Typed = "",
    day: Typed = "",
    time: Typed = "",
    minutes: Typed = "",
    payer_passport: Typed = "",
    reason: Typed = "",
) -> Response:
    """Book help with the elder's granted hours, or with those of the volunteer whose passport was shown."""

    def act(work: UnitOfWork) -> None:
        starts = _moment(day, time)
        wish = Wish(kind, starts, starts + timedelta(minutes=whole_minutes(minutes) or 0))
        payer = _volunteer(work, payer_passport) if payer_passport.strip() else None
        book_with_hours(
            work.session, work.now, work.actor, elder_id, wish,
            payer_id=payer, from_grant=payer is None, reason=reason.strip(),
        )  # fmt: skip

    return _done(request, office, elder_id, act, "book", "booked")


@router.post("/officer/time/elders/{elder_id:int}/served")
def enter_served(
    request: Request,
    office: Desk,
    elder_id: Number,
    kind: Typed = "",
    day: Typed = "",
    time: Typed = "",
    minutes: Typed = "",
    volunteer_passport: Typed = "",
    reason: Typed = "",
) -> Response:
    """Enter a visit from the community's book, in the name of the volunteer who paid it."""

    def act(work: UnitOfWork) -> None:
        started = _moment(day, time)
        enter_served_time(
            work.session, work.now, work.actor, elder_id, _volunteer(work, volunteer_passport), kind=kind,
            started_at=started, ended_at=started + timedelta(minutes=whole_minutes(minutes) or 0), reason=reason,
        )  # fmt: skip

    return _done(request, office, elder_id, act, "served", "entered")


@router.post("/officer/time/elders/{elder_id:int}/needs/{need_id:int}/take")
def take_for_volunteer(
    request: Request,
    office: Desk,
    elder_id: Number,
    need_id: Number,
    volunteer_passport: Typed = "",
    reason: Typed = "",
) -> Response:
    """Promise an open wish in the name of a volunteer who said so at the counter or by phone."""

    def act(work: UnitOfWork) -> None:
        volunteer_id = _volunteer(work, volunteer_passport)
        take_need_for(work.session, work.now, work.actor, need_id, volunteer_id, reason)

    return _done(request, office, elder_id, act, f"need-{need_id}", "taken")


@router.post("/officer/time/elders/{elder_id:int}/bookings/{redemption_id:int}/release")
def release_for(request: Request, office: Desk, elder_id: Number, redemption_id: Number) -> Response:
    """Take a booking back for an elder; the hours are free at once."""

    def act(work: UnitOfWork) -> None:
        _hers(work, elder_id, redemption_id)
        release_booking(work.session, work.now, work.actor, redemption_id)

    return _done(request, office, elder_id, act, f"booking-{redemption_id}", "released")


@router.post("/officer/time/elders/{elder_id:int}/bookings/{redemption_id:int}/professional")
def settle_professional(
    request: Request,
    office: Desk,
    elder_id: Number,
    redemption_id: Number,
    provider_id: Typed = "",
    minutes: Typed = "",
    reason: Typed = "",
) -> Response:
    """Settle help a professional gave because no volunteer was free; the reserve pays."""

    def act(work: UnitOfWork) -> None:
        _hers(work, elder_id, redemption_id)
        amount, provider = whole_minutes(minutes), whole_minutes(provider_id)
        if amount is None or provider is None:
            raise BadWindow("请选机构，并填写大于零的整数分钟。", field="minutes")
        record_professional(work.session, work.now, work.actor, redemption_id, provider, amount, reason)

    return _done(request, office, elder_id, act, f"booking-{redemption_id}", "settled")


@router.post("/officer/time/elders/{elder_id:int}/sessions/{session_id:int}/answer")
def answer_session(
    request: Request,
    office: Desk,
    elder_id: Number,
    session_id: Number,
    answer: Typed = "",
    reason: Typed = "",
) -> Response:
    """Confirm a volunteer's time for an elder who said so by phone or in person, or object to it."""

    def act(work: UnitOfWork) -> None:
        if all(row.id != session_id for row in sessions_to_confirm(work.session, elder_id)):
            raise SessionNotFound(session_id=session_id)
        if not reason.strip():
            raise ReasonNeeded(field="reason")
        if answer == "wrong":
            dispute_session(work.session, work.now, work.actor, session_id, reason.strip())
        else:
            confirm_session(work.session, work.now, work.actor, session_id, reason.strip())

    said = "disputed" if answer == "wrong" else "confirmed"
    return _done(request, office, elder_id, act, f"session-{session_id}", said)


@router.post("/officer/time/elders/{elder_id:int}/volunteer")
def register_her(
    request: Request, office: Desk, elder_id: Number, display_name: Typed = "", reason: Typed = ""
) -> Response:
    """Put somebody on the volunteers' register who came to the counter: with her real name, an account, a number."""

    def act(work: UnitOfWork) -> None:
        if not reason.strip():
            raise ReasonNeeded(field="reason")
        name = display_name.strip()[:20] or person_card(work.session, elder_id, civil_date(work.now)).full_name
        register_volunteer(
            work.session, work.now, work.actor, elder_id, display_name=name, interests=[], reason=reason.strip()
        )

    return _done(request, office, elder_id, act, "volunteer", "registered")


def _hers(work: UnitOfWork, elder_id: int, redemption_id: int) -> None:
    if all(row.id != redemption_id for row in bookings_of(work.session, elder_id)):
        raise RedemptionNotFound(redemption_id=redemption_id)


def _volunteer(work: UnitOfWork, passport: str) -> int:
    found = by_passport(work.session, passport)
    if found is None:
        raise ReceiverNotFound(field="passport")
    return found


def _moment(day: str, time: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{day.strip()}T{time.strip()}").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise BadWindow("请填写日期和几点几分。", field="day") from None


def _done(request: Request, office: Office, elder_id: int, act: Any, place: str, said: str) -> Response:
    work = office.work
    try:
        with work.session.begin_nested():
            act(work)
    except DomainError as refused:
        if isinstance(refused, NotAVolunteer):
            refused = ReceiverNotFound()
        return _page(request, office, elder_id, {place: refused.message_zh}, status=status_of(refused))
    return RedirectResponse(f"/officer/time/elders/{elder_id}?said={said}", status_code=303)


def _page(
    request: Request,
    office: Office,
    elder_id: int,
    errors: dict[str, str] | None = None,
    *,
    said: str = "",
    status: int = 200,
) -> Response:
    work = office.work
    if not work.actor.has_role("officer", "advisor", "auditor"):
        raise NotAllowed(role=work.actor.role)
    right_to(work.session, work.actor, elder_id, "view", work.now)
    codes = set(work.session.connection().execute(select(_item.c.code).where(_item.c.volunteer)).scalars())
    kinds = sorted((one.code, one.short_title) for one in services_by_code(work.session, codes).values())
    providers = work.session.connection().execute(select(_provider.c.id, _provider.c.name).order_by(_provider.c.name))
    today = civil_date(work.now)
    names = office.names(
        elder=person_card(work.session, elder_id, today),
        purse=next((one for one in purses_for(work.session, work.actor, elder_id) if one.kind == "grant"), None),
        needs=[one for one in needs_of_elder(work.session, elder_id) if one.state == "open" and one.ends_at > work.now],
        sessions=sessions_to_confirm(work.session, elder_id),
        is_volunteer=is_volunteer(work.session, elder_id),
        bookings=bookings_of(work.session, elder_id)[:20],
        kinds=kinds,
        providers=[(row.id, row.name) for row in providers],
        today=today,
        said=said if said in SAID else "",
        errors=errors or {},
    )
    return render(request, "officer/time_elder.html", names, status_code=status)
