"""Taking a list in at a desk: hand the file in, confirm its columns, read what was found, take it over."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Path, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.list_words import finding_words, kind_words, state_words, system_words
from api.pages.officer_escalations import Posted
from api.pages.officer_office import speaking
from api.routes.intake import refuse_large, uploaded_text
from services.errors import DomainError
from services.intake.findings import REFUSES
from services.oversight import handing_in
from services.oversight.importing import importer_of
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_large)])
Id = Annotated[int, Path(ge=1, le=2**62)]
SHOWN_FINDINGS = 200
Short = Annotated[str, Form(max_length=200)]


def desk_names(work: UnitOfWork, desk: handing_in.ListDesk, **more: Any) -> dict[str, Any]:
    """Give the names every page of lists needs, and more."""
    office = work.actor.area_lo is not None
    return {
        "area_name": desk.area_name, "read_only": not desk.may_write, "as_of": work.now, "has_tabs": office,
        "kind_words": kind_words(), "state_words": state_words(), **more,
    }  # fmt: skip


@router.get("/officer/lists")
def lists_page(request: Request, work: Work) -> Response:
    """Show the lists handed in for the area, and the form for another."""
    return _lists_page(request, work)


@router.post("/officer/lists")
def hand_in(
    request: Request,
    work: Work,
    kind: Short = "",
    crs: Short = "",
    sheet: Short = "",
    file: Annotated[UploadFile | None, File()] = None,
    mapping: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep a list and show how its columns are understood."""
    given = {"kind": kind, "crs": crs, "sheet": sheet}
    desk = handing_in.list_desk(work.session, work.actor)
    if file is None or not file.filename or kind not in desk.kinds:
        with speaking(request):
            errors = (
                {"file": translate("请选一个文件")} if kind in desk.kinds else {"kind": translate("请选名录的种类")}
            )
        return _lists_page(request, work, errors, given, 422)
    content = file.file.read(handing_in.LARGEST_UPLOAD + 1)
    try:
        with work.session.begin_nested():
            run_id = handing_in.hand_in(
                work.session, work.now, work.actor, kind, file.filename.replace("\x00", "")[:200], content,
                crs=crs or None, mapping_text=uploaded_text(mapping), sheet=sheet.strip() or None,
            )  # fmt: skip
    except DomainError as refused:
        return _lists_page(request, work, {"file": refused.message_zh}, given, status_of(refused))
    return RedirectResponse(f"/officer/lists/{run_id}", status_code=303)


def _lists_page(
    request: Request,
    work: UnitOfWork,
    errors: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    desk = handing_in.list_desk(work.session, work.actor)
    with speaking(request):
        words = kind_words()
        names = desk_names(
            work,
            desk,
            runs=handing_in.runs_of(work.session, work.actor),
            kinds=[(kind, words[kind]) for kind in desk.kinds],
            systems=system_words(),
            given=given or {"kind": "", "crs": "", "sheet": ""},
            errors=errors or {},
        )
    return render(request, "officer/lists.html", names, status_code=status)


@router.get("/officer/lists/{run_id:int}")
def list_page(request: Request, work: Work, run_id: Id) -> Response:
    """Show one list: its columns, its report, or what it did."""
    return _list_page(request, work, run_id)


def _list_page(
    request: Request, work: UnitOfWork, run_id: int, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    desk = handing_in.list_desk(work.session, work.actor)
    run = handing_in.run_of(work.session, work.actor, run_id)
    with speaking(request):
        words = finding_words()
        told = (run.report.get("told") or [])[:SHOWN_FINDINGS]
        names = desk_names(
            work,
            desk,
            run=run,
            fields=_fields(run),
            columns=run.report.get("columns") or [],
            first=run.report.get("first") or [],
            first_columns=[{"name": column} for column in (run.report.get("columns") or [])[:12]],
            kinds=[
                {"name": words.get(kind, kind), "count": count, "refuses": kind in REFUSES}
                for kind, count in (run.report.get("kinds") or {}).items()
            ],
            told=[{**one, "words": "；".join(found["message"] for found in one["findings"])} for one in told],
            told_more=max(0, (run.report.get("told_in_all") or 0) - len(told)),
            system=run.report.get("system"),
            refusal=run.report.get("refusal") or "",
            errors=errors or {},
        )
    return render(request, "officer/list.html", names, status_code=status)


def _fields(run: Any) -> list[dict[str, Any]]:
    columns, constants = run.mapping.get("columns") or {}, run.mapping.get("constants") or {}
    return [
        {
            "name": spec.name,
            "name_zh": spec.name_zh,
            "needed": spec.needed,
            "column": columns.get(spec.name, ""),
            "constant": constants.get(spec.name, ""),
        }
        for spec in importer_of(run.kind).fields
    ]


@router.post("/officer/lists/{run_id:int}/columns")
def confirm_columns(request: Request, work: Work, run_id: Id, posted: Posted) -> Response:
    """Confirm which column says what; a worker then checks every row."""
    told = {name: str(value)[:200] for name, value in posted.items() if isinstance(value, str)}
    columns = {name.removeprefix("column-"): text for name, text in told.items() if name.startswith("column-")}
    constants = {name.removeprefix("constant-"): text for name, text in told.items() if name.startswith("constant-")}
    try:
        with work.session.begin_nested():
            handing_in.confirm_columns(work.session, work.now, work.actor, run_id, columns, constants)
    except DomainError as refused:
        return _list_page(request, work, run_id, {"columns": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/lists/{run_id}", status_code=303)


@router.post("/officer/lists/{run_id:int}/take")
def take(request: Request, work: Work, run_id: Id, trust_crs: Short = "") -> Response:
    """Have a checked list taken over by a worker."""
    try:
        with work.session.begin_nested():
            handing_in.confirm_list(work.session, work.now, work.actor, run_id, trust_crs=trust_crs == "yes")
    except DomainError as refused:
        return _list_page(request, work, run_id, {"take": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/lists/{run_id}", status_code=303)


@router.post("/officer/lists/{run_id:int}/give-up")
def give_up(request: Request, work: Work, run_id: Id) -> Response:
    """Drop a list that was not taken over."""
    try:
        with work.session.begin_nested():
            handing_in.give_up(work.session, work.now, work.actor, run_id)
    except DomainError as refused:
        return _list_page(request, work, run_id, {"take": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/lists", status_code=303)
