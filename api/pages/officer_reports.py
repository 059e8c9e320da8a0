"""Monthly reports at the officer's desk: asked for, read as a page, taken away as PDF and XLSX, checked again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.filters import as_written
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, speaking
from services.acts import record_act
from services.cities.queries import area_names, areas_inside
from services.clock import civil_date
from services.errors import DomainError
from services.oversight import report_forms as forms
from services.oversight import report_words as words
from services.oversight.indicator_queries import COUNTED_LEVELS
from services.oversight.report_charts import has_line
from services.oversight.report_papers import as_pdf, as_workbook
from services.oversight.reports import ask_report, check_report, find_report, made_report, reports_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_AREAS = 400


@router.get("/officer/reports")
def reports_page(request: Request, office: Desk) -> Response:
    """Show the reports that were made for the area, and the form for another."""
    return _list(request, office)


@router.post("/officer/reports")
def ask(
    request: Request,
    office: Desk,
    area_code: Annotated[str, Form(max_length=15)] = "",
    month: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Promise a report; a job makes it."""
    work, told = office.work, {"area_code": area_code, "month": month}
    try:
        first = date.fromisoformat(f"{month[:7]}-01")
    except ValueError:
        with speaking(request):
            return _list(request, office, {"month": translate("请选一个月份")}, told, 422)
    if not area_code.isdigit():
        with speaking(request):
            return _list(request, office, {"area_code": translate("请选地方")}, told, 422)
    try:
        with work.session.begin_nested():
            report_id = ask_report(work.session, work.now, work.actor, int(area_code), first)
    except DomainError as refused:
        return _list(request, office, {"month": refused.message_zh}, told, status_of(refused))
    return RedirectResponse(f"/officer/reports/{report_id}", status_code=303)


def _list(
    request: Request,
    office: Office,
    errors: dict[str, str] | None = None,
    told: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    session = office.work.session
    rows = reports_of(session, office.lo, office.hi)
    months = _past_months(civil_date(office.work.now))
    with speaking(request):
        names = office.names(
            rows=rows,
            names=area_names(session, {row.area_code for row in rows}),
            areas=_areas(office),
            months=months,
            told={"area_code": str(office.lo), "month": months[0][0]} | (told or {}),
            may_write=office.work.actor.role == "officer" and not office.read_only,
            forms=forms.forms_of(session, office.lo, office.hi),
            parts=[(f"{{{{CODE.{part}}}}}", said) for part, said in forms.PARTS_ZH.items()],
            head=[(f"{{{{{name}}}}}", said) for name, said in forms.HEAD_ZH.items()],
            codes=[(one.code, one.name) for one in office.rules.indicators],
            errors=errors or {},
        )
    return render(request, "officer/reports.html", names, status_code=status)


def _areas(office: Office) -> list[tuple[str, str]]:
    inside = [one for one in areas_inside(office.work.session, office.lo) if one.level in COUNTED_LEVELS]
    if len(inside) > MOST_AREAS:
        inside = [one for one in inside if one.level != "community"]
    return [(str(one.code), one.name) for one in inside]


def _past_months(today: date) -> list[tuple[str, str]]:
    found, year, month = [], today.year, today.month
    for _ in range(36):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        found.append((f"{year}-{month:02d}", f"{year}-{month:02d}"))
    return found


@router.get("/officer/reports/{report_id:int}")
def report_page(request: Request, office: Desk, report_id: Id, again: bool = False) -> Response:
    """Show one report, or how far its making has come; `again` works it out anew and compares."""
    session = office.work.session
    report = find_report(session, report_id)
    name = area_names(session, {report.area_code}).get(report.area_code, str(report.area_code))
    with speaking(request):
        if report.state != "made":
            return render(request, "officer/report_waits.html", office.names(report=report, title_area=name))
        checked = check_report(session, report_id) if again else None
        content = report.content
        spoken = {one.code: one.name for one in office.rules.indicators}
        names = office.names(
            report=report,
            title_area=name,
            content=content,
            stories=[_story(story, spoken) for story in content["indicators"]],
            inside=_inside(content, spoken),
            checked=checked,
            forms=forms.forms_of(session, office.lo, office.hi),
        )
    return render(request, "officer/report.html", names)


def _story(story: dict[str, Any], spoken: dict[str, str]) -> dict[str, Any]:
    promise = words.next_of(story)
    aim = promise["value"] if promise else None
    return {
        "code": story["code"],
        "name": _name(story, spoken),
        "figure": words.figure_of(story, story["value"]),
        "parts": words.parts_of_figure(story),
        "last_month": words.figure_of(story, story["last_month"]["value"]),
        "change": words.change_of(story, story["last_month"]),
        "year": words.change_of(story, story["last_year"]),
        "aim": words.aim_of(story, promise) if promise else "–",
        "kept": promise["kept"] if promise else None,
        "missing": story["missing"],
        "thing": words.thing_of(story["missing"]["subject"]) if story["missing"] else "",
        "to_do": words.to_do(story),
        "definition": story["definition"],
        "basis": words.basis_of(story),
        "published": [{**one, "words": words.published_of(story, one)} for one in story["published"]],
        "points": [
            {"label": p["on"][:7], "value": float(p["value"]), "words": words.figure_of(story, p["value"])}
            for p in story["line"]
        ]
        if has_line(story)
        else [],
        "line_aim": None if aim is None else float(aim),
    }


def _name(story: dict[str, Any], spoken: dict[str, str]) -> str:
    """An indicator's name in the reader's language; one the rules dropped since stays as it was written."""
    return spoken.get(story["code"]) or as_written(story["name"])


def _inside(content: dict[str, Any], spoken: dict[str, str]) -> dict[str, Any] | None:
    if content["inside"] is None:
        return None
    stories = content["indicators"]
    return {
        "columns": [_name(story, spoken) for story in stories],
        "rows": [
            (area["name"], [words.figure_of(story, area["values"].get(story["code"])) for story in stories])
            for area in content["inside"]["areas"]
        ],
    }


@router.get("/officer/reports/{report_id:int}.{form}")
def report_file(office: Desk, report_id: Id, form: Literal["pdf", "xlsx"]) -> Response:
    """Give a report as PDF or XLSX, the same for the same report."""
    report = made_report(office.work.session, report_id)
    _note(office, report, form)
    name = f"report-{report.area_code}-{report.month:%Y-%m}.{form}"
    if form == "pdf":
        return _file(as_pdf(report.content, report.content_hash), "application/pdf", name)
    return _file(as_workbook(report.content, report.content_hash), XLSX, name)


@router.post("/officer/report-forms")
def keep(
    request: Request,
    office: Desk,
    title: Annotated[str, Form(max_length=200)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep the office's own form."""
    work = office.work
    content = file.file.read(forms.LARGEST_FORM + 1) if file is not None and file.filename else b""
    try:
        with work.session.begin_nested():
            forms.keep_form(work.session, work.now, work.actor, title, content)
    except DomainError as refused:
        return _list(request, office, {"file": refused.message_zh}, None, status_of(refused))
    return RedirectResponse("/officer/reports", status_code=303)


@router.post("/officer/report-forms/{form_id:int}/put-away")
def put_away(office: Desk, form_id: Id) -> Response:
    """Put a form away."""
    work = office.work
    forms.put_form_away(work.session, work.now, work.actor, form_id)
    return RedirectResponse("/officer/reports", status_code=303)


@router.get("/officer/reports/{report_id:int}/filled")
def filled(office: Desk, report_id: Id, form_id: Annotated[int, Query(ge=1, le=2**62)]) -> Response:
    """Give the office's form filled with a report's numbers."""
    report = made_report(office.work.session, report_id)
    form = forms.find_form(office.work.session, form_id)
    content = forms.fill_form(bytes(form.content), report.content, report.content_hash)
    _note(office, report, f"form:{form_id}")
    return _file(content, XLSX, f"form-{form_id}-{report.month:%Y-%m}.xlsx")


def _note(office: Office, report: Any, form: str) -> None:
    work = office.work
    record_act(
        work.session, work.now, work.actor, "export_report", area_code=report.area_code,
        subject=("area_report", report.id), facts={"form": form},
    )  # fmt: skip


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=media_type, headers=headers)
