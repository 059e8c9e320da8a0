"""Projects, duties of residential areas, checks of standard operation and titles of areas, at the desk."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response

from api.pages.filters import as_written, full_date
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office
from api.pages.officer_sheets import figure, plain
from api.pages.register_page import Entry, Page, Table, act, day_of, number_of, show
from api.pages.register_page import Form as PageForm
from api.pages.register_words import area_choices, changes_table, facility_choices, step_words, type_choices
from services.clock import civil_date
from services.directory import planned_queries, registers

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=300)]
PROJECTS, OBLIGATIONS = "/officer/registers/projects", "/officer/registers/obligations"
DAYS = {"started_on": "开工日期", "built_on": "完工日期", "opened_on": "开业日期", "dropped_on": "取消日期"}


@router.get(PROJECTS)
def projects(request: Request, office: Desk) -> Response:
    """Show what each project planned and what has opened, and every site with its steps."""
    return show(request, office, lambda: _projects(office))


@router.post(PROJECTS)
def add_site(
    request: Request, office: Desk, project_code: Words = "", area_code: Words = "", name: Words = "",
    type_code: Words = "", planned_on: Words = "",
) -> Response:  # fmt: skip
    """Write down one site of a project."""
    values = {
        "project_code": project_code, "area_code": area_code, "name": name, "type_code": type_code, "planned_on": planned_on,
    }  # fmt: skip
    work = office.work

    def do() -> int:
        known = {one.code: one.work for one in office.rules.projects}
        return registers.add_project_site(
            work.session, work.now, work.actor, project_code=project_code, area_code=number_of(area_code, "area_code"),
            name=name, type_code=type_code, work=known.get(project_code, "build"), planned_on=day_of(planned_on, "planned_on"),
        )  # fmt: skip

    return act(request, office, "new", lambda: _projects(office), do, lambda made: f"{PROJECTS}/{made}", values)


@router.get(PROJECTS + "/{project_site_id:int}")
def project_site(request: Request, office: Desk, project_site_id: Id) -> Response:
    """Show one site of a project with what was changed of it."""
    return show(request, office, lambda: _site(office, project_site_id))


@router.post(PROJECTS + "/{project_site_id:int}")
def change_site(
    request: Request, office: Desk, project_site_id: Id, started_on: Words = "", built_on: Words = "",
    opened_on: Words = "", dropped_on: Words = "", facility_id: Words = "", note: Words = "",
) -> Response:  # fmt: skip
    """Write what has become of a site; an empty day takes the step back."""
    values = {
        "started_on": started_on, "built_on": built_on, "opened_on": opened_on, "dropped_on": dropped_on,
        "facility_id": facility_id, "note": note,
    }  # fmt: skip
    work = office.work

    def do() -> None:
        changes: dict[str, Any] = {name: _day_or_none(values[name], name) for name in DAYS}
        changes |= {
            "facility_id": number_of(facility_id, "facility_id") if facility_id.strip() else None,
            "note": note.strip(),
        }
        registers.change_project_site(work.session, work.now, work.actor, project_site_id, changes)

    where = f"{PROJECTS}/{project_site_id}"
    return act(request, office, "site", lambda: _site(office, project_site_id), do, where, values)


@router.get(OBLIGATIONS)
def obligations(request: Request, office: Desk) -> Response:
    """Show the residential areas that owe room for elders, and how far each has come."""
    return show(request, office, lambda: _obligations(office))


@router.post(OBLIGATIONS)
def add_obligation(
    request: Request, office: Desk, area_code: Words = "", name: Words = "", households: Words = "",
    required_m2: Words = "", due_on: Words = "",
) -> Response:  # fmt: skip
    """Write a residential area's duty down."""
    values = {
        "area_code": area_code, "name": name, "households": households, "required_m2": required_m2, "due_on": due_on,
    }  # fmt: skip
    work = office.work

    def do() -> int:
        return registers.add_obligation(
            work.session, work.now, work.actor, obligation_code="residential_facilities",
            area_code=number_of(area_code, "area_code"), name=name, required_m2=number_of(required_m2, "required_m2"),
            due_on=day_of(due_on, "due_on"),
            households=number_of(households, "households") if households.strip() else None,
        )  # fmt: skip

    return act(request, office, "new", lambda: _obligations(office), do, lambda made: f"{OBLIGATIONS}/{made}", values)


@router.get(OBLIGATIONS + "/{obligation_id:int}")
def obligation(request: Request, office: Desk, obligation_id: Id) -> Response:
    """Show one duty with its four steps and what was changed of it."""
    return show(request, office, lambda: _obligation(office, obligation_id))


@router.post(OBLIGATIONS + "/{obligation_id:int}")
def change_obligation(
    request: Request, office: Desk, obligation_id: Id, planned_on: Words = "", built_on: Words = "",
    accepted_on: Words = "", handed_over_on: Words = "", provided_m2: Words = "", note: Words = "",
) -> Response:  # fmt: skip
    """Write how far a duty has come; an empty day takes the step back."""
    values = {
        "planned_on": planned_on, "built_on": built_on, "accepted_on": accepted_on, "handed_over_on": handed_over_on,
        "provided_m2": provided_m2, "note": note,
    }  # fmt: skip
    work = office.work

    def do() -> None:
        changes: dict[str, Any] = {name: _day_or_none(values[name], name) for name in registers.OBLIGATION_DAYS}
        changes |= {
            "provided_m2": number_of(provided_m2, "provided_m2") if provided_m2.strip() else None,
            "note": note.strip(),
        }
        registers.change_obligation(work.session, work.now, work.actor, obligation_id, changes)

    where = f"{OBLIGATIONS}/{obligation_id}"
    return act(request, office, "duty", lambda: _obligation(office, obligation_id), do, where, values)


def _day_or_none(written: str, name: str) -> date | None:
    return day_of(written, name) if written.strip() else None


def _day(value: date | None) -> str:
    return full_date(value) if value else ""


def _projects(office: Office) -> Page:
    session, today = office.work.session, civil_date(office.work.now)
    sums = planned_queries.project_sums(session, office.lo, office.hi, today)
    rows = [
        [
            as_written(one.name_zh), str(one.planned), _day(one.due_on),
            *(str(sums.get(one.code, {}).get(step, 0)) for step in ("planned", "started", "built", "opened", "dropped")),
        ]
        for one in office.rules.projects
    ]  # fmt: skip
    columns = [plain(translate("项目")), figure(translate("规划数")), plain(translate("到期")), *_step_columns()]
    sites = planned_queries.project_sites_in(session, office.lo, office.hi)
    names = {one.code: one.name_zh for one in office.rules.projects}
    site_rows: list[list[Any]] = [
        [
            {"text": as_written(row.name), "href": f"{PROJECTS}/{row.id}"}, as_written(names.get(row.project_code, row.project_code)),
            as_written(row.area_name or ""), step_words(planned_queries.step_of(row, today)), _day(row.planned_on), _day(row.started_on),
            _day(row.built_on), _day(row.opened_on), as_written(row.facility_name or ""),
        ]
        for row in sites
    ]  # fmt: skip
    site_columns = [
        plain(translate("点位")), plain(translate("项目")), plain(translate("地区")), plain(translate("进度")),
        plain(translate("计划开业")), plain(translate("开工日期")), plain(translate("完工日期")), plain(translate("开业日期")),
        plain(translate("对应的设施")),
    ]  # fmt: skip
    form = PageForm(
        "new", translate("登记一个点位"), PROJECTS, translate("记下"),
        (
            Entry("project_code", translate("项目"), "choice", [(one.code, one.name_zh) for one in office.rules.projects], written=True),
            Entry("area_code", translate("地区"), "choice", area_choices(office), written=True),
            Entry("name", translate("名称")), Entry("type_code", translate("设施类型"), "choice", type_choices(office), written=True),
            Entry("planned_on", translate("计划开业"), "date"),
        ),
    )  # fmt: skip
    note = translate("规划数是城市规划里写的；后面几列是本辖区登记的点位现在到哪一步。")
    return Page(
        translate("建设项目"), "", [], [
            Table("projects", translate("项目进度"), columns, rows, note),
            Table("sites", translate("点位"), site_columns, site_rows),
        ], [form], [("/officer/lists", translate("用表格导入"))],
    )  # fmt: skip


def _step_columns() -> list[dict[str, Any]]:
    return [figure(step_words(step)) for step in ("planned", "started", "built", "opened", "dropped")]


def _site(office: Office, site_id: int) -> Page:
    session = office.work.session
    row = planned_queries.project_site(session, site_id)
    facts = [
        (translate("地区"), as_written(row.area_name or "")), (translate("计划开业"), _day(row.planned_on)),
        (translate("进度"), step_words(planned_queries.step_of(row, civil_date(office.work.now)))),
        (translate("对应的设施"), as_written(row.facility_name or "")), (translate("说明"), as_written(row.note)),
    ]  # fmt: skip
    words = {
        "started_on": translate("开工日期"), "built_on": translate("完工日期"), "opened_on": translate("开业日期"),
        "dropped_on": translate("取消日期"),
    }  # fmt: skip
    form = PageForm(
        "site", translate("登记进展"), f"{PROJECTS}/{site_id}", translate("记下"),
        (
            *(Entry(name, word, "date", value=_day(getattr(row, name)), required=False) for name, word in words.items()),
            Entry(
                "facility_id", translate("对应的设施（开业时要选）"), "choice", [("", "—"), *facility_choices(session, row.area_code)],
                value=str(row.facility_id or ""), required=False, written=True,
            ),
            Entry("note", translate("说明（可以不写）"), "note", value=row.note, required=False),
        ),
        warning=translate("清空一个日期就是撤回那一步；改之前的内容都留着。"),
    )  # fmt: skip
    history = changes_table(registers.changes_of_row(session, "project_site", site_id))
    return Page(as_written(row.name), "", facts, [history], [form], back=(PROJECTS, translate("回建设项目")))


def _obligations(office: Office) -> Page:
    session, today = office.work.session, civil_date(office.work.now)
    rows = planned_queries.obligations_in(session, office.lo, office.hi)
    due = [row for row in rows if row.due_on <= today]
    met = [row for row in due if planned_queries.is_met(row, today)]
    cells: list[list[Any]] = [
        [
            {"text": as_written(row.name), "href": f"{OBLIGATIONS}/{row.id}"}, as_written(row.area_name or ""), _day(row.due_on),
            str(row.households or ""), str(row.required_m2), str(row.provided_m2 if row.provided_m2 is not None else ""),
            *(_day(getattr(row, name)) for name in registers.OBLIGATION_DAYS),
            translate("已落实") if planned_queries.is_met(row, today) else translate("未落实"),
        ]
        for row in rows
    ]  # fmt: skip
    columns = [
        plain(translate("小区")), plain(translate("地区")), plain(translate("应落实日期")), figure(translate("户数")),
        figure(translate("应配建（平方米）")), figure(translate("实配建（平方米）")), plain(translate("同步规划")), plain(translate("同步建设")),
        plain(translate("同步验收")), plain(translate("同步交付")), plain(translate("结果")),
    ]  # fmt: skip
    form = PageForm(
        "new", translate("登记一个小区的配建义务"), OBLIGATIONS, translate("记下"),
        (
            Entry("area_code", translate("地区"), "choice", area_choices(office), written=True), Entry("name", translate("小区")),
            Entry("households", translate("户数（可以不填）"), "number", required=False),
            Entry("required_m2", translate("应配建（平方米）"), "number"), Entry("due_on", translate("应落实日期"), "date"),
        ),
    )  # fmt: skip
    note = translate("到期的小区里，已经交付、面积够的算落实；还没到期的不算在内。")
    facts = [
        (translate("已到期"), str(len(due))), (translate("已落实"), str(len(met))),
        (translate("配建率"), f"{100 * len(met) / len(due):.1f}%" if due else translate("还没有到期的")),
    ]  # fmt: skip
    tables = [Table("obligations", translate("配建义务"), columns, cells, note)]
    return Page(translate("小区配建和四同步"), "", facts, tables, [form], [("/officer/lists", translate("用表格导入"))])


def _obligation(office: Office, obligation_id: int) -> Page:
    session = office.work.session
    row = planned_queries.obligation(session, obligation_id)
    met = planned_queries.is_met(row, civil_date(office.work.now))
    facts = [
        (translate("地区"), as_written(row.area_name or "")), (translate("应落实日期"), _day(row.due_on)),
        (translate("应配建（平方米）"), str(row.required_m2)),
        (translate("结果"), translate("已落实") if met else translate("未落实")), (translate("说明"), as_written(row.note)),
    ]  # fmt: skip
    words = (translate("同步规划"), translate("同步建设"), translate("同步验收"), translate("同步交付"))
    days = (
        Entry(name, word, "date", value=_day(getattr(row, name)), required=False)
        for name, word in zip(registers.OBLIGATION_DAYS, words, strict=True)
    )
    given = str(row.provided_m2) if row.provided_m2 is not None else ""
    form = PageForm(
        "duty", translate("登记四同步"), f"{OBLIGATIONS}/{obligation_id}", translate("记下"),
        (
            *days, Entry("provided_m2", translate("实配建（平方米）"), "number", value=given, required=False),
            Entry("note", translate("说明（可以不写）"), "note", value=row.note, required=False),
        ),
        warning=translate("清空一个日期就是撤回那一步；改之前的内容都留着。"),
    )  # fmt: skip
    history = changes_table(registers.changes_of_row(session, "area_obligation", obligation_id))
    return Page(as_written(row.name), "", facts, [history], [form], back=(OBLIGATIONS, translate("回配建义务")))
