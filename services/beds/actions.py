"""Elders moving into beds and out of them, and the monthly count of every home's beds."""

from __future__ import annotations

from datetime import date, datetime

from psycopg.types.range import Range
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.acts import record_act
from services.beds.errors import (
    BY_CONSTRAINT,
    BadDays,
    BedNotFound,
    BedNotOpen,
    NotForYourOffice,
    StayEnded,
    StayNotFound,
)
from services.beds.tables import Bed, BedStay
from services.columns import table_of
from services.people.rights import right_to
from services.unit_of_work import Actor

_bed, _stay = table_of(Bed), table_of(BedStay)


def admit(
    session: Session, now: datetime, actor: Actor, bed_id: int, elder_id: int, *, first_day: date, last_day: date | None
) -> int:
    """Give an elder a bed from a day on and give the stay's id; `last_day` is the day she leaves, not slept.

    By an officer in whose area elder and bed lie. Raises NotFound, NotForYourOffice, BedNotFound,
    BedNotOpen, BadDays, BedTaken, ElderHasABed.
    """
    right = right_to(session, actor, elder_id, "order", now)
    if right.ground != "office:officer" or actor.area_lo is None or actor.area_hi is None:
        raise NotForYourOffice(elder_id=elder_id)
    if last_day is not None and last_day <= first_day:
        raise BadDays(field="last_day")
    bed = (
        session.connection()
        .execute(select(_bed).where(_bed.c.id == bed_id, _bed.c.area_code.between(actor.area_lo, actor.area_hi)))
        .one_or_none()
    )
    if bed is None:
        raise BedNotFound(bed_id=bed_id)
    closes_too_soon = bed.closed_on is not None and (last_day is None or last_day > bed.closed_on)
    if bed.opened_on > first_day or closes_too_soon:
        raise BedNotOpen(bed_id=bed_id, opened_on=str(bed.opened_on), closed_on=str(bed.closed_on))
    try:
        with session.begin_nested():
            stay_id: int = session.connection().execute(
                insert(_stay)
                .values(
                    bed_id=bed_id, elder_id=elder_id, area_code=bed.area_code,
                    during=Range(first_day, last_day), recorded_at=now,
                )
                .returning(_stay.c.id)
            ).scalar_one()  # fmt: skip
    except IntegrityError as broken:
        meant = BY_CONSTRAINT.get(getattr(getattr(broken.orig, "diag", None), "constraint_name", None) or "")
        if meant is None:
            raise
        raise meant(bed_id=bed_id, elder_id=elder_id, first_day=str(first_day)) from broken
    record_act(
        session, now, actor, "admit",
        for_person_id=elder_id, by_right=right.ground, area_code=bed.area_code, subject=("bed_stay", stay_id),
    )  # fmt: skip
    return stay_id


def discharge(session: Session, now: datetime, actor: Actor, stay_id: int, last_day: date, reason: str) -> None:
    """End a stay: on `last_day` the elder leaves and the bed is free. Raises StayNotFound, StayEnded, BadDays."""
    if not actor.has_role("officer"):
        raise NotForYourOffice(stay_id=stay_id)
    stay = session.connection().execute(select(_stay).where(_stay.c.id == stay_id).with_for_update()).one_or_none()
    if stay is None:
        raise StayNotFound(stay_id=stay_id)
    if stay.during.upper is not None and stay.during.upper <= last_day:
        raise StayEnded(stay_id=stay_id, left_on=str(stay.during.upper))
    if last_day <= stay.during.lower:
        raise BadDays(field="last_day", first_day=str(stay.during.lower))
    session.connection().execute(
        update(_stay).where(_stay.c.id == stay_id).values(during=func.daterange(stay.during.lower, last_day))
    )
    record_act(
        session, now, actor, "discharge",
        for_person_id=stay.elder_id, by_right="office:officer", area_code=stay.area_code,
        subject=("bed_stay", stay_id), facts={"last_day": last_day.isoformat(), "reason": reason},
    )  # fmt: skip


COUNTED_ON = """
    SELECT b.facility_id, f.area_code, count(*) AS total,
      count(*) FILTER (WHERE b.nursing_from <= :day) AS nursing,
      count(*) FILTER (WHERE b.dementia) AS dementia,
      count(*) FILTER (WHERE EXISTS (
        SELECT FROM bed_stay s WHERE s.bed_id = b.id AND s.during @> CAST(:day AS date))) AS occupied
    FROM bed b JOIN facility f ON f.id = b.facility_id
    WHERE b.opened_on <= :day AND (b.closed_on IS NULL OR b.closed_on > :day) AND b.kind <> 'home'
      AND (f.closed_on IS NULL OR f.closed_on > :day)
    GROUP BY b.facility_id, f.area_code
"""
"""Every site's open beds on a day, home beds left out, from the bed rows alone."""


def take_snapshot(session: Session, now: datetime, day: date) -> int:
    """Count every home's beds on a Shanghai day and keep the counts; give how many homes. Runs as the house.

    Taken again, it corrects itself from the bed rows: a bed registered late changes the past month's count.
    """
    session.connection().execute(text("SELECT pg_advisory_xact_lock(hashtextextended('bed_snapshot', 0))"))
    session.connection().execute(
        text(
            "UPDATE bed_snapshot SET total = 0, nursing = 0, dementia = 0, occupied = 0, computed_at = :now WHERE day = :day"
        ),
        {"day": day, "now": now},
    )
    done = session.connection().execute(
        text(
            "INSERT INTO bed_snapshot (facility_id, area_code, day, total, nursing, dementia, occupied, computed_at) "
            f"SELECT facility_id, area_code, :day, total, nursing, dementia, occupied, :now FROM ({COUNTED_ON}) AS counted "
            "ON CONFLICT (facility_id, day) DO UPDATE SET area_code = excluded.area_code, total = excluded.total, "
            "nursing = excluded.nursing, dementia = excluded.dementia, occupied = excluded.occupied, "
            "computed_at = excluded.computed_at"
        ),
        {"day": day, "now": now},
    )
    return int(done.rowcount)
