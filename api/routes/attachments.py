"""Files about an elder: put, listed, fetched."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, HTTPException, Path, Request, Response, UploadFile

from api.deps import Work
from api.errors import problems
from api.schemas.attachments import AttachedOut, AttachmentOut
from services.people.attachments import LARGEST, attach, attachments_of, read_attachment

Id = Annotated[int, Path(ge=1, le=2**62)]
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "application/zip": "zip",
}


def refuse_large(request: Request) -> None:
    """Refuse an upload that says it is larger than a file may be, before its bytes are read."""
    told = request.headers.get("content-length", "0")
    if request.method == "POST" and (not told.isdigit() or int(told) > LARGEST + 64 * 1024):
        raise HTTPException(413)


router = APIRouter(prefix="/api/v1", tags=["attachments"], dependencies=[Depends(refuse_large)])


@router.post(
    "/elders/{elder_id}/attachments",
    status_code=201,
    response_model=AttachedOut,
    responses=problems(401, 403, 404, 413),
    summary="Keep a file",
)
def keep_file(
    work: Work,
    elder_id: Id,
    purpose: Annotated[str, Form(min_length=1, max_length=40)],
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP or PDF, at most 10 MB")],
) -> AttachedOut:
    """Keep a file about an elder, sealed; its name is not kept and its type is read from its bytes."""
    content = file.file.read(LARGEST + 1)
    return AttachedOut(id=attach(work.session, work.now, work.actor, elder_id, purpose, content))


@router.get(
    "/elders/{elder_id}/attachments",
    response_model=list[AttachmentOut],
    responses=problems(401, 403, 404),
    summary="Files about an elder",
)
def list_files(work: Work, elder_id: Id) -> list[AttachmentOut]:
    """List the files about an elder, newest first."""
    rows = attachments_of(work.session, work.now, work.actor, elder_id)
    return [AttachmentOut.model_validate(row, from_attributes=True) for row in rows]


@router.get(
    "/attachments/{attachment_id}",
    response_class=Response,
    response_model=None,
    responses={
        **problems(401, 403, 404),
        200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in EXTENSIONS}},
    },
    summary="Fetch a file",
)
def fetch_file(work: Work, attachment_id: Id) -> Response:
    """Give a file's bytes for saving, never for running in the page; the look is noted."""
    found = read_attachment(work.session, work.now, work.actor, attachment_id)
    name = f"attachment-{found.id}.{EXTENSIONS[found.content_type]}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(found.content, media_type=found.content_type, headers=headers)
