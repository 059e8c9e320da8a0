"""What the house learned about a closed month afterwards: shown beside its figures, never put into them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from services.cities.queries import rules_in_force
from services.clock import civil_midnight
from services.visits.compliance import channels_of, closing_of
from services.visits.rules import CONTACTS, month_bounds

_CORRECTIONS = text(
    """
    WITH counted AS MATERIALIZED (
      SELECT DISTINCT ON (elder_id) elder_id, area_code, ended_on, end_reason, end_recorded_at,
        COALESCE(CAST(:channels AS jsonb) -> visit_class, CAST(:channels AS jsonb) -> '')
          -> CASE WHEN far THEN 'far' ELSE 'near' END AS channels
      FROM visit_duty
      WHERE since <= :day AND recorded_at <= :known AND area_code BETWEEN :lo AND :hi
        AND (ended_on IS NULL OR ended_on > :day OR end_recorded_at > :known)
      ORDER BY elder_id, since, id
    ), learned AS (
      SELECT 'left' AS kind, elder_id, area_code, ended_on AS on_day, end_recorded_at AS known_at, end_reason AS reason
      FROM counted WHERE ended_on <= :day AND end_recorded_at <= :as_of
      UNION ALL
      SELECT 'joined', elder_id, area_code, since, recorded_at, visit_class FROM visit_duty
      WHERE since <= :day AND (ended_on IS NULL OR ended_on > :day) AND recorded_at > :known AND recorded_at <= :as_of
        AND area_code BETWEEN :lo AND :hi AND elder_id NOT IN (SELECT elder_id FROM counted)
      UNION ALL
      SELECT 'entered_late', c.elder_id, c.area_code, (a.happened_at AT TIME ZONE 'Asia/Shanghai')::date, a.recorded_at,
        a.channel
      FROM counted c JOIN visit_attempt a ON a.elder_id = c.elder_id
      WHERE a.happened_at >= :first AND a.happened_at < :past AND a.recorded_at > :month_end AND a.recorded_at <= :as_of
        AND a.recorded_at - a.happened_at > :late AND a.outcome = ANY (:contacts) AND jsonb_exists(c.channels, a.channel)
      UNION ALL
      SELECT 'disputed', c.elder_id, c.area_code, (a.happened_at AT TIME ZONE 'Asia/Shanghai')::date, v.voided_at, v.kind
      FROM counted c JOIN visit_attempt a ON a.elder_id = c.elder_id JOIN visit v ON v.id = a.visit_id
      WHERE a.happened_at >= :first AND a.happened_at < :past AND v.voided_at > :known AND v.voided_at <= :as_of
    )
    SELECT l.*, p.full_name FROM learned l LEFT JOIN person p ON p.id = l.elder_id ORDER BY known_at, elder_id, kind
    """
)


@dataclass(frozen=True)
class Correction:
    """One late fact about a month: an elder who had `left` the list, had `joined` it, was met but `entered_late`, or a
    visit `disputed` away; on which day it was so, and when the house learned it."""

    kind: str
    elder_id: int
    elder_name: str | None
    area_code: int
    on: date
    known_at: datetime
    reason: str | None


def corrections(session: Session, now: datetime, month: date, *, lo: int, hi: int) -> list[Correction]:
    """Give what became known about a closed Shanghai month after its figures stood, oldest first; none while it runs.

    Raises UnknownCity, NoRulesInForce.
    """
    first, past = month_bounds(month)
    last = past - timedelta(days=1)
    if now < civil_midnight(past):
        return []
    rules = rules_in_force(session, lo, last)
    asked = {
        "first": civil_midnight(first), "past": civil_midnight(past), "month_end": civil_midnight(past), "day": last,
        "known": min(now, closing_of(month, rules)), "as_of": now, "lo": lo, "hi": hi, "contacts": list(CONTACTS),
        "late": timedelta(hours=rules.visits.late_entry_hours), "channels": json.dumps(channels_of(rules)),
    }  # fmt: skip
    return [
        Correction(row.kind, row.elder_id, row.full_name, row.area_code, row.on_day, row.known_at, row.reason)
        for row in session.connection().execute(_CORRECTIONS, asked)
    ]
