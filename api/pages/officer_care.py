"""The office's look at assessments, entitlement and home care beds; an assessor writes and signs here, on a phone too."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.entitlement import assessment_line, decided
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from api.pages.public_services import WholeForm
from services.acts import record_act
from services.beds.home_beds import home_beds_in
from services.benefits.assessing import NATIONAL, NewAssessment, record_assessment, return_assessment, sign_assessment
from services.benefits.assessments import assessment_card, assessments_of, awaiting_second, open_appeals, running_out
from services.benefits.scheme import Scheme
from services.benefits.schemes import scheme_on, schemes_on
from services.catalogue.queries import services_by_code
from services.clock import civil_date
from services.directory.queries import providers
from services.errors import DomainError
from services.language import for_reader
from services.people.queries import person_card
from services.people.rights import right_to
from services.supervision.incidents import to_assess_again
from services.visits.home_bed_delivery import deliveries, note_delivery

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/officer/assessments")
def assessments(request: Request, office: Desk) -> Response:
    """Show what waits: second signatures, appeals, and levels that run out within 60 days."""
    session = office.work.session
    names = office.names(
        awaiting=awaiting_second(session),
        appeals=open_appeals(session),
        expiring=running_out(session, civil_date(office.work.now)),
        again=to_assess_again(session),
        errors={},
    )
    return render(request, "officer/assessments.html", names)


@router.get("/officer/assessments/new/{elder_id:int}")
def new_assessment(
    request: Request,
    office: Desk,
    elder_id: Id,
    scheme: Annotated[str, Query(max_length=40)] = NATIONAL,
    appeal: int = 0,
) -> Response:
    """Show the items of a scheme to go through with the elder, one after the other."""
    right_to(office.work.session, office.work.actor, elder_id, "view", office.work.now)
    return _form(request, office, elder_id, scheme, {"appeal_id": str(appeal or "")}, {})


@router.post("/officer/assessments/new/{elder_id:int}")
def write_assessment(request: Request, office: Desk, elder_id: Id, form: WholeForm) -> Response:
    """Write the assessment down; it waits for the second assessor."""
    work = office.work
    given = {name: str(value) for name, value in form.items()}
    raised = [str(value) for value in form.getlist("raised_by")]
    try:
        new = NewAssessment(
            elder_id=elder_id, scheme=given.get("scheme", NATIONAL), assessed_on=date.fromisoformat(given["assessed_on"]),
            answers={name[5:]: int(value) for name, value in given.items() if name.startswith("item-") and value},
            raised_by=raised, note=given.get("note", ""), reason="appeal" if given.get("appeal_id") else "initial",
            appeal_id=int(given["appeal_id"]) if given.get("appeal_id") else None,
            level=int(given["level"]) if given.get("level") else None,
            certificate_number=given.get("certificate_number", ""), issued_by=given.get("issued_by", ""),
        )  # fmt: skip
        with work.session.begin_nested():
            assessment_id = record_assessment(work.session, work.now, work.actor, new)
    except (ValueError, KeyError):
        wrong = {"assessed_on": "评估日期不对：不能是以后的日子，也不能早于标准生效。"}
        return _form(request, office, elder_id, given.get("scheme", NATIONAL), given, wrong, raised, 422)
    except DomainError as refused:
        missing = refused.facts.get("missing", [])
        place = f"item-{missing[0]}" if missing else str(refused.facts.get("field", "assessed_on"))
        errors = {place: refused.message_zh}
        return _form(
            request, office, elder_id, given.get("scheme", NATIONAL), given, errors, raised, status_of(refused)
        )
    return RedirectResponse(f"/officer/assessments/{assessment_id}", status_code=303)


@router.get("/officer/assessments/{assessment_id:int}")
def show_assessment(request: Request, office: Desk, assessment_id: Id) -> Response:
    """Show one assessment; the answers to who signs it."""
    return _shown(request, office, assessment_id)


@router.post("/officer/assessments/{assessment_id:int}/sign")
def sign(request: Request, office: Desk, assessment_id: Id) -> Response:
    """Sign as the second assessor."""
    work = office.work
    try:
        with work.session.begin_nested():
            sign_assessment(work.session, work.now, work.actor, assessment_id)
    except DomainError as refused:
        return _shown(request, office, assessment_id, {"sign": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/assessments/{assessment_id}", status_code=303)


@router.post("/officer/assessments/{assessment_id:int}/return")
def send_back(
    request: Request, office: Desk, assessment_id: Id, reason: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    """Send it back to the first assessor."""
    work = office.work
    try:
        with work.session.begin_nested():
            return_assessment(work.session, work.now, work.actor, assessment_id, reason)
    except DomainError as refused:
        return _shown(request, office, assessment_id, {"sign": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/assessments", status_code=303)


@router.get("/officer/entitlement/{elder_id:int}")
def entitlement(request: Request, office: Desk, elder_id: Id) -> Response:
    """Show what an elder of the area is entitled to today, and why a rule gives her nothing."""
    work = office.work
    right_to(work.session, work.actor, elder_id, "view", work.now)
    card = person_card(work.session, elder_id, civil_date(work.now))
    names = office.names(
        elder={"id": elder_id, "name": card.full_name, "years": card.years},
        assessments=[assessment_line(one) for one in assessments_of(work.session, elder_id, civil_date(work.now))],
        **decided(work, elder_id),
    )
    return render(request, "officer/entitlement.html", names)


@router.get("/officer/home-beds")
def home_beds(request: Request, office: Desk) -> Response:
    """Show the area's home care beds with what last month owed and delivered; apart from every bed ratio."""
    return _home_beds(request, office)


@router.post("/officer/home-beds/{check_id:int}/note")
def note(request: Request, office: Desk, check_id: Id, note: Annotated[str, Form(max_length=500)] = "") -> Response:
    """Say why a line of the list fell short."""
    work = office.work
    try:
        with work.session.begin_nested():
            note_delivery(work.session, work.now, work.actor, check_id, note)
    except DomainError as refused:
        return _home_beds(request, office, {f"note-{check_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/home-beds", status_code=303)


def _home_beds(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    work, today = office.work, civil_date(office.work.now)
    beds = home_beds_in(work.session, office.lo, office.hi, today)
    titles = services_by_code(work.session, {owed.service_code for one in beds for owed in one.services})
    named = {row.id: row.name for row in providers(work.session)} if beds else {}
    checks: dict[int, list[dict[str, Any]]] = {}
    for one in deliveries(work.session, [bed.id for bed in beds]):
        title = titles[one.service_code].title if one.service_code in titles else one.service_code
        newest = checks.setdefault(one.home_bed_id, [])
        if not newest or newest[0]["month"] == one.month:
            newest.append({"id": one.id, "month": one.month, "name": title, "owed": one.owed, "delivered": one.delivered,
                           "missing": one.missing, "note": one.note or ""})  # fmt: skip
    rows = [
        {
            "id": one.id, "elder_id": one.elder_id, "elder_name": one.elder_name, "contract_number": one.contract_number,
            "provider_name": named.get(one.provider_id, ""), "last_day": one.last_day,
            "monthly_price_fen": one.monthly_price_fen, "checks": checks.get(one.id, []),
        }
        for one in beds
    ]  # fmt: skip
    return render(request, "officer/home_beds.html", office.names(beds=rows, errors=errors or {}), status_code=status)


def _form(
    request: Request,
    office: Office,
    elder_id: int,
    code: str,
    given: dict[str, str],
    errors: dict[str, str],
    raised: list[str] | None = None,
    status: int = 200,
) -> Response:
    work, today = office.work, civil_date(office.work.now)
    card = person_card(work.session, elder_id, today)
    scheme = scheme_on(work.session, code, today)
    names = office.names(
        elder={"id": elder_id, "name": card.full_name, "years": card.years},
        schemes=[(one.code, for_reader(one.name_zh, one.name_en)) for one in schemes_on(work.session, today)],
        scheme=_scheme(scheme),
        given={"assessed_on": today.isoformat(), "note": "", "appeal_id": "", "level": "", "certificate_number": "",
               "issued_by": "", **given},
        raised=raised or [],
        errors=errors,
    )  # fmt: skip
    return render(request, "officer/assessment_form.html", names, status_code=status)


def _scheme(scheme: Scheme) -> dict[str, Any]:
    return {
        "code": scheme.code,
        "name": for_reader(scheme.name_zh, scheme.name_en),
        "by_paper": scheme.level_from == "certificate",
        "levels": [(one.level, one.name) for one in scheme.levels],
        "raises": [(one.code, one.name) for one in scheme.raises],
        "groups": [
            {
                "name": group.name,
                "items": [
                    {
                        "code": item.code, "name": item.name, "about": for_reader(item.about_zh, item.about_en),
                        "choices": [(one.points, for_reader(one.text_zh, one.text_en)) for one in scheme.choices(item)],
                    }
                    for item in group.items
                ],
            }
            for group in scheme.groups
        ],
    }  # fmt: skip


def _shown(
    request: Request, office: Office, assessment_id: int, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    work, today = office.work, civil_date(office.work.now)
    card = assessment_card(work.session, assessment_id, today, detail=not office.read_only)
    right = right_to(work.session, work.actor, card.elder_id, "view", work.now)
    record_act(
        work.session, work.now, work.actor, "read_assessment", for_person_id=card.elder_id, by_right=right.ground,
        area_code=right.area_code, subject=("assessment", assessment_id),
    )  # fmt: skip
    scheme = scheme_on(work.session, card.scheme, card.assessed_on)
    person = person_card(work.session, card.elder_id, today)
    raised = [one.name for one in scheme.raises if one.code in card.raised_by]
    answers = [
        {"name": item.name, "points": card.answers[item.code],
         "words": next(for_reader(c.text_zh, c.text_en) for c in scheme.choices(item) if c.points == card.answers[item.code])}
        for item in scheme.items if item.code in card.answers
    ]  # fmt: skip
    sums = [(group.name, card.sums[group.code]) for group in scheme.groups if group.code in card.sums]
    names = office.names(
        elder={"id": card.elder_id, "name": person.full_name, "years": person.years},
        one=assessment_line(card) | {"points": card.points, "note": card.note},
        answers=answers, sums=sums, raised=raised, errors=errors or {},
    )  # fmt: skip
    return render(request, "officer/assessment.html", names, status_code=status)
