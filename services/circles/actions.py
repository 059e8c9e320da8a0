"""Computes anew who can walk to what: after new streets, and when facilities or the register change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import text
from sqlmodel import Session

from geo.network import geodesic_m
from geo.profiles import Profile
from geo.snap import Snapper, Snaps, local_plane
from geo.walking import WalkGraph, build_graph, nearest_at, nearest_origins, walk_from_each
from services.circles.bulk import copy_rows
from services.circles.places import Doors, Homes, read_doors, read_homes
from services.circles.rules import MARGIN_M, circle_limit, reach_limit
from services.circles.streets import Streets, profile_of, streets_of
from services.circles.tables import ElderReach, FacilitySnap, HomeSnap, Reach
from services.cities.pack import CityRules, Tier
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of

Floats = npt.NDArray[np.float64]
PROFILES_OF_COVERAGE = ("elder", "gb50180")


@dataclass(frozen=True)
class RefreshReport:
    """What a rebuilding found: rows written, and everybody who could not be placed on a street."""

    network_version_id: int
    facilities: int
    elders: int
    reach_rows: int
    unsnapped_facilities: list[int]
    unsnapped_elders: int
    elders_without_home: int
    elders_in_margin: int


@dataclass(frozen=True)
class _Ground:
    """One city, one day: streets, rules, doors, homes, and how far each home is from the edge of the map."""

    streets: Streets
    rules: CityRules
    doors: Doors
    homes: Homes
    edge_m: Floats

    @property
    def version_id(self) -> int:
        return self.streets.version.id


def refresh_reach(
    session: Session, now: datetime, city_code: int, profiles: tuple[str, ...] = PROFILES_OF_COVERAGE
) -> RefreshReport:
    """Compute for every elder of a city which facilities she can walk to, and replace what was known before.

    Judged by the rules in force on the Shanghai day of `now`. Doors are snapped to the nearest usable street
    within 300 m; who has none is kept with a null edge, counted and listed. Runs as a city-wide job; two runs
    for one city wait for each other. Raises NoWalkingNetwork, UnknownWay.
    """
    today = civil_date(now)
    session.connection().execute(text("SELECT pg_advisory_xact_lock(7306, hashint8(:city))"), {"city": city_code})
    streets, homes = streets_of(session, city_code), read_homes(session, city_code, today)
    rules, doors = rules_in_force(session, city_code, today), read_doors(session, city_code, today)
    ground = _Ground(streets, rules, doors, homes, metres_from_edge(streets, homes))
    walks = [profile_of(rules, code) for code in profiles]
    _forget(session, city_code, ground.version_id)
    door_snaps, home_snaps = _write_snaps(session, ground, {walk.step_free for walk in walks})
    reach_rows = 0
    for walk in walks:
        graph = build_graph(streets.network, walk)
        doors_at, homes_at = door_snaps[walk.step_free], home_snaps[walk.step_free]
        reach_rows += _write_reach(session, ground, graph, doors_at)
        for tier in rules.tiers:
            _write_tier(session, now, ground, graph, tier, (doors_at, homes_at))
    some_doors, some_homes = (next(iter(snaps.values())) for snaps in (door_snaps, home_snaps))
    report = RefreshReport(
        network_version_id=ground.version_id,
        facilities=len(doors.ids),
        elders=len(homes.ids),
        reach_rows=reach_rows,
        unsnapped_facilities=doors.ids[~some_doors.found].tolist(),
        unsnapped_elders=int((~some_homes.found).sum()),
        elders_without_home=homes.without_home,
        elders_in_margin=int((ground.edge_m < MARGIN_M).sum()),
    )
    _write_run(session, now, city_code, ground, profiles, report)
    return report


def metres_from_edge(streets: Streets, homes: Homes) -> Floats:
    """How far inside the mapped streets each home lies, metres; negative outside; float64 (h,)."""
    hull = streets.network.hull()
    middle = shapely.get_coordinates(shapely.centroid(hull))[0]
    to_plane, _ = local_plane(float(middle[0]), float(middle[1]))
    ring = np.column_stack(to_plane.transform(*shapely.get_coordinates(hull).T))
    plane_hull = shapely.Polygon(ring)
    points = np.asarray(shapely.points(*to_plane.transform(homes.lons, homes.lats)))
    far = shapely.distance(points, plane_hull.exterior)
    return np.asarray(np.where(shapely.contains(plane_hull, points), far, -far), dtype=np.float64)


def _forget(session: Session, city_code: int, version_id: int) -> None:
    """Clear what was computed for the city, under this and under replaced networks."""
    connection, facts = session.connection(), {"city": city_code}
    old = "(SELECT id FROM geo.network_version WHERE city_code = :city)"
    for table in ("reach", "facility_snap", "home_snap", "elder_reach"):
        connection.execute(text(f"DELETE FROM {table} WHERE network_version_id IN {old}"), facts)


def _write_snaps(
    session: Session, ground: _Ground, step_frees: set[bool]
) -> tuple[dict[bool, Snaps], dict[bool, Snaps]]:
    door_snaps: dict[bool, Snaps] = {}
    home_snaps: dict[bool, Snaps] = {}
    doors, homes, version = ground.doors, ground.homes, ground.version_id
    for step_free in sorted(step_frees):
        snapper = Snapper(ground.streets.network, step_free=step_free)
        door_snaps[step_free] = snapper.snap(doors.lons, doors.lats)
        home_snaps[step_free] = snapper.snap(homes.lons, homes.lats)
        places = ["network_version_id", "step_free", "edge_id", "fraction", "distance_m"]
        door_rows = (
            (door, version, step_free, *place)
            for door, place in zip(doors.ids.tolist(), _places(door_snaps[step_free]), strict=True)
        )
        copy_rows(session, table_of(FacilitySnap), ["facility_id", *places], door_rows)
        home_rows = (
            (person, area, version, step_free, *place)
            for person, area, place in zip(
                homes.ids.tolist(), homes.area_codes.tolist(), _places(home_snaps[step_free]), strict=True
            )
        )
        copy_rows(session, table_of(HomeSnap), ["person_id", "area_code", *places], home_rows)
    return door_snaps, home_snaps


def _places(snaps: Snaps) -> Iterator[tuple[int | None, float | None, float | None]]:
    for edge, fraction, distance_m in zip(
        snaps.edge.tolist(), snaps.fraction.tolist(), snaps.distance_m.tolist(), strict=True
    ):
        yield (edge, fraction, distance_m) if edge >= 0 else (None, None, None)


def _write_reach(session: Session, ground: _Ground, graph: WalkGraph, doors_at: Snaps) -> int:
    limits = [_limit(graph.profile, tier) for tier in ground.rules.tiers]
    reached = walk_from_each(graph, doors_at, reach_limit(graph.profile.measure, limits))
    whose = ground.doors.ids[reached.origins].tolist() if len(ground.doors.ids) else []
    rows = (
        (ground.version_id, graph.profile.code, node, door, cost)
        for door, node, cost in zip(whose, reached.nodes.tolist(), reached.costs.tolist(), strict=True)
    )
    columns = ["network_version_id", "profile", "node_id", "facility_id", "cost"]
    return copy_rows(session, table_of(Reach), columns, rows)


def _limit(profile: Profile, tier: Tier) -> float:
    return circle_limit(profile.measure, tier.minutes, tier.distance_m)


def _write_tier(
    session: Session, now: datetime, ground: _Ground, graph: WalkGraph, tier: Tier, snaps: tuple[Snaps, Snaps]
) -> None:
    """Judge every elder for one circle: nearest facility that counts, on the streets and as the crow flies."""
    doors_at, homes_at = snaps
    counting = ground.doors.counting_for(ground.rules.types_for_tier(tier.code))
    origins = doors_at.pick(counting)
    nearest = nearest_at(graph, nearest_origins(graph, origins), origins, homes_at)
    straight_m = nearest_straight_m(ground.homes, ground.doors, counting)
    limit, per_m = _limit(graph.profile, tier), graph.profile.cost_per_m
    within, straight_within = nearest.costs <= limit, straight_m * per_m <= limit
    in_margin = ground.edge_m < MARGIN_M
    near_edge = ~within & ~in_margin & (ground.edge_m * per_m < limit)
    reached = nearest.origins >= 0
    facility = np.where(reached, _taken(ground.doors.ids[counting], nearest.origins), 0)
    columns: dict[str, list[Any]] = {
        "person_id": ground.homes.ids.tolist(),
        "area_code": ground.homes.area_codes.tolist(),
        "lon": ground.homes.lons.tolist(),
        "lat": ground.homes.lats.tolist(),
        "facility_id": _or_none(facility, reached),
        "cost": _or_none(nearest.costs, np.isfinite(nearest.costs)),
        "straight_m": _or_none(straight_m, np.isfinite(straight_m)),
        "within": within.tolist(),
        "walk_within": within.tolist(),
        "straight_within": straight_within.tolist(),
        "snapped": homes_at.found.tolist(),
        "in_margin": in_margin.tolist(),
        "near_edge": near_edge.tolist(),
    }
    names = ["network_version_id", "tier_code", "profile", "method", "since", *columns]
    judged = (ground.version_id, tier.code, graph.profile.code, "walk", now)
    rows = ((*judged, *row) for row in zip(*columns.values(), strict=True))
    copy_rows(session, table_of(ElderReach), names, rows)


def nearest_straight_m(homes: Homes, doors: Doors, counting: npt.NDArray[np.int64]) -> Floats:
    """Metres from each home straight to the nearest of the counting facilities, inf if none; float64 (h,)."""
    if len(counting) == 0 or len(homes.ids) == 0:
        return np.full(len(homes.ids), np.inf)
    to_plane, _ = local_plane(float(np.median(homes.lons)), float(np.median(homes.lats)))
    tree = shapely.STRtree(list(shapely.points(*to_plane.transform(doors.lons[counting], doors.lats[counting]))))
    nearest = counting[tree.nearest(np.asarray(shapely.points(*to_plane.transform(homes.lons, homes.lats))))]
    return geodesic_m(homes.lons, homes.lats, doors.lons[nearest], doors.lats[nearest])


def _taken(values: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return values[np.maximum(positions, 0)] if len(values) else np.zeros(len(positions), dtype=np.int64)


def _or_none(values: npt.NDArray[Any], known: npt.NDArray[np.bool_]) -> list[Any]:
    return [value if is_known else None for value, is_known in zip(values.tolist(), known.tolist(), strict=True)]


def _write_run(
    session: Session,
    now: datetime,
    city_code: int,
    ground: _Ground,
    profiles: tuple[str, ...],
    report: RefreshReport,
) -> None:
    session.connection().execute(
        text(
            "INSERT INTO reach_run (city_code, network_version_id, rules_version_id, judged_on, computed_at,"
            " profiles, report) VALUES (:city, :network, :rules, :on, :now, :profiles, CAST(:report AS jsonb))"
        ),
        {
            "city": city_code,
            "network": ground.version_id,
            "rules": ground.rules.version_id,
            "on": civil_date(now),
            "now": now,
            "profiles": ",".join(profiles),
            "report": json.dumps(report.__dict__),
        },
    )
