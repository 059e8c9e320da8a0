"""A facility opened, moved, closed or lost a function: only whom it touches is judged anew, at once.

Whom it touches, for a circle: those whose nearest it was, on foot or as the crow flies, and those for whom it
may have become the nearest: a walk is never shorter than the straight line, so only who is nearer to it, as the
crow flies, than her present walk is long. Everything else stays as it is; the result equals a full recount.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree  # type: ignore[import-untyped, unused-ignore]
from sqlalchemy import text
from sqlmodel import Session

from geo.earth import earth_centred_m
from geo.profiles import Profile
from geo.snap import Snaps
from geo.walking import Nearest, nearest_at, nearest_origins
from services.circles.actions import lock_city, refresh_reach, write_reach, write_run
from services.circles.administrative import write_administrative_snapshots
from services.circles.demand import Source, active_sources
from services.circles.errors import UnknownDoor
from services.circles.ground import COMMUNITY, Ground, read_ground
from services.circles.judging import judge
from services.circles.places import Floats, Places, as_places
from services.circles.standing import owns_of, standing_of
from services.circles.storing import Columns, judged_columns, keep_elders, keep_points, keep_snaps, write_snapshots
from services.cities.pack import Tier
from services.cities.queries import city_of_area
from services.cities.rules import area_range
from services.clock import civil_date

FIRST_LOOK = 900.0
"""How far the first look for another facility goes, seconds or metres; doubled until everybody has one."""
_SAFE = 0.98
"""The plane used to choose whom to judge again is off by less than 2 % within 200 km; choosing too many is no error."""


@dataclass(frozen=True)
class Touched:
    """What a changed facility did: the run that judged it, whom it touched, and how many verdicts changed."""

    facility_id: int
    city_code: int
    run_id: int
    judged: int
    changed: int
    communities: tuple[int, ...]
    recounted: bool = False


def facility_changed(session: Session, now: datetime, facility_id: int) -> Touched:
    """Bring reach and coverage up to date after one facility opened, moved, closed, or changed what it does.

    Call it after the change was written; a second call changes nothing. Falls back to a full recount when the
    city was last judged by another network, other rules or another day's rules. Raises UnknownDoor.
    """
    city_code = _city_of(session, facility_id)
    lock_city(session, city_code)
    session.connection().execute(text("SET LOCAL jit = off"))  # compiling costs more than these queries
    last = last_judged(session, city_code)
    ground = read_ground(session, city_code, civil_date(now))
    if last is None or (last.network_version_id, last.rules_version_id) != (ground.version_id, ground.rules.version_id):
        report = refresh_reach(session, now, city_code)
        run = last_judged(session, city_code)
        return Touched(facility_id, city_code, run.id, report.elders, report.changed, (), recounted=True)
    profiles = tuple(last.profiles.split(","))
    _write_walks(session, ground, profiles, facility_id)
    communities: set[int] = set()
    judged = changed = 0
    for source in (None, *active_sources(session, city_code)):
        parts = list(_judged_again(session, ground, profiles, facility_id, source))
        judged += sum(len(part["id"]) for part in parts)
        changed += _keep(session, now, ground, source, parts)
        communities |= {int(code) for part in parts for code in np.unique(part["area_code"] // COMMUNITY * COMMUNITY)}
    report_facts = {**last.report, "facility_id": facility_id, "judged": judged, "changed": changed}
    report_facts["unsnapped_facilities"] = _unsnapped(session, ground)
    run_id = write_run(session, now, ground, profiles, "facility", report_facts)
    for kind in ("elders", *(source.kind for source in active_sources(session, city_code))):
        write_snapshots(session, ground, run_id, kind, sorted(communities))
    write_administrative_snapshots(session, city_code, ground.on, run_id)
    return Touched(facility_id, city_code, run_id, judged, changed, tuple(sorted(communities)))


def _city_of(session: Session, facility_id: int) -> int:
    area: int | None = (
        session.connection()
        .execute(text("SELECT area_code FROM facility WHERE id = :id"), {"id": facility_id})
        .scalar_one_or_none()
    )
    if area is None:
        raise UnknownDoor(facility_id=facility_id)
    return city_of_area(session, area)


def last_judged(session: Session, city_code: int) -> Any:
    """The last judging of a city (id, network, rules, profiles, report); None when it was never counted."""
    return (
        session.connection()
        .execute(
            text(
                "SELECT id, network_version_id, rules_version_id, profiles, report FROM reach_run"
                " WHERE city_code = :city ORDER BY id DESC LIMIT 1"
            ),
            {"city": city_code},
        )
        .first()
    )


def _write_walks(session: Session, ground: Ground, profiles: tuple[str, ...], facility_id: int) -> None:
    """Replace the facility's own walks and where its door meets the street."""
    if ground.version_id is None:
        return
    facts = {"version": ground.version_id, "facility": facility_id}
    for table in ("reach", "facility_snap"):
        session.connection().execute(
            text(f"DELETE FROM {table} WHERE network_version_id = :version AND facility_id = :facility"), facts
        )
    here = np.flatnonzero(ground.doors.ids == facility_id)
    if len(here) == 0:
        return
    wanted = sorted({ground.profile(code).step_free for code in profiles})
    snaps = {step_free: ground.doors_at(step_free).pick(here) for step_free in wanted}
    keep_snaps(session, "facility_snap", "facility_id", ground.version_id, snaps, ground.doors.ids[here])
    for code in profiles:
        write_reach(session, ground, code, here)


def _judged_again(
    session: Session, ground: Ground, profiles: tuple[str, ...], facility_id: int, source: Source | None
) -> Iterator[Columns]:
    for code in profiles:
        profile = ground.profile(code)
        for tier in ground.rules.tiers:
            places, at = _touched(session, ground, profile, tier, facility_id, source)
            if len(places) == 0:
                continue
            standing = standing_of(session, ground, places, at)
            nearest = nearest_nearby(ground, profile, tier, places, at)
            owns = owns_of(ground, tier, places, standing.by_area)
            verdicts = judge(ground, profile, tier, places, standing, nearest, owns)
            yield judged_columns(ground, tier.code, code, places, verdicts)


_ELDERS = (
    "SELECT r.person_id AS id, r.area_code, r.lon, r.lat, 1000000 AS millionths FROM elder_reach AS r"
    " WHERE r.tier_code = :tier AND r.profile = :profile AND r.area_code BETWEEN :lo AND :hi AND {touched}"
)
_POINTS = (
    "SELECT r.point_id AS id, r.area_code, r.lon, r.lat, CAST(r.elders * 1000000 AS bigint) AS millionths"
    " FROM demand_reach AS r"
    " WHERE r.source_id = :source AND r.tier_code = :tier AND r.profile = :profile AND {touched}"
)
_SNAPS = (
    "SELECT {key} AS id, edge_id, fraction, distance_m FROM {table}"
    " WHERE {key} = ANY (CAST(:ids AS bigint[])) AND network_version_id = :version AND step_free = :step_free"
)
_HAD_IT = "r.facility_id = :facility OR r.straight_facility_id = :facility"
_MAY_GAIN = (
    "r.straight_m IS NULL OR {metres} <= r.straight_m"
    " OR (r.snapped AND {metres} * CAST(:per_m AS float8) <= COALESCE(r.cost, 'infinity'))"
)
_METRES = (
    "sqrt(((r.lon - CAST(:lon AS float8)) * CAST(:east AS float8)) ^ 2"
    " + ((r.lat - CAST(:lat AS float8)) * CAST(:north AS float8)) ^ 2)"
)


def _touched(
    session: Session, ground: Ground, profile: Profile, tier: Tier, facility_id: int, source: Source | None
) -> tuple[Places, Snaps]:
    """Whom the facility may concern in one circle, and where their doors meet the street."""
    counts_at = [p for p in ground.counting(tier) if ground.doors.ids[p] == facility_id]
    facts: dict[str, Any] = {"tier": tier.code, "profile": profile.code, "facility": facility_id}
    facts |= dict(zip(("lo", "hi"), area_range(ground.city_code), strict=True))
    touched = _HAD_IT + (" OR r.method = 'area'" if ground.rules.areas_without_minutes else "")
    if counts_at:
        touched += " OR " + _MAY_GAIN.format(metres=_METRES)
        facts |= _plane_at(float(ground.doors.lons[counts_at[0]]), float(ground.doors.lats[counts_at[0]]))
        facts["per_m"] = profile.cost_per_m
    if source is not None:
        facts["source"] = source.id
    query = (_ELDERS if source is None else _POINTS).format(touched=f"({touched})")
    places = as_places(session.connection().execute(text(query), facts).all())
    return places, _snaps_kept(session, ground, profile.step_free, places, source)


def _snaps_kept(session: Session, ground: Ground, step_free: bool, places: Places, source: Source | None) -> Snaps:
    """Where the doors of places meet the street, as it was written down for all of them."""
    count = len(places)
    edge, fraction, distance = np.full(count, -1, dtype=np.int64), np.zeros(count), np.full(count, np.inf)
    none = np.full(count, np.nan)
    if count and ground.version_id is not None:
        table, key = ("home_snap", "person_id") if source is None else ("demand_snap", "point_id")
        facts = {"ids": places.ids.tolist(), "version": ground.version_id, "step_free": step_free}
        at = {int(one): place for place, one in enumerate(places.ids.tolist())}
        for row in session.connection().execute(text(_SNAPS.format(table=table, key=key)), facts):
            if row.edge_id is not None:
                place = at[row.id]
                edge[place], fraction[place], distance[place] = row.edge_id, row.fraction, row.distance_m
    return Snaps(edge, fraction, distance, none, none)


def _plane_at(lon: float, lat: float) -> dict[str, float]:
    """Metres per degree around a place, a little too few, so that nobody near is missed."""
    north = 110_540.0
    east = 111_320.0 * float(np.cos(np.radians(lat)))
    return {"lon": lon, "lat": lat, "north": north * _SAFE, "east": east * _SAFE}


def nearest_nearby(ground: Ground, profile: Profile, tier: Tier, places: Places, at: Snaps) -> Nearest:
    """The walk from each place to its nearest counting door, looking only as far as needed; as nearest_on_foot.

    A walk of L has a straight line of at most L: so all doors within that straight line of a place are asked, and
    what they give within L is exact. Who has none within L is looked for within 2 L, and so on; who lives where
    no counting door's streets lead is settled by the whole network at last.
    """
    costs, doors = np.full(len(places), np.inf), np.full(len(places), -1, dtype=np.int64)
    graph, counting = ground.graph(profile), ground.counting(tier)
    if graph is None or len(counting) == 0:
        return Nearest(costs, doors)
    origins = ground.doors_at(profile.step_free)
    near = _Near(places, ground, counting)
    open_ones = np.flatnonzero(at.found & _may_be_reached(ground, origins.pick(counting), at))
    limit = FIRST_LOOK
    while len(open_ones):
        asked = near.doors_within(open_ones, limit / profile.cost_per_m)
        all_asked = len(asked) == len(counting)
        if len(asked):
            some = origins.pick(asked)
            bound = np.inf if all_asked else limit
            found = nearest_at(graph, nearest_origins(graph, some, bound), some, at.pick(open_ones))
            settled = found.costs <= bound
            costs[open_ones[settled]] = found.costs[settled]
            doors[open_ones[settled]] = np.where(found.origins >= 0, asked[np.maximum(found.origins, 0)], -1)[settled]
            open_ones = open_ones[~settled & np.full(len(open_ones), not all_asked)]
        limit *= 2.0
    return Nearest(costs, doors)


def _may_be_reached(ground: Ground, doors_at: Snaps, at: Snaps) -> npt.NDArray[np.bool_]:
    """Whether any door stands in the same connected part of the streets as each place."""
    assert ground.streets is not None
    component = ground.streets.network.edge_component
    served = np.unique(component[doors_at.edge[doors_at.found]])
    return np.isin(component[np.maximum(at.edge, 0)], served)


class _Near:
    """Which counting doors lie within a straight line of some places."""

    def __init__(self, places: Places, ground: Ground, counting: npt.NDArray[np.int64]) -> None:
        self._points = earth_centred_m(places.lons, places.lats)
        self._doors = earth_centred_m(ground.doors.lons[counting], ground.doors.lats[counting])
        self._counting = counting

    def doors_within(self, which: npt.NDArray[np.int64], metres: float) -> npt.NDArray[np.int64]:
        """The counting doors within `metres` (and 2 % more, to be safe) of any of the places."""
        tree = cKDTree(self._points[which])
        far: Floats = tree.query(self._doors, k=1, distance_upper_bound=metres / _SAFE)[0]
        return self._counting[np.isfinite(far)]


def _keep(session: Session, now: datetime, ground: Ground, source: Source | None, parts: list[Columns]) -> int:
    if source is None:
        return keep_elders(session, now, ground.city_code, parts, complete=False)
    keep_points(session, now, source.id, parts, complete=False)
    return 0


def _unsnapped(session: Session, ground: Ground) -> list[int]:
    if ground.streets is None:
        return []
    return [int(door) for door in ground.doors.ids[~ground.doors_at(False).found]]
