"""The arithmetic of visits: when a door may be checked in at, whose clock counts, who must be seen.

Pure functions. Times are aware datetimes, days are civil days of Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

CODE_TRIES = 5
EARLIEST = timedelta(minutes=60)
LATEST = timedelta(minutes=120)
HONEST_SKEW = timedelta(minutes=2)
LONGEST_BACKDATING = timedelta(days=62)
FAR_FROM_HOME_M = 300.0
"""Beyond the phone's own accuracy; a concrete stairwell alone easily costs this much."""
CONTACTS = ("seen", "spoken")
"""Outcomes in which somebody really met the elder. Silence is never among them."""


@dataclass(frozen=True)
class Moment:
    """When something happened as we believe it, how far the device's clock was off, and why we doubt it."""

    happened_at: datetime
    skew_seconds: int | None
    doubts: tuple[str, ...]


def judge_moment(now: datetime, device_at: datetime, sent_at: datetime | None) -> Moment:
    """Correct a device's time by what its clock showed when it sent the record (`sent_at`).

    The server's clock wins: a device that runs ahead or behind by more than two minutes is shifted by its
    error, and nothing happens later than `now`. The skew is kept beside the record.
    """
    skew = None if sent_at is None else sent_at - now
    happened, doubts = device_at, []
    if skew is not None and abs(skew) > HONEST_SKEW:
        happened = device_at - skew
        doubts.append("clock_skew")
    if happened > now:
        if happened - now > HONEST_SKEW and "clock_skew" not in doubts:
            doubts.append("clock_skew")
        happened = now
    return Moment(happened, None if skew is None else round(skew.total_seconds()), tuple(doubts))


def check_in_opens(planned_start: datetime) -> datetime:
    """Give the first moment at which arrival may be recorded."""
    return planned_start - EARLIEST


def check_in_closes(planned_end: datetime) -> datetime:
    """Give the last moment of arrival; later ones go through the provider with a reason."""
    return planned_end + LATEST


def doubts_of_place(distance_m: float | None, accuracy_m: float | None, mock_location: bool) -> tuple[str, ...]:
    """Name what does not fit about a position. A score for a supervisor, never a verdict: the proof decides."""
    doubts = []
    if distance_m is not None and distance_m > (accuracy_m or 0.0) + FAR_FROM_HOME_M:
        doubts.append("far_from_home")
    if mock_location:
        doubts.append("mock_location")
    return tuple(doubts)


class Who(Protocol):
    """Who falls into a class; any of `groups` (none named: everybody old and frail enough)."""

    @property
    def min_age(self) -> int: ...
    @property
    def min_care_level(self) -> int: ...
    @property
    def groups(self) -> Sequence[str]: ...


class VisitClassRule(Protocol):
    """One visit class of a city's rules."""

    @property
    def code(self) -> str: ...
    @property
    def rank(self) -> int: ...
    @property
    def who(self) -> Sequence[Who]: ...


def fits(who: Who, age: int, care_level: int, groups: Collection[str]) -> bool:
    """Tell whether an elder is among those a rule names."""
    in_group = not who.groups or any(group in groups for group in who.groups)
    return age >= who.min_age and care_level >= who.min_care_level and in_group


def class_of(
    classes: Iterable[VisitClassRule], age: int | None, care_level: int, groups: Collection[str]
) -> str | None:
    """Give the class of lowest rank (highest risk) an elder belongs to, or None when nobody must visit her.

    An unknown age counts as 60: a missing birthday must not take an elder off the list.
    """
    years = 60 if age is None else age
    for visit_class in sorted(classes, key=lambda c: c.rank):
        if any(fits(who, years, care_level, groups) for who in visit_class.who):
            return visit_class.code
    return None


class Step(Protocol):
    """One rung of the ladder after an unanswered door; minutes count from the knock."""

    @property
    def step(self) -> int: ...
    @property
    def after_minutes(self) -> int: ...
    @property
    def high_risk_after_minutes(self) -> int: ...


def begins_at(step: Step, knocked_at: datetime, high_risk: bool) -> datetime:
    """Give the moment at which a rung of the ladder begins."""
    minutes = step.high_risk_after_minutes if high_risk else step.after_minutes
    return knocked_at + timedelta(minutes=minutes)


def due_at(steps: Sequence[Step], index: int, knocked_at: datetime, high_risk: bool) -> datetime:
    """Give when the person in charge of rung `index` must be done: when the next rung begins.

    The last rung is due the moment it begins; there is nobody after it.
    """
    return begins_at(steps[min(index + 1, len(steps) - 1)], knocked_at, high_risk)


def month_bounds(day: date) -> tuple[date, date]:
    """Give the first day of a day's month and of the next one."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)
