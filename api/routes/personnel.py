"""Carers' personnel files: certificates with their scans, and trainings."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, HTTPException, Path, Request, Response, UploadFile

from api.deps import Work
from api.errors import problems
from api.schemas.trust import (
    CertificateIn,
    CertificateOut,
    NewIdOut,
    PersonnelOut,
    TrainingIn,
    TrainingOut,
    WhyIn,
)
from services.clock import civil_date
from services.directory import personnel
from services.directory.trust_errors import NotYourStaff
from services.people.attachments import LARGEST
from services.unit_of_work import UnitOfWork

Id = Annotated[int, Path(ge=1, le=2**62)]
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}


def refuse_large(request: Request) -> None:
    """Refuse an upload that says it is larger than a file may be, before its bytes are read."""
    told = request.headers.get("content-length", "0")
    if request.method in ("POST", "PUT") and (not told.isdigit() or int(told) > LARGEST + 64 * 1024):
        raise HTTPException(413)


router = APIRouter(prefix="/api/v1", tags=["personnel"], dependencies=[Depends(refuse_large)])


@router.get(
    "/providers/{provider_id}/personnel",
    response_model=list[PersonnelOut],
    responses=problems(401, 403, 404),
    summary="Personnel files of a provider",
)
def show_personnel(work: Work, provider_id: Id) -> list[PersonnelOut]:
    """Show the files of who works for a provider today, to its dispatchers and its officers."""
    dispatches = work.actor.has_role("dispatcher") and work.actor.provider_id == provider_id
    if not dispatches and work.actor.area_lo is None:
        raise NotYourStaff(provider_id=provider_id)
    rows = personnel.personnel_of(work.session, provider_id, civil_date(work.now))
    return [_out(one) for one in rows]


@router.get(
    "/carers/{carer_id}/file",
    response_model=PersonnelOut,
    responses=problems(401, 403, 404),
    summary="One personnel file",
)
def show_file(work: Work, carer_id: Id) -> PersonnelOut:
    """Show a carer's file to herself, her dispatchers and the officers of her area."""
    found = personnel.personnel_file(work.session, carer_id, civil_date(work.now))
    _check_reader(work, found)
    return _out(found)


@router.post(
    "/carers/{carer_id}/certificates",
    status_code=201,
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409),
    summary="Keep a certificate",
)
def record_certificate(work: Work, carer_id: Id, wish: CertificateIn) -> NewIdOut:
    """Keep a certificate in a carer's file; her provider's dispatcher does it."""
    new = personnel.NewCertificate(**(wish.model_dump() | {"covers": tuple(wish.covers)}))
    return NewIdOut(id=personnel.record_certificate(work.session, work.now, work.actor, carer_id, new))


@router.post(
    "/certificates/{certificate_id}/withdrawal",
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409),
    summary="Take a certificate out",
)
def withdraw(work: Work, certificate_id: Id, why: WhyIn) -> NewIdOut:
    """Take a certificate out of the file, with the reason."""
    personnel.withdraw_certificate(work.session, work.now, work.actor, certificate_id, why.reason)
    return NewIdOut(id=certificate_id)


@router.put(
    "/certificates/{certificate_id}/scan",
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409, 413),
    summary="Keep the scan of a certificate",
)
def attach_scan(
    work: Work,
    certificate_id: Id,
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP or PDF, at most 10 MB")],
) -> NewIdOut:
    """Keep a certificate's scan, sealed; its type is read from its bytes."""
    content = file.file.read(LARGEST + 1)
    personnel.attach_scan(work.session, work.now, work.actor, certificate_id, content)
    return NewIdOut(id=certificate_id)


@router.get(
    "/certificates/{certificate_id}/scan",
    response_class=Response,
    response_model=None,
    responses={
        **problems(401, 403, 404),
        200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in EXTENSIONS}},
    },
    summary="Fetch the scan of a certificate",
)
def fetch_scan(work: Work, certificate_id: Id) -> Response:
    """Give a scan's bytes for saving; the look is noted."""
    return scan_answer(work, certificate_id)


@router.post(
    "/carers/{carer_id}/trainings",
    status_code=201,
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409),
    summary="Note a training",
)
def record_training(work: Work, carer_id: Id, wish: TrainingIn) -> NewIdOut:
    """Note a training a carer took part in."""
    training_id = personnel.record_training(
        work.session, work.now, work.actor, carer_id, wish.title, wish.organiser, wish.held_on, wish.minutes
    )
    return NewIdOut(id=training_id)


def scan_answer(work: UnitOfWork, certificate_id: int) -> Response:
    """Give the answer that saves a certificate's scan."""
    found = personnel.read_scan(work.session, work.now, work.actor, certificate_id)
    headers = {
        "Content-Disposition": f'attachment; filename="certificate-{found.id}.{EXTENSIONS[found.content_type]}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(found.content, media_type=found.content_type, headers=headers)


def _check_reader(work: UnitOfWork, found: personnel.PersonnelFile) -> None:
    actor = work.actor
    dispatches = actor.has_role("dispatcher") and actor.provider_id == found.provider_id
    if actor.area_lo is None and actor.person_id != found.carer_id and not dispatches:
        raise NotYourStaff(provider_id=found.provider_id)


def _out(found: personnel.PersonnelFile) -> PersonnelOut:
    plain: dict[str, Any] = {
        name: getattr(found, name) for name in PersonnelOut.model_fields if name not in ("certificates", "trainings")
    }
    certificates = [
        CertificateOut(**(dict(one._mapping) | {"has_scan": one.document_key is not None}))
        for one in found.certificates
    ]
    trainings = [TrainingOut.model_validate(one, from_attributes=True) for one in found.trainings]
    return PersonnelOut(**plain, certificates=certificates, trainings=trainings)
