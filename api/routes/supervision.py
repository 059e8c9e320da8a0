"""Institutions: filed and graded, for everybody to read and for the office of the area to write down."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.supervision import (
    FilingStepIn,
    FilingStepOut,
    GradeIn,
    GradeOut,
    GradeRequestIn,
    GradeRequestOut,
    InstitutionDetailOut,
    InstitutionOut,
    InstitutionPageOut,
    ReplyIn,
    RevocationIn,
)
from services.clock import civil_date
from services.supervision import filings, grades, queries
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["supervision"])
Id = Annotated[int, Path(ge=1, le=2**62)]
AreaCode = Annotated[int | None, Query(ge=110000000000000, le=999999999999999, description="15 digits; all inside it")]


@router.get("/institutions", response_model=InstitutionPageOut, responses=problems(), summary="Care institutions")
def list_institutions(
    work: OpenWork,
    area_code: AreaCode = None,
    min_grade: Annotated[int | None, Query(ge=1, le=5)] = None,
    filed: bool = False,
    after_id: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> InstitutionPageOut:
    """List open institutions with filing and grade: all, the filed ones, those of a grade or better."""
    rows = queries.institutions(
        work.session, civil_date(work.now), area_code=area_code, min_grade=min_grade, filed=filed, after_id=after_id,
        limit=limit,
    )  # fmt: skip
    found = [InstitutionOut.model_validate(row, from_attributes=True) for row in rows]
    return InstitutionPageOut(institutions=found, after_id=rows[-1].id if len(rows) == limit else None)


@router.get(
    "/institutions/{facility_id}",
    response_model=InstitutionDetailOut,
    responses=problems(404),
    summary="One institution",
)
def show_institution(work: OpenWork, facility_id: Id) -> InstitutionDetailOut:
    """Show an institution with every step of its filing and every certificate."""
    return _out(work, facility_id)


@router.post(
    "/institutions/{facility_id}/filing",
    status_code=201,
    response_model=InstitutionDetailOut,
    responses=problems(401, 403, 404, 409),
    summary="Next step of a filing",
)
def record_filing(work: Work, facility_id: Id, told: FilingStepIn) -> InstitutionDetailOut:
    """Write down that an institution applied, was filed, changed or withdrew."""
    filings.record_step(work.session, work.now, work.actor, facility_id, filings.NewStep(**told.model_dump()))
    return _out(work, facility_id)


@router.post(
    "/institutions/{facility_id}/grades",
    status_code=201,
    response_model=InstitutionDetailOut,
    responses=problems(401, 403, 404, 409),
    summary="A certificate of grade",
)
def record_grade(work: Work, facility_id: Id, told: GradeIn) -> InstitutionDetailOut:
    """Write a certificate of grade down; a request that waits is answered by it."""
    grades.record_grade(work.session, work.now, work.actor, facility_id, grades.NewGrade(**told.model_dump()))
    return _out(work, facility_id)


@router.post(
    "/institution-grades/{grade_id}/revocation",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Take a certificate away",
)
def revoke_grade(work: Work, grade_id: Id, told: RevocationIn) -> None:
    """Take a certificate away from a day on, or strike it because it was written down by mistake."""
    grades.revoke_grade(work.session, work.now, work.actor, grade_id, told.on, told.reason, told.mistaken)


@router.post(
    "/institutions/{facility_id}/grade-requests",
    status_code=201,
    response_model=GradeRequestOut,
    responses=problems(401, 403, 404, 409),
    summary="Ask to be graded",
)
def ask_grade(work: Work, facility_id: Id, told: GradeRequestIn) -> GradeRequestOut:
    """Ask to be graded or graded anew, for the provider that runs the institution."""
    asked = grades.ask_grade(work.session, work.now, work.actor, facility_id, told.wanted, told.told)
    return _request(work, asked)


@router.get(
    "/grade-requests",
    response_model=list[GradeRequestOut],
    responses=problems(401, 403),
    summary="Requests for a grade",
)
def show_requests(work: Work) -> list[GradeRequestOut]:
    """Show the requests of one's own institutions or of the office's area, those that wait first."""
    return [GradeRequestOut.model_validate(row, from_attributes=True) for row in grades.requests(work.session)]


@router.post(
    "/grade-requests/{grade_request_id}/refusal",
    response_model=GradeRequestOut,
    responses=problems(401, 403, 404, 409),
    summary="Refuse a request",
)
def refuse_grade(work: Work, grade_request_id: Id, told: ReplyIn) -> GradeRequestOut:
    """Answer a request without a certificate, saying why."""
    grades.refuse_grade(work.session, work.now, work.actor, grade_request_id, told.reply)
    return _request(work, grade_request_id)


def _out(work: UnitOfWork, facility_id: int) -> InstitutionDetailOut:
    row = queries.institution(work.session, facility_id, civil_date(work.now))
    return InstitutionDetailOut(
        **InstitutionOut.model_validate(row, from_attributes=True).model_dump(),
        filing=[
            FilingStepOut.model_validate(one, from_attributes=True)
            for one in filings.steps_of(work.session, facility_id)
        ],
        grades=[
            GradeOut.model_validate(one, from_attributes=True) for one in grades.grades_of(work.session, facility_id)
        ],
    )


def _request(work: UnitOfWork, request_id: int) -> GradeRequestOut:
    row = grades.find_request(work.session, request_id)
    return GradeRequestOut.model_validate(row, from_attributes=True)
