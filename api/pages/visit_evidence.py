"""One page per visit with its six facts and where each comes from; for the elder's side, the visitor, her provider and the office."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.deps import GuardedRequest, Work
from api.errors import status_of
from api.pages.filters import as_written, clock, full_date
from api.pages.kit import render
from services.catalogue.queries import services_by_code
from services.clock import SHANGHAI
from services.directory.queries import find_provider
from services.errors import DomainError, NotAllowed, NotFound
from services.matching.errors import NotADispatcher
from services.people.rights import right_to
from services.unit_of_work import UnitOfWork
from services.visits.errors import BadMoment
from services.visits.evidence import Evidence, Fact, evidence_of
from services.visits.exceptions import (
    SPEAKERS,
    SUPERVISORS,
    decide_exception,
    open_exceptions,
    raise_exception,
    reasons,
)
from services.visits.judging import REVIEWERS, note_look
from services.visits.phone_in import OFFICES, call_from, record_call
from services.visits.photos import say_photos
from services.visits.queries import visits_of_provider

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Short = Annotated[str, Form(max_length=80)]
Words = Annotated[str, Form(max_length=500)]


async def posted_form(request: GuardedRequest) -> FormData:
    """Give the fields of a form whose names carry a row's number."""
    return await request.form()


@router.get("/visits/{visit_id:int}")
def visit_page(request: Request, work: Work, visit_id: Id, said: Annotated[str, Query(max_length=10)] = "") -> Response:
    """Show the six facts of a visit to whoever may see it."""
    return _page(request, work, visit_id, said=said)


@router.get("/provider/evidence")
def of_a_provider(request: Request, work: Work) -> Response:
    """Show a dispatcher her provider's exceptions that wait for a word, and the visits of the last two weeks."""
    provider_id = work.actor.provider_id
    if provider_id is None:
        raise NotADispatcher(provider_id=None)
    names = {
        "home": "/provider",
        "provider_name": find_provider(work.session, provider_id).name,
        "exceptions": open_exceptions(work.session, 0, 10**15),
        "visits": visits_of_provider(work.session, provider_id, work.now - timedelta(days=14)),
        "now": work.now,
    }
    return render(request, "provider/evidence.html", names)


@router.post("/visits/{visit_id:int}/exception")
def except_fact(
    request: Request, work: Work, visit_id: Id, fact: Short = "", reason: Short = "", note: Words = ""
) -> Response:
    """Say that a fact rests on somebody's word."""
    known = ("check_in", "check_out", "place", "giver", "time")
    chosen: Any = fact if fact in known else "time"
    return _do(
        request, work, visit_id, "note",
        lambda: raise_exception(work.session, work.now, work.actor, visit_id, chosen, reason, note),
    )  # fmt: skip


@router.post("/visits/{visit_id:int}/decision")
def decide(request: Request, work: Work, visit_id: Id, posted: Annotated[FormData, Depends(posted_form)]) -> Response:
    """Accept or refuse an exception."""
    told = str(posted.get("exception_id", ""))
    exception_id = int(told) if told.isdigit() and len(told) < 18 else 0
    decision: Any = "accepted" if posted.get("decision") == "accepted" else "refused"
    field = f"decision-note-{exception_id}"
    words = str(posted.get(field, ""))[:500]
    return _do(
        request, work, visit_id, field,
        lambda: decide_exception(work.session, work.now, work.actor, exception_id, decision, words),
    )  # fmt: skip


@router.post("/visits/{visit_id:int}/call")
def take_call(
    request: Request, work: Work, visit_id: Id, direction: Short = "in", caller: Short = "", clock: Short = "",
    code: Short = "", call_key: Short = "",
) -> Response:  # fmt: skip
    """Check in or out by a call the operator took; a wrong code is counted, so it is answered, not raised."""

    def act() -> None:
        at = _today_at(work.now, clock)
        way: Any = "out" if direction == "out" else "in"
        call = call_from(caller, call_key or uuid.uuid4().hex, way, at, code)
        refusal = record_call(work.session, work.now, work.actor, visit_id, call)
        if refusal is not None:
            counted.append(refusal)

    counted: list[DomainError] = []
    answer = _do(request, work, visit_id, "caller", act)
    if counted:
        return _page(request, work, visit_id, errors={"code": counted[0].message_zh}, status=status_of(counted[0]))
    return answer


@router.post("/visits/{visit_id:int}/photos")
def wish(request: Request, work: Work, visit_id: Id, allowed: Short = "") -> Response:
    """Say for the elder whether photos may be kept."""
    elder_id = evidence_of(work.session, work.now, work.actor, visit_id).visit.elder_id
    return _do(
        request, work, visit_id, "allowed",
        lambda: say_photos(work.session, work.now, work.actor, elder_id, allowed == "yes"),
    )  # fmt: skip


@router.post("/visits/{visit_id:int}/look")
def look(request: Request, work: Work, visit_id: Id, look_note: Words = "") -> Response:
    """Write down that a supervisor looked."""
    return _do(
        request, work, visit_id, "look_note",
        lambda: note_look(work.session, work.now, work.actor, visit_id, look_note),
    )  # fmt: skip


def _do(request: Request, work: UnitOfWork, visit_id: int, field: str, act: Callable[[], None]) -> Response:
    try:
        with work.session.begin_nested():
            act()
    except NotFound:
        raise
    except DomainError as refused:
        return _page(request, work, visit_id, errors={field: refused.message_zh}, status=status_of(refused))
    return RedirectResponse(f"/visits/{visit_id}?said=yes", status_code=303)


def _page(
    request: Request, work: UnitOfWork, visit_id: int, *, errors: dict[str, str] | None = None, said: str = "",
    status: int = 200,
) -> Response:  # fmt: skip
    found = evidence_of(work.session, work.now, work.actor, visit_id)
    services = services_by_code(work.session, {found.facts[0].value})
    service = services.get(found.facts[0].value)
    home, back = _home(work, found)
    names = {
        "home": home,
        "back_href": back,
        "evidence": found,
        "service_name": service.title if service else "",
        "facts": [{"fact": one, "words": _words(one, service.title if service else ""), "clock": one.code in ("start", "end")} for one in found.facts],
        "may": _may(work, found),
        "reasons": reasons(work.session, work.now),
        "now_clock": work.now.astimezone(SHANGHAI).strftime("%H:%M"),
        "call_key": uuid.uuid4().hex,
        "errors": errors or {},
        "said": said,
    }  # fmt: skip
    return render(request, "visit/evidence.html", names, status_code=status)


def _words(fact: Fact, service_name: str) -> Any:
    """Give a fact's value as people read it; names stay as they were written."""
    if fact.code == "service":
        return service_name or "—"
    if fact.code in ("receiver", "giver"):
        return as_written(fact.value or "—")
    if fact.code == "date":
        return full_date(date.fromisoformat(fact.value)) if fact.value else "—"
    if fact.code in ("start", "end"):
        return clock(datetime.fromisoformat(fact.value)) if fact.value else "—"
    return ""


def _may(work: UnitOfWork, found: Evidence) -> SimpleNamespace:
    actor, visit = work.actor, found.visit
    hers = visit.visitor_id == actor.person_id
    right = _right(work, visit.elder_id, "order")
    writes = not actor.read_only
    return SimpleNamespace(
        except_=writes and visit.state in ("started", "finished") and (hers or actor.role in SPEAKERS),
        decide=[
            one.id
            for one in found.exceptions
            if writes and one.decision is None and actor.role in SUPERVISORS
            and actor.person_id not in (one.visitor_id, one.raised_by)
        ],
        call=writes and not hers and actor.role in OFFICES,
        wish=writes and right is not None,
        photos=_right(work, visit.elder_id, "view") is not None and writes,
        look=writes and not hers and actor.role in REVIEWERS and found.doubt is not None,
    )  # fmt: skip


def _right(work: UnitOfWork, elder_id: int, scope: Any) -> str | None:
    try:
        return right_to(work.session, work.actor, elder_id, scope, work.now).ground
    except (NotAllowed, NotFound):
        return None


def _home(work: UnitOfWork, found: Evidence) -> tuple[str, str]:
    """Give where the reader came from: her own pages, with the order or the visit she looked at."""
    visit, actor = found.visit, work.actor
    if visit.visitor_id == actor.person_id:
        pages = ("/carer", f"/carer/visits/{visit.id}")
        return pages if visit.kind == "care" else ("/volunteer", f"/volunteer/sessions/{visit.id}")
    if actor.role == "dispatcher":
        return "/provider", "/provider/evidence"
    if actor.role in (*OFFICES, "auditor"):
        return "/officer", "/officer/evidence"
    base = "/elder" if visit.elder_id == actor.person_id else f"/family/{visit.elder_id}"
    return base, f"{base}/orders/{visit.order_id}" if visit.order_id else base


def _today_at(now: datetime, told: str) -> datetime:
    """Give the moment of today (Shanghai) a clock says; a time still to come was yesterday's. Raises BadMoment."""
    try:
        hour, minute = (int(part) for part in told.split(":")[:2])
        at = now.astimezone(SHANGHAI).replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError as broken:
        raise BadMoment(field="clock") from broken
    return at if at <= now else at - timedelta(days=1)
