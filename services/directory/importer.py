"""Bringing a city's list of facilities in: each door on its real street, or nothing at all.

A list read from a Chinese map is some 500 m off when taken for WGS-84, more than the five-minute circle; so the
coordinate system is always named, and both coordinates are kept.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from geo.coordinates import CRS_NAMES, to_wgs84
from services.acts import record_act
from services.cities.errors import NoRulesInForce
from services.cities.queries import list_cities, rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.directory.errors import CityWithoutOutlines, UnknownCoordinates
from services.directory.facility_csv import FacilityRow, Refusal, read_facilities
from services.directory.tables import Facility, Provider
from services.unit_of_work import Actor

_facility = table_of(Facility)
_provider = table_of(Provider)

_PLACE = text("""
    WITH asked AS (
      SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point
      FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY AS u (lon, lat, n))
    SELECT asked.n, inside.code, near.distance_m FROM asked
    LEFT JOIN LATERAL (
      SELECT code FROM area WHERE code BETWEEN :lo AND :hi AND ST_Covers(geom, point)
      ORDER BY array_position(ARRAY['community', 'street', 'district', 'city'], level::text) NULLS LAST, code
      LIMIT 1) AS inside ON true
    LEFT JOIN LATERAL (
      SELECT ST_Distance(geom::geography, point::geography) AS distance_m FROM area
      WHERE inside.code IS NULL AND code BETWEEN :lo AND :hi AND geom IS NOT NULL
      ORDER BY 1 LIMIT 1) AS near ON true
    ORDER BY asked.n
""")


@dataclass(frozen=True)
class Imported:
    """What an import did. With anything refused, nothing was written."""

    rows: int
    created: int
    updated: int
    unchanged: int
    refused: list[Refusal]


def import_facilities(
    session: Session, now: datetime, actor: Actor, text: str, *, crs: str, city_code: int, invented: bool = False
) -> Imported:
    """Take over a city's facilities from CSV text: all rows or none.

    `crs` names the system of lon, lat (wgs84, gcj02, bd09, cgcs2000); `city_code` has 15 digits. The columns are
    those of sample_data/district/facilities_gcj02.csv; a facility is known by its code, so a second import
    updates. Needs a login that may change the directory (jobs or set-up). Raises UnknownCoordinates, UnknownCity,
    NoRulesInForce, CityWithoutOutlines; all that is wrong in the file is in `refused`.
    """
    if crs not in CRS_NAMES:
        raise UnknownCoordinates(crs=crs[:40], known=list(CRS_NAMES))
    rows, refused = read_facilities(text, crs)
    if not refused:
        refused = _refuse_unknown(session, now, rows, city_code)
    if refused or not rows:
        return Imported(len(rows), 0, 0, 0, sorted(refused, key=lambda one: (one.line, one.field)))
    lons, lats = to_wgs84(np.array([row.lon for row in rows]), np.array([row.lat for row in rows]), crs)
    areas, refused = _place_rows(session.connection(), rows, lons, lats, city_code)
    if refused:
        return Imported(len(rows), 0, 0, 0, refused)
    values = [
        _values(row, crs, float(lon), float(lat), area, invented)
        for row, lon, lat, area in zip(rows, lons, lats, areas, strict=True)
    ]
    created, updated = _write(session.connection(), rows, values)
    counts = {"rows": len(rows), "created": created, "updated": updated, "crs": crs}
    record_act(session, now, actor, "import_facilities", area_code=city_code, facts=counts)
    return Imported(len(rows), created, updated, len(rows) - created - updated, [])


def _refuse_unknown(session: Session, now: datetime, rows: list[FacilityRow], city_code: int) -> list[Refusal]:
    """Refuse kinds, functions and providers that the city's rules and register do not have."""
    kinds, functions = kinds_and_functions(session, city_code, civil_date(now))
    connection = session.connection()
    providers = set(connection.execute(select(_provider.c.code)).scalars())
    lo, hi = area_range(city_code)
    elsewhere = set(
        connection.execute(select(_facility.c.code).where(~_facility.c.area_code.between(lo, hi))).scalars()
    )
    refused = []
    for row in rows:
        if row.type_code not in kinds:
            refused.append(Refusal(row.line, "type_code", f"规则包里没有设施类型 {row.type_code}"))
        if row.provider_code not in providers:
            refused.append(Refusal(row.line, "provider_code", f"没有登记服务机构 {row.provider_code}"))
        if row.code in elsewhere:
            refused.append(Refusal(row.line, "code", f"编码 {row.code} 属于另一个城市的设施"))
        unknown = [name for name in row.functions if name not in functions]
        if unknown:
            refused.append(Refusal(row.line, "functions", f"规则包里没有功能 {'、'.join(unknown)}"))
    return refused


def kinds_and_functions(session: Session, city_code: int, on: date) -> tuple[set[str], set[str]]:
    """Give the kinds and functions that any loaded city's rules know: a district may change whose rules it keeps."""
    rules = [rules_in_force(session, city_code, on)]
    for city in list_cities(session):
        with contextlib.suppress(NoRulesInForce):
            rules.append(rules_in_force(session, city.code, on))
    kinds = {name for one in rules for kind in one.facility_types for name in (kind.code, *kind.also)}
    return kinds, {function.code for one in rules for function in one.functions}


def _place_rows(
    connection: Connection, rows: list[FacilityRow], lons: Any, lats: Any, city_code: int
) -> tuple[list[int], list[Refusal]]:
    """Give each row's community, or refuse with the distance from the city's nearest edge, in metres."""
    lo, hi = area_range(city_code)
    found = connection.execute(_PLACE, {"lons": lons.tolist(), "lats": lats.tolist(), "lo": lo, "hi": hi}).all()
    if all(row.code is None and row.distance_m is None for row in found):
        raise CityWithoutOutlines(city_code=city_code)
    outside = [index for index, row in enumerate(found) if row.code is None]
    swapped = _swapped(connection, [(float(lats[i]), float(lons[i])) for i in outside], lo, hi)
    refused = []
    for index, turned in zip(outside, swapped, strict=True):
        row = rows[index]
        if turned:
            message = f"经度和纬度像是填反了：lon={row.lon:g}，lat={row.lat:g}（经度在前，纬度在后）"
        else:
            message = f"这个点不在本市范围内，距最近的边界约{_far(found[index].distance_m)}；请检查坐标和坐标系"
        refused.append(Refusal(row.line, "lon", message))
    return [row.code for row in found], refused


def _swapped(connection: Connection, turned: list[tuple[float, float]], lo: int, hi: int) -> list[bool]:
    """Tell of each point whether it lies in the city once its two numbers change places."""
    if not turned:
        return []
    lons, lats = [one[0] for one in turned], [one[1] for one in turned]
    found = connection.execute(_PLACE, {"lons": lons, "lats": lats, "lo": lo, "hi": hi})
    return [row.code is not None for row in found]


def _far(distance_m: float) -> str:
    return f"{distance_m / 1000:.1f}公里" if distance_m >= 1000 else f"{distance_m:.0f}米"


def _values(row: FacilityRow, crs: str, lon: float, lat: float, area_code: int, invented: bool) -> dict[str, Any]:
    return {
        "code": row.code,
        "provider_code": row.provider_code,
        "name": row.name,
        "type_code": row.type_code,
        "functions": row.functions,
        "area_code": area_code,
        "address": row.address,
        "phone": row.phone,
        "geom": f"SRID=4326;POINT({lon!r} {lat!r})",
        "original_lon": row.lon,
        "original_lat": row.lat,
        "original_crs": crs,
        "status": row.status,
        "opened_on": row.opened_on,
        "closed_on": row.closed_on,
        "day_places": row.day_places,
        "floor_area_m2": row.floor_area_m2,
        "opening_hours": row.opening_hours,
        "invented": invented,
    }


_OWN_ID = {"id", "code"}
_COMPARED = [column.name for column in _facility.c if column.name not in _OWN_ID | {"geom"}]


def _write(connection: Connection, rows: list[FacilityRow], values: list[dict[str, Any]]) -> tuple[int, int]:
    """Write the rows; gives how many are new and how many changed."""
    providers = {row.code: row.id for row in connection.execute(select(_provider.c.code, _provider.c.id))}
    for one in values:
        one["provider_id"] = providers[one.pop("provider_code")]
    codes = [row.code for row in rows]
    known = {row.code: row for row in connection.execute(select(_facility).where(_facility.c.code.in_(codes)))}
    changed = [
        one
        for one in values
        if one["code"] not in known or any(getattr(known[one["code"]], name) != one[name] for name in _COMPARED)
    ]
    if changed:
        row = insert(_facility)
        fresh = {column.name: row.excluded[column.name] for column in _facility.c if column.name not in _OWN_ID}
        connection.execute(row.on_conflict_do_update(index_elements=["code"], set_=fresh), changed)
    created = sum(one["code"] not in known for one in changed)
    return created, len(changed) - created
