"""Who can walk to an elder's door, and what her circle looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

import geo.errors
from geo.answer import GB50180_LIMIT_M, answer_circles
from geo.coordinates import to_wgs84
from geo.profiles import Profile
from services.circles.errors import NoStreetNear, UnknownWay
from services.circles.streets import profile_of, streets_of
from services.cities.pack import CityRules

_WHO_REACHES = text("""
WITH home AS (
  SELECT s.network_version_id, s.edge_id, s.fraction, s.distance_m, s.u, s.v,
         s.edge_m * CAST(:per_m AS float8)
           * CASE WHEN s.edge_is_steps THEN CAST(:steps AS float8) ELSE 1 END AS edge_cost
  FROM home_snap AS s
  JOIN geo.network_version AS n ON n.id = s.network_version_id AND n.active
  WHERE s.person_id = :person AND s.step_free = :step_free
), ways AS (
  SELECT r.facility_id, r.cost + h.distance_m * :per_m + door.part * h.edge_cost AS cost
  FROM home AS h
  CROSS JOIN LATERAL (VALUES (h.u, h.fraction), (h.v, 1 - h.fraction)) AS door (node_id, part)
  JOIN reach AS r
    ON r.network_version_id = h.network_version_id AND r.profile = :profile AND r.node_id = door.node_id
   AND r.cost <= :limit
  UNION ALL
  SELECT f.facility_id, (f.distance_m + h.distance_m) * :per_m + abs(f.fraction - h.fraction) * h.edge_cost
  FROM home AS h
  JOIN facility_snap AS f ON f.network_version_id = h.network_version_id AND f.edge_id = h.edge_id
   AND f.step_free = :step_free
)
SELECT facility_id, min(cost) AS cost FROM ways
GROUP BY facility_id HAVING min(cost) <= :limit ORDER BY cost, facility_id
""")


@dataclass(frozen=True)
class FacilityWalk:
    """A facility and what the walk between it and the elder's door costs: seconds, or metres by distance."""

    facility_id: int
    cost: float


def who_reaches(
    session: Session, person_id: int, profile: str, limit: float, rules: CityRules | None = None
) -> list[FacilityWalk]:
    """Which facilities lie within a walk of an elder's door, nearest first, exact to the second.

    `limit` is in the profile's unit and at most the table's own (30 minutes, 1,500 m, or the largest circle).
    `rules` give the city's speeds where they differ from the house's. Reads only what was precomputed; an
    elder without a street within 300 m, or whom the caller may not see, gives an empty list. Raises UnknownWay.
    """
    walk = profile_of(rules, profile)
    values = _values(walk, profile, limit)
    found = session.connection().execute(_WHO_REACHES, {"person": person_id, **values})
    return [FacilityWalk(facility_id, cost) for facility_id, cost in found]


def statement_of_who_reaches(
    profile: str, limit: float, rules: CityRules | None = None
) -> tuple[str, dict[str, float | str | bool]]:
    """Give the statement of `who_reaches` with all its values but :person, for whoever measures it or asks it in SQL."""
    walk = profile_of(rules, profile)
    return _WHO_REACHES.text, _values(walk, profile, limit)


def _values(walk: Profile, profile: str, limit: float) -> dict[str, float | str | bool]:
    return {
        "profile": profile,
        "limit": limit,
        "per_m": walk.cost_per_m,
        "steps": 1.0 if walk.steps_factor is None else walk.steps_factor,
        "step_free": walk.step_free,
    }


def usual_minutes(rules: CityRules | None, walk: Profile) -> list[int]:
    """The circles a city speaks of: the minutes of its tiers; those of GB 50180 by distance, or without rules."""
    tiers = {tier.minutes for tier in rules.tiers} if rules and walk.measure == "seconds" else set()
    return sorted(tiers) or sorted(GB50180_LIMIT_M)


def circles_around(
    session: Session,
    city_code: int,
    lon: float,
    lat: float,
    crs: str,
    profile: str,
    minutes: list[int] | None = None,
    rules: CityRules | None = None,
    *,
    outlines: bool = True,
) -> dict[str, Any]:
    """The circles of a door at (lon, lat) in `crs`, ready for JSON; shape in geo.answer.

    Without `minutes` the circles are those of the city's rules, or 5, 10 and 15 minutes where there are none.
    Adds which network was walked and how far it may be trusted. Raises NoWalkingNetwork, NoStreetNear,
    UnknownWay (its facts name the field and what is known).
    """
    try:
        wgs_lon, wgs_lat = to_wgs84(lon, lat, crs)
    except geo.errors.UnknownCrs as error:
        raise UnknownWay(str(error), field="crs", known=list(error.known), given=crs) from error
    streets = streets_of(session, city_code)
    walk = profile_of(rules, profile)
    graph, snapper = streets.graph(walk), streets.snapper(walk.step_free)
    try:
        wanted = minutes or usual_minutes(rules, walk)
        answer = answer_circles(graph, snapper, wgs_lon, wgs_lat, wanted, outlines=outlines)
    except geo.errors.NotSnapped as error:
        raise NoStreetNear(str(error), lon=error.lon, lat=error.lat, limit_m=error.limit_m) from error
    except geo.errors.NoSuchMinutes as error:
        raise UnknownWay(str(error), field="minutes", known=error.known, given=error.minutes) from error
    answer["network"] = {
        "version": streets.version.id,
        "revision": streets.version.revision,
        "name": streets.version.name,
        "confidence": streets.confidence,
        "estimate": streets.confidence == "low",
    }
    return answer
