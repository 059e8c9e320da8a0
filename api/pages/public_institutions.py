"""Care institutions for anybody to read: who is filed, who is graded how well, until when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api.deps import OpenWork
from api.pages.kit import render
from services.clock import civil_date
from services.supervision import filings, grades, inspections, queries, site_certificates

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/institutions")
def list_page(
    request: Request, work: OpenWork, min_grade: Annotated[str, Query(pattern="^[1-5]?$")] = "", filed: bool = False
) -> Response:
    """Show open institutions with their filing and grade."""
    today = civil_date(work.now)
    least = int(min_grade) if min_grade else None
    rows = queries.institutions(work.session, today, min_grade=least, filed=filed)
    asked = {"min_grade": least, "filed": filed}
    return render(request, "institution/list.html", {"home": "/", "rows": rows, "today": today, "asked": asked})


@router.get("/institutions/{facility_id:int}")
def one_page(request: Request, work: OpenWork, facility_id: Id) -> Response:
    """Show one institution with every step of its filing and every certificate."""
    today = civil_date(work.now)
    names = {
        "home": "/",
        "one": queries.institution(work.session, facility_id, today),
        "filing": filings.steps_of(work.session, facility_id),
        "grades": grades.grades_of(work.session, facility_id),
        "papers": site_certificates.certificates_of(work.session, facility_id),
        "rounds": inspections.inspections(work.session, facility_id=facility_id, state="done"),
        "today": today,
    }
    return render(request, "institution/one.html", names)
