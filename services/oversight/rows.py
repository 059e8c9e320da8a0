"""The rows behind the desk's numbers: elders beyond a circle, tries at doors, volunteers' minutes, closed doors.

Everything here is read under the actor's own eyes: row-level security gives an officer her area and no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from services.clock import civil_midnight
from services.visits.rules import CONTACTS, month_bounds

Found = Row[*tuple[Any, ...]]
PAGE = 200
EVERYTHING = 20_000
"""More rows than a street has; what an export may hold at most."""


@dataclass(frozen=True)
class MinutesOfArea:
    """Volunteers' minutes given to the elders of an area: booked in the ledger, and waiting to be confirmed."""

    posted_minutes: int
    pending_minutes: int
    sessions: int


_UNCOVERED = text(
    "SELECT r.person_id AS elder_id, p.full_name AS elder_name, r.area_code, r.facility_id, f.name AS facility_name,"
    " r.cost, r.straight_m, r.snapped, r.near_edge, count(*) OVER () AS whole"
    " FROM elder_reach AS r LEFT JOIN person AS p ON p.id = r.person_id LEFT JOIN facility AS f ON f.id = r.facility_id"
    " WHERE r.tier_code = :tier AND r.profile = :profile AND r.area_code BETWEEN :lo AND :hi"
    " AND NOT r.within AND NOT r.in_margin"
    " ORDER BY r.area_code, r.cost DESC NULLS FIRST, r.person_id LIMIT :most OFFSET :after"
)
_ATTEMPTS = text(
    "SELECT a.id, a.elder_id, p.full_name AS elder_name, a.area_code, a.channel, a.outcome, a.happened_at,"
    " a.recorded_at, a.note, who.full_name AS by_name, count(*) OVER () AS whole"
    " FROM visit_attempt AS a LEFT JOIN person AS p ON p.id = a.elder_id"
    " LEFT JOIN person AS who ON who.id = a.by_person_id"
    " WHERE a.happened_at >= :first AND a.happened_at < :past AND a.area_code BETWEEN :lo AND :hi"
    " AND (CAST(:outcomes AS text[]) IS NULL OR a.outcome = ANY (CAST(:outcomes AS text[])))"
    " ORDER BY a.happened_at DESC, a.id DESC LIMIT :most OFFSET :after"
)
_INVENTED = text(
    "SELECT EXISTS (SELECT FROM person WHERE invented AND area_code BETWEEN :lo AND :hi)"
    " OR EXISTS (SELECT FROM facility WHERE invented AND area_code BETWEEN :lo AND :hi)"
)
_SESSIONS = text(
    "SELECT s.id, lower(s.during) AS began, s.elder_id, e.full_name AS elder_name, v.full_name AS volunteer_name,"
    " s.area_code, s.service_minutes, s.credit_minutes, s.state, s.transfer_id, s.rule_version,"
    " count(*) OVER () AS whole"
    " FROM volunteer_session AS s LEFT JOIN person AS e ON e.id = s.elder_id LEFT JOIN person AS v ON v.id = s.volunteer_id"
    " WHERE s.area_code BETWEEN :lo AND :hi AND (CAST(:state AS text) IS NULL OR s.state = :state)"
    " ORDER BY lower(s.during) DESC, s.id DESC LIMIT :most OFFSET :after"
)
_MINUTES = text(
    "SELECT coalesce(sum(credit_minutes) FILTER (WHERE state = 'posted'), 0)::bigint AS posted,"
    " coalesce(sum(credit_minutes) FILTER (WHERE state = 'pending'), 0)::bigint AS pending, count(*) AS sessions"
    " FROM volunteer_session WHERE area_code BETWEEN :lo AND :hi"
)
_CLOSED = text(
    "SELECT x.id, x.elder_id, p.full_name AS elder_name, x.closed_at, x.resolution FROM escalation AS x"
    " LEFT JOIN person AS p ON p.id = x.elder_id"
    " WHERE x.closed_at IS NOT NULL AND x.area_code BETWEEN :lo AND :hi ORDER BY x.closed_at DESC, x.id DESC LIMIT :most"
)


def uncovered_rows(
    session: Session, lo: int, hi: int, tier_code: str, profile: str, *, most: int = PAGE, after: int = 0
) -> list[Found]:
    """Give the elders beyond a circle, area by area, the worst off first; who has no street nearby leads.

    `cost` is in the profile's unit (seconds or metres), None where no street leads; `whole` counts all of them.
    """
    facts = {"lo": lo, "hi": hi, "tier": tier_code, "profile": profile, "most": most, "after": after}
    return list(session.connection().execute(_UNCOVERED, facts))


def attempts_of_month(
    session: Session, month: date, lo: int, hi: int, *, met: bool | None = None, most: int = PAGE, after: int = 0
) -> list[Found]:
    """Give the tries to see elders of an area in a Shanghai month, newest first.

    `met` True: only those that reached somebody, False: only doors and phones that stayed silent.
    """
    first, past = month_bounds(month)
    outcomes = None if met is None else list(CONTACTS) if met else ["no_answer"]
    facts = {"first": civil_midnight(first), "past": civil_midnight(past), "lo": lo, "hi": hi}
    found = session.connection().execute(_ATTEMPTS, {**facts, "outcomes": outcomes, "most": most, "after": after})
    return list(found)


def volunteer_sessions(
    session: Session, lo: int, hi: int, *, state: str | None = None, most: int = PAGE, after: int = 0
) -> list[Found]:
    """Give the volunteers' visits to an area's elders with their minutes and, once booked, the transfer's number."""
    facts = {"lo": lo, "hi": hi, "state": state, "most": most, "after": after}
    return list(session.connection().execute(_SESSIONS, facts))


def minutes_of_area(session: Session, lo: int, hi: int) -> MinutesOfArea:
    """Give how many minutes volunteers gave to an area's elders."""
    row = session.connection().execute(_MINUTES, {"lo": lo, "hi": hi}).one()
    return MinutesOfArea(row.posted, row.pending, row.sessions)


def closed_escalations(session: Session, lo: int, hi: int, *, most: int = 20) -> list[Found]:
    """Give the unanswered doors of an area that were closed last, newest first."""
    return list(session.connection().execute(_CLOSED, {"lo": lo, "hi": hi, "most": most}))


def ledger_checks(session: Session, most: int = 24) -> list[Found]:
    """Give the last full checks of the time bank, newest first."""
    query = (
        "SELECT checked_at, ok, first_bad, transfers FROM ledger_check ORDER BY checked_at DESC, id DESC LIMIT :most"
    )
    return list(session.connection().execute(text(query), {"most": most}))


def moment_of_last_reach(session: Session, city_code: int) -> datetime | None:
    """Give when who can walk to what was computed last for a city; None: never."""
    query = "SELECT max(computed_at) FROM reach_run WHERE city_code = :city"
    found: datetime | None = session.connection().execute(text(query), {"city": city_code}).scalar()
    return found


def holds_invented(session: Session, lo: int, hi: int) -> bool:
    """Tell whether people or sites of an area are invented, so that nobody takes its figures for real ones."""
    found: bool = session.connection().execute(_INVENTED, {"lo": lo, "hi": hi}).scalar_one()
    return found
