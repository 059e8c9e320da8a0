"""Was what a home care bed owes really delivered: the service list of a month against the visits that took place."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Row, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.beds.errors import HomeBedNotFound
from services.beds.tables import HomeBed, HomeBedCheck, HomeBedService
from services.clock import civil_midnight
from services.columns import table_of
from services.errors import Invalid, NotAllowed
from services.orders.tables import CareOrder
from services.unit_of_work import Actor
from services.visits.tables import Visit

_bed, _line, _check = table_of(HomeBed), table_of(HomeBedService), table_of(HomeBedCheck)
_visit, _order = table_of(Visit), table_of(CareOrder)


@dataclass(frozen=True)
class Delivered:
    """One line of the list in a month: owed, delivered by finished visits, and an officer's word."""

    id: int
    home_bed_id: int
    month: date
    service_code: str
    owed: int
    delivered: int
    delivered_minutes: int
    note: str | None

    @property
    def missing(self) -> int:
        """How many visits were owed and did not take place."""
        return max(0, self.owed - self.delivered)


def owed_in_month(times: int, every: str, days: int, month: date) -> int:
    """Give how often a service is owed in the days of a month that a contract covers, rounded down."""
    period = 7 if every == "week" else calendar.monthrange(month.year, month.month)[1]
    return times * days // period


def check_month(session: Session, now: datetime, month: date) -> int:
    """Count for every home care bed what a month owed and what finished visits delivered; gives how many lines.

    `month` is its first day. Only visits of an order with the contract's own provider, checked in within the month in
    Shanghai, count. Runs as the house; run again, it counts anew and keeps officers' notes.
    """
    first = month.replace(day=1)
    after = (first.replace(day=28).toordinal()) + 4
    end = date.fromordinal(after).replace(day=1)
    rows = session.connection().execute(
        select(_line, _bed.c.during)
        .join(_bed, _bed.c.id == _line.c.home_bed_id)
        .where(_bed.c.during.op("&&")(func.daterange(cast(first, Date), cast(end, Date))))
    ).all()  # fmt: skip
    for row in rows:
        since, until = max(row.during.lower, first), min(row.during.upper, end)
        visits, minutes = _visits(session, row, since, until)
        _write(
            session, now, row, first, owed_in_month(row.times, row.every, (until - since).days, first), visits, minutes
        )
    return len(rows)


def _visits(session: Session, row: Row[*tuple[Any, ...]], since: date, until: date) -> tuple[int, int]:
    spent = func.extract("epoch", _visit.c.checked_out_at - _visit.c.checked_in_at) / 60
    counted = session.connection().execute(
        select(func.count(), func.coalesce(func.sum(spent), 0))
        .join(_order, _order.c.id == _visit.c.order_id)
        .where(_visit.c.elder_id == row.elder_id, _visit.c.state == "finished")
        .where(_order.c.service_code == row.service_code, _order.c.provider_id == row.provider_id)
        .where(_visit.c.checked_in_at >= civil_midnight(since), _visit.c.checked_in_at < civil_midnight(until))
    ).one()  # fmt: skip
    return int(counted[0]), int(counted[1])


def _write(
    session: Session, now: datetime, row: Row[*tuple[Any, ...]], month: date, owed: int, visits: int, minutes: int
) -> None:
    values = {
        "home_bed_id": row.home_bed_id, "elder_id": row.elder_id, "area_code": row.area_code,
        "provider_id": row.provider_id, "month": month, "service_code": row.service_code,
        "owed": owed, "delivered": visits, "delivered_minutes": minutes, "checked_at": now,
    }  # fmt: skip
    counted = {name: values[name] for name in ("owed", "delivered", "delivered_minutes", "checked_at")}
    session.connection().execute(
        upsert(_check)
        .values(**values)
        .on_conflict_do_update(index_elements=["home_bed_id", "month", "service_code"], set_=counted)
    )


def deliveries(session: Session, home_bed_ids: list[int], month: date | None = None) -> list[Delivered]:
    """Give the checks of some home care beds that the actor may see, newest month first."""
    query = select(_check).where(_check.c.home_bed_id.in_(home_bed_ids))
    if month is not None:
        query = query.where(_check.c.month == month.replace(day=1))
    rows = session.connection().execute(query.order_by(_check.c.month.desc(), _check.c.service_code))
    return [
        Delivered(
            row.id,
            row.home_bed_id,
            row.month,
            row.service_code,
            row.owed,
            row.delivered,
            row.delivered_minutes,
            row.note,
        )
        for row in rows
    ]


def note_delivery(session: Session, now: datetime, actor: Actor, check_id: int, note: str) -> None:
    """Say why a month fell short, by the officer of the elder's area. Raises HomeBedNotFound, NotAllowed, Invalid."""
    if actor.role != "officer":
        raise NotAllowed(check_id=check_id)
    if not 0 < len(note.strip()) <= 500:
        raise Invalid(field="note")
    row = session.connection().execute(
        update(_check)
        .where(_check.c.id == check_id)
        .values(note=note.strip(), noted_by=actor.person_id)
        .returning(_check.c.elder_id, _check.c.area_code)
    ).first()  # fmt: skip
    if row is None:
        raise HomeBedNotFound(check_id=check_id)
    record_act(
        session, now, actor, "note_home_bed_delivery", for_person_id=row.elder_id, area_code=row.area_code,
        subject=("home_bed_check", check_id),
    )  # fmt: skip
