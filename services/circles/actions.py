"""Computes anew who can walk to what: after new streets, and when rules, facilities or the register change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from geo.snap import Snaps
from geo.walking import walk_from_each
from services.circles.administrative import write_administrative_snapshots
from services.circles.bulk import copy_arrays
from services.circles.demand import active_sources
from services.circles.ground import PROFILES_OF_COVERAGE, Ground, read_ground
from services.circles.judging import judge, nearest_on_foot
from services.circles.networks import follow_gates
from services.circles.places import Longs, Places, read_homes, read_points
from services.circles.rules import MARGIN_M, reach_limit
from services.circles.standing import owns_of, standing_of
from services.circles.storing import (
    Columns,
    judged_columns,
    keep_elders,
    keep_home_snaps,
    keep_points,
    keep_snaps,
    write_snapshots,
)
from services.clock import civil_date

__all__ = ["PROFILES_OF_COVERAGE", "RefreshReport", "refresh_reach"]


@dataclass(frozen=True)
class RefreshReport:
    """What a rebuilding found: rows written, and everybody who could not be placed on a street.

    `network_version_id` None: no network was there, everything is estimated. `points` are places of demand
    other than homes (compounds, cells of a grid).
    """

    network_version_id: int | None
    facilities: int
    elders: int
    reach_rows: int
    unsnapped_facilities: list[int]
    unsnapped_elders: int
    elders_without_home: int
    elders_in_margin: int
    points: int = 0
    changed: int = 0


def refresh_reach(
    session: Session, now: datetime, city_code: int, profiles: tuple[str, ...] = PROFILES_OF_COVERAGE
) -> RefreshReport:
    """Compute for every elder of a city which facilities she can walk to, and replace what was known before.

    Judged by the rules in force on the Shanghai day of `now`. Doors are snapped to the nearest usable street
    within 300 m; who has none is kept with a null edge, counted and listed. Without a network there are only
    estimates. What is replaced goes to elder_reach_past with its dates. Runs as a city-wide job; two runs for
    one city wait for each other. Raises UnknownCity, NoRulesInForce, UnknownWay.
    """
    lock_city(session, city_code)
    ground = read_ground(session, city_code, civil_date(now))
    forget_reach(session, city_code)
    write_door_snaps(session, ground, profiles)
    every = np.arange(len(ground.doors.ids), dtype=np.int64)
    reach_rows = sum(write_reach(session, ground, profile, every) for profile in profiles)
    return judge_everybody(session, now, ground, profiles, reach_rows)


def lock_city(session: Session, city_code: int) -> None:
    """Make two writers of one city's reach wait for each other until the transaction ends."""
    session.connection().execute(text("SELECT pg_advisory_xact_lock(7306, hashint8(:city))"), {"city": city_code})


def forget_reach(session: Session, city_code: int) -> None:
    """Clear the walks and snaps computed for a city, and let its stored streets follow its gates."""
    follow_gates(session, city_code)
    old = "(SELECT id FROM geo.network_version WHERE city_code = :city)"
    for table in ("reach", "facility_snap", "home_snap", "demand_snap"):
        session.connection().execute(
            text(f"DELETE FROM {table} WHERE network_version_id IN {old}"), {"city": city_code}
        )


def write_door_snaps(session: Session, ground: Ground, profiles: tuple[str, ...]) -> None:
    """Write where facilities' doors meet the street, step-free too where a profile asks for it."""
    if ground.version_id is not None:
        wanted = {ground.profile(code).step_free for code in profiles}
        snaps = {step_free: ground.doors_at(step_free) for step_free in sorted(wanted)}
        keep_snaps(session, "facility_snap", "facility_id", ground.version_id, snaps, ground.doors.ids)


def write_reach(session: Session, ground: Ground, profile_code: str, which: Longs) -> int:
    """Compute and write the walks from the doors at the given positions, by one way of walking; gives how many."""
    profile = ground.profile(profile_code)
    graph = ground.graph(profile)
    if graph is None or len(which) == 0:
        return 0
    limits = [ground.limit(profile, tier) for tier in ground.rules.tiers]
    reached = walk_from_each(
        graph, ground.doors_at(profile.step_free).pick(which), reach_limit(profile.measure, limits)
    )
    columns = {
        "network_version_id": ground.version_id,
        "profile": profile_code,
        "node_id": reached.nodes,
        "facility_id": ground.doors.ids[which][reached.origins],
        "cost": reached.costs,
    }
    return copy_arrays(session, "reach", columns)


def judge_everybody(
    session: Session, now: datetime, ground: Ground, profiles: tuple[str, ...], reach_rows: int
) -> RefreshReport:
    """Judge every elder and every place of demand for every circle, keep the verdicts, and count the day."""
    homes = read_homes(session, ground.city_code, ground.on)
    home_snaps = _snaps_of(ground, profiles, homes)
    if ground.version_id is not None:
        keep_home_snaps(session, ground.version_id, home_snaps, homes)
    judged = _judge_places(session, ground, profiles, homes, home_snaps)
    changed = keep_elders(session, now, ground.city_code, judged, complete=True)
    sources = active_sources(session, ground.city_code)
    points = {source.id: _judge_points(session, now, ground, profiles, source.id) for source in sources}
    plain = ground.doors_at(False)
    margin = ground.streets.metres_from_edge(homes.lons, homes.lats) < MARGIN_M if ground.streets else np.zeros(0)
    report = RefreshReport(
        network_version_id=ground.version_id,
        facilities=len(ground.doors.ids),
        elders=len(homes),
        reach_rows=reach_rows,
        unsnapped_facilities=ground.doors.ids[~plain.found].tolist() if ground.streets else [],
        unsnapped_elders=int((~next(iter(home_snaps.values())).found).sum()),
        elders_without_home=homes.without_home,
        elders_in_margin=int(margin.sum()),
        points=sum(points.values()),
        changed=changed,
    )
    run_id = write_run(session, now, ground, profiles, "all", report.__dict__)
    for kind in ("elders", *(source.kind for source in sources)):
        write_snapshots(session, ground, run_id, kind)
    write_administrative_snapshots(session, ground.city_code, ground.on, run_id)
    return report


def _snaps_of(ground: Ground, profiles: tuple[str, ...], places: Places) -> dict[bool, Snaps]:
    wanted = {ground.profile(code).step_free for code in profiles}
    return {step_free: ground.snap(places.lons, places.lats, step_free) for step_free in sorted(wanted)}


def _judge_points(session: Session, now: datetime, ground: Ground, profiles: tuple[str, ...], source_id: int) -> int:
    points = read_points(session, source_id)
    snaps = _snaps_of(ground, profiles, points)
    if ground.version_id is not None:
        keep_snaps(session, "demand_snap", "point_id", ground.version_id, snaps, points.ids)
    keep_points(session, now, source_id, _judge_places(session, ground, profiles, points, snaps), complete=True)
    return len(points)


def _judge_places(
    session: Session, ground: Ground, profiles: tuple[str, ...], places: Places, snaps: dict[bool, Snaps]
) -> Iterator[Columns]:
    for code in profiles:
        profile = ground.profile(code)
        at = snaps[profile.step_free]
        standing = standing_of(session, ground, places, at)
        for tier in ground.rules.tiers:
            owns = owns_of(ground, tier, places, standing.by_area)
            nearest = nearest_on_foot(ground, profile, tier, at)
            verdicts = judge(ground, profile, tier, places, standing, nearest, owns)
            yield judged_columns(ground, tier.code, code, places, verdicts)


def write_run(
    session: Session, now: datetime, ground: Ground, profiles: tuple[str, ...], cause: str, report: dict[str, object]
) -> int:
    """Write down that coverage was judged: when, by what, why, with what counts. Gives the run's id."""
    return int(
        session.connection()
        .execute(
            text(
                "INSERT INTO reach_run (city_code, network_version_id, cause, rules_version_id, judged_on, computed_at,"
                " profiles, report) VALUES (:city, :network, :cause, :rules, :on, :now, :profiles,"
                " CAST(:report AS jsonb)) RETURNING id"
            ),
            {
                "city": ground.city_code,
                "network": ground.version_id,
                "cause": cause,
                "rules": ground.rules.version_id,
                "on": ground.on,
                "now": now,
                "profiles": ",".join(profiles),
                "report": json.dumps(report),
            },
        )
        .scalar_one()
    )
