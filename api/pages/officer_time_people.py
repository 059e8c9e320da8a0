"""The counter: somebody unknown becomes a volunteer, a minor with her guardian; somebody moves to another street."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import IntegrityError

from api.errors import domain_error_of, status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from services.cities.queries import area_names, areas_inside
from services.clock import civil_date
from services.errors import DomainError, NotAllowed
from services.people.queries import person_card
from services.volunteering.errors import StatementNotYours
from services.volunteering.following import accounts_of
from services.volunteering.moving_on import ask_to_follow, ask_to_undo, moves_of_area
from services.volunteering.newcomers import CONSENTS, Guardian, Newcomer, register_newcomer

router = APIRouter(include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=2**62)]
Typed = Annotated[str, Form(max_length=300)]
Choice = tuple[int, str]
SAID = ("asked", "back")
FIELDS = {"guardian_id_number", "guardian_full_name", "guardian_relation", "full_name", "phone", "reason", "area_code"}


@router.get("/officer/time/newcomers")
def newcomer_form(request: Request, office: Desk) -> Response:
    """Show the form for somebody the house does not know yet."""
    return _newcomer_page(request, office, {})


@router.post("/officer/time/newcomers")
def add_newcomer(
    request: Request,
    office: Desk,
    full_name: Typed = "",
    id_number: Typed = "",
    phone: Typed = "",
    area_code: Typed = "",
    display_name: Typed = "",
    guardian_full_name: Typed = "",
    guardian_id_number: Typed = "",
    guardian_phone: Typed = "",
    guardian_relation: Typed = "",
    guardian_consent: Typed = "",
    reason: Typed = "",
) -> Response:
    """Register her with her real name, open her account, and lead to her page."""
    given = {
        "full_name": full_name, "id_number": id_number, "phone": phone, "area_code": area_code,
        "display_name": display_name, "guardian_full_name": guardian_full_name,
        "guardian_id_number": guardian_id_number, "guardian_phone": guardian_phone,
        "guardian_relation": guardian_relation, "guardian_consent": guardian_consent, "reason": reason,
    }  # fmt: skip
    area = int(area_code) if area_code.isascii() and area_code.isdigit() and len(area_code) == 15 else 0
    if area not in {code for code, _ in _communities(office)}:
        return _newcomer_page(request, office, given, {"area_code": "请选她住的社区。"}, 422)
    if (guardian_full_name.strip() or guardian_id_number.strip()) and guardian_consent not in CONSENTS:
        return _newcomer_page(request, office, given, {"guardian_consent": "请选监护人怎么同意的。"}, 422)
    work = office.work
    try:
        with work.session.begin_nested():
            person_id, _ = register_newcomer(
                work.session, work.now, work.actor,
                Newcomer(full_name, id_number, area, phone.strip() or None),
                display_name=display_name[:20], interests=[], reason=reason, guardian=_guardian(given, area),
            )  # fmt: skip
    except (DomainError, IntegrityError) as broken:
        refused = broken if isinstance(broken, DomainError) else domain_error_of(broken)
        if refused is None:
            raise
        return _newcomer_page(request, office, given, {_place(refused): refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/time/{person_id}?said=registered", status_code=303)


@router.get("/officer/time/moves")
def moves(request: Request, office: Desk, said: str = "") -> Response:
    """Show whose hours went to another district or came from one, and what still waits."""
    return _moves_page(request, office, said=said)


@router.post("/officer/time/moves/{move_id:int}/undo")
def undo(request: Request, office: Desk, move_id: Number, reason: Typed = "") -> Response:
    """Send hours back to where they came from, and the register with them."""
    work = office.work
    try:
        with work.session.begin_nested():
            ask_to_undo(work.session, work.now, work.actor, move_id, reason)
    except DomainError as refused:
        return _moves_page(request, office, {f"reason-{move_id}": refused.message_zh}, status=status_of(refused))
    return RedirectResponse("/officer/time/moves?said=back", status_code=303)


@router.get("/officer/time/{person_id:int}/district")
def district_form(request: Request, office: Desk, person_id: Number) -> Response:
    """Ask where she lives now, and say what becomes of her hours."""
    return _district_page(request, office, person_id)


@router.post("/officer/time/{person_id:int}/district")
def move_within(
    request: Request, office: Desk, person_id: Number, area_code: Typed = "", reason: Typed = ""
) -> Response:
    """Write down her move; register and hours follow within seconds."""
    work = office.work
    area = int(area_code) if area_code.isascii() and area_code.isdigit() and len(area_code) == 15 else 0
    try:
        with work.session.begin_nested():
            ask_to_follow(work.session, work.now, work.actor, person_id, area, reason)
    except DomainError as refused:
        place = str(refused.facts.get("field") or "area_code")
        return _district_page(request, office, person_id, {place: refused.message_zh}, area, reason, status_of(refused))
    return RedirectResponse("/officer/time/moves?said=asked", status_code=303)


def _guardian(given: dict[str, str], area: int) -> Guardian | None:
    if not given["guardian_full_name"].strip() and not given["guardian_id_number"].strip():
        return None
    who = Newcomer(
        given["guardian_full_name"], given["guardian_id_number"], area, given["guardian_phone"].strip() or None
    )
    consent = next(one for one in CONSENTS if one == given["guardian_consent"])
    return Guardian(who, given["guardian_relation"], consent)


def _place(refused: DomainError) -> str:
    """Beside which field of the form a refusal is said."""
    field = str(refused.facts.get("field") or "")
    if field in FIELDS:
        return field
    if refused.facts.get("constraint") == "person_phone_hash_key":
        return "phone"
    return "guardian_full_name" if type(refused).__name__ == "GuardianNeeded" else "id_number"


def _communities(office: Office) -> list[Choice]:
    """The office's communities; where the map knows none, the area itself."""
    inside = [
        row for row in areas_inside(office.work.session, office.lo, "community") if office.lo <= row.code <= office.hi
    ]
    return [(row.code, row.name) for row in inside] or [(office.lo, office.area_name)]


def _streets(office: Office) -> list[Choice]:
    """Every street of the office's city with its district's name before it."""
    rows = areas_inside(office.work.session, office.city, "street")
    districts = area_names(office.work.session, {row.parent_code for row in rows if row.parent_code})
    return [(row.code, f"{districts.get(row.parent_code, '')} {row.name}".strip()) for row in rows]


def _newcomer_page(
    request: Request, office: Office, given: dict[str, str], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    if not office.work.actor.has_role("officer", "advisor", "auditor"):
        raise NotAllowed(role=office.work.actor.role)
    policy = office.rules.timebank
    names = office.names(
        given=given,
        communities=_communities(office),
        least_age=policy.volunteer_min_age,
        minor_age=policy.minor_min_age,
        errors=errors or {},
    )
    return render(request, "officer/time_newcomer.html", names, status_code=status)


def _moves_page(
    request: Request, office: Office, errors: dict[str, str] | None = None, *, said: str = "", status: int = 200
) -> Response:
    work = office.work
    names = office.names(
        moves=moves_of_area(work.session, work.actor), said=said if said in SAID else "", errors=errors or {}
    )
    return render(request, "officer/time_moves.html", names, status_code=status)


def _district_page(
    request: Request,
    office: Office,
    person_id: int,
    errors: dict[str, str] | None = None,
    area: int = 0,
    reason: str = "",
    status: int = 200,
) -> Response:
    work = office.work
    if not work.actor.has_role("officer", "advisor", "auditor"):
        raise NotAllowed(role=work.actor.role)
    card = person_card(work.session, person_id, civil_date(work.now))
    if not office.lo <= card.area_code <= office.hi:
        raise StatementNotYours(person_id=person_id)
    names: dict[str, Any] = office.names(
        person={"id": card.id, "full_name": card.full_name},
        has_hours=bool(accounts_of(work.session, person_id)),
        streets=_streets(office),
        follows=office.rules.timebank.moving_district == "follow",
        districts=office.rules.timebank.bank_level == "district",
        area_code=area,
        reason=reason,
        errors=errors or {},
    )
    return render(request, "officer/time_district.html", names, status_code=status)
