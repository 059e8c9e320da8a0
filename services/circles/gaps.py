"""Where elders are left out: communities and knots of homes, the worst first, and how far the nearest facility is.

Row-level security decides whose elders are counted. Somebody who may not see persons gets no figure of fewer
than five elders; a knot is never drawn of fewer, whoever looks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from services.circles.scenario_errors import NoOfficeArea
from services.circles.streets import profile_of
from services.cities.pack import CityRules
from services.cities.rules import area_range
from services.unit_of_work import Actor

FEWEST = 5
KNOT_METRES = 150.0
"""Homes nearer than this to one another belong together: about a compound's width."""
SEES_PEOPLE = frozenset({"officer", "advisor", "operator", "auditor"})
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class CommunityGap:
    """One community: elders beyond the circle, of how many, and the walk to the nearest facility that counts.

    `minutes` (None for a distance profile) and `metres` are the median of those left out, `straight_m` as the
    crow flies; None where no street leads to any facility, for `nowhere` of them. `suppressed`: fewer than five,
    so no figure is given.
    """

    area_code: int
    name: str
    lon: float | None
    lat: float | None
    left_out: int | None
    total: int | None
    minutes: float | None
    metres: float | None
    straight_m: float | None
    nowhere: int | None
    estimated: bool
    suppressed: bool


@dataclass(frozen=True)
class Knot:
    """A knot of homes beyond the circle: its middle (lon, lat degrees), radius, elders (five at least), the walk."""

    number: int
    lon: float
    lat: float
    radius_m: float
    left_out: int
    area_code: int
    area_name: str
    minutes: float | None
    metres: float | None
    straight_m: float | None


@dataclass(frozen=True)
class Gaps:
    """Who is left out of a circle in an area: in all, by community and by knot; `scattered` live in no knot."""

    tier_code: str
    profile: str
    left_out: int | None
    total: int | None
    scattered: int | None
    communities: list[CommunityGap]
    knots: list[Knot]

    def as_json(self) -> dict[str, Any]:
        """Give the gaps as they are sent."""
        return asdict(self)


_WALK = (
    " percentile_cont(0.5) WITHIN GROUP (ORDER BY r.cost) FILTER (WHERE NOT r.within AND r.cost IS NOT NULL) AS cost,"
    " percentile_cont(0.5) WITHIN GROUP (ORDER BY r.straight_m) FILTER (WHERE NOT r.within) AS straight_m"
)
_COMMUNITIES = text(
    "SELECT r.area_code / 1000 * 1000 AS code, coalesce(a.name, '') AS name, ST_X(a.inside) AS lon, ST_Y(a.inside) AS lat,"
    " count(*) FILTER (WHERE NOT r.within) AS left_out, count(*) AS total,"
    " count(*) FILTER (WHERE NOT r.within AND r.cost IS NULL) AS nowhere, bool_or(r.method = 'estimate') AS estimated,"
    + _WALK
    + " FROM elder_reach AS r LEFT JOIN LATERAL (SELECT name, ST_PointOnSurface(geom) AS inside FROM area"
    "  WHERE code = r.area_code / 1000 * 1000) AS a ON true"
    " WHERE r.area_code BETWEEN :lo AND :hi AND r.tier_code = :tier AND r.profile = :profile AND NOT r.in_margin"
    " GROUP BY 1, 2, 3, 4 ORDER BY left_out DESC, cost DESC NULLS FIRST, code"
)
_KNOTS = text(
    "WITH beyond AS ("
    " SELECT r.*, ST_Transform(ST_SetSRID(ST_MakePoint(r.lon, r.lat), 4326), CAST(:plane AS integer)) AS at"
    " FROM elder_reach AS r WHERE r.area_code BETWEEN :lo AND :hi AND r.tier_code = :tier AND r.profile = :profile"
    " AND NOT r.within AND NOT r.in_margin"
    "), knotted AS ("
    " SELECT b.*, ST_ClusterDBSCAN(b.at, :apart, :fewest) OVER (ORDER BY b.person_id) AS knot FROM beyond AS b"
    "), middles AS ("
    " SELECT r.knot, ST_Centroid(ST_Collect(r.at)) AS middle, mode() WITHIN GROUP (ORDER BY r.area_code / 1000 * 1000) AS area,"
    " count(*) AS left_out," + _WALK + " FROM knotted AS r WHERE r.knot IS NOT NULL GROUP BY r.knot"
    ") SELECT ST_X(ST_Transform(m.middle, 4326)) AS lon, ST_Y(ST_Transform(m.middle, 4326)) AS lat,"
    " (SELECT max(ST_Distance(k.at, m.middle)) FROM knotted AS k WHERE k.knot = m.knot) AS radius_m,"
    " m.left_out, m.area, coalesce(a.name, '') AS area_name, m.cost, m.straight_m"
    " FROM middles AS m LEFT JOIN area AS a ON a.code = m.area"
    " WHERE m.left_out >= :fewest ORDER BY m.left_out DESC, m.cost DESC NULLS FIRST, lon, lat"
)
_MIDDLE = text(
    "SELECT avg(lon), avg(lat) FROM elder_reach WHERE area_code BETWEEN :lo AND :hi AND tier_code = :tier"
    " AND profile = :profile"
)


def gaps_of(
    session: Session, actor: Actor, rules: CityRules, tier_code: str, profile: str, area_code: int | None = None
) -> Gaps:
    """Tell who is beyond a circle in the actor's area (or in one within it), the worst communities and knots first.

    As last judged by the coverage room. Raises NoOfficeArea, UnknownWay.
    """
    if actor.area_lo is None or actor.area_hi is None:
        raise NoOfficeArea(role=actor.role)
    lo, hi = (actor.area_lo, actor.area_hi) if area_code is None else area_range(area_code)
    facts: dict[str, Any] = {
        "lo": max(lo, actor.area_lo),
        "hi": min(hi, actor.area_hi),
        "tier": tier_code,
        "profile": profile,
    }
    sees = actor.role in SEES_PEOPLE
    speed = _Walk.of(rules, profile)
    rows = session.connection().execute(_COMMUNITIES, facts).all()
    communities = [_community(row, speed, sees) for row in rows]
    middle = session.connection().execute(_MIDDLE, facts).one()
    knots: list[Knot] = []
    if middle[0] is not None:
        more = {"plane": _utm(float(middle[0]), float(middle[1])), "apart": KNOT_METRES, "fewest": FEWEST}
        found = session.connection().execute(_KNOTS, {**facts, **more})
        knots = [_knot(number, row, speed) for number, row in enumerate(found, start=1)]
    left_out, total = sum(row.left_out for row in rows), sum(row.total for row in rows)
    scattered = left_out - sum(knot.left_out for knot in knots)
    hidden = not sees and (any(one.suppressed for one in communities) or 0 < scattered < FEWEST)
    return Gaps(
        tier_code,
        profile,
        None if hidden else left_out,
        None if hidden else total,
        None if hidden else scattered,
        sorted(communities, key=lambda one: one.suppressed),
        knots,
    )


@dataclass(frozen=True)
class _Walk:
    """How a cost reads: minutes and metres for a speed, metres alone for a distance."""

    minutes_per_unit: float | None
    metres_per_unit: float

    @staticmethod
    def of(rules: CityRules, code: str) -> _Walk:
        """Read a profile's units. Raises UnknownWay."""
        walk = profile_of(rules, code)
        return _Walk(None if walk.measure == "metres" else 1 / 60, 1 / walk.cost_per_m)

    def said(self, cost: float | None) -> tuple[float | None, float | None]:
        """Give a cost as minutes (None for a distance) and metres."""
        if cost is None:
            return None, None
        minutes = None if self.minutes_per_unit is None else round(cost * self.minutes_per_unit, 1)
        return minutes, round(cost * self.metres_per_unit)


def _community(row: Found, walk: _Walk, sees: bool) -> CommunityGap:
    few = 0 < row.left_out < FEWEST or 0 < row.total - row.left_out < FEWEST or row.total < FEWEST
    if few and not sees:
        return CommunityGap(row.code, row.name, row.lon, row.lat, None, None, None, None, None, None, False, True)
    minutes, metres = walk.said(row.cost)
    straight = None if row.straight_m is None else round(row.straight_m)
    return CommunityGap(
        row.code, row.name, row.lon, row.lat, row.left_out, row.total, minutes, metres, straight,
        row.nowhere, bool(row.estimated), False,
    )  # fmt: skip


def _knot(number: int, row: Found, walk: _Walk) -> Knot:
    minutes, metres = walk.said(row.cost)
    straight = None if row.straight_m is None else round(row.straight_m)
    lon, lat = round(row.lon, 5), round(row.lat, 5)
    return Knot(number, lon, lat, round(row.radius_m), row.left_out, row.area, row.area_name, minutes, metres, straight)


def _utm(lon: float, lat: float) -> int:
    """The EPSG code of the metre plane around a place."""
    return (32600 if lat >= 0 else 32700) + min(60, int((lon + 180) // 6) + 1)


def gaps_as_geojson(gaps: Gaps) -> dict[str, Any]:
    """Give the knots as circles' middles for a map; each stands for five elders at least."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [knot.lon, knot.lat]},
            "properties": {"kind": "knot", "number": knot.number, "left_out": knot.left_out, "radius_m": knot.radius_m},
        }
        for knot in gaps.knots
    ]
    return {"type": "FeatureCollection", "features": features}
