"""A city's areas and buildings in memory, for lists that are taken in."""

from __future__ import annotations

import shapely
from sqlalchemy import text
from sqlmodel import Session

from services.cities.rules import area_range
from services.intake.addresses import Known
from services.intake.outlines import Area, Outlines

_AREAS = text("""
    SELECT code, level, name, ST_AsBinary(geom) AS shape FROM area
    WHERE code BETWEEN :lo AND :hi OR code = :above ORDER BY code
""")
_BUILDINGS = text("""
    SELECT name, road, house_number, building_number, area_code, ST_X(geom) AS lon, ST_Y(geom) AS lat
    FROM building WHERE area_code BETWEEN :lo AND :hi ORDER BY id
""")
_NAME = text("SELECT name_zh FROM city WHERE code = :city")


def outlines_of(session: Session, city_code: int) -> Outlines:
    """Give all areas of a city (15-digit code) with the outlines that are known, WGS-84."""
    lo, hi = area_range(city_code)
    rows = session.connection().execute(_AREAS, {"lo": lo, "hi": hi, "above": city_code // 10**13 * 10**13})
    areas = [
        Area(row.code, row.level, row.name, shapely.from_wkb(bytes(row.shape)) if row.shape else None) for row in rows
    ]
    name = session.connection().execute(_NAME, {"city": city_code}).scalar()
    own = next((area.name for area in areas if area.code == city_code), "")
    return Outlines(city_code, (name or own).split("（")[0], areas)


def buildings_of(session: Session, city_code: int) -> list[Known]:
    """Give the known houses of a city, WGS-84."""
    lo, hi = area_range(city_code)
    rows = session.connection().execute(_BUILDINGS, {"lo": lo, "hi": hi})
    return [
        Known(
            "building", row.name or "", row.lon, row.lat, row.area_code, row.road or "",
            _number(row.house_number), _number(row.building_number),
        )
        for row in rows
    ]  # fmt: skip


def _number(text: str | None) -> int | None:
    digits = "".join(letter for letter in text or "" if letter.isdigit())
    return int(digits) if digits else None
