"""The rows of lists that were not taken over: mended with the right words, placed on the map, or put away."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.list_words import finding_words, kind_words, system_words
from api.pages.officer_escalations import Posted
from api.pages.officer_lists import desk_names
from api.pages.officer_office import speaking
from services.acts import record_act
from services.cities.rules import area_range
from services.errors import DomainError
from services.intake.findings import REFUSES
from services.intake.rules import safe_cell
from services.intake.tables import KINDS
from services.oversight import handing_in
from services.oversight.importing import importer_of
from services.oversight.mapping import extent
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Kind = Annotated[str, Query(pattern=f"^({'|'.join(KINDS)})?$")]
After = Annotated[int, Query(ge=0, le=2**62)]
OfRun = Annotated[int | None, Query(ge=1, le=2**62)]
PAGE, EXPORT = 50, 500
NOT_CHANGED = {"csrf_token"}


@router.get("/officer/lists/rows")
def rows_page(request: Request, work: Work, kind: Kind = "", run: OfRun = None, after: After = 0) -> Response:
    """Show the rows that wait to be mended."""
    return _rows_page(request, work, kind, run, after, False)


@router.get("/officer/lists/places")
def places_page(request: Request, work: Work, kind: Kind = "", after: After = 0) -> Response:
    """Show the rows that lack only a point on the map, for somebody who knows the place."""
    return _rows_page(request, work, kind, None, after, True)


def _rows_page(request: Request, work: UnitOfWork, kind: str, run: int | None, after: int, places: bool) -> Response:
    desk = handing_in.list_desk(work.session, work.actor)
    rows = handing_in.rows_of(
        work.session, work.actor, kind=kind or None, run_id=run, needs_place=True if places else None, after_id=after,
        limit=PAGE,
    )  # fmt: skip
    with speaking(request):
        words = kind_words()
        names = desk_names(
            work,
            desk,
            places=places,
            rows=[_line(row) for row in rows],
            kind=kind,
            kinds=[("", translate("全部")), *((one, words[one]) for one in desk.kinds)],
            more_after=rows[-1].id if len(rows) == PAGE else None,
        )
    return render(request, "officer/list_rows.html", names)


def _line(row: handing_in.WaitingRow) -> dict[str, Any]:
    words = finding_words()
    reasons = [words.get(one["kind"], one["kind"]) for one in row.findings if one["kind"] in REFUSES]
    return {"row": row, "reasons": reasons, "said": "；".join(one["message"] for one in row.findings)}


@router.get("/officer/lists/rows.csv")
def rows_file(work: Work, kind: Kind = "") -> Response:
    """Hand out the waiting rows as a file that no spreadsheet takes for a formula; what is private stays masked."""
    desk = handing_in.list_desk(work.session, work.actor)
    rows = handing_in.rows_of(work.session, work.actor, kind=kind or None, limit=EXPORT)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "kind", "line", "title", "reasons", "cells"])
    for row in rows:
        cells = "; ".join(f"{name}={text}" for name, text in row.cells.items())
        reasons = "；".join(one["message"] for one in row.findings)
        writer.writerow(map(safe_cell, (row.id, row.kind, row.line, row.title, reasons, cells)))
    record_act(
        work.session, work.now, work.actor, "export_waiting_rows", area_code=desk.area_code, facts={"rows": len(rows)}
    )
    headers = {"Content-Disposition": 'attachment; filename="waiting-rows.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/officer/lists/rows/{row_id:int}")
def row_page(request: Request, work: Work, row_id: Id) -> Response:
    """Show one row to be mended, with a map to set its point on."""
    return _row_page(request, work, row_id)


def _row_page(
    request: Request, work: UnitOfWork, row_id: int, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    desk = handing_in.list_desk(work.session, work.actor)
    row = handing_in.row_of(work.session, work.now, work.actor, row_id)
    importer = importer_of(row.kind)
    with speaking(request):
        names = desk_names(
            work,
            desk,
            row=row,
            line=_line(row),
            may_mend=desk.may_write and row.kind in desk.kinds and row.state == "waiting" and not row.trying,
            fields=[
                {"name": spec.name, "name_zh": spec.name_zh, "text": row.cells.get(spec.name, "")}
                for spec in importer.fields
                if spec.name not in ("lon", "lat")
            ],
            on_the_map=importer.on_the_map,
            systems=system_words(),
            map=_map(work, row, desk.area_code) if importer.on_the_map else None,
            errors=errors or {},
        )
    return render(request, "officer/list_row.html", names, status_code=status)


def _map(work: UnitOfWork, row: handing_in.WaitingRow, area_code: int) -> dict[str, Any]:
    box = extent(work.session, *area_range(area_code))
    guess = row.found
    centre = [guess["lon"], guess["lat"]] if guess else [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] if box else None
    return {
        "center": centre or [108.9, 34.3],
        "zoom": 16 if guess else 13.5 if box else 4,
        "bounds": None if guess or not box else list(box),
        "guess": [guess["lon"], guess["lat"]] if guess else None,
    }


@router.post("/officer/lists/rows/{row_id:int}")
def mend(request: Request, work: Work, row_id: Id, posted: Posted) -> Response:
    """Put other words into a row, or set its point, and have it tried again."""
    told = {name: str(value) for name, value in posted.items() if name not in NOT_CHANGED and isinstance(value, str)}
    row = handing_in.row_of(work.session, work.now, work.actor, row_id)
    known = {spec.name for spec in importer_of(row.kind).fields} | {"crs"}
    changes = {name: text for name, text in told.items() if name in known and text.strip() != row.cells.get(name, "")}
    if not {"lon", "lat"} & set(changes):
        changes.pop("crs", None)
    with speaking(request):
        if not changes:
            return _row_page(request, work, row_id, {"mend": translate("还没有改动")}, 422)
    try:
        with work.session.begin_nested():
            handing_in.mend_row(work.session, work.now, work.actor, row_id, changes)
    except DomainError as refused:
        return _row_page(request, work, row_id, {"mend": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/lists/rows/{row_id}", status_code=303)


@router.post("/officer/lists/rows/{row_id:int}/drop")
def drop(request: Request, work: Work, row_id: Id) -> Response:
    """Put a row away for good."""
    try:
        with work.session.begin_nested():
            handing_in.drop_row(work.session, work.now, work.actor, row_id)
    except DomainError as refused:
        return _row_page(request, work, row_id, {"mend": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/lists/rows", status_code=303)
