"""One site opens, moves, closes or changes what it does: written once, told to the circles by a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlmodel import Session

from geo.coordinates import CRS_NAMES, to_wgs84
from services.acts import record_act
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.directory.errors import UnknownCoordinates, UnknownFacility
from services.directory.tables import Facility
from services.outbox import enqueue
from services.unit_of_work import Actor

_facility = table_of(Facility)


@dataclass(frozen=True)
class Moved:
    """Where a site stands now: lon, lat in a named system (wgs84, gcj02, bd09, cgcs2000)."""

    lon: float
    lat: float
    crs: str


def facility_by_code(session: Session, code: str) -> int:
    """Give the id of the site a register calls by this code. Raises UnknownFacility."""
    found: int | None = (
        session.connection().execute(select(_facility.c.id).where(_facility.c.code == code)).scalar_one_or_none()
    )
    if found is None:
        raise UnknownFacility(code=code[:60])
    return found


def change_facility(
    session: Session,
    now: datetime,
    actor: Actor,
    facility_id: int,
    *,
    functions: list[str] | None = None,
    closed: bool | None = None,
    moved: Moved | None = None,
    day_places: int | None = None,
) -> list[str]:
    """Change one site and promise that the circles follow at once; gives the names of the columns that changed.

    `closed` True closes it from the Shanghai day of `now`, False opens it again. A site that moves is registered
    in the community whose outline covers its new place, where one does. Raises UnknownFacility, UnknownCoordinates.
    """
    connection = session.connection()
    known = connection.execute(select(_facility).where(_facility.c.id == facility_id).with_for_update()).one_or_none()
    if known is None:
        raise UnknownFacility(facility_id=facility_id)
    wanted: dict[str, Any] = {}
    if functions is not None:
        wanted["functions"] = sorted(set(functions))
    if closed is not None:
        wanted |= _opened_or_closed(known, closed, civil_date(now))
    if day_places is not None:
        wanted["day_places"] = day_places
    changed = {name: value for name, value in wanted.items() if _differs(getattr(known, name), value)}
    if moved is not None:
        changed |= _new_place(session, known, moved)
    if not changed:
        return []
    connection.execute(update(_facility).where(_facility.c.id == facility_id).values(**changed))
    names = sorted(changed)
    record_act(session, now, actor, "change_facility", area_code=known.area_code, subject=("facility", facility_id),
               facts={"changed": names})  # fmt: skip
    enqueue(session, now, "circles.facility_changed", {"facility_id": facility_id})
    return names


def _opened_or_closed(known: Any, closed: bool, today: date) -> dict[str, Any]:
    if not closed:
        return {"status": "open", "closed_on": None, "opened_on": known.opened_on or today}
    return {} if known.status == "closed" else {"status": "closed", "closed_on": today}


def _differs(old: Any, new: Any) -> bool:
    return sorted(old) != new if isinstance(new, list) else old != new


def _new_place(session: Session, known: Any, moved: Moved) -> dict[str, Any]:
    if moved.crs not in CRS_NAMES:
        raise UnknownCoordinates(crs=moved.crs[:40], known=list(CRS_NAMES))
    if (known.original_lon, known.original_lat, known.original_crs) == (moved.lon, moved.lat, moved.crs):
        return {}
    lon, lat = to_wgs84(moved.lon, moved.lat, moved.crs)
    city = known.area_code // 10**11 * 10**11
    lo, hi = area_range(city)
    code = session.connection().execute(_COMMUNITY_AT, {"lon": float(lon), "lat": float(lat), "lo": lo, "hi": hi})
    return {
        "geom": f"SRID=4326;POINT({float(lon)!r} {float(lat)!r})",
        "original_lon": moved.lon,
        "original_lat": moved.lat,
        "original_crs": moved.crs,
        "area_code": code.scalar() or known.area_code,
    }


_COMMUNITY_AT = text(
    "SELECT code FROM area WHERE level = 'community' AND code BETWEEN :lo AND :hi"
    " AND ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) ORDER BY code LIMIT 1"
)
