"""Every home's beds counted on a day, from the bed rows alone, and the counts kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session


def carries(flag: str, day: str, bed: str = "b") -> str:
    """Write as SQL whether a bed carries a flag on a day: since when, and not lapsed on that day."""
    since = {
        "nursing": f"{bed}.nursing_from <= {day}",
        "dementia": f"{bed}.dementia AND COALESCE({bed}.dementia_from, {bed}.opened_on) <= {day}",
        "basic_guarantee": f"{bed}.basic_guarantee AND COALESCE({bed}.basic_guarantee_from, {bed}.opened_on) <= {day}",
    }[flag]
    lapsed = f"SELECT FROM bed_flag_lapse l WHERE l.bed_id = {bed}.id AND l.flag = '{flag}' AND l.during @> {day}"
    return f"({since} AND NOT EXISTS ({lapsed}))"


_DAY = "CAST(:day AS date)"
COUNTED_ON = f"""
    SELECT b.facility_id, f.area_code, count(*) AS total,
      count(*) FILTER (WHERE {carries("nursing", _DAY)}) AS nursing,
      count(*) FILTER (WHERE {carries("dementia", _DAY)}) AS dementia,
      count(s.id) AS occupied, count(v.id) AS on_leave
    FROM bed b JOIN facility f ON f.id = b.facility_id
    LEFT JOIN bed_stay s ON s.bed_id = b.id AND s.during @> {_DAY}
    LEFT JOIN bed_leave v ON v.stay_id = s.id AND v.during @> {_DAY}
    WHERE b.opened_on <= :day AND (b.closed_on IS NULL OR b.closed_on > :day) AND b.kind <> 'home'
      AND (f.closed_on IS NULL OR f.closed_on > :day)
    GROUP BY b.facility_id, f.area_code
"""
"""Every site's open beds on a day, home beds left out, from the bed rows alone; who is away still holds her bed."""
_EMPTY = text(
    "UPDATE bed_snapshot SET total = 0, nursing = 0, dementia = 0, occupied = 0, on_leave = 0, computed_at = :now"
    " WHERE day = :day"
)
_KEEP = text(
    "INSERT INTO bed_snapshot (facility_id, area_code, day, total, nursing, dementia, occupied, on_leave, computed_at)"
    f" SELECT facility_id, area_code, :day, total, nursing, dementia, occupied, on_leave, :now FROM ({COUNTED_ON}) AS counted"
    " ON CONFLICT (facility_id, day) DO UPDATE SET area_code = excluded.area_code, total = excluded.total,"
    " nursing = excluded.nursing, dementia = excluded.dementia, occupied = excluded.occupied,"
    " on_leave = excluded.on_leave, computed_at = excluded.computed_at"
)


def take_snapshot(session: Session, now: datetime, day: date) -> int:
    """Count every home's beds on a Shanghai day and keep the counts; give how many homes. Runs as the house.

    Taken again, it corrects itself from the bed rows: a bed registered late changes the past day's count.
    """
    session.connection().execute(text("SELECT pg_advisory_xact_lock(hashtextextended('bed_snapshot', 0))"))
    session.connection().execute(_EMPTY, {"day": day, "now": now})
    done = session.connection().execute(_KEEP, {"day": day, "now": now})
    return int(done.rowcount)
