"""The needs board near a volunteer: how long she walks to where help is asked for, what she likes, when she can.

Strangers read the board, so the walk leads to the middle of the elder's community and never to her door: a volunteer
who asks from many places learns where the community is, and nothing about the elder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlmodel import Session

from geo.network import geodesic_m
from geo.walking import costs_at, walk_from
from services.catalogue.tables import ServiceItem
from services.circles.errors import NoWalkingNetwork
from services.circles.streets import profile_of, streets_of
from services.cities.queries import city_of_area, rules_in_force
from services.cities.rules import LEVELS, ancestor_code, area_level
from services.cities.tables import Area
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.people.tables import Person
from services.unit_of_work import Actor
from services.volunteering.errors import NotAVolunteer
from services.volunteering.queries import on_the_board
from services.volunteering.tables import Need, Volunteer

_need, _person, _volunteer, _area = table_of(Need), table_of(Person), table_of(Volunteer), table_of(Area)
_item = table_of(ServiceItem)
Place = tuple[float, float]
VOLUNTEER_M_PER_S = 1.0
"""A healthy adult's planning pace; slower than most walk."""
FARTHEST_SECONDS = 3600
DETOUR = 1.35
MOST = 200


@dataclass(frozen=True)
class Wishes:
    """What a volunteer looks for: `kinds` None: all; `from_at`..`until_at` (aware): when help is wanted to begin.

    `place`: where she is, (lon, lat) in EPSG:4326; None: her home, else the middle of her own community.
    """

    kinds: tuple[str, ...] | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    place: Place | None = None


@dataclass(frozen=True)
class NearbyNeed:
    """A need as strangers see it. `walk_minutes` to its community, None where no map tells; `estimated` (估算)."""

    id: int
    kind: str
    title: str
    rough_place: str
    starts_at: datetime
    ends_at: datetime
    walk_minutes: int | None = None
    estimated: bool = False


def board_near(session: Session, now: datetime, actor: Actor, wishes: Wishes) -> list[NearbyNeed]:
    """Give the open needs ahead, the shortest walk first, then the soonest; who is no volunteer sees none."""
    asked = select(*on_the_board(), _need.c.area_code).where(_need.c.state == "open", _need.c.ends_at > now)
    if wishes.kinds is not None:
        asked = asked.where(_need.c.kind.in_(wishes.kinds))
    if wishes.from_at is not None:
        asked = asked.where(_need.c.starts_at >= wishes.from_at)
    if wishes.until_at is not None:
        asked = asked.where(_need.c.starts_at < wishes.until_at)
    rows = list(session.connection().execute(asked.order_by(_need.c.starts_at, _need.c.id).limit(MOST)))
    needs = [NearbyNeed(*row[:6]) for row in rows]
    walks = _walks(session, now, actor, wishes.place, {_around(row.area_code) for row in rows})
    found = []
    for need, row in zip(needs, rows, strict=True):
        walk = walks.get(_around(row.area_code))
        found.append(need if walk is None else replace(need, walk_minutes=walk[0], estimated=walk[1]))
    far = FARTHEST_SECONDS * 100
    return sorted(
        found, key=lambda need: (far if need.walk_minutes is None else need.walk_minutes, need.starts_at, need.id)
    )


def interests_of(session: Session, actor: Actor) -> tuple[str, ...]:
    """Give the services a volunteer said she likes to do. Raises NotAVolunteer."""
    mine = select(_volunteer.c.interests).where(_volunteer.c.person_id == actor.person_id)
    found = session.connection().execute(mine).one_or_none()
    if found is None:
        raise NotAVolunteer(person_id=actor.person_id)
    return tuple(found.interests)


def volunteers_codes(session: Session) -> set[str]:
    """Give the codes of what volunteers do."""
    return set(session.connection().execute(select(_item.c.code).where(_item.c.volunteer)).scalars())


def days_ahead(now: datetime, when: str) -> tuple[datetime | None, datetime | None]:
    """Give the span a word means in Shanghai: today, tomorrow, weekend (the next or the running one), else all."""
    today = civil_midnight(civil_date(now))
    if when == "today":
        return today, today + timedelta(days=1)
    if when == "tomorrow":
        return today + timedelta(days=1), today + timedelta(days=2)
    if when == "weekend":
        weekday = civil_date(now).weekday()
        saturday = today + timedelta(days=5 - weekday)
        return saturday, saturday + timedelta(days=2)
    return None, None


def _around(area_code: int) -> int:
    """The community of a home; nothing finer."""
    return ancestor_code(area_code, "community") if _has_community(area_code) else area_code


def _has_community(area_code: int) -> bool:
    return LEVELS.index(area_level(area_code)) >= LEVELS.index("community")


def _walks(
    session: Session, now: datetime, actor: Actor, place: Place | None, areas: set[int]
) -> dict[int, tuple[int, bool]]:
    """The minutes on foot to each community, and whether they are an estimate."""
    middles = _middles(session, areas)
    start, certain = _start(session, actor, place)
    if start is None or not middles:
        return {}
    codes = sorted(middles)
    lons = np.array([middles[code][0][0] for code in codes])
    lats = np.array([middles[code][0][1] for code in codes])
    seconds = _on_streets(session, now, codes[0], start, lons, lats)
    straight = geodesic_m(np.full(len(codes), start[0]), np.full(len(codes), start[1]), lons, lats) * DETOUR
    known = np.isfinite(seconds)
    shown = np.where(known, seconds, straight / VOLUNTEER_M_PER_S)
    return {
        code: (max(1, int(-(-shown[at] // 60))), not (certain and bool(known[at]) and middles[code][1]))
        for at, code in enumerate(codes)
    }


def _middles(session: Session, areas: set[int]) -> dict[int, tuple[Place, bool]]:
    """The middle of each area, and whether it is its own: one without an outline takes its street's."""
    streets = {code: ancestor_code(code, "street") for code in areas if _below_a_street(code)}
    inside = func.ST_PointOnSurface(_area.c.geom)
    wanted = select(_area.c.code, func.ST_X(inside).label("lon"), func.ST_Y(inside).label("lat")).where(
        _area.c.code.in_(areas | set(streets.values())), _area.c.geom.is_not(None)
    )
    known = {row.code: (row.lon, row.lat) for row in session.connection().execute(wanted)}
    found = {code: (known[code], True) for code in areas if code in known}
    return {code: (known[street], False) for code, street in streets.items() if street in known} | found


def _below_a_street(area_code: int) -> bool:
    return LEVELS.index(area_level(area_code)) > LEVELS.index("street")


def _start(session: Session, actor: Actor, place: Place | None) -> tuple[Place | None, bool]:
    """Where she sets out, and whether that is a place or only her community."""
    if place is not None:
        return place, True
    home = session.connection().execute(
        select(func.ST_X(_person.c.home).label("lon"), func.ST_Y(_person.c.home).label("lat"), _person.c.area_code)
        .where(_person.c.id == actor.person_id)
    ).one_or_none()  # fmt: skip
    if home is None:
        return None, False
    if home.lon is not None:
        return (home.lon, home.lat), True
    own = _middles(session, {_around(home.area_code)}).get(_around(home.area_code))
    return None if own is None else own[0], False


def _on_streets(session: Session, now: datetime, area_code: int, start: Place, lons: Any, lats: Any) -> Any:
    """Seconds on foot along the streets at a volunteer's pace; inf where no street is known or it is too far."""
    city = city_of_area(session, area_code)
    try:
        streets = streets_of(session, city)
    except NoWalkingNetwork:
        return np.full(len(lons), np.inf)
    walk = profile_of(rules_in_force(session, city, civil_date(now)), "elder")
    graph, snapper = streets.graph(walk), streets.snapper(walk.step_free)
    origin, points = snapper.snap([start[0]], [start[1]]), snapper.snap(lons, lats)
    slower = VOLUNTEER_M_PER_S / walk.speed_mps
    reached = walk_from(graph, origin, 0, FARTHEST_SECONDS * slower)
    return costs_at(graph, reached.dense(graph.node_count), origin, points) / slower
