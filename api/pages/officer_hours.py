"""The officer's look at volunteers' hours: patterns worth a question, and whom to call back. Never a verdict."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office, speaking
from services.errors import DomainError
from services.volunteering.banks import latest_crossings, who_owes_whom
from services.volunteering.callbacks import answer_call_back, callbacks_due
from services.volunteering.signals import find_signals

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
ANSWERS = ("right", "wrong", "unreached")


@router.get("/officer/hours")
def hours(request: Request, office: Desk) -> Response:
    """Show the patterns of three months with their reasons, and the sample of sessions to ask about."""
    return _page(request, office)


@router.post("/officer/hours/{session_id:int}/call-back")
def call_back(
    request: Request,
    office: Desk,
    session_id: Id,
    answer: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Write down what the elder said about a session."""
    work = office.work
    if answer not in ANSWERS:
        return _page(request, office, {f"answer-{session_id}": "请选结果"}, 422)
    try:
        with work.session.begin_nested():
            answer_call_back(work.session, work.now, work.actor, session_id, answer, note.strip() or None)  # type: ignore[arg-type]
    except DomainError as refused:
        return _page(request, office, {f"answer-{session_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/hours", status_code=303)


def _page(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    work = office.work
    with speaking(request):
        names: dict[str, Any] = office.names(
            now=work.now,
            signals=find_signals(work.session, work.now, work.actor),
            debts=who_owes_whom(work.session, work.actor),
            crossings=latest_crossings(work.session, work.actor),
            calls=callbacks_due(work.session, work.actor),
            errors=errors or {},
        )
    return render(request, "officer/hours.html", names, status_code=status)
