"""Who waits for which bed, at which place and why; what is offered; and how long people wait (SH-18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

Found = Row[*tuple[Any, ...]]
MOST = 500


@dataclass(frozen=True)
class Waiting:
    """An entry with its place and what explains it: how many were put first, are of a higher class, came earlier.

    `offer_id`, `bed_label`, `first_day`, `expires_at` are the open or accepted offer's; `class_facts` say by what facts
    the class was judged.
    """

    id: int
    facility_id: int
    facility_name: str
    elder_id: int
    elder_name: str
    class_code: str
    class_rank: int
    class_facts: dict[str, Any]
    wants: str | None
    state: str
    applied_at: datetime
    queued_at: datetime
    jumped_at: datetime | None
    declines: int
    place: int
    put_first: int
    higher_class: int
    same_class: int
    waiting: int
    offer_id: int | None
    offer_state: str | None
    bed_id: int | None
    bed_label: str | None
    first_day: date | None
    expires_at: datetime | None
    jump_id: int | None
    jump_reason: str | None
    jump_asked_by: int | None


_ENTRIES = """
    SELECT w.id, w.facility_id, f.name AS facility_name, w.elder_id, COALESCE(p.full_name, '') AS elder_name, w.class_code,
      w.class_rank, w.class_facts, w.wants, w.state, w.applied_at, w.queued_at, w.jumped_at, w.declines,
      n.place, n.put_first, n.higher_class, n.same_class, n.waiting,
      o.id AS offer_id, o.state AS offer_state, o.bed_id, b.label AS bed_label, o.first_day, o.expires_at,
      j.id AS jump_id, j.reason AS jump_reason, j.asked_by AS jump_asked_by
    FROM bed_wait w JOIN facility f ON f.id = w.facility_id
    LEFT JOIN person p ON p.id = w.elder_id
    CROSS JOIN LATERAL bed_wait_place(w.id) n
    LEFT JOIN bed_offer o ON o.wait_id = w.id AND o.state IN ('open', 'accepted')
    LEFT JOIN bed b ON b.id = o.bed_id
    LEFT JOIN bed_jump j ON j.wait_id = w.id AND j.state = 'asked'
    WHERE w.ended_at IS NULL AND {where}
    ORDER BY f.name, w.facility_id, n.place LIMIT :most
"""


def waiting_list(session: Session, facility_id: int) -> list[Waiting]:
    """Give a home's waiting list in its order, as far as the actor may see it."""
    return _entries(session, "w.facility_id = :id", id=facility_id)


def waiting_lists(session: Session, lo: int, hi: int) -> list[Waiting]:
    """Give the waiting lists of the homes in an area range, home by home in their order."""
    return _entries(session, "w.area_code BETWEEN :lo AND :hi", lo=lo, hi=hi)


def waiting_at(session: Session, provider_id: int) -> list[Waiting]:
    """Give the waiting lists of a provider's homes."""
    return _entries(session, "w.provider_id = :id", id=provider_id)


def waits_of(session: Session, elder_id: int) -> list[Waiting]:
    """Give where an elder waits, at which place, and what was offered to her."""
    return _entries(session, "w.elder_id = :id", id=elder_id)


def _entries(session: Session, where: str, **values: Any) -> list[Waiting]:
    rows = session.connection().execute(text(_ENTRIES.format(where=where)), values | {"most": MOST})
    return [Waiting(**row._mapping) for row in rows]


@dataclass(frozen=True)
class WaitingTime:
    """How long elders of a class waited for a bed, in whole days; of those who moved in within a year, and who wait still."""

    class_code: str
    name_zh: str
    name_en: str
    moved_in: int
    median_days: int | None
    longest_days: int | None
    waiting: int
    waiting_median_days: int | None
    waiting_longest_days: int | None


_TIMES = text(
    """
    SELECT class_code, max(class_facts ->> 'name_zh') AS name_zh, max(class_facts ->> 'name_en') AS name_en,
      count(*) FILTER (WHERE admitted) AS moved_in,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE admitted) AS median_days,
      max(days) FILTER (WHERE admitted) AS longest_days,
      count(*) FILTER (WHERE stands) AS waiting,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE stands) AS waiting_median_days,
      max(days) FILTER (WHERE stands) AS waiting_longest_days
    FROM (
      SELECT w.class_code, w.class_facts, w.class_rank,
        w.state = 'admitted' AND w.ended_at <= :until AND w.ended_at > CAST(:until AS timestamptz) - interval '1 year' AS admitted,
        (w.ended_at IS NULL OR w.ended_at > :until) AS stands,
        floor(extract(epoch FROM LEAST(COALESCE(w.ended_at, :until), :until) - w.applied_at) / 86400)::bigint AS days
      FROM bed_wait w WHERE w.area_code BETWEEN :lo AND :hi AND w.applied_at <= :until
    ) AS counted
    WHERE admitted OR stands GROUP BY class_code ORDER BY min(class_rank), class_code
    """
)


def waiting_times(session: Session, lo: int, hi: int, until: datetime) -> list[WaitingTime]:
    """Give by class how long elders waited for the homes of an area range, as it stood at a moment."""
    rows = session.connection().execute(_TIMES, {"lo": lo, "hi": hi, "until": until})
    return [WaitingTime(**row._mapping) for row in rows]
