"""A provider keeps its carers' personnel files: certificates with scans, trainings, and what ends soon."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.provider_money import provider_of
from api.routes.personnel import refuse_large, scan_answer
from services.clock import civil_date
from services.directory import personnel
from services.directory.queries import find_provider
from services.directory.trust_errors import CertificateIncomplete, NotYourStaff, TrainingIncomplete
from services.errors import DomainError
from services.people.attachments import LARGEST
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_large)])
Id = Annotated[int, Path(ge=1, le=2**62)]
Short = Annotated[str, Form(max_length=400)]
FIELDS = (
    "name", "certificate_number", "issuer", "valid_from", "valid_until", "title", "organiser", "held_on", "hours",
)  # fmt: skip


@router.get("/provider/personnel")
def personnel_page(request: Request, work: Work) -> Response:
    """Show who works here, with what each certificate still proves today."""
    provider_id = provider_of(work)
    names = {
        "home": "/provider",
        "provider_name": find_provider(work.session, provider_id).name,
        "files": personnel.personnel_of(work.session, provider_id, civil_date(work.now)),
        "today": civil_date(work.now),
        "base": "/provider/personnel",
    }
    return render(request, "provider/personnel.html", names)


@router.get("/provider/personnel/{carer_id:int}")
def file_page(request: Request, work: Work, carer_id: Id, said: str = "") -> Response:
    """Show one carer's file with the forms to keep it."""
    return _page(request, work, carer_id, said=said)


@router.post("/provider/personnel/{carer_id:int}/certificates")
def keep_certificate(
    request: Request,
    work: Work,
    carer_id: Id,
    name: Short = "",
    certificate_number: Short = "",
    issuer: Short = "",
    valid_from: Short = "",
    valid_until: Short = "",
    covers: Annotated[list[str] | None, Form()] = None,
    scan: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep a certificate, with its scan if one was handed in."""
    values = {
        "name": name, "certificate_number": certificate_number, "issuer": issuer, "valid_from": valid_from,
        "valid_until": valid_until,
    }  # fmt: skip
    try:
        days = [_day(valid_from, CertificateIncomplete(field="valid_from")),
                _day(valid_until, CertificateIncomplete(field="valid_until"))]  # fmt: skip
        content = scan.file.read(LARGEST + 1) if scan is not None and scan.filename else None
        with work.session.begin_nested():
            new = personnel.NewCertificate(name, certificate_number, issuer, days[0], days[1], tuple(covers or ()))
            personnel.record_certificate(work.session, work.now, work.actor, carer_id, new, content)
    except DomainError as refused:
        return _page(request, work, carer_id, refused=refused, values=values)
    return RedirectResponse(f"/provider/personnel/{carer_id}?said=kept", status_code=303)


@router.post("/provider/personnel/{carer_id:int}/trainings")
def keep_training(
    request: Request, work: Work, carer_id: Id, title: Short = "", organiser: Short = "", held_on: Short = "",
    hours: Short = "",
) -> Response:  # fmt: skip
    """Note a training."""
    values = {"title": title, "organiser": organiser, "held_on": held_on, "hours": hours}
    try:
        day = _day(held_on, TrainingIncomplete(field="held_on"))
        if not hours.isascii() or not hours.isdigit() or not 0 < int(hours) <= 8760:
            raise TrainingIncomplete(field="hours")
        with work.session.begin_nested():
            personnel.record_training(
                work.session, work.now, work.actor, carer_id, title, organiser, day, int(hours) * 60
            )
    except DomainError as refused:
        return _page(request, work, carer_id, refused=refused, values=values)
    return RedirectResponse(f"/provider/personnel/{carer_id}?said=kept", status_code=303)


@router.post("/provider/personnel/{carer_id:int}/certificates/{certificate_id:int}/withdraw")
def withdraw(request: Request, work: Work, carer_id: Id, certificate_id: Id, reason: Short = "") -> Response:
    """Take a certificate out of the file, with the reason."""
    try:
        with work.session.begin_nested():
            personnel.withdraw_certificate(work.session, work.now, work.actor, certificate_id, reason)
    except DomainError as refused:
        return _page(request, work, carer_id, refused=refused, field=f"reason-{certificate_id}")
    return RedirectResponse(f"/provider/personnel/{carer_id}?said=withdrawn", status_code=303)


@router.get("/provider/personnel/scans/{certificate_id:int}")
def scan(work: Work, certificate_id: Id) -> Response:
    """Give a certificate's scan for saving; the look is noted."""
    provider_of(work)
    return scan_answer(work, certificate_id)


def _day(said: str, wrong: DomainError) -> date:
    try:
        return date.fromisoformat(said.strip())
    except ValueError:
        raise wrong from None


def _page(
    request: Request, work: UnitOfWork, carer_id: int, *, said: str = "", refused: DomainError | None = None,
    values: dict[str, str] | None = None, field: str = "",
) -> Response:  # fmt: skip
    provider_id = provider_of(work)
    today = civil_date(work.now)
    found = personnel.personnel_file(work.session, carer_id, today)
    if found.provider_id != provider_id:
        raise NotYourStaff(provider_id=found.provider_id)
    errors = {} if refused is None else {field or str(refused.facts.get("field", "name")): refused.message_zh}
    names = {
        "home": "/provider",
        "file": found,
        "today": today,
        "said": said,
        "errors": errors,
        "values": dict.fromkeys(FIELDS, "") | (values or {}),
        "own": True,
        "base": "/provider/personnel",
    }
    return render(request, "provider/file.html", names, status_code=status_of(refused) if refused else 200)
