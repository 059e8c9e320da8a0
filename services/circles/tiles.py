"""Map layers of what elders can reach: facilities as points, areas by their share. Never a home."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

import geo.errors
from geo.store import active_version
from geo.tiles import circle_tile, feature_tile, layer_tile, network_tile
from services.circles.errors import NoWalkingNetwork
from services.circles.gaps import gaps_as_geojson, gaps_of
from services.circles.queries import circles_around
from services.circles.scenario_sites import Site, open_sites, steps_of
from services.cities.pack import CityRules
from services.cities.rules import area_range
from services.unit_of_work import Actor

FACILITIES_TILE = layer_tile(
    "facilities",
    "facility_id, name, type_code, status",
    "SELECT f.id AS facility_id, f.name, f.type_code, f.status, f.geom FROM facility AS f, tile"
    " WHERE f.area_code BETWEEN :lo AND :hi AND f.status <> 'closed' AND f.geom && tile.box",
)
AREAS_TILE = layer_tile(
    "areas",
    "area_code, name, level, reached, total, percent, uncertain",
    "SELECT a.code AS area_code, a.name, a.level, CASE WHEN s.total >= :few THEN s.reached END AS reached,"
    " CASE WHEN s.total >= :few THEN s.total END AS total,"
    " CASE WHEN s.total >= :few THEN round(100.0 * s.reached / s.total, 1)::float8 END AS percent,"
    " CASE WHEN c.confidence = 'low' OR s.estimated THEN true END AS uncertain, a.geom"
    " FROM tile, area AS a LEFT JOIN geo.area_confidence AS c ON c.area_code = a.code"
    "  AND c.version_id IN (SELECT id FROM geo.network_version WHERE active)"
    " LEFT JOIN LATERAL ("
    "  SELECT count(*) FILTER (WHERE r.within) AS reached, count(*) AS total,"
    "  bool_or(r.method = 'estimate') AS estimated FROM elder_reach AS r"
    "  WHERE r.area_code BETWEEN a.code AND a.code + CAST(:width AS bigint) - 1"
    "  AND r.tier_code = :tier AND r.profile = :profile AND NOT r.in_margin) AS s ON true"
    " WHERE a.code BETWEEN :lo AND :hi AND a.level = :level AND a.geom && tile.box",
)
SMALLEST_SHOWN = 5
"""Of fewer elders no figure is drawn: it would say something about each of them."""
_CLOSED = text(
    "SELECT name, type_code, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM facility"
    " WHERE id = ANY (CAST(:ids AS bigint[])) ORDER BY id"
)
WIDTHS = {"district": 10**9, "street": 10**6, "community": 10**3, "quarter": 1}


def facilities_tile(session: Session, city_code: int, z: int, x: int, y: int) -> bytes:
    """Where the facilities of a city are, with name and type; closed ones are left out."""
    lo, hi = area_range(city_code)
    facts = {"z": z, "x": x, "y": y, "lo": lo, "hi": hi}
    return bytes(session.connection().execute(FACILITIES_TILE, facts).scalar_one() or b"")


def areas_tile(
    session: Session, city_code: int, z: int, x: int, y: int, *, tier: str, profile: str, level: str = "community"
) -> bytes:
    """The areas of a level with reached, total and percent of the elders the caller may see.

    All three are missing for an area with fewer than five such elders, and so for one she may not see into.
    `uncertain` is there where the area's streets are poorly known, or its elders are judged by an estimate.
    """
    lo, hi = area_range(city_code)
    facts = {"z": z, "x": x, "y": y, "lo": lo, "hi": hi}
    more = {
        "tier": tier,
        "profile": profile,
        "level": level,
        "width": WIDTHS[level],
        "few": SMALLEST_SHOWN,
        "city": city_code,
    }
    return bytes(session.connection().execute(AREAS_TILE, {**facts, **more}).scalar_one() or b"")


def circles_tile(
    session: Session,
    city_code: int,
    rules: CityRules,
    door: tuple[float, float],
    profile: str,
    zxy: tuple[int, int, int],
) -> bytes:
    """The circles of one door (lon, lat WGS-84), each of the city's minutes a feature, the widest first.

    Raises NoWalkingNetwork, NoStreetNear, UnknownWay.
    """
    minutes = sorted({one.minutes for one in rules.tiers}, reverse=True)
    drawn = circles_around(session, city_code, *door, "wgs84", profile, minutes, rules)
    return circle_tile(session, drawn["polygons"], *zxy)


def gaps_tile(
    session: Session, actor: Actor, rules: CityRules, way: tuple[str, str], zxy: tuple[int, int, int]
) -> bytes:
    """The knots of homes beyond a circle (`way`: tier, profile), each of five elders at least, as middles with a radius.

    Raises NoOfficeArea, UnknownWay.
    """
    found = gaps_of(session, actor, rules, *way)
    return feature_tile(session, "gaps", gaps_as_geojson(found)["features"], *zxy)


def scenario_tile(session: Session, on: date, scenario_id: int, zxy: tuple[int, int, int]) -> bytes:
    """The facilities as a scenario leaves them: `change` is same, added, moved or closed. Raises NoScenario."""
    steps = steps_of(session, scenario_id)
    standing = open_sites(session, scenario_id, on)
    features = [
        _point(site.lon, site.lat, name=site.name, type_code=site.type_code, change=_change(site)) for site in standing
    ]
    kept = {site.facility_id for site in standing}
    closed = [step.facility_id for step in steps if step.kind == "close" and step.facility_id not in kept]
    for row in session.connection().execute(_CLOSED, {"ids": [one for one in closed if one is not None]}):
        features.append(_point(row.lon, row.lat, name=row.name, type_code=row.type_code, change="closed"))
    return feature_tile(session, "scenario", features, *zxy)


def _change(site: Site) -> str:
    return "added" if site.facility_id is None else "moved" if site.moved else "same"


def _point(lon: float, lat: float, **properties: str) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": properties}


def streets_tile(session: Session, city_code: int, z: int, x: int, y: int) -> bytes:
    """The streets elders of a city walk on. Raises NoWalkingNetwork."""
    try:
        version = active_version(session, city_code)
    except geo.errors.NoNetwork as error:
        raise NoWalkingNetwork(city_code=city_code) from error
    return network_tile(session, version.id, z, x, y)
