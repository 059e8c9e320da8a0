"""How far a finished visit fits what one would expect, by a published formula. Points of doubt with their reasons, never a verdict.

Pure. Each reason gives the points of the formula's version in force on the day of the visit; they add up to at most
100. Distances in metres, times in whole seconds or minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, radians, sin, sqrt
from typing import Any

EARTH_M = 6_371_008.8
MOST = 100
SAME_PLACE_DEGREES = 1e-5
"""About a metre: two honest readings never agree so closely visit after visit."""


@dataclass(frozen=True)
class Place:
    """A position (lon, lat) in degrees, WGS-84."""

    lon: float
    lat: float


@dataclass(frozen=True)
class Other:
    """Another visit of the same visitor: when, where, and how long. `home`: the elder's door, for travel."""

    visit_id: int
    started_at: datetime
    ended_at: datetime
    home: Place | None
    position: Place | None


@dataclass(frozen=True)
class Judged:
    """What is known of the visit that is looked at; `standard_minutes` is None where the service has none."""

    started_at: datetime
    ended_at: datetime
    proof: str
    home: Place | None
    position: Place | None
    distance_m: float | None
    accuracy_m: float | None
    skew_seconds: int | None
    doubts: Sequence[str]
    standard_minutes: int | None
    exceptions: int


@dataclass(frozen=True)
class Doubt:
    """One reason: its code, its points and the facts behind it."""

    code: str
    points: int
    facts: dict[str, Any]


def doubts_of(weights: dict[str, Any], seen: Judged, others: Sequence[Other]) -> list[Doubt]:
    """Give the reasons to look at a visit, the weightiest first. `others`: this visitor's other visits, any order."""
    found = [
        *_of_the_place(weights, seen),
        *_of_the_clock(weights, seen),
        *_of_the_length(weights, seen, others),
        *_of_the_way(weights, seen, others),
        *_of_the_proof(weights, seen),
    ]
    return sorted((one for one in found if one.points > 0), key=lambda one: (-one.points, one.code))


def points_of(doubts: Sequence[Doubt]) -> int:
    """Give the sum of points, at most 100."""
    return min(MOST, sum(one.points for one in doubts))


def metres_between(one: Place, other: Place) -> float:
    """Give the great-circle distance of two positions in metres (haversine)."""
    up, across = radians(other.lat - one.lat), radians(other.lon - one.lon)
    half = sin(up / 2) ** 2 + cos(radians(one.lat)) * cos(radians(other.lat)) * sin(across / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(half))


def _of_the_place(weights: dict[str, Any], seen: Judged) -> list[Doubt]:
    found = []
    rule = weights["far_from_home"]
    if seen.distance_m is None:
        found.append(Doubt("no_position", weights["no_position"]["points"], {}))
    elif seen.distance_m > (seen.accuracy_m or 0) + rule["beyond_m"]:
        facts = {"distance_m": round(seen.distance_m), "accuracy_m": round(seen.accuracy_m or 0)}
        found.append(Doubt("far_from_home", rule["points"], facts))
    if "mock_location" in seen.doubts:
        found.append(Doubt("mock_location", weights["mock_location"]["points"], {}))
    return found


def _of_the_clock(weights: dict[str, Any], seen: Judged) -> list[Doubt]:
    rule = weights["clock_skew"]
    skew = abs(seen.skew_seconds or 0)
    if skew > rule["seconds"] or "clock_back" in seen.doubts:
        return [Doubt("clock_skew", rule["points"], {"seconds": skew})]
    return []


def _minutes(started_at: datetime, ended_at: datetime) -> int:
    return int((ended_at - started_at).total_seconds() // 60)


def _of_the_length(weights: dict[str, Any], seen: Judged, others: Sequence[Other]) -> list[Doubt]:
    found, served = [], _minutes(seen.started_at, seen.ended_at)
    if seen.standard_minutes:
        facts = {"minutes": served, "standard_minutes": seen.standard_minutes}
        if served * 100 < seen.standard_minutes * weights["short"]["percent"]:
            found.append(Doubt("short", weights["short"]["points"], facts))
        elif served * 100 > seen.standard_minutes * weights["long"]["percent"]:
            found.append(Doubt("long", weights["long"]["points"], facts))
    rule = weights["same_minutes"]
    before = sorted((one for one in others if one.started_at < seen.started_at), key=lambda one: one.started_at)
    last = before[-(rule["visits"] - 1) :]
    if len(last) == rule["visits"] - 1 and all(_minutes(one.started_at, one.ended_at) == served for one in last):
        found.append(Doubt("same_minutes", rule["points"], {"minutes": served, "visits": rule["visits"]}))
    return found


def _of_the_way(weights: dict[str, Any], seen: Judged, others: Sequence[Other]) -> list[Doubt]:
    found = []
    overlapping = [one for one in others if one.started_at < seen.ended_at and seen.started_at < one.ended_at]
    if overlapping:
        facts = {"visits": len(overlapping), "visit_id": overlapping[0].visit_id}
        found.append(Doubt("overlap", weights["overlap"]["points"], facts))
    apart = [one for one in others if one not in overlapping]
    found += _travel(weights["impossible_travel"], seen, apart)
    rule = weights["identical_position"]
    same = [one for one in others if _same(one.position, seen.position)]
    if len(same) + 1 >= rule["visits"]:
        found.append(Doubt("identical_position", rule["points"], {"visits": len(same) + 1}))
    return found


def _travel(rule: dict[str, Any], seen: Judged, others: Sequence[Other]) -> list[Doubt]:
    """Doubt a way between two doors that nobody travels in the time between."""
    for one in others:
        if one.home is None or seen.home is None:
            continue
        between = max(
            (seen.started_at - one.ended_at).total_seconds(), (one.started_at - seen.ended_at).total_seconds()
        )
        away = metres_between(one.home, seen.home)
        if away > rule["metres_per_second"] * max(between, 1.0) and away > 500:
            facts = {"distance_m": round(away), "seconds": round(between), "visit_id": one.visit_id}
            return [Doubt("impossible_travel", rule["points"], facts)]
    return []


def _same(one: Place | None, other: Place | None) -> bool:
    if one is None or other is None:
        return False
    return abs(one.lon - other.lon) < SAME_PLACE_DEGREES and abs(one.lat - other.lat) < SAME_PLACE_DEGREES


def _of_the_proof(weights: dict[str, Any], seen: Judged) -> list[Doubt]:
    found = [Doubt("proof", int(weights["proof"]["points"].get(seen.proof, 0)), {"proof": seen.proof})]
    if seen.exceptions:
        found.append(Doubt("exception", weights["exception"]["points"], {"exceptions": seen.exceptions}))
    return found
