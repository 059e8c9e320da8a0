"""From served time to credited minutes, by the city's own policy. Pure; all amounts in whole minutes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

LONGEST_NEED_HOURS = 24
_NUMBERS = re.compile(r"\d{3,}|\d+\s*(?:号|栋|幢|室|单元)|[一二三四五六七八九十百]+(?:号|栋|幢|室|单元)")


class Policy(Protocol):
    """The part of a city's time-bank policy that turns service into minutes."""

    @property
    def rounding(self) -> str: ...
    @property
    def rounding_minutes(self) -> int: ...
    @property
    def minimum_session_minutes(self) -> int: ...
    @property
    def daily_cap_minutes(self) -> int: ...


@dataclass(frozen=True)
class Credit:
    """What a session earns; `reason` says why nothing, or less than served, is credited."""

    service_minutes: int
    credit_minutes: int
    reason: str | None


def served_minutes(arrived: datetime, left: datetime) -> int:
    """Give the whole minutes between arrival and leaving."""
    return int((left - arrived).total_seconds() // 60)


def credit_of(policy: Policy, service_minutes: int, credited_today: int) -> Credit:
    """Give the minutes a session earns: none below the minimum, rounded, never above the day's cap.

    `credited_today`: minutes already credited on that Shanghai day. Rounding `exact` keeps minutes, `down`
    and `nearest` go to multiples of `rounding_minutes` (a half goes up).
    """
    if service_minutes < max(1, policy.minimum_session_minutes):
        return Credit(service_minutes, 0, "too_short")
    step = policy.rounding_minutes
    rounded = {
        "exact": service_minutes,
        "down": service_minutes // step * step,
        "nearest": (service_minutes + step // 2) // step * step,
    }[policy.rounding]
    room = max(0, policy.daily_cap_minutes - credited_today)
    if rounded == 0:
        return Credit(service_minutes, 0, "too_short")
    if room < rounded:
        return Credit(service_minutes, room, "daily_cap")
    return Credit(service_minutes, rounded, None)


def shows_too_much(title: str, full_name: str) -> bool:
    """Tell whether a board's title would give away a name, a phone number or a door."""
    return full_name in title or bool(_NUMBERS.search(title))
