"""Which places, baths and meals an elder can have: free ones, when orders close, and holding one for her order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.cities.queries import city_of_area
from services.cities.rules import area_range
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.directory.tables import Facility, Provider, ServiceLine
from services.orders.errors import NoSuchPlace, PlaceClosed, PlaceFull
from services.orders.place_tables import PlaceBooking, PlacePlan, PlaceSlot
from services.orders.steps import OrderRow, move_order, write_event

_plan = table_of(PlacePlan)
_slot = table_of(PlaceSlot)
_booking = table_of(PlaceBooking)
_facility = table_of(Facility)
_provider = table_of(Provider)
_line = table_of(ServiceLine)
_OPEN = text("SELECT open_place_slot(:plan, :starts_at)")
DAYS_SHOWN = 8
ON_SITE = ("day_care", "bath", "meal_dine_in")


@dataclass(frozen=True)
class FreePlaces:
    """One meal, bath or day of a site with how many places are left. Moments in UTC, price in fen."""

    plan_id: int
    provider_id: int
    provider_name: str
    facility_id: int
    facility_name: str
    service_code: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    capacity: int
    free: int
    price_fen: int

    def is_open(self, now: datetime) -> bool:
        """Tell whether one can still be ordered."""
        return self.free > 0 and now < self.closes_at


def free_places(
    session: Session,
    now: datetime,
    area_code: int,
    service_code: str,
    *,
    provider_id: int | None = None,
    days: int = DAYS_SHOWN,
) -> list[FreePlaces]:
    """Give the places of the coming days for a service in the city of an area, soonest first, full ones too."""
    today = civil_date(now)
    plans = _plans(session, area_code, service_code, provider_id)
    taken = _taken(session, [plan.id for plan in plans], civil_midnight(today))
    found = []
    for plan in plans:
        for ahead in range(days):
            place = _place_on(plan, today + timedelta(days=ahead), taken)
            if place is not None and place.starts_at > now:
                found.append(place)
    return sorted(found, key=lambda one: (one.starts_at, one.provider_name, one.plan_id))


def has_places(session: Session, service_code: str, provider_id: int | None) -> bool:
    """Tell whether a provider gives this service by the place, so that ordering it holds one at once."""
    if provider_id is None:
        return False
    found = session.connection().execute(
        select(_plan.c.id).where(_plan.c.service_code == service_code, _plan.c.provider_id == provider_id).limit(1)
    )
    return found.first() is not None


def place_for(
    session: Session, now: datetime, service_code: str, provider_id: int | None, starts_at: datetime
) -> Row[*tuple[Any, ...]] | None:
    """Give the slot an order would take, or None where the service is not given by the place. Raises as find_place."""
    if provider_id is None or not has_places(session, service_code, provider_id):
        return None
    return find_place(session, now, service_code, provider_id, starts_at)


def find_place(
    session: Session, now: datetime, service_code: str, provider_id: int, starts_at: datetime
) -> Row[*tuple[Any, ...]]:
    """Give the slot that begins then, opening it when nobody asked for it before.

    Raises NoSuchPlace(service_code, provider_id, starts_at), PlaceClosed(closes_at), PlaceFull(capacity).
    """
    connection = session.connection()
    plans = connection.execute(
        select(_plan.c.id)
        .where(_plan.c.service_code == service_code, _plan.c.provider_id == provider_id)
        .where(_plan.c.valid_to.is_(None) | (_plan.c.valid_to >= civil_date(starts_at)))
        .order_by(_plan.c.id)
    )
    opened = [connection.execute(_OPEN, {"plan": plan, "starts_at": starts_at}).scalar() for plan in plans.scalars()]
    slots = connection.execute(
        select(_slot).where(_slot.c.id.in_([one for one in opened if one is not None])).order_by(_slot.c.id)
    ).all()
    if not slots:
        raise NoSuchPlace(service_code=service_code, provider_id=provider_id, starts_at=starts_at.isoformat())
    open_ones = [slot for slot in slots if now < slot.closes_at]
    if not open_ones:
        raise PlaceClosed(closes_at=slots[0].closes_at.isoformat(), starts_at=starts_at.isoformat())
    return next((slot for slot in open_ones if slot.taken < slot.capacity), open_ones[0])


def hold_place(
    session: Session, now: datetime, order: OrderRow, slot: Row[*tuple[Any, ...]], wish_sealed: str | None
) -> None:
    """Take one place of a slot for a fresh order; the order is accepted with it. Raises PlaceFull(capacity).

    The slot's counter is locked and checked by the database: of two hands at the last place one gets it.
    """
    try:
        with session.begin_nested():
            session.connection().execute(
                insert(_booking).values(
                    slot_id=slot.id,
                    order_id=order.id,
                    elder_id=order.elder_id,
                    area_code=order.area_code,
                    provider_id=slot.provider_id,
                    state="held",
                    wish_sealed=wish_sealed,
                    booked_at=now,
                )
            )
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", "") != "place_slot_never_oversold_check":
            raise
        raise PlaceFull(capacity=slot.capacity, starts_at=slot.starts_at.isoformat()) from error
    move_order(session, order, "accepted", provider_id=slot.provider_id, accepted_at=now)
    write_event(session, now, order, "place_held", None, provider_id=slot.provider_id, slot_id=slot.id, place=slot.kind)


def release_place(session: Session, order_id: int) -> bool:
    """Give an order's place back to its slot; False when it held none."""
    return _move(session, order_id, "held", "released")


def use_place(session: Session, order_id: int) -> bool:
    """Note that a held place was used: it is not given back any more."""
    return _move(session, order_id, "held", "used")


def place_of(session: Session, order_id: int) -> Row[*tuple[Any, ...]] | None:
    """Give the place an order holds or used, with its slot's kind, moments and facility; None without one."""
    return (
        session.connection()
        .execute(
            select(
                _booking.c.state, _booking.c.wish_sealed, _slot.c.kind, _slot.c.starts_at, _slot.c.ends_at,
                _slot.c.closes_at, _slot.c.facility_id, _slot.c.id.label("slot_id"),
            )
            .join(_slot, _slot.c.id == _booking.c.slot_id)
            .where(_booking.c.order_id == order_id, _booking.c.state != "released")
        )
        .first()
    )  # fmt: skip


def _move(session: Session, order_id: int, before: str, after: str) -> bool:
    moved = session.connection().execute(
        update(_booking)
        .where(_booking.c.order_id == order_id, _booking.c.state == before)
        .values(state=after)
        .returning(_booking.c.id)
    )
    return moved.first() is not None


def _plans(session: Session, area_code: int, service_code: str, provider_id: int | None) -> list[Row[Any]]:
    first, last = area_range(city_of_area(session, area_code))
    query = (
        select(
            _plan, _facility.c.name.label("facility_name"), _provider.c.name.label("provider_name"), _line.c.price_fen
        )
        .join(_facility, _facility.c.id == _plan.c.facility_id)
        .join(_provider, _provider.c.id == _plan.c.provider_id)
        .join(_line, (_line.c.provider_id == _plan.c.provider_id) & (_line.c.service_code == _plan.c.service_code))
        .where(_plan.c.service_code == service_code, _facility.c.area_code.between(first, last))
        .where(_facility.c.status == "open", _provider.c.blocked_at.is_(None), _line.c.active)
        .order_by(_plan.c.id)
    )
    if provider_id is not None:
        query = query.where(_plan.c.provider_id == provider_id)
    return list(session.connection().execute(query))


def _taken(session: Session, plan_ids: Collection[int], since: datetime) -> dict[tuple[int, datetime], Row[Any]]:
    rows = session.connection().execute(select(_slot).where(_slot.c.plan_id.in_(plan_ids), _slot.c.starts_at >= since))
    return {(row.plan_id, row.starts_at): row for row in rows}


def _place_on(plan: Row[Any], day: date, taken: dict[tuple[int, datetime], Row[Any]]) -> FreePlaces | None:
    if day < plan.valid_from or (plan.valid_to is not None and day > plan.valid_to):
        return None
    if plan.weekdays and str(day.isoweekday()) not in plan.weekdays:
        return None
    midnight = civil_midnight(day)
    starts_at = midnight + timedelta(minutes=plan.from_minute)
    slot = taken.get((plan.id, starts_at))
    closes_at = midnight - timedelta(days=plan.cut_off_days_before) + timedelta(minutes=plan.cut_off_minute)
    capacity = plan.capacity if slot is None else slot.capacity
    return FreePlaces(
        plan_id=plan.id,
        provider_id=plan.provider_id,
        provider_name=plan.provider_name,
        facility_id=plan.facility_id,
        facility_name=plan.facility_name,
        service_code=plan.service_code,
        kind=plan.kind,
        starts_at=starts_at,
        ends_at=midnight + timedelta(minutes=plan.to_minute),
        closes_at=closes_at if slot is None else slot.closes_at,
        capacity=capacity,
        free=capacity if slot is None else capacity - slot.taken,
        price_fen=plan.price_fen,
    )


def count_of_bookings(session: Session, slot_id: int) -> int:
    """Count the bookings that hold or used a slot's places: what its counter must say."""
    counted: int = (
        session.connection()
        .execute(select(func.count()).where(_booking.c.slot_id == slot_id, _booking.c.state != "released"))
        .scalar_one()
    )
    return counted
