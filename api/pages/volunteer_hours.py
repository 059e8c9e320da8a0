"""What a volunteer takes away: a certificate or statement of the last year, as paper, table and books."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.pages.kit import render
from api.routes.hours import paper_file
from services.clock import civil_date
from services.volunteering.papers import Kind, issue_paper, read_paper

router = APIRouter(include_in_schema=False)
PaperCode = Annotated[str, Path(min_length=8, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]
YEAR_DAYS = 365


@router.post("/volunteer/papers")
def take_paper(
    work: Work,
    kind: Annotated[Kind, Form()] = "statement",
    from_day: Annotated[str, Form(max_length=10)] = "",
    to_day: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Hand out a paper over the days asked for, the last year where none are, and show where to take it."""
    assert work.actor.person_id is not None
    first, last = days_asked(civil_date(work.now), from_day, to_day)
    code = issue_paper(work.session, work.now, work.actor, work.actor.person_id, kind, first, last)
    return RedirectResponse(f"/volunteer/papers/{code}", status_code=303)


def days_asked(today: date, from_day: str, to_day: str) -> tuple[date, date]:
    """Give the days a form names; the last year for what is empty or no date."""
    return _day(from_day, today - timedelta(days=YEAR_DAYS)), _day(to_day, today)


def _day(words: str, usual: date) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return usual


@router.get("/volunteer/papers/{paper_code}")
def show_paper(request: Request, work: Work, paper_code: PaperCode) -> Response:
    """Show the forms of a paper to take away."""
    context = {"home": "/volunteer", "paper": read_paper(work.session, work.actor, paper_code)}
    return render(request, "volunteer/paper.html", context)


@router.get("/volunteer/papers/{paper_code}/{form}")
def paper_as(request: Request, work: Work, paper_code: PaperCode, form: Literal["pdf", "csv", "beancount"]) -> Response:
    """Give a paper as PDF, CSV or beancount text."""
    return paper_file(read_paper(work.session, work.actor, paper_code), form, str(request.base_url))
