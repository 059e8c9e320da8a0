"""Reads around the door: a visitor's day, the elder's side's code, open escalations, one elder's attempts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, func, select
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_midnight
from services.columns import table_of
from services.orders.tables import CareOrder
from services.people.privacy import unseal
from services.people.rights import right_to
from services.people.tables import Person
from services.unit_of_work import Actor
from services.visits.errors import CodeNotForYou, VisitNotFound, VisitNotOpen
from services.visits.plans import CODE_PURPOSE
from services.visits.tables import Escalation, Visit, VisitAttempt, VisitDuty

_visit, _person, _duty = table_of(Visit), table_of(Person), table_of(VisitDuty)
_order = table_of(CareOrder)
_attempt, _escalation = table_of(VisitAttempt), table_of(Escalation)
Found = Row[*tuple[Any, ...]]

_SHOWN = (
    _visit.c.id, _visit.c.kind, _visit.c.state, _visit.c.order_id, _visit.c.need_id, _visit.c.elder_id,
    _visit.c.area_code, _visit.c.visitor_id, _visit.c.planned_start, _visit.c.planned_end,
    _visit.c.checked_in_at, _visit.c.check_in_recorded_at, _visit.c.check_in_proof, _visit.c.code_tries,
    _visit.c.checked_out_at, _visit.c.check_out_recorded_at, _visit.c.tasks_done, _visit.c.note,
    _visit.c.confirmed_at,
)  # fmt: skip
"""Never the sealed code and never the device's position."""


def visits_of_day(session: Session, actor: Actor, day: date) -> list[Found]:
    """Give the visitor's own doors of a Shanghai day, in order, with each elder's name and home (lon, lat)."""
    start = civil_midnight(day)
    return list(
        session.connection().execute(
            select(*_SHOWN, _person.c.full_name.label("elder_name"), _home("x"), _home("y"))
            .outerjoin(_person, _person.c.id == _visit.c.elder_id)
            .where(_visit.c.visitor_id == actor.person_id, _visit.c.state != "cancelled")
            .where(_visit.c.planned_start >= start, _visit.c.planned_start < start + timedelta(days=1))
            .order_by(_visit.c.planned_start, _visit.c.id)
        )
    )


def _home(axis: str) -> Any:
    """Where she lives, as long as she lets it be shown on the map."""
    part = func.ST_X(_person.c.home) if axis == "x" else func.ST_Y(_person.c.home)
    shown = case((func.has_consent(_visit.c.elder_id, "home_position"), part), else_=None)
    return shown.label("lon" if axis == "x" else "lat")


def visits_of_elder(session: Session, elder_id: int, since: datetime, limit: int = 50) -> list[Found]:
    """Give an elder's visits the actor may see, newest first, with each visitor's name where it may be known."""
    return list(
        session.connection().execute(
            select(*_SHOWN, _person.c.full_name.label("visitor_name"))
            .outerjoin(_person, _person.c.id == _visit.c.visitor_id)
            .where(_visit.c.elder_id == elder_id, _visit.c.planned_start >= since)
            .order_by(_visit.c.planned_start.desc(), _visit.c.id.desc())
            .limit(limit)
        )
    )


def visits_of_provider(session: Session, provider_id: int, since: datetime, limit: int = 100) -> list[Found]:
    """Give the visits of a provider's orders that should have begun since a moment, newest first, with each visitor's name."""
    return list(
        session.connection().execute(
            select(*_SHOWN, _person.c.full_name.label("visitor_name"))
            .join(_order, _order.c.id == _visit.c.order_id)
            .outerjoin(_person, _person.c.id == _visit.c.visitor_id)
            .where(_order.c.provider_id == provider_id, _visit.c.planned_start >= since, _visit.c.state != "cancelled")
            .order_by(_visit.c.planned_start.desc(), _visit.c.id.desc())
            .limit(limit)
        )
    )


def find_visit(session: Session, visit_id: int) -> Found:
    """Give one visit. Raises VisitNotFound when there is none the actor may see."""
    found = session.connection().execute(select(*_SHOWN).where(_visit.c.id == visit_id)).one_or_none()
    if found is None:
        raise VisitNotFound(visit_id=visit_id)
    return found


def has_begun(session: Session, order_id: int) -> bool:
    """Tell whether somebody checked in at an order's door, even where the order has not been told of it yet."""
    begun = select(_visit.c.id).where(_visit.c.order_id == order_id, _visit.c.state.in_(("started", "finished")))
    return session.connection().execute(begun).first() is not None


def read_visit_code(session: Session, now: datetime, actor: Actor, visit_id: int) -> str:
    """Show the four digits to the elder or her confirmed relatives, and write down who read them.

    Raises VisitNotFound, VisitNotOpen once it began, CodeNotForYou to offices and to the visitor herself.
    """
    visit = (
        session.connection()
        .execute(
            select(
                _visit.c.elder_id, _visit.c.area_code, _visit.c.visitor_id, _visit.c.state, _visit.c.code_sealed
            ).where(_visit.c.id == visit_id)
        )
        .one_or_none()
    )
    if visit is None:
        raise VisitNotFound(visit_id=visit_id)
    if visit.visitor_id == actor.person_id:
        raise CodeNotForYou(visit_id=visit_id)
    right = right_to(session, actor, visit.elder_id, "view", now)
    if right.ground != "self" and not right.ground.startswith("proxy:"):
        raise CodeNotForYou(visit_id=visit_id)
    if visit.state != "planned" or visit.code_sealed is None:
        raise VisitNotOpen(visit_id=visit_id, state=visit.state)
    record_act(
        session, now, actor, "read_visit_code",
        for_person_id=visit.elder_id, by_right=right.ground, area_code=visit.area_code, subject=("visit", visit_id),
    )  # fmt: skip
    return unseal(CODE_PURPOSE, visit.code_sealed)


def open_escalations(session: Session, lo: int, hi: int) -> list[Found]:
    """Give unanswered doors of an area range not yet closed, the most overdue first, with both names."""
    in_charge = _person.alias("in_charge")
    return list(
        session.connection().execute(
            select(
                _escalation.c.id, _escalation.c.elder_id, _escalation.c.area_code, _escalation.c.step,
                _escalation.c.in_charge_id, _escalation.c.opened_at, _escalation.c.due_at, _escalation.c.history,
                _person.c.full_name.label("elder_name"), in_charge.c.full_name.label("in_charge_name"),
                _duty.c.visit_class,
            )
            .outerjoin(_person, _person.c.id == _escalation.c.elder_id)
            .outerjoin(in_charge, in_charge.c.id == _escalation.c.in_charge_id)
            .outerjoin(_duty, (_duty.c.elder_id == _escalation.c.elder_id) & _duty.c.ended_on.is_(None))
            .where(_escalation.c.closed_at.is_(None), _escalation.c.area_code.between(lo, hi))
            .order_by(_escalation.c.due_at, _escalation.c.id)
        )
    )  # fmt: skip


def escalations_in_my_hands(session: Session, actor: Actor) -> list[Found]:
    """Give the unanswered doors somebody personally answers for, the most overdue first."""
    return list(
        session.connection().execute(
            select(_escalation, _person.c.full_name.label("elder_name"))
            .outerjoin(_person, _person.c.id == _escalation.c.elder_id)
            .where(_escalation.c.in_charge_id == actor.person_id, _escalation.c.closed_at.is_(None))
            .order_by(_escalation.c.due_at, _escalation.c.id)
        )
    )


def attempts_of_elder(session: Session, elder_id: int, limit: int = 50) -> list[Found]:
    """Give the tries to see an elder, newest first, each with when it happened and when it was recorded."""
    return list(
        session.connection().execute(
            select(_attempt)
            .where(_attempt.c.elder_id == elder_id)
            .order_by(_attempt.c.happened_at.desc(), _attempt.c.id.desc())
            .limit(limit)
        )
    )
