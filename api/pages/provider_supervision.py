"""A provider under supervision: filings and grades of its institutions, requests to be graded."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_institutions import number_of
from api.pages.provider_money import provider_of
from services.clock import civil_date
from services.directory.queries import find_provider
from services.errors import DomainError
from services.supervision import grades, queries
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


def _page(
    request: Request, work: UnitOfWork, errors: dict[str, str] | None = None, status: int = 200, *, said: str = ""
) -> Response:
    provider_id, today = provider_of(work), civil_date(work.now)
    names = {
        "home": "/provider",
        "provider_name": find_provider(work.session, provider_id).name,
        "rows": queries.institutions(work.session, today, provider_id=provider_id),
        "requests": grades.requests(work.session, provider_id=provider_id),
        "today": today,
        "said": said,
        "errors": errors or {},
    }
    return render(request, "provider/supervision.html", names, status_code=status)
