"""What a site does about its places: say how many there are, publish the menu, note who came and who did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.benefits.actions import release
from services.clock import civil_midnight
from services.columns import table_of
from services.directory.tables import Facility, ServiceLine
from services.errors import Invalid, NotAllowed, NotFound
from services.orders.allergens import ALLERGENS
from services.orders.errors import NotHeldHere, NotOffered
from services.orders.meals import kitchen_reads
from services.orders.paying import release_part
from services.orders.place_tables import PLACE_KINDS, MealDish, PlaceBooking, PlacePlan, PlaceSlot
from services.orders.places import ON_SITE, place_of, use_place
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.orders.tables import CareOrder
from services.orders.telling import tell_elder_side
from services.outbox import enqueue
from services.people.tables import Person, RoleGrant
from services.unit_of_work import SYSTEM, Actor

_plan, _slot, _booking = table_of(PlacePlan), table_of(PlaceSlot), table_of(PlaceBooking)
_dish, _line, _facility = table_of(MealDish), table_of(ServiceLine), table_of(Facility)
_order, _person, _grant = table_of(CareOrder), table_of(Person), table_of(RoleGrant)


@dataclass(frozen=True)
class NewPlan:
    """How many places a site gives, when, and until when they are ordered; minutes of the Shanghai wall clock."""

    facility_id: int
    service_code: str
    kind: str
    weekdays: tuple[str, ...]
    from_minute: int
    to_minute: int
    capacity: int
    cut_off_minute: int
    cut_off_days_before: int = 0
    valid_from: date | None = None


@dataclass(frozen=True)
class Guest:
    """Somebody who holds a place today. `leave_out` is what the kitchen must not put in, in words."""

    order_id: int
    order_number: str
    order_state: str
    elder_id: int
    elder_name: str | None
    kind: str
    service_code: str
    starts_at: datetime
    ends_at: datetime
    leave_out: str
    note: str | None


def plan_places(session: Session, now: datetime, actor: Actor, provider_id: int, new: NewPlan) -> int:
    """Publish places of a site of the dispatcher's provider; gives the plan's id.

    Raises NotAllowed, NotOffered(provider_id, service_code), Invalid(field).
    """
    check_works_for(session, actor, provider_id)
    if new.kind not in PLACE_KINDS or not set(new.weekdays) <= set("1234567"):
        raise Invalid("时段填写有误，请检查。", field="kind", known=list(PLACE_KINDS))
    offered = session.connection().execute(
        select(_line.c.id)
        .join(_facility, _facility.c.provider_id == _line.c.provider_id)
        .where(_line.c.provider_id == provider_id, _line.c.service_code == new.service_code, _line.c.active)
        .where(_facility.c.id == new.facility_id)
    )
    if offered.first() is None:
        raise NotOffered(provider_id=provider_id, service_code=new.service_code)
    values: dict[str, Any] = {**new.__dict__, "weekdays": list(new.weekdays)}
    values["valid_from"] = new.valid_from or now.date()
    row = insert(_plan).values(provider_id=provider_id, set_by=actor.person_id, set_at=now, **values)
    plan_id: int = session.connection().execute(row.returning(_plan.c.id)).scalar_one()
    _record(session, now, actor, "plan_places", ("place_plan", plan_id), {"capacity": new.capacity})
    return plan_id


def end_plan(session: Session, now: datetime, actor: Actor, plan_id: int, last_day: date) -> None:
    """Stop giving a plan's places after a day; what is ordered stands. Raises NotFound, NotAllowed, Invalid."""
    plan = session.connection().execute(select(_plan).where(_plan.c.id == plan_id)).first()
    if plan is None:
        raise NotFound(plan_id=plan_id)
    check_works_for(session, actor, plan.provider_id)
    if last_day < plan.valid_from:
        raise Invalid("结束的日期不能早于开始的日期。", field="last_day")
    session.connection().execute(update(_plan).where(_plan.c.id == plan_id).values(valid_to=last_day))
    _record(session, now, actor, "end_places", ("place_plan", plan_id), {"last_day": last_day.isoformat()})


def publish_dish(
    session: Session, now: datetime, actor: Actor, facility_id: int, on: date, name_zh: str, contains: Sequence[str],
    name_en: str = "",
) -> None:  # fmt: skip
    """Put a dish on a site's menu of a day, with what it contains. Raises NotFound, NotAllowed, Invalid(field)."""
    provider_id = session.connection().execute(
        select(_facility.c.provider_id).where(_facility.c.id == facility_id)
    ).scalar()  # fmt: skip
    if provider_id is None:
        raise NotFound(facility_id=facility_id)
    check_works_for(session, actor, provider_id)
    if set(contains) - ALLERGENS.keys() or not 1 <= len(name_zh.strip()) <= 60:
        raise Invalid("菜名或过敏原填写有误。", field="contains", known=sorted(ALLERGENS))
    row = upsert(_dish).values(
        facility_id=facility_id, provider_id=provider_id, on_day=on, name_zh=name_zh.strip(), name_en=name_en.strip(),
        contains=sorted(set(contains)), facts={},
    )  # fmt: skip
    session.connection().execute(row.on_conflict_do_nothing(constraint="meal_dish_once_a_day_key"))
    _record(session, now, actor, "publish_dish", ("facility", facility_id), {"on": on.isoformat()})


def guests_of(session: Session, actor: Actor, provider_id: int, day: date) -> list[Guest]:
    """Give who holds a place at a provider's sites on a Shanghai day, by time. Raises NotAllowed."""
    check_works_for(session, actor, provider_id)
    midnight = civil_midnight(day)
    rows = session.connection().execute(
        select(
            _booking.c.wish_sealed, _slot.c.kind, _slot.c.starts_at, _slot.c.ends_at, _order.c.id, _order.c.note,
            _order.c.order_number, _order.c.state, _order.c.elder_id, _order.c.service_code, _person.c.full_name,
        )
        .join(_slot, _slot.c.id == _booking.c.slot_id)
        .join(_order, _order.c.id == _booking.c.order_id)
        .join(_person, _person.c.id == _order.c.elder_id, isouter=True)
        .where(_booking.c.provider_id == provider_id, _booking.c.state != "released")
        .where(_slot.c.starts_at >= midnight, _slot.c.starts_at < midnight + timedelta(days=1))
        .order_by(_slot.c.starts_at, _order.c.id)
    )  # fmt: skip
    return [
        Guest(
            order_id=row.id, order_number=row.order_number, order_state=row.state, elder_id=row.elder_id,
            elder_name=row.full_name, kind=row.kind, service_code=row.service_code, starts_at=row.starts_at,
            ends_at=row.ends_at, leave_out=kitchen_reads(row.wish_sealed), note=row.note,
        )
        for row in rows
    ]  # fmt: skip


def note_arrival(session: Session, now: datetime, actor: Actor, order_id: int) -> None:
    """Note that an elder came for her meal, bath or day; when it ends she is asked to confirm.

    Raises NotFound, NotAllowed, NotHeldHere(order_id, state).
    """
    order, ends_at = _held_here(session, now, actor, order_id)
    take_place(session, now, actor.person_id, order, ends_at)
    _record(session, now, actor, "note_arrival", ("care_order", order_id), {}, order)


def take_place(session: Session, now: datetime, by: int | None, order: OrderRow, ends_at: datetime) -> None:
    """Let an accepted order's place be used: it is in service, and ends by itself when its slot does."""
    use_place(session, order.id)
    move_order(session, order, "in_service")
    write_event(session, now, order, "in_service", by, provider_id=order.provider_id)
    job = "orders.close_place"
    enqueue(session, now, job, {"order_id": order.id}, not_before=max(now, ends_at), key=f"{job}/{order.id}")


def note_absence(session: Session, now: datetime, actor: Actor, order_id: int) -> None:
    """Note that nobody came: the order ends, nothing is paid, and her side is told.

    Raises NotFound, NotAllowed, NotHeldHere (also before the place's time began).
    """
    order, _ = _held_here(session, now, actor, order_id)
    if now < order.starts_at:
        raise NotHeldHere("还没有到时间，不能记没来。", order_id=order_id, state=order.state)
    use_place(session, order_id)
    move_order(session, order, "cancelled", cancelled_at=now, cancelled_reason="没有来")
    write_event(session, now, order, "cancelled", actor.person_id, reason="not_come", state_before=order.state)
    release(session, now, order_id)
    release_part(session, now, order_id)
    _record(session, now, actor, "note_absence", ("care_order", order_id), {}, order)
    tell_elder_side(session, now, order, "orders.not_come", provider_id=order.provider_id)


def close_place(session: Session, now: datetime, order_id: int) -> bool:
    """The meal, bath or day is over: ask the elder's side to confirm. False when that was done before."""
    order = lock_order(session, order_id)
    if order.state != "in_service":
        return False
    move_order(session, order, "served")
    write_event(session, now, order, "served", None)
    _record(session, now, SYSTEM, "close_place", ("care_order", order_id), {}, order)
    tell_elder_side(session, now, order, "orders.served")
    return True


def _held_here(session: Session, now: datetime, actor: Actor, order_id: int) -> tuple[OrderRow, datetime]:
    order = lock_order(session, order_id)
    check_works_for(session, actor, order.provider_id)
    place = place_of(session, order_id)
    if place is None or place.kind not in ON_SITE or place.state != "held" or order.state != "accepted":
        raise NotHeldHere(order_id=order_id, state=order.state)
    if now < order.starts_at - timedelta(hours=2):
        raise NotHeldHere("还没有到时间。", order_id=order_id, state=order.state)
    return order, place.ends_at


def check_works_for(session: Session, actor: Actor, provider_id: int | None) -> None:
    """Refuse everybody but a provider's own dispatchers. Raises NotAllowed."""
    granted = session.connection().execute(
        select(_grant.c.id).where(
            _grant.c.person_id == actor.person_id, _grant.c.role == "dispatcher",
            _grant.c.provider_id == provider_id, _grant.c.revoked_at.is_(None),
        )
    )  # fmt: skip
    if provider_id is None or granted.first() is None:
        raise NotAllowed("只有这家机构的调度员可以办理。", provider_id=provider_id)


def _record(
    session: Session, now: datetime, actor: Actor, verb: str, subject: tuple[str, int], facts: dict[str, Any],
    order: OrderRow | None = None,
) -> None:  # fmt: skip
    record_act(
        session, now, actor, verb,
        for_person_id=order.elder_id if order is not None else None,
        by_right="house" if actor.role == "system" else "provider",
        area_code=order.area_code if order is not None else None,
        subject=subject, facts=facts,
    )  # fmt: skip
