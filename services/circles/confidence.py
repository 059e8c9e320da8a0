"""How far the streets inside each community, street and district may be trusted, so that a number is never bare.

The same two shares as for a whole network (geo.report): made for walking, and hanging together. Judged from the
map alone when it is imported; gates do not matter. What was never judged, or has no outline, answers with the
nearest area around it that was, at last with the network itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from geo.network import USABLE_NODES, USABLE_SHARE
from geo.osm_streets import NOT_DRAWN
from geo.report import FOOTWAY_SHARE_HIGH, USABLE_SHARE_HIGH
from services.cities.rules import area_range

LEVELS = ("district", "street", "community")
_SIZES = (10**3, 10**6, 10**9)

_MEASURE = text("""
WITH sizes AS (
  SELECT component, count(*) AS crossings, sum(count(*)) OVER () AS every, max(count(*)) OVER () AS largest
  FROM geo.network_node AS n JOIN geo.network_version AS v ON v.id = n.version_id
  WHERE n.version_id = :version AND n.id < v.base_nodes GROUP BY component
), usable AS (
  SELECT component FROM sizes WHERE crossings >= LEAST(:usable_nodes, :usable_share * every) OR crossings = largest
)
SELECT a.code, a.level, COALESCE(s.length_m, 0) AS length_m, COALESCE(s.footway_m, 0) AS footway_m,
       COALESCE(s.usable_m, 0) AS usable_m
FROM area AS a
LEFT JOIN LATERAL (
  SELECT sum(p.part_m) AS length_m, sum(p.part_m) FILTER (WHERE p.is_footway) AS footway_m,
         sum(p.part_m) FILTER (WHERE p.component IN (SELECT component FROM usable)) AS usable_m
  FROM (
    SELECT e.is_footway, e.component, CASE WHEN ST_Covers(a.geom, e.geom) THEN e.length_m
      ELSE e.length_m * ST_Length(ST_Intersection(a.geom, e.geom)) / NULLIF(ST_Length(e.geom), 0) END AS part_m
    FROM geo.network_edge AS e JOIN geo.network_version AS v ON v.id = e.version_id
    WHERE e.version_id = :version AND e.id < v.base_edges AND e.highway <> ALL (CAST(:not_drawn AS text[]))
      AND e.geom && a.geom AND ST_Intersects(a.geom, e.geom)
  ) AS p
) AS s ON true
WHERE a.geom IS NOT NULL AND a.code BETWEEN :lo AND :hi AND a.level = ANY (CAST(:levels AS text[]))
ORDER BY a.code
""")
_FORGET = text("DELETE FROM geo.area_confidence WHERE version_id = :version")
_KEEP = text(
    "INSERT INTO geo.area_confidence (version_id, area_code, level, length_m, footway_share, usable_share, confidence,"
    " reasons, computed_at) VALUES (:version, :code, :level, :length_m, :footway, :usable, :confidence, :reasons, :now)"
)
_OF = text(
    "SELECT area_code, level, confidence, reasons, length_m, footway_share, usable_share FROM geo.area_confidence"
    " WHERE version_id = :version AND area_code = ANY (:codes) ORDER BY area_code DESC LIMIT 1"
)
_ALL = text(
    "SELECT area_code, level, confidence, reasons, length_m, footway_share, usable_share FROM geo.area_confidence"
    " WHERE version_id = :version AND area_code BETWEEN :lo AND :hi"
    " AND (CAST(:level AS text) IS NULL OR level = :level) ORDER BY area_code"
)
_REPORT = text("SELECT city_code, report FROM geo.network_version WHERE id = :version")


@dataclass(frozen=True)
class AreaTrust:
    """How far the streets of one area may be trusted: `high` or `low`, and why not, in the officers' words.

    `area_code` is the area that was judged: the one asked for, or the nearest around it; the city when the
    network as a whole answers (`level` is then "network"). Shares are of metres, None where there is no street.
    """

    area_code: int
    level: str
    confidence: str
    reasons: tuple[str, ...]
    length_m: float
    footway_share: float | None
    usable_share: float | None


def judge_areas(session: Session, now: datetime, network_version_id: int, city_code: int) -> int:
    """Judge the streets inside every district, street and community of a city that has an outline; gives how many.

    Replaces what was judged before for this version. Runs with the rights of the house's own jobs.
    """
    connection = session.connection()
    connection.execute(_FORGET, {"version": network_version_id})
    if city_code < 0:
        return 0
    lo, hi = area_range(city_code)
    facts = {
        "version": network_version_id, "lo": lo, "hi": hi, "levels": list(LEVELS), "not_drawn": list(NOT_DRAWN),
        "usable_nodes": USABLE_NODES, "usable_share": USABLE_SHARE,
    }  # fmt: skip
    rows = [_judged(row) | {"version": network_version_id, "now": now} for row in connection.execute(_MEASURE, facts)]
    if rows:
        connection.execute(_KEEP, rows)
    return len(rows)


def _judged(row: Any) -> dict[str, Any]:
    length_m = float(row.length_m)
    footway, usable = (float(part) / length_m if length_m else None for part in (row.footway_m, row.usable_m))
    reasons = [] if length_m else ["图上没有可步行的道路"]
    if footway is not None and footway < FOOTWAY_SHARE_HIGH:
        reasons.append(f"步行专用道路只占 {footway:.0%}（可信须达 {FOOTWAY_SHARE_HIGH:.0%}）")
    if usable is not None and usable < USABLE_SHARE_HIGH:
        reasons.append(f"连通主网只占 {usable:.0%}（可信须达 {USABLE_SHARE_HIGH:.0%}）")
    return {
        "code": row.code,
        "level": row.level,
        "length_m": length_m,
        "footway": footway,
        "usable": usable,
        "confidence": "low" if reasons else "high",
        "reasons": reasons,
    }


def confidence_of(session: Session, network_version_id: int, area_code: int) -> AreaTrust:
    """How far the streets an area's elders walk on may be trusted.

    Raises LookupError for a version that does not exist.
    """
    codes = [area_code, *(area_code // size * size for size in _SIZES)]
    found = session.connection().execute(_OF, {"version": network_version_id, "codes": codes}).first()
    if found is not None:
        return _trust(found)
    whole = session.connection().execute(_REPORT, {"version": network_version_id}).first()
    if whole is None:
        raise LookupError(network_version_id)
    return network_trust(whole.city_code, whole.report)


def network_trust(city_code: int, report: dict[str, Any]) -> AreaTrust:
    """The same of a whole network, from its report."""
    return AreaTrust(
        city_code,
        "network",
        str(report["confidence"]),
        tuple(report["confidence_reasons"]),
        float(report["length_m"]),
        report["footway_length_share"],
        report["usable_length_share"],
    )


def confidence_by_area(
    session: Session, network_version_id: int, area_code: int, level: str | None = None
) -> list[AreaTrust]:
    """All judged areas inside an area, by code; of one level when asked."""
    lo, hi = area_range(area_code)
    facts = {"version": network_version_id, "lo": lo, "hi": hi, "level": level}
    return [_trust(row) for row in session.connection().execute(_ALL, facts)]


def _trust(row: Any) -> AreaTrust:
    return AreaTrust(
        row.area_code, row.level, row.confidence, tuple(row.reasons), row.length_m, row.footway_share, row.usable_share
    )
