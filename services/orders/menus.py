"""What a site gives week by week, for its dispatcher: its plans of places, and the dishes of the coming days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.directory.tables import Facility
from services.errors import NotAllowed, NotFound
from services.orders.place_tables import MealDish, PlacePlan
from services.unit_of_work import Actor

_plan, _dish, _facility = table_of(PlacePlan), table_of(MealDish), table_of(Facility)


@dataclass(frozen=True)
class DishOnDay:
    """A dish as its site wrote it on a day's menu."""

    id: int
    facility_id: int
    facility_name: str
    on_day: date
    name_zh: str
    name_en: str
    contains: tuple[str, ...]


def sites_of_provider(session: Session, provider_id: int) -> list[tuple[int, str]]:
    """Give (site, name) of a provider's open sites."""
    rows = session.connection().execute(
        select(_facility.c.id, _facility.c.name)
        .where(_facility.c.provider_id == provider_id, _facility.c.status == "open")
        .order_by(_facility.c.name)
    )
    return [(row.id, row.name) for row in rows]


def plans_of(session: Session, provider_id: int, today: date) -> list[Row[Any]]:
    """Give a provider's plans that still give places, with the site's name."""
    query = (
        select(_plan, _facility.c.name.label("facility_name"))
        .join(_facility, _facility.c.id == _plan.c.facility_id)
        .where(_plan.c.provider_id == provider_id, or_(_plan.c.valid_to.is_(None), _plan.c.valid_to >= today))
        .order_by(_facility.c.name, _plan.c.from_minute, _plan.c.id)
    )
    return list(session.connection().execute(query))


def dishes_between(session: Session, provider_id: int, since: date, until: date) -> list[DishOnDay]:
    """Give the dishes on a provider's menus between two days (both included), by day and site."""
    rows = session.connection().execute(
        select(_dish, _facility.c.name.label("facility_name"))
        .join(_facility, _facility.c.id == _dish.c.facility_id)
        .where(_dish.c.provider_id == provider_id, _dish.c.on_day.between(since, until))
        .order_by(_dish.c.on_day, _facility.c.name, _dish.c.id)
    )
    return [
        DishOnDay(row.id, row.facility_id, row.facility_name, row.on_day, row.name_zh, row.name_en, tuple(row.contains))
        for row in rows
    ]


def withdraw_dish(session: Session, now: datetime, actor: Actor, dish_id: int) -> None:
    """Take a dish off a menu, as when it was written by mistake; by the site's own dispatcher. Raises NotFound, NotAllowed."""
    dish = session.connection().execute(select(_dish).where(_dish.c.id == dish_id)).first()
    if dish is None:
        raise NotFound(dish_id=dish_id)
    if not actor.has_role("dispatcher") or actor.provider_id != dish.provider_id:
        raise NotAllowed("只有这家机构的调度员可以办理。", provider_id=dish.provider_id)
    session.connection().execute(delete(_dish).where(_dish.c.id == dish_id))
    record_act(
        session, now, actor, "withdraw_dish", by_right="provider", subject=("facility", dish.facility_id),
        facts={"on": dish.on_day.isoformat()},
    )  # fmt: skip
