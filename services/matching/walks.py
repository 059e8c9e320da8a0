"""How long the walk between an elder's home and each provider's door is: on the streets or, failing that, estimated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, select, text
from sqlmodel import Session

from services.circles.queries import who_reaches
from services.circles.rules import REACH_LIMIT_SECONDS
from services.circles.standing import judged_area
from services.circles.tables import FacilitySnap, HomeSnap
from services.cities.pack import CityRules
from services.cities.rules import area_contains
from services.columns import table_of
from services.directory.tables import Facility
from services.matching.errors import HomeUnknown
from services.matching.rules import estimated_walk_seconds

_facility = table_of(Facility)
_home_snap = table_of(HomeSnap)
_door_snap = table_of(FacilitySnap)
DEFAULT_PROFILE, DEFAULT_SPEED_M_PER_S = "elder", 0.8


@dataclass(frozen=True)
class Walk:
    """A walk between home and door in whole seconds; `estimated` (估算) from the straight line with a detour.

    `same_area` tells, where the city's rules switched minutes off for the elder's area, whether the door stands in
    that area: then that decides and the minutes do not. None: her circles are judged by minutes.
    """

    seconds: int
    estimated: bool
    same_area: bool | None = None


def walks_to(
    session: Session, elder_id: int, area_code: int, lines: list[Row[Any]], rules: CityRules
) -> dict[int, Walk]:
    """Give the walk to each line's facility by facility id, at the pace of the city's first circle.

    Exact from the reach table; beyond it (over 30 minutes), or where home or door meets no known street,
    the straight line times the detour factor of the city's rules, as the circles do. Raises HomeUnknown(elder_id).
    """
    if not lines:
        return {}
    profile, speed = _pace(rules)
    reached = {
        walk.facility_id: walk.cost for walk in who_reaches(session, elder_id, profile, REACH_LIMIT_SECONDS, rules)
    }
    walks = {facility_id: Walk(round(cost), estimated=False) for facility_id, cost in reached.items()}
    missing = {line.facility_id for line in lines} - walks.keys()
    if missing:
        straight = _straight_metres(session, elder_id, missing)
        beyond = _on_streets(session, elder_id, missing)
        for facility_id, metres in straight.items():
            at_least = int(REACH_LIMIT_SECONDS) + 1 if facility_id in beyond else 0
            seconds = estimated_walk_seconds(metres, speed, float(rules.detour_factor), at_least)
            walks[facility_id] = Walk(seconds, estimated=True)
    return _by_area(session, rules, area_code, walks)


def _by_area(session: Session, rules: CityRules, area_code: int, walks: dict[int, Walk]) -> dict[int, Walk]:
    """Where minutes are switched off for the elder's area, tell which doors stand in it."""
    part = rules.without_minutes(area_code)
    if part is None:
        return walks
    mine = judged_area(part.area_level or "street", area_code)
    places = select(_facility.c.id, _facility.c.area_code).where(_facility.c.id.in_(walks))
    stand_in = {row.id: row.area_code for row in session.connection().execute(places)}
    return {
        door: replace(walk, same_area=area_contains(mine, stand_in[door]) or area_contains(stand_in[door], mine))
        for door, walk in walks.items()
    }


def _pace(rules: CityRules) -> tuple[str, float]:
    wanted = rules.tiers[0].default_profile if rules.tiers else DEFAULT_PROFILE
    for profile in sorted(rules.profiles, key=lambda one: one.code != wanted):
        if profile.speed_m_per_s is not None:
            return profile.code, float(profile.speed_m_per_s)
    return DEFAULT_PROFILE, DEFAULT_SPEED_M_PER_S


_STRAIGHT = text(
    "SELECT facility.id, ST_Distance(facility.geom::geography, person.home::geography) AS metres "
    "FROM person, facility WHERE person.id = :elder AND facility.id = ANY (:ids) AND person.home IS NOT NULL"
)


def _straight_metres(session: Session, elder_id: int, facility_ids: set[int]) -> dict[int, float]:
    rows = session.connection().execute(_STRAIGHT, {"elder": elder_id, "ids": sorted(facility_ids)}).all()
    if not rows:
        raise HomeUnknown(elder_id=elder_id)
    return {row.id: float(row.metres) for row in rows}


def _on_streets(session: Session, elder_id: int, facility_ids: set[int]) -> set[int]:
    """Those facilities that are on the network like the elder's home: not in the reach table means too far for it."""
    connection = session.connection()
    home = connection.execute(
        select(_home_snap.c.network_version_id).where(
            _home_snap.c.person_id == elder_id, _home_snap.c.edge_id.is_not(None)
        )
    ).first()
    if home is None:
        return set()
    doors = connection.execute(
        select(_door_snap.c.facility_id).where(
            _door_snap.c.facility_id.in_(facility_ids),
            _door_snap.c.network_version_id == home.network_version_id,
            _door_snap.c.edge_id.is_not(None),
        )
    )
    return set(doors.scalars())
