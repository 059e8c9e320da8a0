"""Checks of standard operation and titles of areas, at the desk."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import Response
from markupsafe import Markup

from api.pages.filters import as_written, full_date
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office
from api.pages.officer_sheets import figure, plain
from api.pages.register_page import Entry, Page, Table, act, day_of, number_of, show
from api.pages.register_page import Form as PageForm
from api.pages.register_words import area_choices, facility_choices
from services.clock import civil_date
from services.directory import planned_queries, registers
from services.directory.planned_errors import EntryIncomplete
from services.directory.standard_operation import CHECKLISTS

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=300)]


async def _answers(request: Request) -> dict[str, str]:
    """What a form says whose fields are known only by its list."""
    told = (await request.form()).items()
    return {name: value[:300] for name, value in told if isinstance(value, str) and name != "csrf_token"}


Answers = Annotated[dict[str, str], Depends(_answers)]
CHECKS, FLAGS = "/officer/registers/checks", "/officer/registers/flags"


@router.get(CHECKS)
def checks(request: Request, office: Desk) -> Response:
    """Show the checks of standard operation, the last first."""
    return show(request, office, lambda: _checks(office))


@router.get(CHECKS + "/new/{standard_list}")
def new_check(request: Request, office: Desk, standard_list: Annotated[str, Path(max_length=60)]) -> Response:
    """Show a checklist to be filled in."""
    return show(request, office, lambda: _new_check(office, standard_list))


@router.post(CHECKS + "/new/{standard_list}")
def record(
    request: Request, office: Desk, told: Answers, standard_list: Annotated[str, Path(max_length=60)]
) -> Response:
    """Write a check down; the form has one answer for each item of its list."""
    work = office.work

    def do() -> int:
        items = _list_of(standard_list).items
        wrong = next((code for code in items if told.get(code) not in ("yes", "no")), None)
        if wrong is not None:
            raise EntryIncomplete("清单里的每一项都要回答。", field=wrong)
        return registers.record_check(
            work.session, work.now, work.actor, facility_id=number_of(told.get("facility_id", ""), "facility_id"),
            checklist=standard_list, checked_on=day_of(told.get("checked_on", ""), "checked_on"),
            answers={code: told[code] == "yes" for code in items}, note=told.get("note", ""),
        )  # fmt: skip

    return act(request, office, "check", lambda: _new_check(office, standard_list), do, CHECKS, told)


@router.get(CHECKS + "/{facility_check_id:int}")
def check(request: Request, office: Desk, facility_check_id: Id) -> Response:
    """Show one check with its answers."""
    return show(request, office, lambda: _check(office, facility_check_id))


@router.post(CHECKS + "/{facility_check_id:int}")
def withdraw(request: Request, office: Desk, facility_check_id: Id, reason: Words = "") -> Response:
    """Take a check back."""
    work = office.work
    return act(
        request, office, "withdraw", lambda: _check(office, facility_check_id),
        lambda: registers.withdraw_check(work.session, work.now, work.actor, facility_check_id, reason),
        f"{CHECKS}/{facility_check_id}", {"reason": reason},
    )  # fmt: skip


@router.get(FLAGS)
def flags(request: Request, office: Desk) -> Response:
    """Show the titles of areas."""
    return show(request, office, lambda: _flags(office))


@router.post(FLAGS)
def raise_flag(
    request: Request, office: Desk, area_code: Words = "", flag: Words = "", since: Words = "", ground: Words = ""
) -> Response:
    """Give an area a title."""
    work = office.work
    return act(
        request, office, "raise", lambda: _flags(office),
        lambda: registers.raise_flag(
            work.session, work.now, work.actor, area_code=number_of(area_code, "area_code"), flag=flag,
            since=day_of(since, "since"), ground=ground,
        ),
        FLAGS, {"area_code": area_code, "flag": flag, "since": since, "ground": ground},
    )  # fmt: skip


@router.post(FLAGS + "/end")
def lower_flag(request: Request, office: Desk, flag_id: Words = "", until: Words = "") -> Response:
    """End a title."""
    work = office.work
    return act(
        request, office, "lower", lambda: _flags(office),
        lambda: registers.lower_flag(work.session, work.now, work.actor, number_of(flag_id, "flag_id"), day_of(until, "until")),
        FLAGS, {"flag_id": flag_id, "until": until},
    )  # fmt: skip


def _list_of(checklist: str) -> Any:
    if checklist not in CHECKLISTS:
        raise EntryIncomplete(field="checklist")
    return CHECKLISTS[checklist]


def _checks(office: Office) -> Page:
    rows = planned_queries.checks_in(office.work.session, office.lo, office.hi)
    columns = [
        plain(translate("设施")), plain(translate("检查日期"), "descending"), plain(translate("清单")), figure(translate("不合格项")),
        plain(translate("结果")),
    ]  # fmt: skip
    cells: list[list[Any]] = [
        [
            {"text": as_written(row.facility_name), "href": f"{CHECKS}/{row.id}"}, full_date(row.checked_on),
            as_written(CHECKLISTS[row.checklist].name_zh), str(sum(1 for yes in row.answers.values() if not yes)), _result(row),
        ]
        for row in rows
    ]  # fmt: skip
    note = translate("每处设施以最近一次没有撤回的检查为准；全部合格才算标准化运行。")
    links: list[tuple[str, str]] = [
        (f"{CHECKS}/new/{code}", Markup(translate("登记：%(list)s")) % {"list": as_written(one.name_zh)})
        for code, one in CHECKLISTS.items()
    ]
    return Page(
        translate("标准化运行检查"), "", [], [Table("checks", translate("检查"), columns, cells, note)], [],
        links if not office.read_only else [],
    )  # fmt: skip


def _result(row: Any) -> str:
    if row.withdrawn_at is not None:
        return translate("已撤回")
    return translate("合格") if row.passed else translate("不合格")


def _new_check(office: Office, checklist: str) -> Page:
    chosen = _list_of(checklist)
    answers = [("yes", translate("合格")), ("no", translate("不合格"))]
    form = PageForm(
        "check", translate("填写检查"), f"{CHECKS}/new/{checklist}", translate("记下检查"),
        (
            Entry("facility_id", translate("设施"), "choice", facility_choices(office.work.session, office.lo), written=True),
            Entry("checked_on", translate("检查日期"), "date", value=full_date(civil_date(office.work.now))),
            *(Entry(code, as_written(words), "choice", answers) for code, words in chosen.items.items()),
            Entry("note", translate("说明（可以不写）"), "note", required=False),
        ),
    )  # fmt: skip
    return Page(as_written(chosen.name_zh), "", forms=[form], back=(CHECKS, translate("回检查目录")))


def _check(office: Office, check_id: int) -> Page:
    row = planned_queries.facility_check(office.work.session, check_id)
    items = CHECKLISTS[row.checklist].items
    cells: list[list[Any]] = [
        [as_written(items.get(code, code)), translate("合格") if yes else translate("不合格")]
        for code, yes in row.answers.items()
    ]
    columns = [plain(translate("检查项")), plain(translate("结果"))]
    facts = [
        (translate("清单"), as_written(CHECKLISTS[row.checklist].name_zh)), (translate("检查日期"), full_date(row.checked_on)),
        (translate("结果"), _result(row)), (translate("说明"), as_written(row.note)),
        (translate("撤回原因"), as_written(row.withdrawn_reason or "")),
    ]  # fmt: skip
    form = PageForm(
        "withdraw",
        translate("撤回这次检查"),
        f"{CHECKS}/{check_id}",
        translate("撤回"),
        (Entry("reason", translate("原因")),),
        danger=True,
    )
    forms = [] if row.withdrawn_at is not None else [form]
    title = as_written(row.facility_name)
    return Page(
        title,
        "",
        facts,
        [Table("answers", translate("逐项结果"), columns, cells)],
        forms,
        back=(CHECKS, translate("回检查目录")),
    )


def _flags(office: Office) -> Page:
    rows = planned_queries.flags_in(office.work.session, office.lo, office.hi)
    words = {one.flag: one.name_zh for one in office.rules.indicators if one.flag}
    columns = [
        plain(translate("地区")), plain(translate("称号")), plain(translate("从")), plain(translate("到")), plain(translate("依据")),
    ]  # fmt: skip
    cells: list[list[Any]] = [
        [
            as_written(row.area_name), as_written(words.get(row.flag, row.flag)), full_date(row.since),
            full_date(row.until) if row.until else "", as_written(row.ground),
        ]
        for row in rows
    ]  # fmt: skip
    known = [(code, word) for code, word in words.items()]
    give = PageForm(
        "raise", translate("登记一个称号"), FLAGS, translate("记下"),
        (
            Entry("area_code", translate("地区"), "choice", area_choices(office), written=True),
            Entry("flag", translate("称号"), "choice", known, written=True) if known else Entry("flag", translate("称号")),
            Entry("since", translate("从"), "date"), Entry("ground", translate("依据（文件名称和编号）")),
        ),
    )  # fmt: skip
    held = [(row.id, f"{row.area_name} · {words.get(row.flag, row.flag)}") for row in rows if row.until is None]
    end = PageForm(
        "lower", translate("结束一个称号"), f"{FLAGS}/end", translate("结束"),
        (
            Entry("flag_id", translate("称号"), "choice", held, written=True), Entry("until", translate("从哪天起没有"), "date"),
        ),
    )  # fmt: skip
    table = Table("flags", translate("称号"), columns, cells)
    return Page(translate("地区称号"), "", [], [table], [give, end] if held else [give])
