"""A provider under supervision: filings and grades of its institutions, requests to be graded."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_draws import id_of
from api.pages.officer_institutions import day_of, number_of
from api.pages.provider_money import provider_of
from services.clock import SHANGHAI, civil_date
from services.directory.queries import find_provider
from services.errors import DomainError, Invalid
from services.supervision import cases, grades, incidents, inspections, queries
from services.supervision.case_tables import KINDS
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
Short = Annotated[str, Form(max_length=40)]


@router.get("/provider/supervision")
def page(request: Request, work: Work, said: str = "") -> Response:
    """Show the provider's institutions with filing and grade, and its requests."""
    return _page(request, work, said=said)


@router.post("/provider/institutions/{facility_id:int}/grade-request")
def ask_grade(request: Request, work: Work, facility_id: Id, wanted: Short = "", told: Words = "") -> Response:
    """Ask to be graded, or graded anew."""
    try:
        with work.session.begin_nested():
            least = number_of(wanted, f"wanted-{facility_id}")
            grades.ask_grade(work.session, work.now, work.actor, facility_id, least, told)
    except DomainError as refused:
        return _page(request, work, {f"wanted-{facility_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/provider/supervision?said=asked", status_code=303)


@router.post("/provider/cases/{case_id:int}/answer")
def answer_case(request: Request, work: Work, case_id: Id, answer: Words = "") -> Response:
    """Answer a finding."""
    try:
        with work.session.begin_nested():
            cases.answer_case(work.session, work.now, work.actor, case_id, answer)
    except DomainError as refused:
        return _page(request, work, {f"answer-{case_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/provider/supervision?said=answered", status_code=303)


@router.post("/provider/incidents")
def report(
    request: Request, work: Work, facility_id: Short = "", kind: Short = "", severity: Short = "",
    happened_on: Short = "", happened_at: Short = "", elder_id: Short = "", told: Words = "",
) -> Response:  # fmt: skip
    """Report an incident."""
    try:
        with work.session.begin_nested():
            new = incidents.NewIncident(
                id_of(facility_id, "facility_id"), kind, severity, _moment(happened_on, happened_at), told,
                id_of(elder_id, "elder_id") if elder_id.strip() else None,
            )  # fmt: skip
            incidents.report_incident(work.session, work.now, work.actor, new)
    except DomainError as refused:
        errors = {str(refused.facts.get("field", "told")): refused.message_zh}
        return _page(request, work, errors, status_of(refused))
    return RedirectResponse("/provider/supervision?said=reported", status_code=303)


@router.post("/provider/incidents/{incident_id:int}/measures")
def note_measures(request: Request, work: Work, incident_id: Id, told: Words = "") -> Response:
    """Write down what was done about an incident."""
    try:
        with work.session.begin_nested():
            incidents.note_measures(work.session, work.now, work.actor, incident_id, told)
    except DomainError as refused:
        return _page(request, work, {f"measures-{incident_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/provider/supervision?said=noted", status_code=303)


def _moment(day: str, clock: str) -> datetime:
    try:
        return datetime.combine(day_of(day, "happened_on"), time.fromisoformat(clock.strip()), SHANGHAI)
    except ValueError:
        raise Invalid("请填几点几分，例如 21:30。", field="happened_at") from None


def _page(
    request: Request, work: UnitOfWork, errors: dict[str, str] | None = None, status: int = 200, *, said: str = ""
) -> Response:
    provider_id, today = provider_of(work), civil_date(work.now)
    known = cases.list_cases(work.session, provider_id=provider_id)
    rows = queries.institutions(work.session, today, provider_id=provider_id)
    names = {
        "home": "/provider",
        "provider_name": find_provider(work.session, provider_id).name,
        "rows": rows,
        "requests": grades.requests(work.session, provider_id=provider_id),
        "today": today,
        "cases": known,
        "decisions": {one.id: cases.decisions_of(work.session, one.id) for one in known},
        "incidents": incidents.incidents(work.session, provider_id=provider_id),
        "rounds": inspections.inspections(work.session, provider_id=provider_id),
        "kinds": KINDS,
        "sites": [(one.id, one.name) for one in rows],
        "residents": incidents.residents(work.session),
        "said": said,
        "errors": errors or {},
    }
    return render(request, "provider/supervision.html", names, status_code=status)
