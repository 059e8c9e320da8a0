"""The providers near an elder's door with all that decides whether they can come, in one statement.

The nearest lines of a service as the crow flies come first; how far each is on foot is read from the reach table or
estimated, and only of those she can be reached from are hands, places and wishes counted. So a city of a thousand
providers costs as much as a quarter of it.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from services.catalogue.queries import Service
from services.circles.queries import statement_of_who_reaches
from services.circles.rules import REACH_LIMIT_SECONDS
from services.circles.standing import judged_area
from services.cities.known import keep
from services.cities.pack import CityRules
from services.cities.queries import city_of_area, rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.matching.errors import HomeUnknown
from services.matching.walks import pace

MOST_NEAREST = 16
"""So many of the nearest are looked at first; four times as many where the last of them could still come."""
EVERYBODY = 1_000_000
RATED_WITHIN = timedelta(days=365)
METRES_A_DEGREE = 111_000.0
"""No degree of latitude is shorter; one of longitude is by the cosine of the latitude."""

_NEAREST = """
SELECT * FROM who_is_near(
  CAST(:person AS bigint), CAST(:service AS text), CAST(:skills AS text[]), CAST(:on_day AS date),
  CAST(:starts_at AS timestamptz), CAST(:ends_at AS timestamptz), CAST(:rated_since AS timestamptz), CAST(:already AS bigint[]),
  CAST(:first AS bigint), CAST(:last AS bigint), CAST(:most AS bigint), CAST(:by_area AS boolean),
  CAST(:detour AS float8), CAST(:speed AS float8), CAST(:profile AS text), CAST(:limit AS float8),
  CAST(:per_m AS float8), CAST(:steps AS float8), CAST(:step_free AS boolean))
"""
_STATEMENT = text(_NEAREST)


@dataclass(frozen=True)
class Ground:
    """What a city's rules say of walking for an elder's area: kept while the rules stand."""

    first: int
    last: int
    walk: dict[str, Any]
    speed: float
    detour: float
    judged_area: int | None


@dataclass(frozen=True)
class Near:
    """The lines of a service near an elder, nearest first. `farther`: there are more, none of which can come."""

    lines: tuple[Row[Any], ...]
    judged_area: int | None
    farther: bool


def lines_near(
    session: Session,
    now: datetime,
    elder_id: int,
    area_code: int,
    service: Service,
    starts_at: datetime,
    ends_at: datetime,
    *,
    already_asked: Collection[int] = (),
    everybody: bool = False,
) -> Near:
    """Give the lines that could serve an elder in a window and the nearest of the others, with facts to judge them.

    Walks are exact from the reach table; beyond it (over 30 minutes), or where home or door meets no known street,
    the straight line times the detour factor of the city's rules. `everybody`: the whole city's. Raises HomeUnknown.
    """
    on = civil_date(now)
    ground = keep(session, ("ground", area_code, on), lambda: _ground(session, area_code, now))
    values = _values(ground, now, elder_id, service, starts_at, ends_at, already_asked)
    most = EVERYBODY if everybody or ground.judged_area is not None else MOST_NEAREST
    while True:
        rows = session.connection().execute(_STATEMENT, {**values, "most": most}).all()
        if any(row.walk_estimated and row.lat is None for row in rows):
            raise HomeUnknown(elder_id=elder_id)
        if len(rows) < most or not _more_could_come(rows[-1], ground):
            return Near(tuple(rows), ground.judged_area, farther=len(rows) == most)
        most *= 4


def statement_of_nearest(
    session: Session, now: datetime, area_code: int, service: Service, starts_at: datetime, ends_at: datetime
) -> tuple[str, dict[str, Any]]:
    """Give the statement with all its values but :person, for whoever measures it."""
    values = _values(_ground(session, area_code, now), now, 0, service, starts_at, ends_at, ())
    return _NEAREST, {**values, "most": MOST_NEAREST}


def _more_could_come(last: Row[Any], ground: Ground) -> bool:
    """Nobody walks faster than straight on: beyond the last line's distance, could one still come in its time?"""
    if last.degrees is None:  # her home is not on the map, but on the streets
        return True
    shortest = float(last.degrees) * METRES_A_DEGREE * math.cos(math.radians(float(last.lat)))
    return shortest <= float(last.farthest) * ground.speed


def _ground(session: Session, area_code: int, now: datetime) -> Ground:
    rules: CityRules = rules_in_force(session, area_code, civil_date(now))
    profile, speed = pace(rules)
    _, walk = statement_of_who_reaches(profile, REACH_LIMIT_SECONDS, rules)
    part = rules.without_minutes(area_code)
    first, last = area_range(city_of_area(session, area_code))
    judged = None if part is None else judged_area(part.area_level or "street", area_code)
    return Ground(first, last, walk, speed, float(rules.detour_factor), judged)


def _values(
    ground: Ground, now: datetime, elder_id: int, service: Service, starts_at: datetime, ends_at: datetime,
    already_asked: Collection[int],
) -> dict[str, Any]:  # fmt: skip
    return ground.walk | {
        "person": elder_id,
        "service": service.code,
        "skills": list(service.required_skills),
        "first": ground.first,
        "last": ground.last,
        "already": list(already_asked),
        "detour": ground.detour,
        "speed": ground.speed,
        "by_area": ground.judged_area is not None,
        "on_day": civil_date(starts_at),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "rated_since": now - RATED_WITHIN,
    }
