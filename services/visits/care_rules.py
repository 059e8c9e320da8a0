"""The arithmetic of who is owed a visit when, which contact counts for whom, and in what order doors are walked. Pure.

Days are civil days of Asia/Shanghai, positions (lon, lat) in degrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol, TypeVar

Key = TypeVar("Key")
Channels = Mapping[str, Mapping[str, list[str]]]
DEFAULT = ""
"""The key under which the city's own channels stand, for a class that its rules no longer name."""
_METRES_PER_DEGREE = 111_320.0


class CountingClass(Protocol):
    """A visit class with the channels that count for it."""

    @property
    def code(self) -> str: ...
    @property
    def channels(self) -> Sequence[str]: ...
    @property
    def far_channels(self) -> Sequence[str]: ...


def counting_channels(classes: Iterable[CountingClass], of_city: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Give which channels count as having met an elder, by class and by how far she lives (`near`, `far`).

    A class that names none takes the city's; where the way is long its `far_channels` count besides.
    """
    found = {DEFAULT: {"near": sorted(of_city), "far": sorted(of_city)}}
    for one in classes:
        near = set(one.channels or of_city)
        found[one.code] = {"near": sorted(near), "far": sorted(near | set(one.far_channels))}
    return found


def counts(channels: Channels, visit_class: str, far: bool, channel: str) -> bool:
    """Tell whether a contact over a channel is a visit for an elder of a class, far away or near."""
    return channel in channels.get(visit_class, channels[DEFAULT])["far" if far else "near"]


def window(every: str, times: int, day: date) -> tuple[date, date]:
    """Give the first and last day of the visit owed on a day: a week, month or quarter, split evenly by `times`."""
    first, past = _period(every, day)
    length = (past - first).days
    parts = min(times, length)
    place = next(n for n in range(parts) if day < first + timedelta(days=length * (n + 1) // parts))
    return (
        first + timedelta(days=length * place // parts),
        first + timedelta(days=length * (place + 1) // parts - 1),
    )


def _period(every: str, day: date) -> tuple[date, date]:
    if every == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=7)
    months = {"month": 1, "quarter": 3}[every]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    following = first.month - 1 + months
    return first, date(first.year + following // 12, following % 12 + 1, 1)


def due_after_change(due_on: date, since: date, from_on: date, hours: int | None) -> date:
    """Bring the last day forward when her class changed inside the window and the city wants her seen soon after."""
    if hours is None or since < from_on:
        return due_on
    return min(due_on, since + timedelta(days=math.ceil(hours / 24)))


def walking_order(places: Mapping[Key, tuple[float, float] | None]) -> list[Key]:
    """Give the doors in the order of a short walk: from the first, always to the nearest left, as the crow flies.

    Begins at the westernmost of the first; doors without a position come last in their own order.
    """
    known = {key: place for key, place in places.items() if place is not None}
    order: list[Key] = []
    if known:
        here = min(known, key=lambda key: known[key])
        while known:
            order.append(here)
            at = known.pop(here)
            if known:
                here = min(known, key=lambda key: metres(at, known[key]))
    return order + [key for key, place in places.items() if place is None]


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Give the distance between two near places (lon, lat), in metres, exact to well under a percent."""
    across = (one[0] - other[0]) * math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot(across, one[1] - other[1]) * _METRES_PER_DEGREE
