"""The civil-affairs bureau names who serves (民政局派单): what waits for it, naming a provider, and moving on when it does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.queries import Service, service_by_code
from services.catalogue.tables import ServiceItem
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.errors import NotFound
from services.language import name_for_reader
from services.matching.asking import ask_one, asked_so_far, record
from services.matching.errors import NotAmongThem, TaskClosed
from services.matching.finding import Found, find_candidates
from services.matching.mode_tables import BureauTask
from services.matching.modes import Way
from services.matching.rules import offer_expires_at
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.orders.tables import CareOrder
from services.orders.telling import tell_office, tell_operators
from services.outbox import enqueue
from services.people.rights import right_to
from services.people.tables import Person
from services.settings import settings
from services.unit_of_work import SYSTEM, Actor

_task, _order, _item, _person = table_of(BureauTask), table_of(CareOrder), table_of(ServiceItem), table_of(Person)
BUREAU = Way("bureau", clocks_rest=True, members=frozenset())


@dataclass(frozen=True)
class WaitingForBureau:
    """An order that waits for an officer to name a provider."""

    task_id: int
    order_id: int
    order_number: str
    elder_id: int
    elder_name: str | None
    area_code: int
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    opened_at: datetime
    due_at: datetime


def ask_bureau(session: Session, now: datetime, order: OrderRow) -> int:
    """Lay a locked order before the bureau until its time is over; officers are told. Gives the task's id."""
    service = service_by_code(session, order.service_code, civil_date(order.starts_at))
    minutes = rules_in_force(session, order.area_code, civil_date(now)).offer_minutes(service.urgency)
    due_at = offer_expires_at(now, order.starts_at, minutes, settings().offer_seconds_override)
    task_id: int = (
        session.connection()
        .execute(
            insert(_task)
            .values(
                order_id=order.id, elder_id=order.elder_id, area_code=order.area_code, opened_at=now, due_at=due_at,
                state="open",
            )
            .returning(_task.c.id)
        )
        .scalar_one()
    )  # fmt: skip
    if order.state != "offering":
        move_order(session, order, "offering")
    write_event(session, now, order, "awaiting_bureau", None, task_id=task_id)
    record(session, now, SYSTEM, order, "ask_bureau", {"task_id": task_id})
    job = "matching.bureau_overdue"
    enqueue(session, now, job, {"task_id": task_id}, not_before=due_at, key=f"{job}/{task_id}")
    tell_office(
        session, now, order, "officer", "matching.bureau_asked", expires_at=due_at.isoformat(), once=str(task_id)
    )
    return task_id


def name_provider(session: Session, now: datetime, actor: Actor, order_id: int, provider_id: int) -> int:
    """Name the provider an order goes to; it is asked at once and alone. Gives the offer's id.

    Raises NotFound, NotAllowed, TaskClosed(order_id), NotAmongThem(provider_id, why).
    """
    order = lock_order(session, order_id)
    right = right_to(session, actor, order.elder_id, "order", now)
    if not right.ground.startswith("office:"):
        raise NotFound(order_id=order_id)
    task = open_task(session, order_id)
    if task is None or order.state != "offering":
        raise TaskClosed(order_id=order_id, state=order.state)
    found = candidates_for(session, now, order, everybody=True)
    chosen = next((one for one in found.candidates if one.provider_id == provider_id), None)
    if chosen is None:
        why = next((one.why for one in found.left_out if one.provider_id == provider_id), None)
        raise NotAmongThem(order_id=order_id, provider_id=provider_id, why=why)
    _close(session, task.id, "assigned", now, actor.person_id, provider_id)
    write_event(session, now, order, "named_by_bureau", actor.person_id, provider_id=provider_id, task_id=task.id)
    record_act(
        session, now, actor, "name_provider", for_person_id=order.elder_id, by_right=right.ground,
        area_code=order.area_code, subject=("care_order", order.id),
        facts={"provider_id": provider_id, "task_id": task.id},
    )  # fmt: skip
    return ask_one(session, now, order, chosen, len(asked_so_far(session, order)) + 1, BUREAU, actor)


def bureau_overdue(session: Session, now: datetime, task_id: int) -> bool:
    """The bureau's time is over: tell the operator and let the providers be asked one after the other.

    False when the task was decided before. The caller then asks the next provider.
    """
    task = session.connection().execute(select(_task).where(_task.c.id == task_id)).first()
    if task is None:
        return False
    order = lock_order(session, task.order_id)
    task = session.connection().execute(select(_task).where(_task.c.id == task_id).with_for_update()).one()
    if task.state != "open" or now < task.due_at:
        return False
    if order.state != "offering":
        _close(session, task_id, "closed", now)
        return False
    _close(session, task_id, "passed_on", now)
    write_event(session, now, order, "bureau_passed_on", None, task_id=task_id)
    record(session, now, SYSTEM, order, "pass_bureau", {"task_id": task_id})
    tell_operators(session, now, order, "matching.bureau_silent", once=str(task_id))
    return True


def bureau_passed(session: Session, order_id: int) -> bool:
    """Tell whether the bureau let an order's time run out, so that it is not asked again."""
    found = session.connection().execute(
        select(_task.c.id).where(_task.c.order_id == order_id, _task.c.state == "passed_on")
    )
    return found.first() is not None


def open_task(session: Session, order_id: int) -> Row[Any] | None:
    """Give the task of an order that waits for the bureau, or None."""
    return (
        session.connection().execute(select(_task).where(_task.c.order_id == order_id, _task.c.state == "open")).first()
    )


def order_of(session: Session, task_id: int) -> int | None:
    """Give the order of a task."""
    return session.connection().execute(select(_task.c.order_id).where(_task.c.id == task_id)).scalar()


def close_tasks(session: Session, now: datetime, order_id: int) -> None:
    """Take an order off the bureau's table when it was cancelled."""
    task = open_task(session, order_id)
    if task is not None:
        _close(session, task.id, "closed", now)


def waiting_for_bureau(session: Session, actor: Actor) -> list[WaitingForBureau]:
    """Give what waits for the bureau in the acting office's area, the most urgent first."""
    rows = session.connection().execute(
        select(
            _task.c.id.label("task_id"), _task.c.order_id, _task.c.opened_at, _task.c.due_at, _order.c.order_number,
            _order.c.elder_id, _order.c.area_code, _order.c.service_code, _order.c.starts_at, _order.c.ends_at,
            _person.c.full_name.label("elder_name"), name_for_reader(_item).label("service_name"),
        )
        .join(_order, _order.c.id == _task.c.order_id)
        .join(_person, _person.c.id == _task.c.elder_id, isouter=True)
        .join(_item, _item.c.code == _order.c.service_code, isouter=True)
        .where(_task.c.state == "open", _task.c.area_code.between(actor.area_lo, actor.area_hi))
        .order_by(_task.c.due_at, _task.c.id)
    )  # fmt: skip
    names = WaitingForBureau.__dataclass_fields__
    return [
        WaitingForBureau(
            **{name: getattr(row, name) for name in names if name != "service_name"},
            service_name=row.service_name or row.service_code,
        )
        for row in rows
    ]


def candidates_for(session: Session, now: datetime, order: OrderRow, *, everybody: bool = False) -> Found:
    """Rank who can take an order and was not asked yet; the nearest others (or everybody) come with why not.

    Raises HomeUnknown.
    """
    service: Service = service_by_code(session, order.service_code, civil_date(order.starts_at))
    return find_candidates(
        session, now, order.elder_id, order.area_code, service, order.starts_at, order.ends_at,
        already_asked=asked_so_far(session, order), besides_order_id=order.id, everybody=everybody,
    )  # fmt: skip


def _close(
    session: Session, task_id: int, state: str, now: datetime, by: int | None = None, provider_id: int | None = None
) -> None:
    session.connection().execute(
        update(_task)
        .where(_task.c.id == task_id)
        .values(state=state, decided_at=now, decided_by=by, provider_id=provider_id)
    )
