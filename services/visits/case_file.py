"""The care register (关爱台账) and the file of one elder on it: what she needs, who stands beside her, what happened.

Read under the actor's own eyes; phones, addresses and health stay sealed and are shown by `disclose` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from services.clock import civil_date
from services.visits.rules import CONTACTS

Found = Row[*tuple[Any, ...]]
PAGE = 200
BACK = timedelta(days=365)
_REGISTER = text(
    """
    SELECT d.elder_id, p.full_name, d.area_code, d.visit_class, e.groups || CASE WHEN e.living = 'alone'
        AND NOT 'alone' = ANY (e.groups) THEN ARRAY['alone'] ELSE ARRAY[]::text[] END AS groups,
      e.care_level, d.since, d.far, g.name AS grid_name, w.full_name AS worker_name, met.last_met,
      t.due_on, count(*) OVER () AS whole
    FROM visit_duty d JOIN elder e ON e.person_id = d.elder_id LEFT JOIN person p ON p.id = d.elder_id
    LEFT JOIN visit_grid g ON g.id = d.grid_id
    LEFT JOIN LATERAL (SELECT x.id, x.due_on FROM visit_task x WHERE x.elder_id = d.elder_id AND x.state = 'open'
                       ORDER BY x.due_on LIMIT 1) AS t ON true
    LEFT JOIN visit_task_actor a ON a.task_id = t.id AND a.part = 'lead' AND a.until IS NULL
    LEFT JOIN person w ON w.id = a.person_id
    LEFT JOIN LATERAL (SELECT max(happened_at) AS last_met FROM visit_attempt v
                       WHERE v.elder_id = d.elder_id AND v.outcome = ANY (:contacts)) AS met ON true
    WHERE d.ended_on IS NULL AND d.area_code BETWEEN :lo AND :hi
      AND (:class = '' OR d.visit_class = :class)
      AND (:group = '' OR :group = ANY (e.groups) OR (:group = 'alone' AND e.living = 'alone'))
    ORDER BY d.area_code, p.full_name, d.elder_id LIMIT :most OFFSET :after
    """
)
_NEEDS = text(
    """
    SELECT e.living, e.groups, e.care_level, e.emergency_name, e.registered_on, d.visit_class, d.since, d.far,
      g.name AS grid_name
    FROM elder e LEFT JOIN visit_duty d ON d.elder_id = e.person_id AND d.ended_on IS NULL
    LEFT JOIN visit_grid g ON g.id = d.grid_id WHERE e.person_id = :elder
    """
)
_CONTACTS = text("SELECT full_name, relation FROM contacts_of_elder(:elder)")
_DUTIES = text(
    "SELECT visit_class, since, ended_on, end_reason FROM visit_duty WHERE elder_id = :elder ORDER BY since DESC, id DESC"
)
_EVENTS = text(
    """
    SELECT 'attempt' AS kind, happened_at, outcome AS state, channel AS what, note, by_person_id AS who, recorded_at
    FROM visit_attempt WHERE elder_id = :elder AND happened_at >= :since
    UNION ALL
    SELECT 'visit', COALESCE(checked_in_at, planned_start), state, kind, NULL, visitor_id, NULL
    FROM visit WHERE elder_id = :elder AND state <> 'cancelled' AND planned_start >= :since
    UNION ALL
    SELECT 'risk', a.opened_at, CASE WHEN a.closed_at IS NULL THEN 'open' ELSE 'closed' END,
      CASE WHEN :english THEN s.name_en ELSE s.name_zh END, a.done, a.in_charge_id, a.closed_at
    FROM visit_alert a JOIN risk_sign s ON s.code = a.risk_code WHERE a.elder_id = :elder AND a.opened_at >= :since
    UNION ALL
    SELECT 'door', opened_at, COALESCE(resolution, 'open'), step::text, NULL, in_charge_id, closed_at
    FROM escalation WHERE elder_id = :elder AND opened_at >= :since
    UNION ALL
    SELECT 'order', o.placed_at, o.state, CASE WHEN :english THEN i.name_en ELSE i.name_zh END, NULL, o.placed_by, o.starts_at
    FROM care_order o LEFT JOIN service_item i ON i.code = o.service_code
    WHERE o.elder_id = :elder AND o.placed_at >= :since
    ORDER BY 2 DESC LIMIT 200
    """
)


@dataclass(frozen=True)
class CaseEvent:
    """One line of an elder's file: `kind` attempt, visit, risk (a sign somebody answers for), door (unanswered), order."""

    kind: str
    happened_at: datetime
    state: str
    what: str
    note: str | None
    who: int | None
    also_at: datetime | None


@dataclass(frozen=True)
class CaseFile:
    """An elder's file: what is known of her needs, her contacts by name, the days on the list, and the year's events."""

    living: str
    groups: tuple[str, ...]
    care_level: int
    emergency_name: str | None
    visit_class: str | None
    since: date | None
    far: bool
    grid_name: str | None
    contacts: tuple[tuple[str, str], ...]
    duties: tuple[Found, ...]
    events: tuple[CaseEvent, ...]


def care_register(
    session: Session, lo: int, hi: int, *, visit_class: str = "", group: str = "", most: int = PAGE, after: int = 0
) -> list[Found]:
    """Give the elders on the list of an area: class, groups, since when, grid, who goes next and when she was last met."""
    asked = {"lo": lo, "hi": hi, "class": visit_class, "group": group, "most": most, "after": after}
    return list(session.connection().execute(_REGISTER, asked | {"contacts": list(CONTACTS)}))


def case_file(session: Session, now: datetime, elder_id: int, *, english: bool = False) -> CaseFile:
    """Give an elder's file of the last year, newest first. The caller has asked for the right to see her."""
    asked = {"elder": elder_id, "since": now - BACK, "english": english}
    needs = session.connection().execute(_NEEDS, asked).one()
    contacts = session.connection().execute(_CONTACTS, asked).all()
    events = session.connection().execute(_EVENTS, asked).all()
    duties = session.connection().execute(_DUTIES, asked).all()
    return CaseFile(
        living=needs.living,
        groups=tuple(sorted({*needs.groups, *(("alone",) if needs.living == "alone" else ())})),
        care_level=needs.care_level,
        emergency_name=needs.emergency_name,
        visit_class=needs.visit_class,
        since=needs.since,
        far=bool(needs.far),
        grid_name=needs.grid_name,
        contacts=tuple((row.full_name, row.relation) for row in contacts),
        duties=tuple(duties),
        events=tuple(CaseEvent(*row) for row in events),
    )


def days_since(now: datetime, met: datetime | None) -> int | None:
    """Give how many civil days ago somebody was met; None: never."""
    return None if met is None else (civil_date(now) - civil_date(met)).days
