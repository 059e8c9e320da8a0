"""Who goes to see whom: the area's visit tasks, handing them over, and the care register."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.care_group_words import group_words, groups_in_words, task_state_words
from api.pages.filters import as_written, full_date
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, speaking
from api.pages.officer_sheets import Cell, Sheet, answer, figure, plain
from services.clock import civil_date
from services.errors import DomainError
from services.language import for_reader
from services.people.privacy import mask_name
from services.visits.case_file import care_register, days_since
from services.visits.grids import actor_kinds
from services.visits.task_queries import find_task, goers_of, people_to_send, tasks_of_area
from services.visits.tasks import give_task, take_off

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
After = Annotated[int, Query(ge=0, le=1_000_000)]
TaskId = Annotated[int, Path(ge=1, le=2**62)]
Number = Annotated[str, Form(max_length=19, pattern=r"^[0-9]*$")]
Short = Annotated[str, Form(max_length=40)]
Words = Annotated[str, Form(max_length=500)]
STATES = ("open", "seen", "missed", "dropped")
NOBODY = "nobody"


@router.get("/officer/rounds")
@router.get("/officer/rounds.csv")
def rounds(request: Request, office: Desk, state: Code = "open", after: After = 0) -> Response:
    """Show the area's visit tasks with who goes, soonest due first; `nobody` are those nobody goes on yet."""
    work, alone = office.work, state == NOBODY
    wanted = state if state in STATES else "open"

    def build(most: int, past: int) -> Sheet:
        rows = tasks_of_area(
            work.session, office.lo, office.hi, state=wanted, without_lead=alone, most=most, after=past
        )
        names = office.community_names({row.area_code for row in rows})
        classes = {one.code: one.name for one in office.rules.visit_classes}
        states = [*task_state_words().items()]
        states.insert(1, (NOBODY, translate("还没有人去")))
        return Sheet(
            title=translate("探访任务"),
            note=translate("按名单和探访频次每天生成。没人应不算见到，任务一直开着。点老人可以改派或加人同去。"),
            columns=[
                plain(translate("老人")), plain(translate("社区")), plain(translate("网格")), plain(translate("风险")),
                plain(translate("最晚"), "ascending"), plain(translate("谁去")), plain(translate("类别")),
                plain(translate("说明")),
            ],
            rows=[
                [
                    _task_cell(row), as_written(names[row.area_code]), as_written(row.grid_name or "–"),
                    classes.get(row.visit_class, row.visit_class), full_date(row.due_on),
                    as_written(row.lead_name or "–"), as_written(row.kind_name or "–"),
                    translate("政府购买") if row.purchase_id else "",
                ]
                for row in rows
            ],
            count=rows[0].whole if rows else past,
            rules_version=office.rules.version,
            as_of=work.now,
            asked={"state": state},
            filters=[{"name": "state", "label": translate("情况"), "value": state, "choices": states}],
        )  # fmt: skip

    return answer(request, office, build, after)


def _task_cell(row: Any) -> Cell:
    return {"text": as_written(mask_name(row.elder_name or "—")), "href": f"/officer/rounds/{row.id}"}


@router.get("/officer/register")
@router.get("/officer/register.csv")
def register(request: Request, office: Desk, risk: Code = "", group: Code = "", after: After = 0) -> Response:
    """Show the care register: every elder on the list with her groups, class, grid, who goes, and when she was last met."""
    work = office.work

    def build(most: int, past: int) -> Sheet:
        rows = care_register(work.session, office.lo, office.hi, visit_class=risk, group=group, most=most, after=past)
        names = office.community_names({row.area_code for row in rows})
        classes = {one.code: one.name for one in office.rules.visit_classes}
        everything = ("", translate("全部"))
        return Sheet(
            title=translate("关爱台账"),
            note=translate("名单由规则从老人的记录里算出来，只因有日期的事（去世、搬走、入住机构、情况变化）增减。"),
            columns=[
                plain(translate("老人")), plain(translate("社区")), plain(translate("对象类别")), plain(translate("风险")),
                plain(translate("列入")), plain(translate("网格")), plain(translate("谁去")), plain(translate("最晚")),
                figure(translate("多少天没见")),
            ],
            rows=[
                [
                    {"text": as_written(mask_name(row.full_name or "—")), "href": f"/officer/visits/{row.elder_id}"},
                    as_written(names[row.area_code]), groups_in_words(row.groups),
                    classes.get(row.visit_class, row.visit_class), full_date(row.since),
                    as_written(row.grid_name or "–"), as_written(row.worker_name or "–"),
                    full_date(row.due_on) if row.due_on else "–", _since(office, row),
                ]
                for row in rows
            ],
            count=rows[0].whole if rows else past,
            rules_version=office.rules.version,
            as_of=work.now,
            asked={"risk": risk, "group": group},
            filters=[
                {"name": "risk", "label": translate("风险"), "value": risk, "choices": [everything, *classes.items()]},
                {
                    "name": "group", "label": translate("对象类别"), "value": group,
                    "choices": [everything, *group_words().items()],
                },
            ],
        )  # fmt: skip

    return answer(request, office, build, after)


def _since(office: Office, row: Any) -> str | int:
    days = days_since(office.work.now, row.last_met)
    return translate("没有记录") if days is None else days


@router.get("/officer/rounds/{task_id:int}")
def one_task(request: Request, office: Desk, task_id: TaskId) -> Response:
    """Show one task: who goes in which part, who went before, and the form to hand it over."""
    return _task_page(request, office, task_id)


@router.post("/officer/rounds/{task_id:int}")
def give(
    request: Request,
    office: Desk,
    task_id: TaskId,
    person_id: Number = "",
    actor_kind: Short = "",
    part: Short = "lead",
    reason: Words = "",
) -> Response:
    """Hand the task to somebody, or let somebody come along."""
    work = office.work
    with speaking(request):
        errors = {} if person_id else {"person_id": translate("请选一个人")}
    if errors:
        return _task_page(request, office, task_id, errors, 422)
    try:
        with work.session.begin_nested():
            give_task(
                work.session,
                work.now,
                work.actor,
                task_id,
                int(person_id),
                actor_kind,
                part=part,
                reason=reason or None,
            )
    except DomainError as refused:
        field = str(refused.facts.get("field", "person_id"))
        return _task_page(request, office, task_id, {field: refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/rounds/{task_id}", status_code=303)


@router.post("/officer/rounds/{task_id:int}/off")
def off(request: Request, office: Desk, task_id: TaskId, person_id: Number = "") -> Response:
    """Take somebody who comes along off the task."""
    work = office.work
    try:
        with work.session.begin_nested():
            take_off(work.session, work.now, work.actor, task_id, int(person_id or 0))
    except DomainError as refused:
        return _task_page(request, office, task_id, {"person_id": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/rounds/{task_id}", status_code=303)


def _task_page(
    request: Request, office: Office, task_id: int, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    work = office.work
    task = find_task(work.session, task_id)
    classes = {one.code: one.name for one in office.rules.visit_classes}
    with speaking(request):
        kinds = [(row.code, for_reader(row.name_zh, row.name_en)) for row in actor_kinds(work.session)]
        names = office.names(
            task=task,
            community_name=office.community_names({task.area_code})[task.area_code],
            class_name=classes.get(task.visit_class, task.visit_class),
            state_words=task_state_words()[task.state],
            late=task.state == "open" and task.due_on < civil_date(work.now),
            goers=goers_of(work.session, task_id),
            people=[(row.id, row.full_name) for row in people_to_send(work.session, office.lo, office.hi)],
            kinds=kinds,
            parts=[("lead", translate("负责去")), ("companion", translate("一起去"))],
            errors=errors or {},
        )
    return render(request, "officer/round.html", names, status_code=status)
