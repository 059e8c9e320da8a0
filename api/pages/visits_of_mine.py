"""The page of whoever goes to see elders: today's doors in walking order, and what came of each with one tap."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.care_events import outcome_words
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import speaking
from services.cities.errors import NoRulesInForce, UnknownCity
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.errors import DomainError
from services.people.queries import reveal
from services.unit_of_work import UnitOfWork
from services.visits.attempts import record_attempt
from services.visits.task_queries import TaskToDo, find_my_task, my_tasks

router = APIRouter(include_in_schema=False)
TaskId = Annotated[int, Path(ge=1, le=2**62)]
Tap = Annotated[str, Form(max_length=40)]
Words = Annotated[str, Form(max_length=2000)]
TAPS = {
    "seen": ("home", "seen"), "spoken": ("phone", "spoken"), "video": ("video", "spoken"),
    "no_answer": ("home", "no_answer"), "no_answer_phone": ("phone", "no_answer"), "refused": ("home", "refused"),
    "hospital": ("neighbour", "hospital"), "moved": ("neighbour", "moved"),
}  # fmt: skip
"""What one tap writes down: over which channel, with which outcome."""
SHOWN = ("address", "phone")


@router.get("/visits/mine")
def my_doors(request: Request, work: Work) -> Response:
    """Show the doors of whoever is signed in, those due soonest first, in walking order."""
    return _page(request, work)


@router.post("/visits/mine/{task_id:int}")
def tapped(request: Request, work: Work, task_id: TaskId, tap: Tap = "", note: Words = "") -> Response:
    """Write down with one tap what came of a door; nobody answering starts the clock of whoever is in charge."""
    task = find_my_task(work.session, work.actor, task_id)
    with speaking(request):
        wrong = {} if tap in TAPS else {f"tap-{task_id}": translate("请按一个结果")}
    if wrong:
        return _page(request, work, errors=wrong, status=422)
    channel, outcome = TAPS[tap]
    try:
        with work.session.begin_nested():
            record_attempt(
                work.session, work.now, work.actor, task.elder_id, channel=channel, outcome=outcome,
                happened_at=work.now, note=note.strip() or None, task_id=task_id,
            )  # fmt: skip
    except DomainError as refused:
        return _page(request, work, errors={f"tap-{task_id}": refused.message_zh}, status=status_of(refused))
    return RedirectResponse(f"/visits/mine?written={outcome}", status_code=303)


@router.post("/visits/mine/{task_id:int}/show")
def show(request: Request, work: Work, task_id: TaskId) -> Response:
    """Show the elder's address and phone in clear, once, and write down who read them."""
    task = find_my_task(work.session, work.actor, task_id)
    told = {}
    for field in SHOWN:
        try:
            with work.session.begin_nested():
                ground = f"task:{task_id}"
                told[field] = reveal(
                    work.session,
                    work.now,
                    work.actor,
                    task.elder_id,
                    field,
                    "上门探访",
                    by_right=ground,
                    purpose="visit",
                )
        except DomainError:
            told[field] = ""
    return _page(request, work, shown={task_id: told})


def _page(
    request: Request,
    work: UnitOfWork,
    *,
    errors: dict[str, str] | None = None,
    shown: dict[int, dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    tasks = my_tasks(work.session, work.now, work.actor)
    with speaking(request):
        names = {
            "home": "/me",
            "now": work.now,
            "worker_name": work.actor.full_name,
            "read_only": work.actor.read_only,
            "doors": [_door(work, one, (shown or {}).get(one.task_id, {})) for one in tasks],
            "written": request.query_params.get("written", ""),
            "errors": errors or {},
        }
    return render(request, "visit/mine.html", names, status_code=status)


def _door(work: UnitOfWork, one: TaskToDo, shown: dict[str, str]) -> dict[str, Any]:
    days = (one.due_on - civil_date(work.now)).days
    return {
        "task": one,
        "class_name": _class_name(work, one),
        "days": days,
        "shown": shown,
        "tried": outcome_words().get(one.tried_today or "", ""),
        "silent": one.tried_today == "no_answer",
        "map_href": None if one.lon is None else f"geo:{one.lat:.6f},{one.lon:.6f}",
    }


def _class_name(work: UnitOfWork, one: TaskToDo) -> str:
    try:
        rules = rules_in_force(work.session, one.area_code, civil_date(work.now))
    except (UnknownCity, NoRulesInForce):
        return one.visit_class
    return next((kind.name for kind in rules.visit_classes if kind.code == one.visit_class), one.visit_class)
