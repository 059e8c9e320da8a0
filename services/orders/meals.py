"""What an elder must not eat, what is on a site's menu, and whether the two agree before she orders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.errors import Invalid
from services.orders.allergens import ALLERGENS, in_words, must_avoid
from services.orders.errors import ContainsAllergen
from services.orders.place_tables import ElderDiet, MealDish
from services.people.privacy import seal, unseal
from services.people.rights import right_to
from services.unit_of_work import Actor

_diet = table_of(ElderDiet)
_dish = table_of(MealDish)
PURPOSE = "health"


@dataclass(frozen=True)
class Dish:
    """A dish of a day's menu with its allergens by code."""

    name_zh: str
    name_en: str
    contains: tuple[str, ...]


def say_diet(session: Session, now: datetime, actor: Actor, elder_id: int, avoids: Sequence[str]) -> None:
    """Write down what an elder must not eat, for all her meals from now on. Raises NotFound, NotAllowed, Invalid."""
    if set(avoids) - ALLERGENS.keys():
        raise Invalid("忌口有误，请重新选择。", field="avoids", known=sorted(ALLERGENS))
    right = right_to(session, actor, elder_id, "order", now)
    row = {
        "elder_id": elder_id,
        "area_code": right.area_code,
        "avoids_sealed": seal(PURPOSE, json.dumps(sorted(set(avoids)))),
        "said_by": actor.person_id,
        "said_at": now,
    }
    session.connection().execute(upsert(_diet).values(row).on_conflict_do_update(index_elements=["elder_id"], set_=row))
    record_act(
        session, now, actor, "say_diet", for_person_id=elder_id, by_right=right.ground, area_code=right.area_code,
        facts={"items": len(set(avoids))},
    )  # fmt: skip


def diet_of(session: Session, elder_id: int) -> tuple[str, ...]:
    """Give what an elder must not eat, as codes; empty when nothing was said or she may not be seen."""
    sealed = session.connection().execute(select(_diet.c.avoids_sealed).where(_diet.c.elder_id == elder_id)).scalar()
    return tuple(json.loads(unseal(PURPOSE, sealed))) if sealed else ()


def dishes_of(session: Session, facility_id: int, on: date) -> list[Dish]:
    """Give a site's published menu of a day, in the order it was written."""
    rows = session.connection().execute(
        select(_dish).where(_dish.c.facility_id == facility_id, _dish.c.on_day == on).order_by(_dish.c.id)
    )
    return [Dish(row.name_zh, row.name_en, tuple(row.contains)) for row in rows]


def check_meal(session: Session, elder_id: int, slot: Row[*tuple[Any, ...]], knows_allergens: bool) -> str | None:
    """Give the sealed wish the kitchen will read, or refuse a menu with what she must not eat.

    Raises ContainsAllergen(dishes, avoids) unless `knows_allergens`: then the kitchen is told to leave it out.
    """
    if not str(slot.kind).startswith("meal"):
        return None
    avoids = diet_of(session, elder_id)
    if not avoids:
        return None
    dishes = dishes_of(session, slot.facility_id, civil_date(slot.starts_at))
    wrong = [(dish.name_zh, must_avoid(dish.contains, avoids)) for dish in dishes]
    wrong = [(name, codes) for name, codes in wrong if codes]
    if wrong and not knows_allergens:
        names = "；".join(f"{name}（{in_words(codes)}）" for name, codes in wrong)
        raise ContainsAllergen(
            f"这天的菜里有老人不能吃的：{names}。要订的话，我们会请厨房避开。",
            dishes=[name for name, _ in wrong],
            avoids=list(avoids),
        )
    return seal(PURPOSE, json.dumps(list(avoids)))


def kitchen_reads(wish_sealed: str | None) -> str:
    """Give in words what the kitchen must leave out of a meal; empty when nothing."""
    return in_words(json.loads(unseal(PURPOSE, wish_sealed))) if wish_sealed else ""
