"""The counter for volunteers who never go online: an office gives, donates, closes and prints in their name, and why."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from api.pages.volunteer_giving import whole_minutes
from api.pages.volunteer_hours import days_asked
from services.clock import civil_date
from services.errors import DomainError, NotAllowed
from services.people.finding import find_elders
from services.unit_of_work import UnitOfWork
from services.volunteering.giving import donate_group_hours, donate_hours, give_hours, register_group
from services.volunteering.lapsing import settle_estate, settle_moving
from services.volunteering.papers import Kind, issue_paper
from services.volunteering.purses import groups_of_area, movements_of, volunteer_in_office, volunteers_of_area
from services.volunteering.registering import record_training
from timebank.reader import read_balance

router = APIRouter(include_in_schema=False)
PersonId = Annotated[int, Path(ge=1, le=2**62)]
Typed = Annotated[str, Form(max_length=500)]
Asked = Annotated[str, Query(max_length=60)]
SAID = ("given", "donated", "trained", "moved", "handed_on", "group", "registered")


@router.get("/officer/time")
def counter(request: Request, office: Desk, q: Asked = "", said: str = "") -> Response:
    """Show the volunteers and groups of the area, and whoever a name or number finds."""
    return _counter_page(request, office, q, said)


@router.post("/officer/time/groups")
def add_group(request: Request, office: Desk, name: Typed = "") -> Response:
    """Put a company, school or club of the area on the register."""
    work = office.work
    if len(name.strip()) < 2:
        return _counter_page(request, office, errors={"name": "请写团体的名称"}, status=422)
    try:
        with work.session.begin_nested():
            register_group(work.session, work.now, work.actor, name.strip(), None, office.lo)
    except DomainError as refused:
        return _counter_page(request, office, errors={"name": refused.message_zh}, status=status_of(refused))
    return RedirectResponse("/officer/time?said=group", status_code=303)


@router.post("/officer/time/groups/{group_id:int}/donate")
def donate_for_group(
    request: Request, office: Desk, group_id: PersonId, minutes: Typed = "", reason: Typed = "", event_key: Typed = ""
) -> Response:
    """Give a group's minutes to the pool, for somebody who asked at the counter."""
    work, amount = office.work, whole_minutes(minutes)
    if amount is None:
        return _counter_page(request, office, errors={"groups": "请填写大于零的整数分钟。"}, status=422)
    try:
        with work.session.begin_nested():
            donate_group_hours(
                work.session, work.now, work.actor, group_id, amount, key=_key(event_key), reason=reason.strip()
            )
    except DomainError as refused:
        return _counter_page(request, office, errors={"groups": refused.message_zh}, status=status_of(refused))
    return RedirectResponse("/officer/time?said=donated", status_code=303)


@router.get("/officer/time/{person_id:int}")
def one_volunteer(
    request: Request,
    office: Desk,
    person_id: PersonId,
    said: str = "",
    paper: Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{0,40}$")] = "",
) -> Response:
    """Show one volunteer: her hours, what was entered for her by whom and why, and what can be done for her."""
    return _page(request, office, person_id, said=said, paper=paper)


@router.post("/officer/time/{person_id:int}/training")
def tick_training(
    request: Request, office: Desk, person_id: PersonId, trained_on: Typed = "", insured_until: Typed = ""
) -> Response:
    """Tick training and insurance."""

    def act(work: UnitOfWork) -> None:
        record_training(
            work.session, work.now, work.actor, person_id,
            trained_on=_day(trained_on), insured_until=_day(insured_until),
        )  # fmt: skip

    return _done(request, office, person_id, act, "trained_on", "trained")


@router.post("/officer/time/{person_id:int}/give")
def give_for(
    request: Request,
    office: Desk,
    person_id: PersonId,
    passport_number: Typed = "",
    minutes: Typed = "",
    reason: Typed = "",
    event_key: Typed = "",
) -> Response:
    """Give a volunteer's minutes to somebody, as she asked at the counter."""
    amount = whole_minutes(minutes)
    if amount is None:
        return _page(request, office, person_id, {"minutes": "请填写大于零的整数分钟。"}, status=422)

    def act(work: UnitOfWork) -> None:
        give_hours(
            work.session, work.now, work.actor, person_id, passport_number.strip(), amount,
            key=_key(event_key), reason=reason.strip(),
        )  # fmt: skip

    return _done(request, office, person_id, act, "minutes", "given")


@router.post("/officer/time/{person_id:int}/donate")
def donate_for(
    request: Request, office: Desk, person_id: PersonId, donated: Typed = "", reason: Typed = "", event_key: Typed = ""
) -> Response:
    """Donate a volunteer's minutes to the pool, as she asked at the counter."""
    amount = whole_minutes(donated)
    if amount is None:
        return _page(request, office, person_id, {"donated": "请填写大于零的整数分钟。"}, status=422)

    def act(work: UnitOfWork) -> None:
        key, why = _key(event_key), reason.strip()
        donate_hours(work.session, work.now, work.actor, person_id, amount, key=key, reason=why)

    return _done(request, office, person_id, act, "donated", "donated")


@router.post("/officer/time/{person_id:int}/estate")
def hand_on(
    request: Request, office: Desk, person_id: PersonId, heir_passport: Typed = "", reason: Typed = ""
) -> Response:
    """Hand on the hours of who died: to the heir named, else to the pool."""

    def act(work: UnitOfWork) -> None:
        settle_estate(
            work.session, work.now, work.actor, person_id,
            heir_passport=heir_passport.strip() or None, reason=reason.strip(),
        )  # fmt: skip

    return _done(request, office, person_id, act, "estate", "handed_on")


@router.post("/officer/time/{person_id:int}/moving")
def move_away(request: Request, office: Desk, person_id: PersonId, reason: Typed = "") -> Response:
    """Close a volunteer's place on the register because she moves away."""

    def act(work: UnitOfWork) -> None:
        settle_moving(work.session, work.now, work.actor, person_id, reason.strip())

    return _done(request, office, person_id, act, "moving", "moved")


@router.post("/officer/time/{person_id:int}/papers")
def print_paper(
    request: Request,
    office: Desk,
    person_id: PersonId,
    kind: Annotated[Kind, Form()] = "statement",
    from_day: Typed = "",
    to_day: Typed = "",
) -> Response:
    """Hand out a certificate or statement at the counter."""
    work = office.work
    first, last = days_asked(civil_date(work.now), from_day, to_day)
    try:
        with work.session.begin_nested():
            code = issue_paper(work.session, work.now, work.actor, person_id, kind, first, last)
    except DomainError as refused:
        return _page(request, office, person_id, {"from_day": refused.message_zh}, status=status_of(refused))
    return RedirectResponse(f"/officer/time/{person_id}?paper={code}", status_code=303)


def _done(request: Request, office: Office, person_id: int, act: Any, place: str, said: str) -> Response:
    work = office.work
    try:
        with work.session.begin_nested():
            act(work)
    except DomainError as refused:
        field = refused.facts.get("field")
        where = {"reason": f"reason-{place}", "passport_number": "passport_number", "heir_passport": "heir_passport"}
        return _page(
            request, office, person_id, {where.get(str(field), place): refused.message_zh}, status=status_of(refused)
        )
    return RedirectResponse(f"/officer/time/{person_id}?said={said}", status_code=303)


def _counter_page(
    request: Request,
    office: Office,
    q: str = "",
    said: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    work = office.work
    if not work.actor.has_role("officer", "advisor", "auditor"):
        raise NotAllowed(role=work.actor.role)
    elders = find_elders(work.session, q, civil_date(work.now)) if q.strip() else []
    communities = office.community_names({one.area_code for one in elders})
    names = office.names(
        q=q,
        said=said if said in SAID else "",
        volunteers=volunteers_of_area(work.session, work.actor, q),
        groups=groups_of_area(work.session, work.actor),
        elders=[
            {"id": one.id, "name": one.full_name, "years": one.years, "community": communities[one.area_code]}
            for one in elders
        ],
        today=civil_date(work.now),
        event_key=uuid.uuid4().hex,
        errors=errors or {},
    )
    return render(request, "officer/time.html", names, status_code=status)


def _page(
    request: Request,
    office: Office,
    person_id: int,
    errors: dict[str, str] | None = None,
    *,
    said: str = "",
    paper: str = "",
    status: int = 200,
) -> Response:
    work = office.work
    found = volunteer_in_office(work.session, work.actor, person_id)
    account = found.timebank_account_id
    today = civil_date(work.now)
    names = office.names(
        volunteer=found,
        held=None if account is None else read_balance(work.session, account),
        movements=movements_of(work.session, work.actor, person_id),
        policy=office.rules.timebank,
        said=said if said in SAID else "",
        paper=paper,
        today=today,
        year_ago=today - timedelta(days=365),
        event_key=uuid.uuid4().hex,
        errors=errors or {},
    )
    return render(request, "officer/time_volunteer.html", names, status_code=status)


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words.strip())
    except ValueError:
        return None


def _key(event_key: str) -> str:
    return event_key if 4 <= len(event_key) <= 80 else uuid.uuid4().hex
