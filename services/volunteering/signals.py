"""What an officer may want to ask about: patterns in volunteers' hours that deserve a question, never a verdict.

Each signal names its reason and the sessions it was read from, so that the officer can look at them herself; nothing
is blocked, scored or told to anybody else. Distances in metres, speeds in km/h, days in Asia/Shanghai.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.cities.pack import SignalPolicy
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.unit_of_work import Actor
from services.volunteering.errors import OfficeOnly

READERS = ("officer", "advisor", "auditor")


@dataclass(frozen=True)
class Signal:
    """One pattern: its kind, whom it concerns, the numbers behind it, and the sessions to look at.

    Kinds: reciprocal_pair, impossible_travel, identical_positions, month_end_burst.
    """

    kind: str
    volunteer_id: int
    volunteer_name: str | None
    other_id: int | None
    other_name: str | None
    facts: dict[str, Any]
    session_ids: list[int]


_PAIRS = text("""
SELECT a.volunteer_id, a.elder_id AS other_id, v.full_name AS volunteer_name, o.full_name AS other_name,
  count(DISTINCT a.id) AS there, count(DISTINCT b.id) AS back,
  array_agg(DISTINCT a.id) || array_agg(DISTINCT b.id) AS sessions
FROM volunteer_session a
JOIN volunteer_session b ON b.volunteer_id = a.elder_id AND b.elder_id = a.volunteer_id AND b.state <> 'voided'
  AND lower(b.during) >= :since
LEFT JOIN person v ON v.id = a.volunteer_id LEFT JOIN person o ON o.id = a.elder_id
WHERE a.state <> 'voided' AND lower(a.during) >= :since AND a.volunteer_id < a.elder_id
  AND (a.area_code BETWEEN :lo AND :hi OR b.area_code BETWEEN :lo AND :hi)
GROUP BY a.volunteer_id, a.elder_id, v.full_name, o.full_name
HAVING least(count(DISTINCT a.id), count(DISTINCT b.id)) >= :least ORDER BY 1, 2 LIMIT 200
""")

_TRAVEL = text("""
WITH walked AS (
  SELECT s.id, s.volunteer_id, s.area_code, upper(s.during) AS left_at, p.home,
    lead(s.id) OVER w AS next_id, lead(lower(s.during)) OVER w AS came_at, lead(p.home) OVER w AS next_home
  FROM volunteer_session s JOIN person p ON p.id = s.elder_id
  WHERE s.state <> 'voided' AND lower(s.during) >= :since AND p.home IS NOT NULL
  WINDOW w AS (PARTITION BY s.volunteer_id ORDER BY lower(s.during)))
SELECT w.volunteer_id, v.full_name AS volunteer_name, w.id, w.next_id,
  round(ST_Distance(w.home::geography, w.next_home::geography))::bigint AS metres,
  extract(epoch FROM w.came_at - w.left_at)::bigint AS seconds
FROM walked w LEFT JOIN person v ON v.id = w.volunteer_id
WHERE w.next_id IS NOT NULL AND w.area_code BETWEEN :lo AND :hi
  AND ST_Distance(w.home::geography, w.next_home::geography) > :near
  AND ST_Distance(w.home::geography, w.next_home::geography)
    > greatest(extract(epoch FROM w.came_at - w.left_at), 0) * :fastest / 3.6
ORDER BY w.id LIMIT 200
""")

_PLACES = text("""
SELECT s.volunteer_id, v.full_name AS volunteer_name, x.check_in_facts->>'lon' AS lon, x.check_in_facts->>'lat' AS lat,
  count(*) AS times, count(DISTINCT s.elder_id) AS elders, array_agg(s.id ORDER BY s.id) AS sessions
FROM volunteer_session s JOIN visit x ON x.id = s.visit_id LEFT JOIN person v ON v.id = s.volunteer_id
WHERE s.state <> 'voided' AND lower(s.during) >= :since AND s.area_code BETWEEN :lo AND :hi
  AND x.check_in_facts ? 'lon' AND x.check_in_facts->>'lon' IS NOT NULL
GROUP BY 1, 2, 3, 4 HAVING count(*) >= :same ORDER BY 1, 3, 4 LIMIT 200
""")

_BURSTS = text("""
WITH days AS (
  SELECT s.id, s.volunteer_id, s.credit_minutes, (lower(s.during) AT TIME ZONE 'Asia/Shanghai')::date AS day
  FROM volunteer_session s
  WHERE s.state <> 'voided' AND lower(s.during) >= :since AND s.area_code BETWEEN :lo AND :hi),
months AS (
  SELECT *, date_trunc('month', day)::date AS month,
    day > (date_trunc('month', day) + interval '1 month')::date - 1 - CAST(:last_days AS int) AS late
  FROM days)
SELECT m.volunteer_id, v.full_name AS volunteer_name, m.month, sum(m.credit_minutes)::bigint AS total,
  sum(m.credit_minutes) FILTER (WHERE m.late)::bigint AS at_the_end,
  array_agg(m.id ORDER BY m.id) FILTER (WHERE m.late) AS sessions
FROM months m LEFT JOIN person v ON v.id = m.volunteer_id
WHERE m.month < :this_month OR :today >= (date_trunc('month', CAST(:today AS date)) + interval '1 month')::date - 1
GROUP BY 1, 2, 3
HAVING sum(m.credit_minutes) FILTER (WHERE m.late) >= :burst
  AND sum(m.credit_minutes) FILTER (WHERE m.late) >= :share * sum(m.credit_minutes)
ORDER BY 1, 3 LIMIT 200
""")


def find_signals(session: Session, now: datetime, actor: Actor, *, days: int = 92) -> list[Signal]:
    """Give the patterns of the last `days` in the office's area, each with its reason. Raises OfficeOnly.

    From when on a pattern is listed is the policy's of the office's city.
    """
    if not actor.has_role(*READERS) or actor.area_lo is None:
        raise OfficeOnly()
    limits = rules_in_force(session, actor.area_lo, civil_date(now)).timebank.signals
    values = {"since": now - timedelta(days=days), "lo": actor.area_lo, "hi": actor.area_hi}
    return [
        *_pairs(session, values, limits),
        *_travel(session, values, limits),
        *_places(session, values, limits),
        *_bursts(session, values, limits, civil_date(now)),
    ]


def _pairs(session: Session, values: dict[str, Any], limits: SignalPolicy) -> list[Signal]:
    rows = session.connection().execute(_PAIRS, values | {"least": limits.pair_sessions})
    return [
        Signal(
            "reciprocal_pair", row.volunteer_id, row.volunteer_name, row.other_id, row.other_name,
            {"there": row.there, "back": row.back, "least": limits.pair_sessions}, sorted(row.sessions),
        )
        for row in rows
    ]  # fmt: skip


def _travel(session: Session, values: dict[str, Any], limits: SignalPolicy) -> list[Signal]:
    rows = session.connection().execute(_TRAVEL, values | {"fastest": limits.fastest_kmh, "near": limits.near_m})
    return [
        Signal(
            "impossible_travel", row.volunteer_id, row.volunteer_name, None, None,
            {"metres": row.metres, "seconds": row.seconds, "fastest_kmh": limits.fastest_kmh}, [row.id, row.next_id],
        )
        for row in rows
    ]  # fmt: skip


def _places(session: Session, values: dict[str, Any], limits: SignalPolicy) -> list[Signal]:
    """Real phones scatter by metres: the very same digits at many doors come from one desk or from a program."""
    rows = session.connection().execute(_PLACES, values | {"same": limits.same_place_sessions})
    return [
        Signal(
            "identical_positions", row.volunteer_id, row.volunteer_name, None, None,
            {"times": row.times, "elders": row.elders, "least": limits.same_place_sessions}, list(row.sessions),
        )
        for row in rows
    ]  # fmt: skip


def _bursts(session: Session, values: dict[str, Any], limits: SignalPolicy, today: date) -> list[Signal]:
    asked = {
        "last_days": limits.last_days, "burst": limits.burst_minutes, "share": limits.burst_percent / 100,
        "today": today, "this_month": today.replace(day=1),
    }  # fmt: skip
    rows = session.connection().execute(_BURSTS, values | asked)
    return [
        Signal(
            "month_end_burst", row.volunteer_id, row.volunteer_name, None, None,
            {
                "month": row.month.strftime("%Y-%m"), "minutes": row.at_the_end, "of_minutes": row.total,
                "last_days": limits.last_days,
            },
            list(row.sessions),
        )
        for row in rows
    ]  # fmt: skip


def written(signals: list[Signal]) -> str:
    """Give the list as JSON lines, for an auditor's file."""
    return "\n".join(json.dumps(signal.__dict__, ensure_ascii=False, sort_keys=True) for signal in signals)
