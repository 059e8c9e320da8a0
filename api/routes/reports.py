"""Monthly reports of areas: asked for, read, worked out again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.reports import ReportCardOut, ReportIn, ReportOut, ReportRecountOut
from services.cities.rules import area_range
from services.oversight.queries import desk_area
from services.oversight.reports import ask_report, check_report, find_report, reports_of

router = APIRouter(prefix="/api/v1", tags=["reports"])
ReportId = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/area-reports", response_model=list[ReportCardOut], responses=problems(401, 403), summary="Reports of one's area"
)
def reports(
    work: Work, before: Annotated[int | None, Query(ge=1, le=2**62, description="id of the last one read")] = None
) -> list[ReportCardOut]:
    """Give the reports of the office's area and all inside it, newest first, sixty a page."""
    lo, hi = area_range(desk_area(work.actor))
    return [ReportCardOut.model_validate(row) for row in reports_of(work.session, lo, hi, before=before)]


@router.post(
    "/area-reports",
    response_model=ReportCardOut,
    status_code=202,
    responses=problems(401, 403, 404, 409),
    summary="Ask for a report",
)
def ask(work: Work, asked: ReportIn) -> ReportCardOut:
    """Promise the report of an area about a month that is over; a job makes it."""
    report_id = ask_report(work.session, work.now, work.actor, asked.area_code, asked.month)
    return ReportCardOut.model_validate(find_report(work.session, report_id))


@router.get("/area-reports/{report_id}", response_model=ReportOut, responses=problems(401, 404), summary="One report")
def report(work: Work, report_id: ReportId) -> ReportOut:
    """Give one report with its content."""
    return ReportOut.model_validate(find_report(work.session, report_id))


@router.get(
    "/area-reports/{report_id}/recount",
    response_model=ReportRecountOut,
    responses=problems(401, 404, 409),
    summary="Work it out again",
)
def recount(work: Work, report_id: ReportId) -> ReportRecountOut:
    """Work a report out again with the knowledge it was made with, and say where it differs."""
    return ReportRecountOut.model_validate(check_report(work.session, report_id))
