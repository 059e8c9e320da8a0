"""A provider and the trust put in it: its level with the evidence, complaints to answer, ratings, the blacklist, appeals."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import speaking
from api.pages.provider_money import provider_of
from api.pages.public_credit import level_row
from services.directory import appeals, blacklist, credit
from services.directory.queries import find_provider
from services.errors import DomainError
from services.orders import judging
from services.unit_of_work import UnitOfWork
from services.visits import complaints
from services.visits.complaint_queries import list_complaints

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
RATE_WITHIN = timedelta(days=31)
SHOWN = 12


@router.get("/provider/trust")
def trust_page(request: Request, work: Work, said: str = "") -> Response:
    """Show the level and its evidence, complaints, ratings to give, and what stands on the blacklist."""
    return _page(request, work, said=said)


@router.post("/provider/complaints/{complaint_id:int}/statement")
def state_case(request: Request, work: Work, complaint_id: Id, statement: Words = "") -> Response:
    """Say how it was."""
    try:
        with work.session.begin_nested():
            complaints.state_case(work.session, work.now, work.actor, complaint_id, statement)
    except DomainError as refused:
        return _page(request, work, {f"statement-{complaint_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/provider/trust?said=stated", status_code=303)


@router.post("/provider/orders/{order_id:int}/cooperation")
def rate_cooperation(
    request: Request, work: Work, order_id: Id, face: Annotated[int, Form(ge=1, le=3)], comment: Words = ""
) -> Response:
    """Judge how the carer was received."""
    try:
        with work.session.begin_nested():
            judging.rate_cooperation(work.session, work.now, work.actor, order_id, face, comment)
    except DomainError as refused:
        return _page(request, work, {f"face-{order_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/provider/trust?said=rated", status_code=303)


@router.post("/provider/credits/{credit_id:int}/appeal")
def appeal_credit(
    request: Request,
    work: Work,
    credit_id: Id,
    grounds: Words = "",
    evidence: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Appeal against a level, naming what is wrong."""
    try:
        with work.session.begin_nested():
            appeals.appeal_credit(work.session, work.now, work.actor, credit_id, grounds, evidence or ())
    except DomainError as refused:
        return _page(request, work, {"grounds": refused.message_zh}, status_of(refused))
    return RedirectResponse("/provider/trust?said=appealed", status_code=303)


@router.post("/provider/blacklist/{entry_id:int}/appeal")
def appeal_entry(request: Request, work: Work, entry_id: Id, reason: Words = "") -> Response:
    """Appeal against an entry of the blacklist."""
    try:
        with work.session.begin_nested():
            appeals.appeal_entry(work.session, work.now, work.actor, entry_id, reason)
    except DomainError as refused:
        return _page(request, work, {f"reason-{entry_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/provider/trust?said=appealed", status_code=303)


def _page(
    request: Request, work: UnitOfWork, errors: dict[str, str] | None = None, status: int = 200, *, said: str = ""
) -> Response:
    provider_id = provider_of(work)
    session = work.session
    rows = credit.credit_history(session, provider_id, SHOWN)
    with speaking(request):
        levels = [level_row(row) for row in rows]
        evidence = [_evidence(one, levels[0]) for one in credit.evidence_of(session, rows[0].id, 300)] if rows else []
        due = judging.cooperation_due(session, provider_id, work.now - RATE_WITHIN)
    names: dict[str, Any] = {
        "home": "/provider",
        "provider_name": find_provider(session, provider_id).name,
        "said": said,
        "errors": errors or {},
        "levels": levels,
        "evidence": evidence,
        "complaints": list_complaints(session, provider_id=provider_id),
        "due": due,
        "entries": [one for one in blacklist.entries(session) if one.of_provider_id == provider_id],
        "appeals": [one for one in appeals.appeals(session) if one.provider_id == provider_id],
    }
    return render(request, "provider/trust.html", names, status_code=status)


def _evidence(one: Any, level: dict[str, Any]) -> dict[str, Any]:
    part = next((each["name"] for each in level["parts"] if each["code"] == one.part), one.part)
    return {
        "id": one.id, "part": one.part, "part_name": part, "subject_type": one.subject_type,
        "subject_id": one.subject_id, "happened_on": one.happened_on, "value": one.value, "struck": one.struck,
    }  # fmt: skip
