"""A home care bed's contract: registered with its service list, looked at with what each month delivered, ended early."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from api.pages.officer_payments import fen_of
from api.pages.public_services import WholeForm
from services.acts import record_act
from services.beds.home_beds import NewHomeBed, Owed, end_home_bed, home_bed_card, sign_home_bed
from services.catalogue.queries import menu, services_by_code
from services.clock import civil_date
from services.directory.queries import MOST, find_provider, providers
from services.errors import DomainError, Invalid
from services.people.proxies import proxies_of
from services.people.queries import person_card
from services.people.rights import right_to
from services.visits.home_bed_delivery import deliveries

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Typed = Annotated[str, Form(max_length=300)]
ROWS = 5
EMPTY = {"service": "", "times": "1", "every": "week", "minutes": "60"}
BLANK = {
    "provider": "", "contract_number": "", "first_day": "", "last_day": "", "signed_on": "", "signed_by": "",
    "monthly": "", "government": "", "family": "", "care_plan": "", "devices": "",
}  # fmt: skip


@router.get("/officer/home-beds/new/{elder_id:int}")
def new(request: Request, office: Desk, elder_id: Id) -> Response:
    """Ask for a signed contract with its service list."""
    return _form(request, office, elder_id, {})


@router.post("/officer/home-beds/new/{elder_id:int}")
def sign(request: Request, office: Desk, elder_id: Id, form: WholeForm) -> Response:
    """Register a signed contract."""
    work, given = office.work, {name: str(value) for name, value in form.items()}
    try:
        contract = _contract(elder_id, given, form)
        with work.session.begin_nested():
            home_bed_id = sign_home_bed(work.session, work.now, work.actor, contract)
    except DomainError as refused:
        known = {"first_day": "first_day", "family_fen": "family", "services": "service-0", "yuan": "monthly"}
        field = str(refused.facts.get("field", "contract_number"))
        errors = {known.get(field, field): refused.message_zh}
        return _form(request, office, elder_id, given, errors, status_of(refused), _rows(form))
    return RedirectResponse(f"/officer/home-beds/{home_bed_id}", status_code=303)


@router.get("/officer/home-beds/{home_bed_id:int}")
def contract_page(request: Request, office: Desk, home_bed_id: Id) -> Response:
    """Show one contract with its list, its care plan, and what each month owed and delivered."""
    return _shown(request, office, home_bed_id)


@router.post("/officer/home-beds/{home_bed_id:int}/end")
def end(request: Request, office: Desk, home_bed_id: Id, last_day: Typed = "", reason: Typed = "") -> Response:
    """End a contract early."""
    work = office.work
    try:
        with work.session.begin_nested():
            end_home_bed(work.session, work.now, work.actor, home_bed_id, _day(last_day, "last_day"), reason)
    except DomainError as refused:
        return _shown(request, office, home_bed_id, {"last_day": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/home-beds/{home_bed_id}", status_code=303)


def _contract(elder_id: int, given: dict[str, str], form: FormData) -> NewHomeBed:
    def told(name: str) -> str:
        return given.get(name, "").strip()

    owed = []
    for number, row in enumerate(_rows(form)):
        times, minutes = row["times"].strip()[:4], row["minutes"].strip()[:4]
        if not row["service"]:
            continue
        if not (times.isdecimal() and minutes.isdecimal() and row["every"] in ("week", "month")):
            raise Invalid("每项服务请写多少次、每次多少分钟。", field=f"service-{number}")
        owed.append(Owed(row["service"], int(times), row["every"], int(minutes)))
    return NewHomeBed(
        elder_id=elder_id, provider_id=_number(told("provider"), "provider"), contract_number=told("contract_number")[:60],
        first_day=_day(told("first_day"), "first_day"), last_day=_day(told("last_day"), "last_day"),
        signed_on=_day(told("signed_on"), "signed_on"), signed_by=_number(told("signed_by"), "signed_by"),
        monthly_price_fen=fen_of(told("monthly")), government_fen=fen_of(told("government")),
        family_fen=fen_of(told("family")), services=owed, care_plan=told("care_plan")[:4000],
        devices=told("devices").replace("，", "、").replace(",", "、").split("、"),
    )  # fmt: skip


def _rows(form: FormData) -> list[dict[str, str]]:
    """The lines of the service list as they were typed, so that a refused form keeps them."""
    names = ("service", "times", "every", "minutes")
    told = [[str(one) for one in form.getlist(name)] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*told, strict=False)]


def _number(written: str, field: str) -> int:
    if not written.isdecimal() or len(written) > 18:
        raise Invalid("请选一个。", field=field)
    return int(written)


def _day(written: str, field: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Invalid("请写是哪一天。", field=field) from None


def _form(
    request: Request,
    office: Office,
    elder_id: int,
    given: dict[str, str],
    errors: dict[str, str] | None = None,
    status: int = 200,
    rows: list[dict[str, str]] | None = None,
) -> Response:
    work, today = office.work, civil_date(office.work.now)
    right_to(work.session, work.actor, elder_id, "view", work.now)
    card = person_card(work.session, elder_id, today)
    signers = [(elder_id, card.full_name)]
    for proxy in proxies_of(work.session, elder_id):
        if proxy.state == "confirmed" and "order" in proxy.scopes:
            signers.append((proxy.proxy_person_id, person_card(work.session, proxy.proxy_person_id, today).full_name))
    services = [
        (line.service.code, line.service.title)
        for tile in menu(work.session, work.now, card.area_code)
        for line in tile.lines
        if line.service.at_home
    ]
    names = office.names(
        elder={"id": elder_id, "name": card.full_name, "years": card.years},
        providers=[(row.id, row.name) for row in providers(work.session, area_code=office.city, limit=MOST)],
        signers=signers,
        services=services,
        rows=[*(rows or []), *([EMPTY] * ROWS)][: max(ROWS, len(rows or []))],
        given={**BLANK, "first_day": today.isoformat(), "signed_on": today.isoformat(), **given},
        errors=errors or {},
    )
    return render(request, "officer/home_bed_form.html", names, status_code=status)


def _shown(
    request: Request, office: Office, home_bed_id: int, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    work, today = office.work, civil_date(office.work.now)
    card = home_bed_card(work.session, home_bed_id, today, plan=not office.read_only)
    right = right_to(work.session, work.actor, card.elder_id, "view", work.now)
    if card.care_plan:
        record_act(
            work.session, work.now, work.actor, "read_care_plan", for_person_id=card.elder_id, by_right=right.ground,
            area_code=right.area_code, subject=("home_bed", home_bed_id),
        )  # fmt: skip
    checks = deliveries(work.session, [home_bed_id])
    codes = {one.service_code for one in card.services} | {one.service_code for one in checks}
    titles = {code: service.title for code, service in services_by_code(work.session, codes).items()}
    names: dict[str, Any] = office.names(
        bed=card,
        provider_name=find_provider(work.session, card.provider_id).name,
        titles=titles,
        checks=checks,
        today=today,
        may_end=work.actor.has_role("officer") and card.ended_on is None and card.last_day >= today,
        errors=errors or {},
    )
    return render(request, "officer/home_bed.html", names, status_code=status)
