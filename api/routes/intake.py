"""Handing a list in: upload, confirm the columns, read the report, take it over, mend what waits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, HTTPException, Path, Query, Request, Response, UploadFile

from api.deps import Work
from api.errors import problems
from api.schemas.intake import (
    ColumnsIn,
    HandedInOut,
    Kind,
    ListOut,
    ListReportOut,
    MendIn,
    PlaceIn,
    System,
    TakeIn,
    WaitingRowOut,
    Word,
)
from services.oversight import handing_in

Id = Annotated[int, Path(ge=1, le=2**62)]
MAPPING_BYTES = 64 * 1024


def refuse_large(request: Request) -> None:
    """Refuse an upload that says it is larger than a list may be, before its bytes are read."""
    told = request.headers.get("content-length", "0")
    if request.method == "POST" and (not told.isdigit() or int(told) > handing_in.LARGEST_UPLOAD + 256 * 1024):
        raise HTTPException(413)


router = APIRouter(prefix="/api/v1", tags=["imports"], dependencies=[Depends(refuse_large)])


def uploaded_text(upload: UploadFile | None) -> str | None:
    """Give a small uploaded text file; None when none was chosen."""
    if upload is None or not upload.filename:
        return None
    raw = upload.file.read(MAPPING_BYTES + 1)
    if len(raw) > MAPPING_BYTES:
        raise HTTPException(413)
    return raw.decode("utf-8-sig", errors="replace").replace("\x00", "")


@router.post(
    "/imports",
    status_code=201,
    response_model=HandedInOut,
    responses=problems(401, 403, 413),
    summary="Hand a list in",
)
def hand_in(
    work: Work,
    kind: Annotated[Kind, Form()],
    file: Annotated[UploadFile, File(description="CSV, XLSX, JSON or GeoJSON, at most 10 MB")],
    crs: Annotated[System | None, Form(description="system of the coordinates; needed where there are any")] = None,
    sheet: Annotated[Word | None, Form(description="sheet of a workbook")] = None,
    mapping: Annotated[UploadFile | None, File(description="a mapping file (TOML)")] = None,
) -> HandedInOut:
    """Keep a list sealed and guess its columns; nothing is taken over yet."""
    content = file.file.read(handing_in.LARGEST_UPLOAD + 1)
    run_id = handing_in.hand_in(
        work.session, work.now, work.actor, kind, (file.filename or "list").replace("\x00", "")[:200], content,
        crs=crs, mapping_text=uploaded_text(mapping), sheet=sheet or None,
    )  # fmt: skip
    return HandedInOut(id=run_id)


@router.get("/imports", response_model=list[ListOut], responses=problems(401, 403), summary="Lists handed in")
def lists(work: Work, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[ListOut]:
    """Give the lists of the actor's area, the newest first."""
    return [ListOut.model_validate(row) for row in handing_in.runs_of(work.session, work.actor, limit)]


@router.get(
    "/imports/{run_id}", response_model=ListReportOut, responses=problems(401, 403, 404), summary="A list's report"
)
def report(work: Work, run_id: Id) -> ListReportOut:
    """Give one list with its columns and its report."""
    return ListReportOut.model_validate(handing_in.run_of(work.session, work.actor, run_id))


@router.put(
    "/imports/{run_id}/columns",
    response_model=ListReportOut,
    responses=problems(401, 403, 404, 409),
    summary="Confirm the columns",
)
def confirm_columns(work: Work, run_id: Id, told: ColumnsIn) -> ListReportOut:
    """Say which column says which field; every row is then checked."""
    handing_in.confirm_columns(work.session, work.now, work.actor, run_id, dict(told.columns), dict(told.constants))
    return ListReportOut.model_validate(handing_in.run_of(work.session, work.actor, run_id))


@router.post(
    "/imports/{run_id}/taking",
    status_code=202,
    response_model=ListReportOut,
    responses=problems(401, 403, 404, 409),
    summary="Take a checked list over",
)
def take(work: Work, run_id: Id, told: TakeIn) -> ListReportOut:
    """Have a checked list taken over: all rows that nothing keeps out, in one transaction of a worker."""
    handing_in.confirm_list(work.session, work.now, work.actor, run_id, trust_crs=told.trust_crs)
    return ListReportOut.model_validate(handing_in.run_of(work.session, work.actor, run_id))


@router.delete("/imports/{run_id}", status_code=204, responses=problems(401, 403, 404, 409), summary="Give a list up")
def give_up(work: Work, run_id: Id) -> Response:
    """Drop a list that was not taken over; its file is forgotten."""
    handing_in.give_up(work.session, work.now, work.actor, run_id)
    return Response(status_code=204)


@router.get("/import-rows", response_model=list[WaitingRowOut], responses=problems(401, 403), summary="Rows that wait")
def waiting(
    work: Work,
    kind: Annotated[Kind | None, Query()] = None,
    run_id: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    needs_place: Annotated[bool | None, Query(description="only those that lack a point on the map")] = None,
    after_id: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[WaitingRowOut]:
    """Give the rows of the actor's area that were not taken over, oldest first."""
    rows = handing_in.rows_of(
        work.session, work.actor, kind=kind, run_id=run_id, needs_place=needs_place, after_id=after_id, limit=limit
    )
    return [WaitingRowOut.model_validate(row) for row in rows]


@router.get(
    "/import-rows/{row_id}", response_model=WaitingRowOut, responses=problems(401, 403, 404), summary="A waiting row"
)
def row(work: Work, row_id: Id) -> WaitingRowOut:
    """Give one row with all it says to who may mend it; a look at private cells is noted."""
    return WaitingRowOut.model_validate(handing_in.row_of(work.session, work.now, work.actor, row_id))


@router.put(
    "/import-rows/{row_id}",
    status_code=202,
    response_model=WaitingRowOut,
    responses=problems(401, 403, 404, 409),
    summary="Mend a row and try it again",
)
def mend(work: Work, row_id: Id, told: MendIn) -> WaitingRowOut:
    """Put other words into a row and have a worker try it again."""
    handing_in.mend_row(work.session, work.now, work.actor, row_id, dict(told.changes))
    return WaitingRowOut.model_validate(handing_in.row_of(work.session, work.now, work.actor, row_id))


@router.put(
    "/import-rows/{row_id}/place",
    status_code=202,
    response_model=WaitingRowOut,
    responses=problems(401, 403, 404, 409),
    summary="Place a row on the map",
)
def place(work: Work, row_id: Id, told: PlaceIn) -> WaitingRowOut:
    """Set where a row stands and have a worker try it again."""
    handing_in.place_row(work.session, work.now, work.actor, row_id, told.lon, told.lat, told.crs)
    return WaitingRowOut.model_validate(handing_in.row_of(work.session, work.now, work.actor, row_id))


@router.delete(
    "/import-rows/{row_id}", status_code=204, responses=problems(401, 403, 404, 409), summary="Drop a waiting row"
)
def drop(work: Work, row_id: Id) -> Response:
    """Put a row away for good."""
    handing_in.drop_row(work.session, work.now, work.actor, row_id)
    return Response(status_code=204)
