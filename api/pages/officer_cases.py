"""Cases and incidents at the officer's desk: a list, one as a timeline, and the acts that move it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_draws import id_of
from api.pages.officer_institutions import day_of
from api.pages.officer_office import Desk, Office
from services.clock import civil_date
from services.directory.queries import providers_in
from services.errors import DomainError, Invalid
from services.settlement.queries import lines_of, list_settlements
from services.supervision import cases, incidents

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
Short = Annotated[str, Form(max_length=400)]
EMPTY = dict.fromkeys(
    ("provider_id", "title", "finding", "kind", "told", "due_on", "yuan", "line_id", "department"), ""
)
SHOWN_LINES = 200


@router.get("/officer/cases")
def cases_page(
    request: Request, office: Desk, source: str = "other", source_id: str = "", provider: str = "", title: str = ""
) -> Response:
    """Show the area's cases, and the form that opens one (filled in from an inspection, incident or complaint)."""
    values = {"source": source[:20], "source_id": source_id[:20], "provider_id": provider[:20], "title": title[:100]}
    return _list(request, office, values=values)


@router.post("/officer/cases")
def open_case(
    request: Request, office: Desk, provider_id: Short = "", source: Short = "", source_id: Short = "",
    title: Short = "", finding: Words = "",
) -> Response:  # fmt: skip
    """Open a case."""
    work = office.work
    values = {"provider_id": provider_id, "source": source, "source_id": source_id, "title": title, "finding": finding}
    try:
        with work.session.begin_nested():
            new = cases.NewCase(
                id_of(provider_id, "provider_id"), source, title, finding,
                id_of(source_id, "source") if source_id.strip() else None,
            )  # fmt: skip
            made = cases.open_case(work.session, work.now, work.actor, new)
    except DomainError as refused:
        return _list(request, office, refused, values)
    return RedirectResponse(f"/officer/cases/{made}", status_code=303)


@router.get("/officer/cases/{case_id:int}")
def case_page(request: Request, office: Desk, case_id: Id) -> Response:
    """Show one case as a timeline with the forms for its next step."""
    return _one(request, office, case_id)


@router.post("/officer/cases/{case_id:int}/decide")
def decide(
    request: Request, office: Desk, case_id: Id, kind: Short = "", told: Words = "", due_on: Short = "",
    yuan: Short = "", line_id: Short = "",
) -> Response:  # fmt: skip
    """Decide one thing."""
    work = office.work
    values = {"kind": kind, "told": told, "due_on": due_on, "yuan": yuan, "line_id": line_id}

    def act() -> None:
        new = cases.NewDecision(
            kind, told, day_of(due_on, "due_on") if due_on.strip() else None,
            _fen(yuan) if yuan.strip() else None, id_of(line_id, "line_id") if line_id.strip() else None,
        )  # fmt: skip
        cases.decide(work.session, work.now, work.actor, case_id, new)

    return _do(request, office, case_id, act, values)


@router.post("/officer/cases/{case_id:int}/done/{decision_id:int}")
def mark_done(request: Request, office: Desk, case_id: Id, decision_id: Id, note: Words = "") -> Response:
    """Write down that something decided was carried out."""
    work = office.work
    return _do(request, office, case_id, lambda: cases.mark_done(work.session, work.now, work.actor, decision_id, note))


@router.post("/officer/cases/{case_id:int}/refer")
def refer(request: Request, office: Desk, case_id: Id, department: Short = "", told: Words = "") -> Response:
    """Hand the case to another department."""
    work = office.work

    def act() -> None:
        cases.refer_case(work.session, work.now, work.actor, case_id, department, told)

    return _do(request, office, case_id, act, {"department": department})


@router.post("/officer/cases/{case_id:int}/referrals/{referral_id:int}")
def referral_answer(
    request: Request, office: Desk, case_id: Id, referral_id: Id, answer: Words = "", reference: Short = ""
) -> Response:
    """Write down what the department answered."""
    work = office.work
    return _do(
        request, office, case_id,
        lambda: cases.answer_referral(work.session, work.now, work.actor, referral_id, answer, reference),
    )  # fmt: skip


@router.post("/officer/cases/{case_id:int}/close")
def close(request: Request, office: Desk, case_id: Id) -> Response:
    """Close the case."""
    work = office.work
    return _do(request, office, case_id, lambda: cases.close_case(work.session, work.now, work.actor, case_id))


@router.get("/officer/incidents")
def incidents_page(request: Request, office: Desk) -> Response:
    """Show the area's incidents, and the elders who are to be assessed again after one."""
    session = office.work.session
    names = office.names(rows=incidents.incidents(session), again=incidents.to_assess_again(session))
    return render(request, "officer/incidents.html", names)


@router.get("/officer/incidents/{incident_id:int}")
def incident_page(request: Request, office: Desk, incident_id: Id) -> Response:
    """Show one incident with its words; the look is noted."""
    return _incident(request, office, incident_id)


@router.post("/officer/incidents/{incident_id:int}/measures")
def note_measures(request: Request, office: Desk, incident_id: Id, told: Words = "") -> Response:
    """Write down what was done."""
    work = office.work
    return _do_incident(
        request, office, incident_id,
        lambda: incidents.note_measures(work.session, work.now, work.actor, incident_id, told),
    )  # fmt: skip


@router.post("/officer/incidents/{incident_id:int}/close")
def close_incident(
    request: Request, office: Desk, incident_id: Id, responsible: Short = "", told: Words = ""
) -> Response:
    """Close an incident."""
    work = office.work

    def act() -> None:
        if responsible not in ("yes", "no"):
            raise Invalid("请选机构有没有责任。", field="responsible")
        incidents.close_incident(work.session, work.now, work.actor, incident_id, responsible == "yes", told)

    return _do_incident(request, office, incident_id, act)


def _fen(yuan: str) -> int:
    whole, _, cents = yuan.strip().partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 9 and (cents + "00")[:2].isdigit() and len(cents) < 3):
        raise Invalid("请填金额（元）。", field="yuan")
    return int(whole) * 100 + int((cents + "00")[:2])


def _do(request: Request, office: Office, case_id: int, act: Any, values: dict[str, str] | None = None) -> Response:
    try:
        with office.work.session.begin_nested():
            act()
    except DomainError as refused:
        return _one(request, office, case_id, refused, values)
    return RedirectResponse(f"/officer/cases/{case_id}", status_code=303)


def _do_incident(request: Request, office: Office, incident_id: int, act: Any) -> Response:
    try:
        with office.work.session.begin_nested():
            act()
    except DomainError as refused:
        return _incident(request, office, incident_id, refused)
    return RedirectResponse(f"/officer/incidents/{incident_id}", status_code=303)


def _errors(refused: DomainError | None, field: str) -> dict[str, str]:
    return {} if refused is None else {str(refused.facts.get("field", field)): refused.message_zh}


def _list(
    request: Request, office: Office, refused: DomainError | None = None, values: dict[str, str] | None = None
) -> Response:
    session, now = office.work.session, office.work.now
    names = office.names(
        rows=[{"one": one, "overdue": cases.is_overdue(one, now)} for one in cases.list_cases(session)],
        providers=[(row.id, row.name) for row in providers_in(session, office.lo, office.hi)],
        values=EMPTY | {"source": "other", "source_id": ""} | (values or {}),
        errors=_errors(refused, "title"),
    )
    return render(request, "officer/cases.html", names, status_code=status_of(refused) if refused else 200)


def _one(
    request: Request, office: Office, case_id: int, refused: DomainError | None = None,
    values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    session, now = office.work.session, office.work.now
    found = cases.find_case(session, case_id)
    names = office.names(
        case=found,
        overdue=cases.is_overdue(found, now),
        may_decide=found.state in ("answered", "decided") or cases.is_overdue(found, now),
        decisions=cases.decisions_of(session, case_id),
        referrals=cases.referrals_of(session, case_id),
        events=cases.events_of(session, case_id),
        lines=_lines(office, found.provider_id) if found.state != "closed" else [],
        today=civil_date(now),
        values=EMPTY | (values or {}),
        errors=_errors(refused, "told"),
    )
    return render(request, "officer/case.html", names, status_code=status_of(refused) if refused else 200)


def _lines(office: Office, provider_id: int) -> list[tuple[int, str]]:
    """The provider's latest settled lines, for money that is to come back."""
    session = office.work.session
    months = list_settlements(session, provider_id=provider_id, limit=3)
    lines = [line for month in months for line in lines_of(session, month.id) if line.kind != "correction"]
    return [
        (line.id, f"{line.service_day} · {line.order_id} · {(line.government_fen + line.voucher_fen) / 100:.2f}")
        for line in lines[:SHOWN_LINES]
    ]


def _incident(request: Request, office: Office, incident_id: int, refused: DomainError | None = None) -> Response:
    work = office.work
    told, steps = incidents.read_incident(work.session, work.now, work.actor, incident_id)
    found = incidents.find_incident(work.session, incident_id)
    names = office.names(
        one=found,
        told=told,
        steps=steps,
        risk_events=incidents.risk_events(work.session, found.elder_id, work.now) if found.elder_id else 0,
        errors=_errors(refused, "told"),
    )
    return render(request, "officer/incident.html", names, status_code=status_of(refused) if refused else 200)
