"""The map of an officer's area and the list that says the same: communities with their shares, sites, extent."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from services.circles.tiles import SMALLEST_SHOWN


@dataclass(frozen=True)
class AreaShares:
    """One community: a point inside it (lon, lat) where its outline is known, its elders, its share by circle.

    `uncertain`: its streets are poorly known, so its shares are estimates (估算).
    """

    code: int
    name: str
    lon: float | None
    lat: float | None
    total: int
    shares: dict[str, float]
    uncertain: bool = False


_AREAS = text(
    "SELECT a.code, a.name, ST_X(at.inside) AS lon, ST_Y(at.inside) AS lat, s.tier_code, s.reached, s.total,"
    " coalesce(c.confidence = 'low', false) OR s.estimated AS uncertain"
    " FROM area AS a CROSS JOIN LATERAL (SELECT ST_PointOnSurface(a.geom) AS inside) AS at"
    " JOIN (SELECT area_code / 1000 * 1000 AS code, tier_code, count(*) FILTER (WHERE within) AS reached,"
    "  count(*) AS total, bool_or(method = 'estimate') AS estimated FROM elder_reach"
    "  WHERE profile = :profile AND area_code BETWEEN :lo AND :hi AND NOT in_margin GROUP BY 1, 2) AS s"
    " ON s.code = a.code LEFT JOIN geo.area_confidence AS c ON c.area_code = a.code"
    "  AND c.version_id IN (SELECT id FROM geo.network_version WHERE active)"
    " WHERE a.code BETWEEN :lo AND :hi AND a.level = 'community' ORDER BY a.code"
)
_EXTENT = text(
    "WITH drawn AS (SELECT ST_Extent(geom)::geometry AS b FROM area WHERE code BETWEEN :lo AND :hi),"
    " sites AS (SELECT ST_Expand(ST_Extent(geom)::geometry, :around) AS b FROM facility WHERE area_code BETWEEN :lo AND :hi)"
    " SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)"
    " FROM (SELECT coalesce(drawn.b, sites.b) AS b FROM drawn, sites) AS x WHERE b IS NOT NULL"
)
AROUND_DEGREES = 0.008
"""About 800 m: as far as an elder walks in fifteen minutes."""


def shares_by_community(session: Session, lo: int, hi: int, profile: str) -> list[AreaShares]:
    """Give the communities of a range with the share of elders within each circle; few elders, no share."""
    found: dict[int, AreaShares] = {}
    for row in session.connection().execute(_AREAS, {"lo": lo, "hi": hi, "profile": profile}):
        area = found.setdefault(
            row.code, AreaShares(row.code, row.name, row.lon, row.lat, row.total, {}, row.uncertain)
        )
        if row.total >= SMALLEST_SHOWN:
            area.shares[row.tier_code] = row.reached / row.total
    return list(found.values())


def extent(session: Session, lo: int, hi: int) -> tuple[float, float, float, float] | None:
    """Give west, south, east, north (degrees) of a range's drawn areas, else around its sites; None without either."""
    row = session.connection().execute(_EXTENT, {"lo": lo, "hi": hi, "around": AROUND_DEGREES}).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])
