"""How much of a place in day care, or of a bed, an elder can count on within a walk, when others want it too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from geo.access import SLOW_DECAY, Access, floating_catchment, nearest_with_room, pairs_within
from services.circles.bulk import copy_arrays, pour
from services.circles.coverage import plain
from services.circles.demand import active_sources
from services.circles.errors import NotYetComputed, NoWalkingNetwork, UnknownDemand
from services.circles.ground import COMMUNITY, Ground, read_ground
from services.circles.places import MILLIONTHS, Floats, Places, read_homes, read_points
from services.circles.rules import ESTIMATE_ZH, REACH_LIMIT_METRES, REACH_LIMIT_SECONDS, limit_text
from services.cities.rules import area_range
from services.clock import civil_date

Capacity = Literal["places", "beds"]
CAPACITIES: tuple[Capacity, ...] = ("places", "beds")
CAPACITY_ZH = {"places": "日间照料位", "beds": "养老床位"}
_BANDS = 3
_BEDS = text(
    "SELECT b.facility_id, count(*) AS beds, COALESCE(max(o.occupied), 0) AS occupied FROM bed AS b"
    " LEFT JOIN occupied_beds(:lo, :hi, :on) AS o ON o.facility_id = b.facility_id"
    " WHERE b.area_code BETWEEN :lo AND :hi AND b.kind <> 'home' AND b.opened_on <= :on"
    " AND (b.closed_on IS NULL OR b.closed_on > :on) GROUP BY b.facility_id"
)
_RUN = text(
    "INSERT INTO access_run (city_code, capacity, profile, source, network_version_id, rules_version_id, judged_on,"
    " computed_at, facts) VALUES (:city, :capacity, :profile, :source, :network, :rules, :on, :now,"
    " CAST(:facts AS jsonb)) RETURNING id"
)
_LATEST = text(
    "SELECT id, network_version_id, rules_version_id, judged_on, computed_at, source, facts FROM access_run"
    " WHERE city_code = :city AND capacity = :capacity AND profile = :profile ORDER BY id DESC LIMIT 1"
)
_AREAS = text(
    "SELECT area_code, elders, access, with_access, with_room, seconds_to_room FROM access_area"
    " WHERE run_id = :run AND area_code BETWEEN :lo AND :hi ORDER BY access, area_code"
)
_FACILITIES = text(
    "SELECT a.facility_id, f.name, a.area_code, a.capacity, a.free, a.demand, a.ratio FROM access_facility AS a"
    " JOIN facility AS f ON f.id = a.facility_id WHERE a.run_id = :run AND a.area_code BETWEEN :lo AND :hi"
    " ORDER BY a.ratio, a.facility_id"
)


@dataclass(frozen=True)
class AreaAccess:
    """One community: its elders, how much of a place each can count on (`per_thousand` of them), who has any.

    `with_room`: elders with a facility within the limit that has something free; `seconds_to_room` (metres for a
    distance profile) is their mean walk to the nearest such.
    """

    area_code: int
    elders: int | float
    per_thousand: float
    with_access: int | float
    with_room: int | float
    seconds_to_room: float | None


@dataclass(frozen=True)
class FacilityAccess:
    """One facility: what it holds and has free, the weighted elders around it, places per thousand of them."""

    facility_id: int
    name: str
    area_code: int
    capacity: int
    free: int
    demand: float
    per_thousand: float | None


@dataclass(frozen=True)
class AccessFigures:
    """Access to a capacity in an area: the mean, its communities, the facilities behind it, and how it is counted."""

    capacity: str
    profile: str
    source: str
    city_code: int
    area_code: int
    confidence: str
    label: str
    network_version_id: int
    rules_version_id: int
    judged_on: date
    computed_at: datetime
    definition: str
    elders: int | float
    per_thousand: float | None
    with_room: int | float
    areas: list[AreaAccess]
    facilities: list[FacilityAccess]


def compute_access(
    session: Session,
    now: datetime,
    city_code: int,
    capacity: Capacity,
    profile_code: str = "elder",
    *,
    source: str = "elders",
    taken: Mapping[int, int] | None = None,
) -> int:
    """Compute and keep the access to day places or beds of every community of a city; gives the run's id.

    Catchments of 30 minutes (1,500 m), in three bands with Luo and Qi's slow decay. Free beds are those nobody
    lies in on the Shanghai day of `now`; `taken` tells how many day places are taken, by facility id (none unless
    told). Runs as a city-wide job, because neighbours of another area want the same places. Raises
    NoWalkingNetwork, UnknownDemand, UnknownCity, NoRulesInForce.
    """
    ground = read_ground(session, city_code, civil_date(now))
    profile = ground.profile(profile_code)
    graph = ground.graph(profile)
    if graph is None or ground.version_id is None:
        raise NoWalkingNetwork(city_code=city_code)
    holds, free = _capacities(session, ground, capacity, taken or {})
    which = np.flatnonzero(holds > 0.0)
    places = _places(session, ground, source)
    limit = REACH_LIMIT_METRES if profile.measure == "metres" else REACH_LIMIT_SECONDS
    at = ground.snap(places.lons, places.lats, profile.step_free)
    pairs = pairs_within(graph, ground.doors_at(profile.step_free).pick(which), at, limit)
    bands = limit * np.arange(1, _BANDS + 1) / _BANDS
    people = places.millionths / MILLIONTHS
    found = floating_catchment(pairs, holds[which], people, bands, np.array(SLOW_DECAY))
    to_room, _ = nearest_with_room(pairs, free[which], len(places))
    confidence = ground.streets.confidence if ground.streets else "none"
    facts = {
        "limit": limit,
        "bands": bands.tolist(),
        "weights": list(SLOW_DECAY),
        "definition": _definition(capacity, profile.name_zh, limit_text(profile.measure, limit)),
        "confidence": confidence,
    }
    run_id = _new_run(session, now, ground, (capacity, profile_code, source), facts)
    _keep_facilities(session, run_id, ground, which, (holds, free), found)
    _keep_areas(session, run_id, places, found, to_room)
    return run_id


def _new_run(
    session: Session, now: datetime, ground: Ground, asked: tuple[str, str, str], facts: dict[str, Any]
) -> int:
    capacity, profile_code, source = asked
    values = {
        "city": ground.city_code,
        "capacity": capacity,
        "profile": profile_code,
        "source": source,
        "network": ground.version_id,
        "rules": ground.rules.version_id,
        "on": ground.on,
        "now": now,
        "facts": json.dumps(facts, ensure_ascii=False),
    }
    return int(session.connection().execute(_RUN, values).scalar_one())


def latest_access(
    session: Session, city_code: int, capacity: Capacity, profile_code: str = "elder", area_code: int | None = None
) -> AccessFigures:
    """Give the access last computed, for a city or an area in it; an officer sees her own area's communities.

    Raises NotYetComputed.
    """
    connection = session.connection()
    facts = {"city": city_code, "capacity": capacity, "profile": profile_code}
    run = connection.execute(_LATEST, facts).first()
    if run is None:
        raise NotYetComputed(city_code=city_code, capacity=capacity)
    lo, hi = area_range(area_code or city_code)
    inside = {"run": run.id, "lo": lo, "hi": hi}
    areas = [_area(row) for row in connection.execute(_AREAS, inside)]
    elders = sum(area.elders for area in areas)
    confidence = str(run.facts["confidence"])
    return AccessFigures(
        capacity=capacity,
        profile=profile_code,
        source=run.source,
        city_code=city_code,
        area_code=area_code or city_code,
        confidence=confidence,
        label="" if confidence == "high" else ESTIMATE_ZH,
        network_version_id=run.network_version_id,
        rules_version_id=run.rules_version_id,
        judged_on=run.judged_on,
        computed_at=run.computed_at,
        definition=run.facts["definition"],
        elders=elders,
        per_thousand=sum(a.per_thousand * a.elders for a in areas) / elders if elders else None,
        with_room=sum(area.with_room for area in areas),
        areas=areas,
        facilities=[_facility(row) for row in connection.execute(_FACILITIES, inside)],
    )


def _area(row: Any) -> AreaAccess:
    return AreaAccess(
        area_code=row.area_code,
        elders=plain(row.elders),
        per_thousand=round(row.access * 1000, 3),
        with_access=plain(row.with_access),
        with_room=plain(row.with_room),
        seconds_to_room=row.seconds_to_room,
    )


def _facility(row: Any) -> FacilityAccess:
    return FacilityAccess(
        facility_id=row.facility_id,
        name=row.name,
        area_code=row.area_code,
        capacity=row.capacity,
        free=row.free,
        demand=row.demand,
        per_thousand=None if row.ratio is None else round(row.ratio * 1000, 3),
    )


def _definition(capacity: str, profile_name: str, limit: str) -> str:
    return (
        f"{CAPACITY_ZH[capacity]}可及性：按增强两步移动搜寻法（E2SFCA，Luo与Qi，2009）计算，{limit}内分三段，"
        f"权重{'、'.join(f'{weight:g}' for weight in SLOW_DECAY)}；口径：{profile_name}；"
        "先以设施容量除以周围老年人加权数，再由每位老年人加总可到设施的比值；每千名老年人可得的容量，不是实际使用数。"
    )


def _capacities(session: Session, ground: Ground, capacity: str, taken: Mapping[int, int]) -> tuple[Floats, Floats]:
    """What each door holds and what of it is free, float64 (f,)."""
    ids = ground.doors.ids.tolist()
    if capacity == "places":
        holds = ground.doors.day_places.astype(np.float64)
        used = np.array([taken.get(one, 0) for one in ids], dtype=np.float64)
    else:
        lo, hi = area_range(ground.city_code)
        rows = session.connection().execute(_BEDS, {"lo": lo, "hi": hi, "on": ground.on}).all()
        beds = {row.facility_id: (row.beds, row.occupied) for row in rows}
        holds = np.array([beds.get(one, (0, 0))[0] for one in ids], dtype=np.float64)
        used = np.array([beds.get(one, (0, 0))[1] for one in ids], dtype=np.float64)
    return holds, np.maximum(holds - used, 0.0)


def _places(session: Session, ground: Ground, source: str) -> Places:
    if source == "elders":
        return read_homes(session, ground.city_code, ground.on)
    found = {one.kind: one for one in active_sources(session, ground.city_code)}
    if source not in found:
        raise UnknownDemand(source=source, known=["elders", *found])
    return read_points(session, found[source].id)


def _keep_facilities(
    session: Session, run_id: int, ground: Ground, which: Any, capacities: tuple[Floats, Floats], found: Access
) -> None:
    holds, free = capacities
    columns = {
        "run_id": run_id,
        "facility_id": ground.doors.ids[which],
        "area_code": ground.doors.area_codes[which],
        "capacity": holds[which].astype(np.int64),
        "free": free[which].astype(np.int64),
        "demand": found.demand,
        "ratio": found.ratio,
    }
    copy_arrays(session, "access_facility", columns)


def _keep_areas(session: Session, run_id: int, places: Places, found: Access, to_room: Floats) -> None:
    codes, at = np.unique(places.area_codes // COMMUNITY * COMMUNITY, return_inverse=True)
    if len(codes) == 0:
        return
    people = places.millionths
    roomy = np.isfinite(to_room)
    total = np.bincount(at, people, len(codes))
    with_room = np.bincount(at, np.where(roomy, people, 0), len(codes))
    walked = np.bincount(at, np.where(roomy, to_room, 0.0) * people, len(codes))
    empty = np.full(len(codes), np.nan)
    columns = {
        "area_code": codes,
        "millionths": total.astype(np.int64),
        "access": np.divide(np.bincount(at, found.access * people, len(codes)), total, out=empty * 0, where=total > 0),
        "reaching": np.bincount(at, np.where(found.access > 0.0, people, 0), len(codes)).astype(np.int64),
        "roomy": with_room.astype(np.int64),
        "seconds_to_room": np.divide(walked, with_room, out=empty, where=with_room > 0),
    }
    pour(session, "access_now", columns)
    session.connection().execute(
        text(
            "INSERT INTO access_area (run_id, area_code, elders, access, with_access, with_room, seconds_to_room)"
            " SELECT :run, area_code, millionths / 1000000::numeric, COALESCE(access, 0), reaching / 1000000::numeric,"
            " roomy / 1000000::numeric, seconds_to_room FROM access_now"
        ),
        {"run": run_id},
    )
