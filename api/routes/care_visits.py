"""Visits of care: a worker's own tasks, the office's tasks and grids, and what became known of closed months."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.care_visits import (
    CorrectionOut,
    GoerIn,
    GridCreatedOut,
    GridIn,
    GridOut,
    TaskOut,
    TaskToDoOut,
    TaskTryIn,
    TaskTryOut,
)
from api.schemas.visits import Day
from services.clock import civil_date
from services.visits import grids, task_queries
from services.visits.attempts import record_attempt
from services.visits.corrections import corrections
from services.visits.errors import NotAVisitor
from services.visits.tasks import give_task

router = APIRouter(prefix="/api/v1", tags=["visits"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/visit-tasks/mine",
    response_model=list[TaskToDoOut],
    responses=problems(401),
    summary="My visits, in walking order",
)
def mine(work: Work) -> list[TaskToDoOut]:
    """Give the open visit tasks the actor goes on, soonest first, each week's doors in walking order."""
    return [TaskToDoOut.model_validate(one) for one in task_queries.my_tasks(work.session, work.now, work.actor)]


@router.post(
    "/visit-tasks/{task_id}/attempts",
    response_model=TaskTryOut,
    status_code=201,
    responses=problems(401, 404, 409),
    summary="Write down what came of a visit",
)
def write_try(work: Work, task_id: Id, asked: TaskTryIn) -> TaskTryOut:
    """Record one try on one's own task; no answer is recorded, opens an escalation, and closes no task."""
    task = task_queries.find_my_task(work.session, work.actor, task_id)
    one = record_attempt(work.session, work.now, work.actor, task.elder_id, task_id=task_id, **asked.model_dump())
    return TaskTryOut(attempt_id=one)


@router.get(
    "/visit-tasks", response_model=list[TaskOut], responses=problems(401, 403), summary="The visit tasks of my area"
)
def of_area(
    work: Work,
    state: Annotated[Literal["open", "seen", "missed", "dropped"], Query()] = "open",
    without_lead: Annotated[bool, Query(description="only those nobody goes on yet")] = False,
    after: Annotated[int, Query(ge=0, le=10**6)] = 0,
) -> list[TaskOut]:
    """Give an office's tasks, soonest due first, 200 at a time."""
    lo, hi = _area(work)
    rows = task_queries.tasks_of_area(work.session, lo, hi, state=state, without_lead=without_lead, after=after)
    return [TaskOut.model_validate(row) for row in rows]


@router.put(
    "/visit-tasks/{task_id}/people",
    status_code=204,
    responses=problems(401, 404, 409),
    summary="Hand a visit task to somebody",
)
def give(work: Work, task_id: Id, asked: GoerIn) -> None:
    """Hand a task over, or pair somebody with who leads; who had that part before stays on record."""
    give_task(
        work.session,
        work.now,
        work.actor,
        task_id,
        asked.person_id,
        asked.actor_kind,
        part=asked.part,
        reason=asked.reason,
    )


@router.get("/visit-grids", response_model=list[GridOut], responses=problems(401, 403), summary="The grids of my area")
def list_grids(work: Work) -> list[GridOut]:
    """Give the grids that stand, with who leads each."""
    return [GridOut.model_validate(row) for row in grids.grids(work.session, *_area(work))]


@router.post(
    "/visit-grids",
    response_model=GridCreatedOut,
    status_code=201,
    responses=problems(401, 403, 409),
    summary="Draw a grid",
)
def draw(work: Work, asked: GridIn) -> GridCreatedOut:
    """Draw a grid inside one community or quarter; tomorrow's tasks go by it."""
    one = grids.draw_grid(
        work.session,
        work.now,
        work.actor,
        asked.area_code,
        asked.name,
        far=asked.far,
        outline=asked.outline,
        crs=asked.crs,
    )
    return GridCreatedOut(grid_id=one)


@router.get(
    "/visit-duties/corrections",
    response_model=list[CorrectionOut],
    responses=problems(401, 403, 404),
    summary="Late facts about a closed month",
)
def late_facts(
    work: Work, month: Annotated[Day | None, Query(description="any day of the month; default the month before")] = None
) -> list[CorrectionOut]:
    """Give what became known about a closed month afterwards; its figures stay as they were."""
    lo, hi = _area(work)
    chosen = month or civil_date(work.now).replace(day=1) - timedelta(days=1)
    return [CorrectionOut.model_validate(one) for one in corrections(work.session, work.now, chosen, lo=lo, hi=hi)]


def _area(work: Work) -> tuple[int, int]:
    if work.actor.area_lo is None or work.actor.area_hi is None:
        raise NotAVisitor("这个页面给有辖区的工作人员使用。")
    return work.actor.area_lo, work.actor.area_hi
