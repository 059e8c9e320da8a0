"""The officer watches over providers: blacklist with visits to decide, appeals, credit levels, personnel files."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office, speaking
from api.pages.public_credit import level_row
from api.routes.personnel import scan_answer
from services.clock import civil_date
from services.directory import appeals, blacklist, credit, personnel
from services.directory.queries import find_provider, providers_in
from services.directory.trust_errors import NoSuchCredit
from services.dispatch import barred
from services.errors import DomainError, Invalid

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
Short = Annotated[str, Form(max_length=400)]
Code = Annotated[str, Form(max_length=40)]


@router.get("/officer/trust")
def trust_page(request: Request, office: Desk, said: str = "") -> Response:
    """Show visits to decide, appeals, the blacklist and every provider's level."""
    return _page(request, office, said=said)


@router.post("/officer/trust/blacklist")
def enter(
    request: Request,
    office: Desk,
    whom: Code = "",
    reason: Words = "",
    evidence: Words = "",
    legal_basis: Words = "",
    until_on: Short = "",
) -> Response:
    """Put a provider or a carer on the list."""
    work = office.work
    values = {"whom": whom, "reason": reason, "evidence": evidence, "legal_basis": legal_basis, "until_on": until_on}
    try:
        with work.session.begin_nested():
            blacklist.enter_blacklist(work.session, work.now, work.actor, _entry(values))
    except DomainError as refused:
        return _page(request, office, {str(refused.facts.get("field", "whom")): refused.message_zh}, refused, values)
    return RedirectResponse("/officer/trust?said=entered", status_code=303)


@router.post("/officer/trust/blacklist/{entry_id:int}/lift")
def lift(request: Request, office: Desk, entry_id: Id, reason: Words = "") -> Response:
    """Take somebody off the list."""
    return _do(request, office, "lifted", f"lift-{entry_id}", blacklist.lift_blacklisting, entry_id, reason)


@router.post("/officer/trust/visits/{barred_visit_id:int}")
def decide_visit(
    request: Request, office: Desk, barred_visit_id: Id, decision: Code = "", note: Words = ""
) -> Response:
    """Decide what becomes of a visit."""
    field = f"visit-{barred_visit_id}"
    return _do(request, office, "decided", field, barred.decide_visit, barred_visit_id, decision, note)


@router.post("/officer/trust/appeals/{trust_appeal_id:int}")
def decide_appeal(
    request: Request, office: Desk, trust_appeal_id: Id, decision: Code = "", reply: Words = ""
) -> Response:
    """Decide an appeal."""
    field = f"appeal-{trust_appeal_id}"
    return _do(request, office, "decided", field, appeals.decide_appeal, trust_appeal_id, decision, reply)


@router.get("/officer/trust/providers/{provider_id:int}")
def provider_page(request: Request, office: Desk, provider_id: Id, said: str = "") -> Response:
    """Show one provider's levels with the evidence, and its carers' files."""
    work = office.work
    provider = find_provider(work.session, provider_id)
    today = civil_date(work.now)
    rows = credit.credit_history(work.session, provider_id, 24)
    with speaking(request):
        levels = [level_row(row) for row in rows]
    names = office.names(
        provider=provider,
        levels=levels,
        evidence=credit.evidence_of(work.session, rows[0].id, 300) if rows else [],
        part_names={part["code"]: part["name"] for part in levels[0]["parts"]} if levels else {},
        files=personnel.personnel_of(work.session, provider_id, today),
        today=today,
        said=said,
        last_month=(today.replace(day=1) - timedelta(days=1)).replace(day=1),
    )
    return render(request, "officer/trust_provider.html", names)


@router.post("/officer/trust/providers/{provider_id:int}/compute")
def compute(office: Desk, provider_id: Id, month: Short = "") -> Response:
    """Have a month computed anew."""
    work = office.work
    try:
        asked = date.fromisoformat(f"{month.strip()[:7]}-01")
    except ValueError:
        raise Invalid("请选一个月份。", field="month") from None
    credit.ask_credit(work.session, work.now, work.actor, provider_id, asked)
    return RedirectResponse(f"/officer/trust/providers/{provider_id}?said=asked", status_code=303)


@router.get("/officer/trust/scans/{certificate_id:int}")
def scan(office: Desk, certificate_id: Id) -> Response:
    """Give a certificate's scan for saving; the look is noted."""
    return scan_answer(office.work, certificate_id)


def _entry(values: dict[str, str]) -> blacklist.NewEntry:
    kind, _, number = values["whom"].partition("-")
    if kind not in ("provider", "carer") or not number.isascii() or not number.isdigit() or int(number) > 2**62:
        raise Invalid("请选一家机构或一位护理员。", field="whom")
    until = values["until_on"].strip()
    try:
        day = date.fromisoformat(until) if until else None
    except ValueError:
        raise Invalid("截止日期要在今天以后。", field="until_on") from None
    return blacklist.NewEntry(
        reason=values["reason"], evidence=values["evidence"], legal_basis=values["legal_basis"], until_on=day,
        provider_id=int(number) if kind == "provider" else None, carer_id=int(number) if kind == "carer" else None,
    )  # fmt: skip


def _do(request: Request, office: Office, said: str, field: str, verb: Any, *what: Any) -> Response:
    work = office.work
    try:
        with work.session.begin_nested():
            verb(work.session, work.now, work.actor, *what)
    except DomainError as refused:
        return _page(request, office, {field: refused.message_zh}, refused)
    return RedirectResponse(f"/officer/trust?said={said}", status_code=303)


def _page(
    request: Request,
    office: Office,
    errors: dict[str, str] | None = None,
    refused: DomainError | None = None,
    values: dict[str, str] | None = None,
    *,
    said: str = "",
) -> Response:
    session = office.work.session
    today = civil_date(office.work.now)
    inside = providers_in(session, office.lo, office.hi)
    with speaking(request):
        rows = [_line(office, row, today) for row in inside]
        waiting = barred.visits_to_decide(session)
    names = office.names(
        rows=rows,
        choices=[(f"provider-{row['id']}", row["name"]) for row in rows]
        + [(f"carer-{one.carer_id}", f"{row['name']} · {one.display_name}") for row in rows for one in row["files"]],
        visits=waiting,
        appeals=appeals.appeals(session),
        entries=blacklist.entries(session),
        said=said,
        errors=errors or {},
        values=values or {"whom": "", "reason": "", "evidence": "", "legal_basis": "", "until_on": ""},
    )
    return render(request, "officer/trust.html", names, status_code=status_of(refused) if refused else 200)


def _line(office: Office, provider: Any, today: date) -> dict[str, Any]:
    session = office.work.session
    try:
        level = level_row(credit.credit_of(session, provider.id))
    except NoSuchCredit:
        level = None
    files = personnel.personnel_of(session, provider.id, today)
    return {
        "id": provider.id, "name": provider.name, "blocked": provider.blocked_at is not None, "credit": level,
        "files": files, "ending": sum(1 for one in files if one.ends_soon),
        "unproved": sum(1 for one in files if one.unproved),
    }  # fmt: skip
