"""The register: which homes have beds, which are free, who moved in when, and what the snapshots said."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row, select, text
from sqlmodel import Session

from services.beds.errors import BedNotFound
from services.beds.snapshots import COUNTED_ON
from services.beds.tables import Bed, BedSnapshot, BedStay
from services.columns import table_of
from services.directory.tables import Facility
from services.people.tables import Person

_bed, _stay, _snapshot = table_of(Bed), table_of(BedStay), table_of(BedSnapshot)
_facility, _person = table_of(Facility), table_of(Person)
Found = Row[*tuple[Any, ...]]


def homes_with_beds(session: Session, on: date, lo: int, hi: int) -> list[Found]:
    """Give every home with open beds in an area range on a day: its counts, by name.

    `occupied` counts the stays the actor may see: an officer's own area, which is where the homes lie.
    """
    query = f"""
        SELECT counted.*, f.name, f.type_code FROM ({COUNTED_ON}) AS counted
        JOIN facility f ON f.id = counted.facility_id
        WHERE counted.area_code BETWEEN :lo AND :hi ORDER BY f.name, f.id
    """
    return list(session.connection().execute(text(query), {"day": on, "lo": lo, "hi": hi}))


def beds_of(session: Session, facility_id: int, on: date) -> list[Found]:
    """Give a home's beds with who lies in each on a day, where the actor may know. Raises BedNotFound."""
    rows = list(
        session.connection().execute(
            select(
                _bed.c.id, _bed.c.label, _bed.c.kind, _bed.c.nursing_from, _bed.c.dementia, _bed.c.basic_guarantee,
                _bed.c.opened_on, _bed.c.closed_on, _stay.c.id.label("stay_id"), _stay.c.elder_id,
                _person.c.full_name.label("elder_name"),
            )
            .outerjoin(_stay, (_stay.c.bed_id == _bed.c.id) & _stay.c.during.contains(on))
            .outerjoin(_person, _person.c.id == _stay.c.elder_id)
            .where(_bed.c.facility_id == facility_id)
            .order_by(_bed.c.label)
        )
    )  # fmt: skip
    if not rows:
        raise BedNotFound(facility_id=facility_id)
    return rows


def snapshot_differences(session: Session, day: date) -> list[Found]:
    """Give the homes whose kept count differs from a recount of the bed rows; none when all agree.

    As the house: a request sees only its own area's stays.
    """
    query = f"""
        SELECT COALESCE(kept.facility_id, counted.facility_id) AS facility_id,
          kept.total AS kept_total, counted.total AS counted_total,
          kept.nursing AS kept_nursing, counted.nursing AS counted_nursing,
          kept.occupied AS kept_occupied, counted.occupied AS counted_occupied
        FROM (SELECT * FROM bed_snapshot WHERE day = :day AND total > 0) AS kept
        FULL JOIN ({COUNTED_ON}) AS counted ON counted.facility_id = kept.facility_id
        WHERE (kept.total, kept.nursing, kept.dementia, kept.occupied)
          IS DISTINCT FROM (counted.total, counted.nursing, counted.dementia, counted.occupied)
    """
    return list(session.connection().execute(text(query), {"day": day}))
