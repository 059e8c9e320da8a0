"""What visits ask a supervisor to look at: risks in somebody's hands, exceptions nobody decided, and visits by doubt."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.deps import GuardedRequest
from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from services.clock import civil_date
from services.errors import DomainError
from services.visits.alerts import alerts, close_alert
from services.visits.exceptions import open_exceptions
from services.visits.judging import REVIEWERS, visits_to_look_at

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


async def posted_form(request: GuardedRequest) -> FormData:
    """Give the fields of a form whose names carry a row's number."""
    return await request.form()


@router.get("/officer/evidence")
def to_look_at(request: Request, office: Desk) -> Response:
    """Show what waits for a supervisor, the most urgent first."""
    return _page(request, office)


@router.post("/officer/evidence/alerts/{alert_id:int}/close")
def close(request: Request, office: Desk, alert_id: Id, posted: Annotated[FormData, Depends(posted_form)]) -> Response:
    """Close a risk with what was done."""
    work, field = office.work, f"done-{alert_id}"
    words = str(posted.get(field, ""))[:1000]
    try:
        with work.session.begin_nested():
            close_alert(work.session, work.now, work.actor, alert_id, words)
    except DomainError as refused:
        return _page(request, office, {field: refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/evidence", status_code=303)


def _page(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    work = office.work
    listed, seed = (
        visits_to_look_at(work.session, work.actor, office.lo, office.hi, civil_date(work.now))
        if work.actor.role in REVIEWERS
        else ([], "")
    )
    names = office.names(
        now=work.now,
        alerts=alerts(work.session),
        exceptions=open_exceptions(work.session, office.lo, office.hi),
        listed=listed,
        seed=seed,
        errors=errors or {},
    )
    return render(request, "officer/evidence.html", names, status_code=status)
