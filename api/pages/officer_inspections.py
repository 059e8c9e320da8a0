"""Inspections at the officer's desk: rounds planned and done, certificates of houses that end."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_draws import checklists_to_choose, id_of, sites_to_choose
from api.pages.officer_institutions import day_of
from api.pages.officer_office import Desk, Office
from api.pages.public_inspections import paper_shown
from api.pages.public_services import WholeForm
from services.clock import civil_date
from services.errors import DomainError
from services.supervision import checklists, inspections, site_certificates

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
Short = Annotated[str, Form(max_length=400)]
ITEM = "item-"


@router.get("/officer/inspections")
def list_page(request: Request, office: Desk) -> Response:
    """Show the area's inspections and certificates that end."""
    return _list(request, office)


@router.post("/officer/inspections")
def plan(
    request: Request, office: Desk, facility_id: Short = "", checklist: Short = "", kind: Short = "",
    planned_on: Short = "",
) -> Response:  # fmt: skip
    """Plan a round through an institution."""
    work = office.work
    values = {"facility_id": facility_id, "checklist": checklist, "kind": kind, "planned_on": planned_on}
    try:
        with work.session.begin_nested():
            made = inspections.plan_inspection(
                work.session, work.now, work.actor, id_of(facility_id, "facility_id"), checklist,
                cast(inspections.Kind, kind), day_of(planned_on, "planned_on"),
            )  # fmt: skip
    except DomainError as refused:
        return _list(request, office, refused, values)
    return RedirectResponse(f"/officer/inspections/{made}", status_code=303)


@router.get("/officer/inspections/{inspection_id:int}")
def one_page(request: Request, office: Desk, inspection_id: Id) -> Response:
    """Show one inspection; while it is planned, the list to fill in."""
    return _one(request, office, inspection_id)


@router.post("/officer/inspections/{inspection_id:int}")
def record(request: Request, office: Desk, inspection_id: Id, form: WholeForm) -> Response:
    """Write down what was found on every item."""
    work = office.work
    told = {name: value for name, value in form.items() if isinstance(value, str)}
    results = {name.removeprefix(ITEM): value for name, value in told.items() if name.startswith(ITEM)}
    try:
        with work.session.begin_nested():
            inspections.record_inspection(
                work.session, work.now, work.actor, inspection_id,
                visited_on=day_of(told.get("visited_on", ""), "visited_on"),
                inspectors=told.get("inspectors", "").split(), results=results, conclusion=told.get("conclusion", ""),
            )  # fmt: skip
    except DomainError as refused:
        plain = {name: told.get(name, "") for name in ("visited_on", "inspectors", "conclusion")}
        return _one(request, office, inspection_id, refused, results | plain)
    return RedirectResponse(f"/officer/inspections/{inspection_id}", status_code=303)


@router.post("/officer/institutions/{facility_id:int}/certificates")
def record_certificate(
    request: Request, office: Desk, facility_id: Id, kind: Short = "", certificate_number: Short = "",
    issuer: Short = "", issued_on: Short = "", expires_on: Short = "",
) -> Response:  # fmt: skip
    """Write a house's certificate down."""
    work = office.work
    site_certificates.record_certificate(
        work.session, work.now, work.actor, facility_id, kind=kind, certificate_number=certificate_number,
        issuer=issuer, issued_on=day_of(issued_on, "issued_on"),
        expires_on=day_of(expires_on, "expires_on") if expires_on.strip() else None,
    )  # fmt: skip
    return RedirectResponse(f"/officer/institutions/{facility_id}?said=certificate", status_code=303)


@router.post("/officer/site-certificates/{site_certificate_id:int}/withdraw")
def withdraw_certificate(
    office: Desk, site_certificate_id: Id, facility_id: Annotated[int, Form(ge=1, le=2**62)], reason: Words = ""
) -> Response:
    """Say that a certificate no longer counts."""
    work = office.work
    site_certificates.withdraw_certificate(work.session, work.now, work.actor, site_certificate_id, reason)
    return RedirectResponse(f"/officer/institutions/{facility_id}?said=certificate", status_code=303)


def _list(
    request: Request, office: Office, refused: DomainError | None = None, values: dict[str, str] | None = None
) -> Response:
    session, today = office.work.session, civil_date(office.work.now)
    days = office.rules.supervision.certificate_warn_days
    names = office.names(
        rows=[one for one in inspections.inspections(session) if office.lo <= one.area_code <= office.hi],
        ending=site_certificates.ending(session, today, days, office.lo, office.hi),
        sites=sites_to_choose(office),
        checklists=checklists_to_choose(request, office),
        today=today,
        values={"facility_id": "", "checklist": "", "kind": "", "planned_on": today.isoformat()} | (values or {}),
        errors={} if refused is None else {str(refused.facts.get("field", "facility_id")): refused.message_zh},
    )
    return render(request, "officer/inspections.html", names, status_code=status_of(refused) if refused else 200)


def _one(
    request: Request, office: Office, inspection_id: int, refused: DomainError | None = None,
    values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    session = office.work.session
    found = inspections.find_inspection(session, inspection_id)
    names = office.names(
        one=found,
        paper=paper_shown(request, checklists.checklist_by_id(session, found.checklist_id).paper),
        results=inspections.results_of(session, inspection_id),
        today=civil_date(office.work.now),
        values=values or {},
        errors={} if refused is None else {str(refused.facts.get("field", "conclusion")): refused.message_zh},
    )
    return render(request, "officer/inspection.html", names, status_code=status_of(refused) if refused else 200)
