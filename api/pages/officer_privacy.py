"""Data protection at the desk: an elder at the counter, the log of readings, requests for erasure, the clearings."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from api.pages.privacy_words import field_words, purpose_words, purposes_to_choose, reading_line, state_words
from services.clock import civil_date
from services.errors import DomainError
from services.oversight import copying, erasing
from services.oversight.retention import KINDS, last_runs, rules_in_force
from services.people import consents
from services.people.attachments import LARGEST, attach
from services.people.disclosing import counts_by_reader, disclose, kept_of_elder, readings_in_area, readings_of
from services.people.errors import PaperMissing
from services.people.queries import person_card
from services.people.rights import right_to

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Word = Annotated[str, Form(max_length=40)]
Reason = Annotated[str, Form(max_length=200)]
PERIODS = (7, 31, 92, 366)


@router.get("/officer/privacy/{elder_id:int}")
def counter(request: Request, office: Desk, elder_id: Id, done: str = "") -> Response:
    """Show an elder's consents and readings, and what can be done for her at the counter."""
    return _counter(request, office, elder_id, done=done[:20])


@router.post("/officer/privacy/{elder_id:int}/consents")
def say_for(
    request: Request,
    office: Desk,
    elder_id: Id,
    purpose: Word = "",
    version: Annotated[int, Form()] = 0,
    word: Word = "",
    paper: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Write down her word at the counter: a yes with the signed paper, a no without any."""
    act = (office.work.session, office.work.now, office.work.actor, elder_id)

    def speak() -> None:
        if word != "yes":
            consents.withdraw_consent(*act, purpose)
            return
        content = paper.file.read(LARGEST + 1) if paper is not None else b""
        if not content:
            raise PaperMissing(field="paper")
        consents.give_consent(*act, purpose, version, attachment_id=attach(*act, "consent", content))

    return _do(request, office, elder_id, f"consent-{purpose}", speak, "said")


@router.post("/officer/privacy/{elder_id:int}/reveal")
def reveal_field(
    request: Request, office: Desk, elder_id: Id, field: Word = "", purpose: Word = "", reason: Reason = ""
) -> Response:
    """Show one field in clear, once; who, what and what for is written down first."""
    work = office.work
    right = right_to(work.session, work.actor, elder_id, "view", work.now)
    try:
        with work.session.begin_nested():
            act = (work.session, work.now, work.actor, elder_id)
            value = disclose(*act, field, purpose, reason, by_right=right.ground)
    except DomainError as refused:
        errors = {str(refused.facts.get("field", "purpose")): refused.message_zh}
        return _counter(request, office, elder_id, errors=errors, status_code=status_of(refused))
    return _counter(request, office, elder_id, shown={"field": field_words()[field], "value": value})


@router.post("/officer/privacy/{elder_id:int}/copy")
def ask_copy(request: Request, office: Desk, elder_id: Id) -> Response:
    """Ask for her copy, with her at the counter."""
    act = (office.work.session, office.work.now, office.work.actor, elder_id)
    return _do(request, office, elder_id, "copy", lambda: copying.ask_copy(*act), "copy")


@router.post("/officer/privacy/{elder_id:int}/erasure")
def ask_erasure(request: Request, office: Desk, elder_id: Id) -> Response:
    """Ask for her erasure, with her at the counter; somebody else decides."""
    act = (office.work.session, office.work.now, office.work.actor, elder_id)
    return _do(request, office, elder_id, "erasure", lambda: erasing.ask_erasure(*act), "erasure")


def _do(request: Request, office: Office, elder_id: int, field: str, act: Any, done: str) -> Response:
    try:
        with office.work.session.begin_nested():
            act()
    except DomainError as refused:
        errors = {field: refused.message_zh}
        return _counter(request, office, elder_id, errors=errors, status_code=status_of(refused))
    return RedirectResponse(f"/officer/privacy/{elder_id}?done={done}", status_code=303)


def _counter(
    request: Request,
    office: Office,
    elder_id: int,
    *,
    errors: dict[str, str] | None = None,
    shown: dict[str, str] | None = None,
    done: str = "",
    status_code: int = 200,
) -> Response:
    work = office.work
    right_to(work.session, work.actor, elder_id, "view", work.now)
    card = person_card(work.session, elder_id, civil_date(work.now))
    health, emergency = kept_of_elder(work.session, elder_id)
    kept = {
        "phone": bool(card.phone), "id_number": bool(card.id_number), "address": bool(card.address),
        "health": health, "emergency_phone": emergency,
    }  # fmt: skip
    erasure = erasing.request_of(work.session, elder_id)
    names = office.names(
        elder={"id": elder_id, "name": card.full_name, "phone": card.phone, "id_number": card.id_number,
               "address": card.address, "health": health, "emergency_phone": emergency},
        consents=consents.consents_of(work.session, work.now, elder_id),
        readings=[reading_line(one) for one in readings_of(work.session, elder_id, 50)],
        fields=[(code, words) for code, words in field_words().items() if kept[code]],
        purposes=purposes_to_choose(),
        copies=copying.copies_of(work.session, work.actor, elder_id),
        erasure=erasure,
        erasure_words=state_words().get(erasure.state, "") if erasure else "",
        shown=shown,
        errors=errors or {},
        done=done,
    )  # fmt: skip
    return render(request, "officer/privacy.html", names, status_code=status_code)


@router.get("/officer/readings")
def readings(
    request: Request,
    office: Desk,
    days: Annotated[int, Query()] = 31,
    field: Annotated[str, Query(max_length=20)] = "",
    purpose: Annotated[str, Query(max_length=20)] = "",
    reader: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """Show who read what in clear in the office's area, and who read most."""
    span = days if days in PERIODS else 31
    since = office.work.now - timedelta(days=span)
    found = readings_in_area(
        office.work.session,
        office.work.actor,
        since=since,
        field=field or None,
        purpose=purpose or None,
        reader_id=reader,
    )
    names = office.names(
        readings=[reading_line(one) for one in found],
        readers=counts_by_reader(office.work.session, office.work.actor, since),
        days=span,
        periods=PERIODS,
        field=field,
        fields=list(field_words().items()),
        purpose=purpose,
        purposes=list(purpose_words().items()),
        errors={},
    )
    return render(request, "officer/readings.html", names)


@router.get("/officer/erasures")
def erasures(request: Request, office: Desk) -> Response:
    """Show the requests to be forgotten, those that wait first."""
    return _erasures(request, office, {})


@router.post("/officer/erasures/{erasure_id:int}/decide")
def decide(
    request: Request,
    office: Desk,
    erasure_id: Id,
    decision: Word = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Decide on a request; an approval erases by a job."""
    work = office.work
    try:
        with work.session.begin_nested():
            approve = decision == "approve"
            erasing.decide_erasure(work.session, work.now, work.actor, erasure_id, approve=approve, reason=reason)
    except DomainError as refused:
        return _erasures(request, office, {f"request-{erasure_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/erasures#request-{erasure_id}", status_code=303)


def _erasures(request: Request, office: Office, errors: dict[str, str], status_code: int = 200) -> Response:
    words = state_words()
    rows = [
        {
            "id": row.id, "name": row.full_name or "", "person_id": row.person_id, "asked_at": row.asked_at,
            "due_at": row.due_at, "late": row.state == "asked" and row.due_at < office.work.now, "state": row.state,
            "words": words[row.state], "decision": row.decision, "proof": row.proof, "proof_hash": row.proof_hash,
            "mine": row.asked_by == office.work.actor.person_id,
            "waiting": erasing.under_way(office.work.session, office.work.now, row.person_id) if row.state == "asked" else [],
        }
        for row in erasing.requests_in_area(office.work.session, office.work.actor)
    ]  # fmt: skip
    may = office.work.actor.role in erasing.DECIDERS and not office.read_only
    names = office.names(requests=rows, may_decide=may, errors=errors)
    return render(request, "officer/erasures.html", names, status_code=status_code)


@router.get("/officer/retention")
def retention(request: Request, office: Desk) -> Response:
    """Show how long what is kept, and what the clearings removed."""
    rules = rules_in_force(office.work.session, office.work.now)
    kinds = [{"title": kind.title_zh, "rule": rules[name]} for name, kind in KINDS.items() if name in rules]
    runs = [
        {"title": KINDS[row.kind].title_zh, "row": row} for row in last_runs(office.work.session) if row.kind in KINDS
    ]
    return render(request, "officer/retention.html", office.names(kinds=kinds, runs=runs, errors={}))
