"""Reads of tasks: a worker's own list in walking order, an area's list for its office, who goes where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, case, func, select
from sqlmodel import Session

from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.language import name_for_reader
from services.people.masked import masked
from services.people.tables import Elder, Person, RoleGrant
from services.unit_of_work import Actor
from services.visits.care_errors import TaskNotFound
from services.visits.care_rules import walking_order
from services.visits.care_tables import VisitActorKind, VisitGrid, VisitPurchase, VisitTask, VisitTaskActor
from services.visits.tables import VisitAttempt

_task, _goer, _kind = table_of(VisitTask), table_of(VisitTaskActor), table_of(VisitActorKind)
_grid, _purchase = table_of(VisitGrid), table_of(VisitPurchase)
_person, _elder, _attempt = table_of(Person), table_of(Elder), table_of(VisitAttempt)
_grant = table_of(RoleGrant)
Found = Row[*tuple[Any, ...]]
PAGE = 200


@dataclass(frozen=True)
class TaskToDo:
    """One door on a worker's list. `lon`, `lat` only where the elder lets her home be shown; address masked.

    `tried_today`: what came of today's last try; `with_whom`: the others on the task with their parts.
    """

    task_id: int
    elder_id: int
    elder_name: str
    area_code: int
    address: str | None
    visit_class: str
    due_on: date
    part: str
    grid_name: str | None
    care_package: tuple[str, ...]
    tried_today: str | None
    lon: float | None
    lat: float | None
    with_whom: tuple[tuple[str, str, str], ...]


def my_tasks(session: Session, now: datetime, actor: Actor) -> list[TaskToDo]:
    """Give the actor's open tasks: those due soonest first by week, each week's doors in walking order."""
    today = civil_date(now)
    rows = session.connection().execute(
        select(
            _task.c.id, _task.c.elder_id, _task.c.area_code, _task.c.visit_class, _task.c.due_on, _goer.c.part,
            _person.c.full_name, _person.c.address_sealed, _grid.c.name.label("grid_name"), _purchase.c.care_package,
            _home("x"), _home("y"), _tried(now, today),
        )
        .join(_goer, _goer.c.task_id == _task.c.id)
        .outerjoin(_person, _person.c.id == _task.c.elder_id)
        .outerjoin(_grid, _grid.c.id == _task.c.grid_id)
        .outerjoin(_purchase, _purchase.c.id == _task.c.purchase_id)
        .where(_goer.c.person_id == actor.person_id, _goer.c.until.is_(None), _task.c.state == "open")
        .order_by(_task.c.due_on, _task.c.id)
        .limit(PAGE)
    ).all()  # fmt: skip
    others = _goers(session, [row.id for row in rows], without=actor.person_id)
    tasks = {row.id: _to_do(row, others.get(row.id, ())) for row in rows}
    order: list[TaskToDo] = []
    for soon in (True, False):
        part = {key: one for key, one in tasks.items() if ((one.due_on - today).days < 7) is soon}
        order += [part[key] for key in walking_order({key: _place(one) for key, one in part.items()})]
    return order


def _to_do(row: Found, others: tuple[tuple[str, str, str], ...]) -> TaskToDo:
    return TaskToDo(
        task_id=row.id, elder_id=row.elder_id, elder_name=row.full_name or "", area_code=row.area_code,
        address=masked("address", row.address_sealed), visit_class=row.visit_class, due_on=row.due_on, part=row.part,
        grid_name=row.grid_name, care_package=tuple(row.care_package or ()), tried_today=row.tried_today,
        lon=row.lon, lat=row.lat, with_whom=others,
    )  # fmt: skip


def _place(one: TaskToDo) -> tuple[float, float] | None:
    return None if one.lon is None or one.lat is None else (one.lon, one.lat)


def _home(axis: str) -> Any:
    part = func.ST_X(_person.c.home) if axis == "x" else func.ST_Y(_person.c.home)
    shown = case((func.has_consent(_task.c.elder_id, "home_position"), part), else_=None)
    return shown.label("lon" if axis == "x" else "lat")


def _tried(now: datetime, today: date) -> Any:
    return (
        select(_attempt.c.outcome)
        .where(_attempt.c.elder_id == _task.c.elder_id, _attempt.c.happened_at >= civil_midnight(today))
        .order_by(_attempt.c.happened_at.desc(), _attempt.c.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("tried_today")
    )


def find_my_task(session: Session, actor: Actor, task_id: int) -> Found:
    """Give the task the actor goes on (id, elder_id, area_code, state). Raises TaskNotFound."""
    row = (
        session.connection()
        .execute(
            select(_task.c.id, _task.c.elder_id, _task.c.area_code, _task.c.state)
            .join(_goer, _goer.c.task_id == _task.c.id)
            .where(_task.c.id == task_id, _goer.c.person_id == actor.person_id, _goer.c.until.is_(None))
        )
        .one_or_none()
    )
    if row is None:
        raise TaskNotFound(task_id=task_id)
    return row


def has_tasks(session: Session, actor: Actor) -> bool:
    """Tell whether somebody goes on any open task."""
    query = select(_goer.c.id).join(_task, _task.c.id == _goer.c.task_id)
    mine = query.where(_goer.c.person_id == actor.person_id, _goer.c.until.is_(None), _task.c.state == "open")
    return session.connection().execute(mine.limit(1)).first() is not None


def tasks_of_area(
    session: Session,
    lo: int,
    hi: int,
    *,
    state: str = "open",
    without_lead: bool = False,
    most: int = PAGE,
    after: int = 0,
) -> list[Found]:
    """Give an area's tasks of a state, soonest due first, each with its lead; `whole` counts all of them."""
    lead, goer = _person.alias("lead"), _goer
    query = (
        select(
            _task.c.id, _task.c.elder_id, _task.c.area_code, _task.c.visit_class, _task.c.from_on, _task.c.due_on,
            _task.c.state, _task.c.purchase_id, _person.c.full_name.label("elder_name"), _grid.c.name.label("grid_name"),
            goer.c.person_id.label("lead_id"), lead.c.full_name.label("lead_name"),
            name_for_reader(_kind).label("kind_name"), func.count().over().label("whole"),
        )
        .outerjoin(goer, (goer.c.task_id == _task.c.id) & (goer.c.part == "lead") & goer.c.until.is_(None))
        .outerjoin(lead, lead.c.id == goer.c.person_id)
        .outerjoin(_kind, _kind.c.code == goer.c.actor_kind)
        .outerjoin(_person, _person.c.id == _task.c.elder_id)
        .outerjoin(_grid, _grid.c.id == _task.c.grid_id)
        .where(_task.c.state == state, _task.c.area_code.between(lo, hi))
        .order_by(_task.c.due_on, _task.c.area_code, _task.c.id)
        .limit(most)
        .offset(after)
    )  # fmt: skip
    if without_lead:
        query = query.where(goer.c.id.is_(None))
    return list(session.connection().execute(query))


def find_task(session: Session, task_id: int) -> Found:
    """Give one task with the elder's name, as far as the actor may see it. Raises TaskNotFound."""
    query = (
        select(_task, _person.c.full_name.label("elder_name"), _grid.c.name.label("grid_name"))
        .outerjoin(_person, _person.c.id == _task.c.elder_id)
        .outerjoin(_grid, _grid.c.id == _task.c.grid_id)
        .where(_task.c.id == task_id)
    )
    row = session.connection().execute(query).one_or_none()
    if row is None:
        raise TaskNotFound(task_id=task_id)
    return row


def goers_of(session: Session, task_id: int) -> list[Found]:
    """Give everybody who was or is on a task, the present first: name, part, kind, since, until, reason."""
    query = (
        select(_goer, _person.c.full_name, name_for_reader(_kind).label("kind_name"))
        .outerjoin(_person, _person.c.id == _goer.c.person_id)
        .join(_kind, _kind.c.code == _goer.c.actor_kind)
        .where(_goer.c.task_id == task_id)
        .order_by(_goer.c.until.is_not(None), _goer.c.part.desc(), _goer.c.since.desc())
    )
    return list(session.connection().execute(query))


def _goers(session: Session, task_ids: list[int], without: int | None) -> dict[int, tuple[tuple[str, str, str], ...]]:
    query = (
        select(_goer.c.task_id, _goer.c.part, _person.c.full_name, name_for_reader(_kind).label("kind_name"))
        .outerjoin(_person, _person.c.id == _goer.c.person_id)
        .join(_kind, _kind.c.code == _goer.c.actor_kind)
        .where(_goer.c.task_id.in_(task_ids), _goer.c.until.is_(None), _goer.c.person_id != without)
        .order_by(_goer.c.part.desc(), _goer.c.id)
    )
    found: dict[int, tuple[tuple[str, str, str], ...]] = {}
    for row in session.connection().execute(query):
        found[row.task_id] = (*found.get(row.task_id, ()), (row.part, row.full_name or "", row.kind_name))
    return found


def people_to_send(session: Session, lo: int, hi: int) -> list[Found]:
    """Give whom an office may send: offices, volunteers and carers of its area it may know by name (id, full_name, role)."""
    roles = ("officer", "advisor", "volunteer", "carer")
    query = (
        select(_person.c.id, _person.c.full_name, func.min(_grant.c.role).label("role"))
        .join(_grant, _grant.c.person_id == _person.c.id)
        .where(_grant.c.revoked_at.is_(None), _grant.c.role.in_(roles), _person.c.died_on.is_(None))
        .where(_person.c.area_code.between(lo, hi) | _grant.c.area_code.between(lo, hi))
        .group_by(_person.c.id, _person.c.full_name)
        .order_by(_person.c.full_name, _person.c.id)
        .limit(PAGE)
    )
    return list(session.connection().execute(query))
