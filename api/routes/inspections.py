"""Inspections of institutions: who inspects, draws anybody repeats, rounds with their results, certificates of houses."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Row

from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.supervision import (
    ChecklistOut,
    ConflictIn,
    DrawIn,
    DrawOut,
    InspectionIn,
    InspectionOut,
    InspectionResultIn,
    InspectorIn,
    InspectorOut,
    KeyTargetIn,
    KeyTargetOut,
    RevealIn,
    SiteCertificateIn,
    SiteCertificateOut,
    WhyIn,
)
from services.clock import civil_date
from services.supervision import checklists, drawing, inspections, inspectors, site_certificates
from services.supervision.checklists import Published
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["inspections"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Site = Annotated[int | None, Query(ge=1, le=2**62)]


@router.get("/checklists", response_model=list[ChecklistOut], responses=problems(), summary="Checklists")
def list_checklists(work: OpenWork) -> list[ChecklistOut]:
    """Show the checklists in force today with their items."""
    return [_checklist(one) for one in checklists.checklists_on(work.session, civil_date(work.now))]


@router.get("/inspectors", response_model=list[InspectorOut], responses=problems(401, 403), summary="Inspectors")
def list_inspectors(work: Work) -> list[InspectorOut]:
    """Show the inspectors one may see: an office's own."""
    lo, hi = work.actor.area_lo or 0, work.actor.area_hi or 0
    rows = inspectors.inspectors_on(work.session, lo, hi, civil_date(work.now))
    return [InspectorOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/inspectors",
    status_code=201,
    response_model=list[InspectorOut],
    responses=problems(401, 403, 404, 409),
    summary="Appoint an inspector",
)
def appoint(work: Work, told: InspectorIn) -> list[InspectorOut]:
    """Put somebody on the list of inspectors of the office's area."""
    inspectors.appoint(work.session, work.now, work.actor, told.person_id, told.code, told.department)
    return list_inspectors(work)


@router.post(
    "/inspectors/{inspector_id}/ending", status_code=204, responses=problems(401, 403, 404, 409), summary="End it"
)
def end_appointment(work: Work, inspector_id: Id) -> None:
    """Take an inspector off the list from today on."""
    inspectors.end_appointment(work.session, work.now, work.actor, inspector_id)


@router.post(
    "/inspectors/{inspector_id}/conflicts",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Declare a conflict",
)
def declare_conflict(work: Work, inspector_id: Id, told: ConflictIn) -> None:
    """Note a provider the inspector is not sent to; who worked there is known anyway."""
    inspectors.declare_conflict(work.session, work.now, work.actor, inspector_id, told.provider_id, told.reason)


@router.get("/key-targets", response_model=list[KeyTargetOut], responses=problems(), summary="Key targets")
def list_key_targets(work: OpenWork) -> list[KeyTargetOut]:
    """Show the institutions watched more closely."""
    return [KeyTargetOut.model_validate(row, from_attributes=True) for row in inspectors.key_targets(work.session)]


@router.post(
    "/key-targets",
    status_code=201,
    response_model=list[KeyTargetOut],
    responses=problems(401, 403, 404, 409),
    summary="Watch closely",
)
def watch_closely(work: Work, told: KeyTargetIn) -> list[KeyTargetOut]:
    """Put an institution on the list of key targets."""
    inspectors.watch_closely(work.session, work.now, work.actor, told.facility_id, told.reason)
    return list_key_targets(work)


@router.post(
    "/key-targets/{key_target_id}/ending", status_code=204, responses=problems(401, 403, 404), summary="Stop watching"
)
def stop_watching(work: Work, key_target_id: Id, told: WhyIn) -> None:
    """Take an institution off the list of key targets."""
    inspectors.stop_watching(work.session, work.now, work.actor, key_target_id, told.reason)


@router.get("/inspection-draws", response_model=list[DrawOut], responses=problems(), summary="Draws")
def list_draws(work: OpenWork) -> list[DrawOut]:
    """Show every draw: commitments of those to come, all of those revealed."""
    return [_draw(row) for row in drawing.draws(work.session)]


@router.get("/inspection-draws/{draw_id}", response_model=DrawOut, responses=problems(404), summary="One draw")
def show_draw(work: OpenWork, draw_id: Id) -> DrawOut:
    """Show a draw's paper; saved as a file it is what `bin/yinling supervision draw-check` reads."""
    return _draw(drawing.find_draw(work.session, draw_id))


@router.post(
    "/inspection-draws",
    status_code=201,
    response_model=DrawOut,
    responses=problems(401, 403, 404, 409),
    summary="Commit to a draw",
)
def commit_draw(work: Work, told: DrawIn) -> DrawOut:
    """Freeze the lists and commit to a seed."""
    draw_id = drawing.commit_draw(work.session, work.now, work.actor, drawing.NewDraw(**told.model_dump()))
    return _draw(drawing.find_draw(work.session, draw_id))


@router.post(
    "/inspection-draws/{draw_id}/reveal",
    response_model=DrawOut,
    responses=problems(401, 403, 404, 409),
    summary="Show the seed and draw",
)
def reveal_draw(work: Work, draw_id: Id, told: RevealIn) -> DrawOut:
    """Show the seed, draw, and plan the drawn inspections; once."""
    drawing.reveal_draw(work.session, work.now, work.actor, draw_id, told.public_word)
    return _draw(drawing.find_draw(work.session, draw_id))


@router.get("/inspections", response_model=list[InspectionOut], responses=problems(), summary="Inspections")
def list_inspections(work: OpenWork, facility_id: Site = None) -> list[InspectionOut]:
    """Show inspections that are done, the newest first; the office and the provider also find planned ones."""
    return [_inspection(work, row) for row in inspections.inspections(work.session, facility_id=facility_id)]


@router.post(
    "/inspections",
    status_code=201,
    response_model=InspectionOut,
    responses=problems(401, 403, 404),
    summary="Plan a round",
)
def plan_inspection(work: Work, told: InspectionIn) -> InspectionOut:
    """Plan a round through an institution."""
    made = inspections.plan_inspection(
        work.session, work.now, work.actor, told.facility_id, told.checklist, told.kind, told.planned_on
    )
    return _inspection(work, inspections.find_inspection(work.session, made))


@router.get(
    "/inspections/{inspection_id}", response_model=InspectionOut, responses=problems(404), summary="One inspection"
)
def show_inspection(work: OpenWork, inspection_id: Id) -> InspectionOut:
    """Show an inspection with the result of every item."""
    return _inspection(work, inspections.find_inspection(work.session, inspection_id))


@router.post(
    "/inspections/{inspection_id}/results",
    response_model=InspectionOut,
    responses=problems(401, 403, 404, 409),
    summary="Results of a round",
)
def record_inspection(work: Work, inspection_id: Id, told: InspectionResultIn) -> InspectionOut:
    """Write down what was found on every item; published at once."""
    inspections.record_inspection(
        work.session, work.now, work.actor, inspection_id, visited_on=told.visited_on, inspectors=told.inspectors,
        results=told.results, conclusion=told.conclusion,
    )  # fmt: skip
    return _inspection(work, inspections.find_inspection(work.session, inspection_id))


@router.get(
    "/institutions/{facility_id}/certificates",
    response_model=list[SiteCertificateOut],
    responses=problems(),
    summary="Certificates of a house",
)
def list_certificates(work: OpenWork, facility_id: Id) -> list[SiteCertificateOut]:
    """Show a house's certificates of fire and food safety."""
    rows = site_certificates.certificates_of(work.session, facility_id)
    return [SiteCertificateOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/institutions/{facility_id}/certificates",
    status_code=201,
    response_model=list[SiteCertificateOut],
    responses=problems(401, 403, 404, 409),
    summary="A certificate of a house",
)
def record_certificate(work: Work, facility_id: Id, told: SiteCertificateIn) -> list[SiteCertificateOut]:
    """Write a house's certificate down."""
    site_certificates.record_certificate(work.session, work.now, work.actor, facility_id, **told.model_dump())
    return list_certificates(work, facility_id)


@router.post(
    "/site-certificates/{site_certificate_id}/withdrawal",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Withdraw a certificate",
)
def withdraw_certificate(work: Work, site_certificate_id: Id, told: WhyIn) -> None:
    """Say that a certificate no longer counts."""
    site_certificates.withdraw_certificate(work.session, work.now, work.actor, site_certificate_id, told.reason)


def _draw(row: Row[tuple[object, ...]]) -> DrawOut:
    return DrawOut.model_validate({"id": row.id, **drawing.public_paper(row)})


def _checklist(one: Published) -> ChecklistOut:
    return ChecklistOut.model_validate({"id": one.id, **one.paper.model_dump()})


def _inspection(work: UnitOfWork, row: Row[tuple[object, ...]]) -> InspectionOut:
    shown = InspectionOut.model_validate(row, from_attributes=True)
    return shown.model_copy(update={"results": inspections.results_of(work.session, row.id)})
