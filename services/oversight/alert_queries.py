"""Reads of alerts: an area's, one's own, how many stand, and the rules over an area."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select, text
from sqlmodel import Session

from services.cities.queries import city_of_area
from services.columns import table_of
from services.language import name_for_reader
from services.oversight.alert_tables import Alert, AlertRule
from services.people.tables import Person
from services.unit_of_work import Actor

_rule, _alert, _person = table_of(AlertRule), table_of(Alert), table_of(Person)
Found = Row[*tuple[Any, ...]]
PAGE = 200
_ORDER = text("array_position(ARRAY['urgent', 'warning', 'info'], alert.severity), alert.due_at, alert.id")


def alerts(
    session: Session, lo: int, hi: int, *, resolved: bool = False, most: int = PAGE, after: int = 0
) -> list[Found]:
    """Give an area's alerts that stand, the most urgent first, or those resolved last; with the rule's and people's names."""
    in_charge = _person.alias("in_charge")
    query = (
        select(
            _alert, _rule.c.kind, _rule.c.code.label("rule_code"), _rule.c.version, name_for_reader(_rule).label("name"),
            in_charge.c.full_name.label("in_charge_name"), func.count().over().label("whole"),
        )
        .join(_rule, _rule.c.id == _alert.c.rule_id)
        .outerjoin(in_charge, in_charge.c.id == _alert.c.in_charge_id)
        .where(_alert.c.area_code.between(lo, hi))
        .limit(most)
        .offset(after)
    )  # fmt: skip
    if resolved:
        query = query.where(_alert.c.state == "resolved").order_by(_alert.c.resolved_at.desc(), _alert.c.id.desc())
    else:
        query = query.where(_alert.c.state != "resolved").order_by(_ORDER)
    return list(session.connection().execute(query))


def standing_count(session: Session, actor: Actor) -> int:
    """Give how many alerts wait for somebody in the actor's area or in her own hands."""
    mine = _alert.c.in_charge_id == actor.person_id
    if actor.area_lo is not None:
        mine = mine | _alert.c.area_code.between(actor.area_lo, actor.area_hi)
    query = select(func.count()).where(_alert.c.state == "open", mine)
    return int(session.connection().execute(query).scalar_one())


def alert_rules(session: Session, lo: int, hi: int) -> list[Found]:
    """Give the rules in force that watch an area: its city's, and those of areas within it."""
    city = city_of_area(session, lo)
    query = (
        select(_rule, name_for_reader(_rule).label("name"))
        .where(_rule.c.ended_on.is_(None), _rule.c.area_code.between(lo, hi) | (_rule.c.area_code == city))
        .order_by(_rule.c.area_code, _rule.c.code)
    )
    return list(session.connection().execute(query))


def versions_of(session: Session, rule: Found) -> list[Found]:
    """Give every version of a rule, newest first."""
    same = _rule.c.area_code == rule.area_code, _rule.c.code == rule.code
    return list(session.connection().execute(select(_rule).where(*same).order_by(_rule.c.version.desc())))
