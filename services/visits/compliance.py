"""The month's visits (月探访率): who should have been met, who was, who was not, and what came in late.

A month is closed when the hours for writing down are over. Its figures stand from then on; a death, a move or a dispute
the house hears of later is a correction (`corrections.py`), never another number under the same month.

Definition. Denominator: elders whose duty stands at the end of the Shanghai calendar month (or today).
Numerator: those of them met in the month, that is an attempt whose outcome is `seen` or `spoken`, over a
channel the city counts, entered within the city's hours. Met but entered later is counted apart. A visit
that was disputed away does not count. Source: the 2022 guidance on visits to elders in special difficulty.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from services.cities.pack import CityRules
from services.cities.queries import area_names, rules_in_force
from services.cities.rules import LEVELS, ancestor_code, area_level, area_range
from services.clock import civil_date, civil_midnight
from services.language import for_reader, listed
from services.messages.actions import tell
from services.visits.care_rules import counting_channels
from services.visits.rules import CONTACTS, month_bounds

DEFINITION_ZH = (
    "月探访率＝当月至少成功探访一次的在册老人数÷月末（当月为今日）在册老人数；"
    "无人应答不计，超过{hours}小时补录的另计，计入渠道：{channels}。按北京时间自然月。"
)
DEFINITION_EN = (
    "Monthly visit rate = elders on the list met at least once in the month ÷ elders on the list at its end (today, "
    "in the current month); a door nobody opened does not count, what was entered more than {hours} hours later is "
    "counted apart; channels that count: {channels}. Calendar months in Beijing time."
)
CHANNELS_ZH = {
    "home": "上门",
    "phone": "电话",
    "video": "视频",
    "neighbour": "邻居",
    "volunteer": "志愿者",
    "device": "设备",
}
CHANNELS_EN = {
    "home": "at the door",
    "phone": "by phone",
    "video": "by video",
    "neighbour": "through a neighbour",
    "volunteer": "by a volunteer",
    "device": "by a device",
}


@dataclass(frozen=True)
class AreaMonth:
    """One area's month. `rate` is a proportion (0.71), None when nobody was due."""

    area_code: int
    name: str
    due: int
    done: int
    late_only: int
    attempts: int
    rate: float | None


@dataclass(frozen=True)
class MonthlyCompliance:
    """A month's figures with their definition and day; `areas` add up to the totals."""

    month: date
    as_of: date
    due: int
    done: int
    late_only: int
    attempts: int
    rate: float | None
    definition: str
    rules_version: str
    target: float | None
    areas: list[AreaMonth]


@dataclass(frozen=True)
class Met:
    """An elder on the list whom somebody met this month: the row behind `done`."""

    elder_id: int
    elder_name: str | None
    area_code: int
    class_name: str
    rank: int
    attempts: int
    last_met: datetime


@dataclass(frozen=True)
class NotYetVisited:
    """An elder on the list whom nobody has met this month; `days_since` None: never met."""

    elder_id: int
    elder_name: str | None
    area_code: int
    visit_class: str
    class_name: str
    rank: int
    days_since: int | None
    attempts: int
    entered_late: bool
    over_frequency: bool


_FACTS = text(
    """
    WITH duty AS MATERIALIZED (
      SELECT DISTINCT ON (elder_id) elder_id, area_code, visit_class, far, since,
        COALESCE(CAST(:channels AS jsonb) -> visit_class, CAST(:channels AS jsonb) -> '')
          -> CASE WHEN far THEN 'far' ELSE 'near' END AS channels
      FROM visit_duty
      WHERE since <= :day AND recorded_at <= :known AND area_code BETWEEN :lo AND :hi
        AND (ended_on IS NULL OR ended_on > :day OR end_recorded_at > :known)
      ORDER BY elder_id, since, id
    ), tried AS (
      SELECT a.elder_id, count(*) AS attempts,
        bool_or(met.counts AND a.recorded_at - a.happened_at <= :late) AS on_time, bool_or(met.counts) AS met
      FROM duty JOIN visit_attempt a ON a.elder_id = duty.elder_id
      LEFT JOIN visit v ON v.id = a.visit_id
      CROSS JOIN LATERAL (SELECT a.outcome = ANY (:contacts) AND jsonb_exists(duty.channels, a.channel)
        AND (v.id IS NULL OR v.state NOT IN ('missed', 'cancelled') OR COALESCE(v.voided_at > :known, false))
        AS counts) AS met
      WHERE a.happened_at >= :first AND a.happened_at < :past AND a.recorded_at <= :as_of
        AND a.area_code BETWEEN :lo AND :hi
      GROUP BY a.elder_id
    )
    SELECT duty.elder_id, duty.area_code, duty.visit_class, duty.far, duty.since,
      COALESCE(tried.attempts, 0) AS attempts, COALESCE(tried.on_time, false) AS on_time,
      COALESCE(tried.met, false) AS met
    FROM duty LEFT JOIN tried ON tried.elder_id = duty.elder_id
    """
)
_LAST_MET = text(
    """
    SELECT d.elder_id, p.full_name, max(a.happened_at) AS last_met
    FROM unnest(CAST(:elders AS bigint[]), CAST(:classes AS text[]), CAST(:fars AS boolean[])) AS d(elder_id, class, far)
    LEFT JOIN person p ON p.id = d.elder_id
    LEFT JOIN visit_attempt a ON a.elder_id = d.elder_id AND a.outcome = ANY (:contacts)
      AND jsonb_exists(COALESCE(CAST(:channels AS jsonb) -> d.class, CAST(:channels AS jsonb) -> '')
        -> CASE WHEN d.far THEN 'far' ELSE 'near' END, a.channel)
      AND a.happened_at < :past AND a.recorded_at <= :as_of
      AND NOT EXISTS (SELECT FROM visit v WHERE v.id = a.visit_id AND v.state IN ('missed', 'cancelled'))
    GROUP BY d.elder_id, p.full_name
    """
)
_DAYS = {"week": 7, "month": 31, "quarter": 92}


def month_compliance(
    session: Session, now: datetime, month: date, *, lo: int, hi: int, level: str = "street"
) -> MonthlyCompliance:
    """Give the visit rate of a Shanghai month over a range of area codes, by areas of a level.

    `month` is any day in it. Entries recorded after `now` do not count, so an earlier `now` gives the
    figure of that day again. Raises UnknownCity, NoRulesInForce.
    """
    day, rules = _last_day(month, now), rules_in_force(session, lo, _last_day(month, now))
    facts = _facts(session, now, month, lo, hi, rules)
    by_area: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for fact in facts:
        by_area.setdefault(_within(fact.area_code, level), []).append(fact)
    names = area_names(session, set(by_area))
    areas = [_area_month(code, names.get(code, str(code)), by_area[code]) for code in sorted(by_area)]
    total = _area_month(lo, "", facts)
    return MonthlyCompliance(
        month=month_bounds(month)[0],
        as_of=day,
        due=total.due,
        done=total.done,
        late_only=total.late_only,
        attempts=total.attempts,
        rate=total.rate,
        definition=for_reader(DEFINITION_ZH, DEFINITION_EN).format(
            hours=rules.visits.late_entry_hours,
            channels=listed([_channel(code) for code in rules.visits.counting_channels]),
        ),
        rules_version=rules.version,
        target=_target(rules, day),
        areas=areas,
    )


def not_yet_visited(session: Session, now: datetime, month: date, *, lo: int, hi: int) -> list[NotYetVisited]:
    """Give the elders nobody has met (in time) in a month, highest risk first, then longest unseen."""
    day, rules = _last_day(month, now), rules_in_force(session, lo, _last_day(month, now))
    missing = [fact for fact in _facts(session, now, month, lo, hi, rules) if not fact.on_time]
    asked = _asked(now, month, rules) | _elders_asked(missing)
    known = {row.elder_id: row for row in session.connection().execute(_LAST_MET, asked)}
    classes = {c.code: c for c in rules.visit_classes}
    rows = [_missing(fact, known[fact.elder_id], classes.get(fact.visit_class), day) for fact in missing]
    return sorted(rows, key=lambda r: (r.rank, -(10**6 if r.days_since is None else r.days_since), r.elder_id))


def met_in_month(session: Session, now: datetime, month: date, *, lo: int, hi: int) -> list[Met]:
    """Give the elders somebody met, in time, in a month: the rows behind `done`, last met first."""
    rules = rules_in_force(session, lo, _last_day(month, now))
    seen = [fact for fact in _facts(session, now, month, lo, hi, rules) if fact.on_time]
    asked = _asked(now, month, rules) | _elders_asked(seen)
    known = {row.elder_id: row for row in session.connection().execute(_LAST_MET, asked)}
    classes = {c.code: c for c in rules.visit_classes}
    rows = []
    for fact in seen:
        row, kind = known[fact.elder_id], classes.get(fact.visit_class)
        name, rank = (kind.name, kind.rank) if kind else (fact.visit_class, 99)
        rows.append(Met(fact.elder_id, row.full_name, fact.area_code, name, rank, fact.attempts, row.last_met))
    return sorted(rows, key=lambda met: (met.last_met, met.elder_id), reverse=True)


def alert_unvisited(session: Session, now: datetime, city_code: int) -> int:
    """On the city's alert days, tell each street's officers how many elders are unseen; give how many streets.

    Runs daily as the house; the same day tells once.
    """
    today = civil_date(now)
    rules = rules_in_force(session, city_code, today)
    if today.day not in rules.visits.alert_days:
        return 0
    lo, hi = area_range(rules.city_code)
    found = month_compliance(session, now, today, lo=lo, hi=hi, level="street")
    behind = [area for area in found.areas if area.due > area.done]
    for area in behind:
        tell(
            session,
            now,
            audience={"office": {"role": "officer", "area_code": area.area_code}},
            template="visits.month_alert",
            facts={"unvisited": area.due - area.done, "due": area.due},
            area_code=area.area_code,
            key=f"visits.month_alert:{area.area_code}:{today.isoformat()}",
        )
    return len(behind)


def _facts(
    session: Session, now: datetime, month: date, lo: int, hi: int, rules: CityRules
) -> list[Row[*tuple[Any, ...]]]:
    asked = _asked(now, month, rules) | {"day": _last_day(month, now), "lo": lo, "hi": hi}
    return list(session.connection().execute(_FACTS, asked))


def _asked(now: datetime, month: date, rules: CityRules) -> dict[str, Any]:
    first, past = month_bounds(month)
    return {
        "first": civil_midnight(first),
        "past": civil_midnight(past),
        "as_of": now,
        "known": min(now, closing_of(month, rules)),
        "late": timedelta(hours=rules.visits.late_entry_hours),
        "contacts": list(CONTACTS),
        "channels": json.dumps(channels_of(rules)),
    }


def _elders_asked(facts: list[Row[*tuple[Any, ...]]]) -> dict[str, Any]:
    return {
        "elders": [fact.elder_id for fact in facts],
        "classes": [fact.visit_class for fact in facts],
        "fars": [fact.far for fact in facts],
    }


def channels_of(rules: CityRules) -> dict[str, dict[str, list[str]]]:
    """Give which channels count for which class of a city, near and far."""
    return counting_channels(rules.visit_classes, rules.visits.counting_channels)


def closing_of(month: date, rules: CityRules) -> datetime:
    """Give when a Shanghai month is closed: its end and the hours the city leaves for writing down.

    What the house learns later changes nothing in the month's figures; it stands beside them as a correction.
    """
    return civil_midnight(month_bounds(month)[1]) + timedelta(hours=rules.visits.late_entry_hours)


def _last_day(month: date, now: datetime) -> date:
    return min(month_bounds(month)[1] - timedelta(days=1), civil_date(now))


def _within(code: int, level: str) -> int:
    own = area_level(code)
    return code if LEVELS.index(own) < LEVELS.index(level) else ancestor_code(code, level)


def _area_month(code: int, name: str, facts: list[Row[*tuple[Any, ...]]]) -> AreaMonth:
    due, done = len(facts), sum(fact.on_time for fact in facts)
    late_only = sum(fact.met and not fact.on_time for fact in facts)
    rate = done / due if due else None
    return AreaMonth(code, name, due, done, late_only, sum(fact.attempts for fact in facts), rate)


def _missing(fact: Any, known: Any, visit_class: Any, day: date) -> NotYetVisited:
    days = None if known.last_met is None else (day - civil_date(known.last_met)).days
    waited = (day - fact.since).days if days is None else days
    return NotYetVisited(
        elder_id=fact.elder_id,
        elder_name=known.full_name,
        area_code=fact.area_code,
        visit_class=fact.visit_class,
        class_name=visit_class.name if visit_class else fact.visit_class,
        rank=visit_class.rank if visit_class else 99,
        days_since=days,
        attempts=fact.attempts,
        entered_late=fact.met,
        over_frequency=bool(visit_class) and waited > _DAYS[visit_class.every] / visit_class.times,
    )


def _channel(code: str) -> str:
    return for_reader(CHANNELS_ZH.get(code, code), CHANNELS_EN.get(code))


def _target(rules: CityRules, day: date) -> float | None:
    codes = [i.code for i in rules.indicators if i.is_monthly_visit_rate]
    targets = sorted((t for code in codes for t in rules.targets_for(code)), key=lambda t: t.due_on)
    ahead = [t for t in targets if t.due_on >= day] or targets[-1:]
    return float(ahead[0].value / 100) if ahead else None
