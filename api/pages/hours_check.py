"""Where the code on a paper leads: anybody may see whether it is ours and what seals it, and nothing about anybody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api.deps import OpenWork
from api.pages.kit import render
from services.language import for_reader
from services.volunteering.papers import check_paper

router = APIRouter(include_in_schema=False)
PaperCode = Annotated[str, Path(min_length=8, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]


@router.get("/verify/{paper_code}")
def verify_paper(
    request: Request,
    work: OpenWork,
    paper_code: PaperCode,
    minutes: Annotated[str, Query(max_length=12)] = "",
) -> Response:
    """Show what a stranger may know of a paper; with the balance printed on it, whether that is true."""
    printed = int(minutes) if minutes.isascii() and minutes.isdigit() else None
    found = check_paper(work.session, paper_code, printed)
    context = {
        "home": "/",
        "paper": found,
        "city_name": for_reader(found.city_name_zh or "", found.city_name_en or found.city_name_zh or ""),
        "paper_code": paper_code,
        "minutes": minutes,
    }
    return render(request, "volunteer/verify.html", context)
