"""What may be watched: each kind of condition, judged for an area on any day, today's or a past one, by the same text.

Judging writes nothing; so a rule can be tried on last month ("would have fired 3 times") before anybody is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.beds.errors import UnknownRatio
from services.beds.ratio import nursing_ratio
from services.cities.pack import CityRules
from services.cities.queries import rules_in_force
from services.cities.rules import LEVELS, ancestor_code, area_level, area_range
from services.clock import civil_date, civil_midnight
from services.oversight.alert_errors import BadRule
from services.oversight.indicator_queries import COUNTED_LEVELS, IndicatorValue, indicator_values, next_promise
from services.oversight.indicators import formulas
from services.oversight.watched_dates import WATCHED_DATES, dates_near
from services.oversight.watched_events import WATCHED_EVENTS, events_since
from services.visits.compliance import month_compliance, not_yet_visited

MOST_ROWS = 200


@dataclass(frozen=True)
class Finding:
    """One condition that holds: in which area, about what (`about` tells two of one rule apart), with which numbers.

    `rows` are ids of what is behind it (elders unseen, papers that end), at most 200.
    """

    area_code: int
    about: str
    facts: dict[str, Any]
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """What a rule finds on a day. `raises`: new alerts may be told today; `again`: those that stand are told again.

    `ends`: what stands and was not found is over; `about` narrows that to one occasion (this month's visits).
    """

    findings: tuple[Finding, ...]
    raises: bool = True
    again: bool = False
    ends: bool = True
    about: str | None = None


@dataclass(frozen=True)
class Asked:
    """What is judged: a condition over an area range at a level, on a Shanghai day, with what was known by `at`."""

    condition: dict[str, Any]
    level: str
    lo: int
    hi: int
    on: date
    at: datetime
    city: CityRules = field(repr=False)


Judge = Callable[[Session, Asked], Judgement]


def asked_on(session: Session, now: datetime, condition: dict[str, Any], level: str, area_code: int, on: date) -> Asked:
    """Set the question for a day: its end for a past day, now for today. Raises UnknownCity, NoRulesInForce."""
    lo, hi = area_range(area_code)
    at = now if on >= civil_date(now) else civil_midnight(on + timedelta(days=1)) - timedelta(microseconds=1)
    return Asked(condition, level, lo, hi, on, at, rules_in_force(session, area_code, on))


def judge(session: Session, kind: str, asked: Asked) -> Judgement:
    """Judge one condition. Raises BadRule for a kind nobody defined or a condition that names what is not there."""
    if kind not in KINDS:
        raise BadRule(field="kind", kind=kind)
    return KINDS[kind](session, asked)


def _counts_differ(session: Session, asked: Asked) -> Judgement:
    rows = session.connection().execute(
        text("SELECT max(differences) FROM count_check WHERE city_code = :city AND day = :day AND checked_at <= :at"),
        {"city": asked.city.city_code, "day": asked.on - timedelta(days=1), "at": asked.at},
    )
    found = rows.scalar()
    if found is None:
        return Judgement((), raises=False, ends=False)
    least = int(asked.condition.get("at_least", 1))
    facts = {"differences": found, "day": (asked.on - timedelta(days=1)).isoformat()}
    return Judgement((Finding(asked.lo, "counts", facts),) if found >= least else ())


def _target_missed(session: Session, asked: Asked) -> Judgement:
    codes = asked.condition.get("indicators") or None
    within = int(asked.condition.get("within_days", 400))
    found = []
    for area in _areas(asked):
        for value in indicator_values(session, area, asked.on, codes=codes, known_by=asked.at):
            facts = _missing(value, within)
            if facts is not None:
                found.append(Finding(area, facts["indicator"], facts))
    return Judgement(tuple(found))


def _missing(value: IndicatorValue, within: int) -> dict[str, Any] | None:
    """Give what is missing where the trend does not reach the next promise, even at the best end of its range."""
    promise = next_promise(value)
    if promise is None or promise.kept is not False or promise.forecast is None or not 0 <= promise.days_left <= within:
        return None
    target, line = promise.target.value, promise.forecast
    lost = {"at_least": line.high < target, "at_most": line.low > target}.get(promise.target.comparison, False)
    if not lost:
        return None
    return {
        "indicator": value.formula.indicator.code, "target": _figure(target), "value": _figure(value.value),
        "expected": round(line.expected, 2), "due_on": promise.target.due_on.isoformat(), "days_left": promise.days_left,
        "missing": promise.missing,
    }  # fmt: skip


def _indicator_beyond(session: Session, asked: Asked) -> Judgement:
    code, limit = str(asked.condition["indicator"]), Decimal(str(asked.condition["value"]))
    below = asked.condition.get("side", "below") == "below"
    found = []
    for area in _areas(asked):
        for one in indicator_values(session, area, asked.on, codes=[code], known_by=asked.at, months=1):
            if one.value is not None and ((one.value < limit) if below else (one.value > limit)):
                facts = {"indicator": code, "value": _figure(one.value), "limit": _figure(limit)}
                found.append(Finding(area, code, facts))
    return Judgement(tuple(found))


def _visits_unmet(session: Session, asked: Asked) -> Judgement:
    days = tuple(asked.condition.get("days") or asked.city.visits.alert_days)
    today = asked.on.day in days
    if not today and asked.on.day < min(days):
        return Judgement((), raises=False, ends=False)
    month = f"{asked.on:%Y-%m}"
    told = month_compliance(session, asked.at, asked.on, lo=asked.lo, hi=asked.hi, level=asked.level)
    behind = {area.area_code: area for area in told.areas if area.due > area.done}
    unseen: dict[int, list[int]] = {}
    if behind:
        for row in not_yet_visited(session, asked.at, asked.on, lo=asked.lo, hi=asked.hi):
            unseen.setdefault(_within(row.area_code, asked.level), []).append(row.elder_id)
    found = tuple(
        Finding(
            code, month, {"unvisited": area.due - area.done, "due": area.due, "late": area.late_only, "month": month},
            tuple(unseen.get(code, ())[:MOST_ROWS]),
        )
        for code, area in sorted(behind.items())
    )  # fmt: skip
    return Judgement(found, raises=today, again=today, about=month)


def _date_nearing(session: Session, asked: Asked) -> Judgement:
    register, days = str(asked.condition["register"]), int(asked.condition["days"])
    if register not in WATCHED_DATES:
        raise BadRule(field="register", register=register)
    groups: dict[int, list[Any]] = {}
    for row in dates_near(session, register, asked.on, days, asked.lo, asked.hi):
        groups.setdefault(_within(row.area_code, asked.level), []).append(row)
    return Judgement(
        tuple(
            Finding(
                area, register,
                {"register": register, "count": len(rows), "first_on": rows[0].due_on.isoformat(), "days": days},
                tuple(row.row_id for row in rows[:MOST_ROWS]),
            )
            for area, rows in sorted(groups.items())
        )
    )  # fmt: skip


def _beds_short(session: Session, asked: Asked) -> Judgement:
    try:
        found = nursing_ratio(session, asked.city.city_code, asked.on, lo=asked.lo, hi=asked.hi)
    except UnknownRatio:
        return Judgement(())
    target = found.target
    if target is None or found.short_beds < int(asked.condition.get("at_least", 1)):
        return Judgement(())
    homes = [home for home in found.rows if home.total and home.nursing / home.total < target]
    facts = {
        "short_beds": found.short_beds, "homes": len(homes), "target_percent": round(target * 100, 1),
        "due_on": found.target_due.isoformat() if found.target_due else None,
    }  # fmt: skip
    return Judgement((Finding(asked.lo, "beds", facts, tuple(home.facility_id for home in homes[:MOST_ROWS])),))


def _events_many(session: Session, asked: Asked) -> Judgement:
    event, days = str(asked.condition["event"]), int(asked.condition.get("days", 1))
    least = int(asked.condition.get("at_least", 1))
    if event not in WATCHED_EVENTS:
        raise BadRule(field="event", event=event)
    groups: dict[int, list[int]] = {}
    since = civil_midnight(asked.on - timedelta(days=days - 1))
    for row in events_since(session, event, since, asked.at, asked.lo, asked.hi):
        groups.setdefault(_within(row.area_code, asked.level), []).append(row.row_id)
    return Judgement(
        tuple(
            Finding(area, event, {"event": event, "count": len(rows), "days": days}, tuple(rows[:MOST_ROWS]))
            for area, rows in sorted(groups.items())
            if len(rows) >= least
        )
    )


def _areas(asked: Asked) -> list[int]:
    """Give the areas an indicator is judged in: the asked one, at its own level if it is counted there."""
    return [asked.lo] if area_level(asked.lo) in COUNTED_LEVELS else []


def _within(code: int, level: str) -> int:
    own = area_level(code)
    return code if LEVELS.index(own) < LEVELS.index(level) else ancestor_code(code, level)


def _figure(value: Decimal | None) -> float | None:
    return None if value is None else round(float(value), 2)


KINDS: dict[str, Judge] = {
    "counts_differ": _counts_differ,
    "target_missed": _target_missed,
    "indicator_beyond": _indicator_beyond,
    "visits_unmet": _visits_unmet,
    "date_nearing": _date_nearing,
    "beds_short": _beds_short,
    "events_many": _events_many,
}
"""Every kind a rule may have. Another kind is one function here, its words in api/pages/alert_words.py."""


def check_condition(kind: str, condition: dict[str, Any], city: CityRules) -> None:
    """Raise BadRule, naming the field, unless a condition says all its kind needs and names what exists."""
    if kind not in KINDS:
        raise BadRule(field="kind", kind=kind)
    whole = {"counts_differ": {"at_least": 1}, "beds_short": {"at_least": 1}, "target_missed": {"within_days": 400}}
    numbers = {
        "date_nearing": ("days",), "events_many": ("days", "at_least"), **{code: tuple(of) for code, of in whole.items()}
    }  # fmt: skip
    for name in numbers.get(kind, ()):
        value = condition.get(name, whole.get(kind, {}).get(name))
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100_000:
            raise BadRule(field=name)
    known: dict[str, tuple[str, Any]] = {
        "date_nearing": ("register", WATCHED_DATES), "events_many": ("event", WATCHED_EVENTS),
        "indicator_beyond": ("indicator", formulas(city)),
    }  # fmt: skip
    if kind in known and condition.get(known[kind][0]) not in known[kind][1]:
        raise BadRule(field=known[kind][0])
    if kind == "indicator_beyond" and not isinstance(condition.get("value"), (int, float)):
        raise BadRule(field="value")
