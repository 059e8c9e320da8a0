"""How a provider conducted itself: the dated facts its credit level is counted from, out of the logs of the house.

A month is judged by what was written down before its end (Shanghai), so that a past month computed today gives what
it gave then: ratings, answers to complaints, check-ins, the orders' events, certificates of who worked on its last day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, text
from sqlmodel import Session

from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.directory.credit import credit_rules, keep_credit
from services.directory.credit_formula import Fact, first_month, month_after
from services.orders.tables import CareOrder
from services.outbox import enqueue

_order = table_of(CareOrder)
_ORDERS = text(
    "SELECT count(DISTINCT o.id) FROM order_event e JOIN care_order o ON o.id = e.order_id"
    " WHERE o.provider_id = :provider AND e.kind = 'served' AND e.happened_at >= :since AND e.happened_at < :until"
)
_FACTS = text(
    """
    SELECT 'ratings' AS part, 'rating' AS subject_type, r.id AS subject_id,
      COALESCE(r.opens_at, r.rated_at) AS at, r.face AS value  -- counted when it opens, so that no evidence tells it early
    FROM rating r WHERE r.provider_id = :provider
      AND COALESCE(r.opens_at, r.rated_at) >= :since AND COALESCE(r.opens_at, r.rated_at) < :until
    UNION ALL
    SELECT 'complaints', 'complaint', c.id, e.happened_at, 1 FROM complaint c
    CROSS JOIN LATERAL (
      SELECT happened_at, facts ->> 'outcome' AS outcome FROM complaint_event
      WHERE complaint_id = c.id AND kind = 'closed' AND happened_at < :until ORDER BY id DESC LIMIT 1) AS e
    WHERE c.provider_id = :provider AND e.outcome IN ('upheld', 'partly') AND e.happened_at >= :since
    UNION ALL
    SELECT 'lateness', 'visit', v.id, v.checked_in_at, 1 FROM visit v JOIN care_order o ON o.id = v.order_id
    WHERE o.provider_id = :provider AND v.kind = 'care' AND v.state IN ('started', 'finished')
      AND v.planned_start >= :since AND v.planned_start < :until AND v.check_in_recorded_at < :until
      AND v.checked_in_at > v.planned_start + make_interval(mins => :late_minutes)
    UNION ALL
    SELECT 'no_shows', 'care_order', o.id, max(e.happened_at), 1 FROM order_event e
    JOIN care_order o ON o.id = e.order_id
    WHERE e.happened_at >= :since AND e.happened_at < :until
      AND ((e.kind = 'cancelled' AND e.facts ->> 'reason' = 'carer_did_not_come' AND o.provider_id = :provider)
        OR (e.kind = 'carer_late' AND EXISTS (
              SELECT FROM assignment a WHERE a.order_id = o.id AND a.provider_id = :provider
                AND a.carer_id = (e.facts ->> 'before')::bigint)))
    GROUP BY o.id
    UNION ALL
    SELECT 'cancelled', 'order_event', e.id, e.happened_at, 1 FROM order_event e
    WHERE e.kind = 'given_back' AND (e.facts ->> 'provider_id')::bigint = :provider
      AND COALESCE(e.facts ->> 'reason', '') <> 'blacklisted' AND e.happened_at >= :since AND e.happened_at < :until
    UNION ALL
    SELECT 'certificates', 'carer_certificate', f.id, f.valid_until::timestamp AT TIME ZONE 'Asia/Shanghai', 1
    FROM carer_certificate f JOIN carer w ON w.person_id = f.carer_id
    WHERE w.provider_id = :provider AND w.since <= :last_day AND (w.left_on IS NULL OR w.left_on > :last_day)
      AND f.valid_until < :last_day AND (f.withdrawn_at IS NULL OR f.withdrawn_at >= :until)
      AND (f.recorded_by IS NULL OR f.recorded_at < :until)
      AND NOT EXISTS (
        SELECT FROM carer_certificate g WHERE g.carer_id = f.carer_id AND g.id <> f.id
          AND g.valid_until > f.valid_until AND (g.name = f.name OR f.recorded_by IS NULL)
          AND (g.withdrawn_at IS NULL OR g.withdrawn_at >= :until) AND (g.recorded_by IS NULL OR g.recorded_at < :until))
    UNION ALL
    SELECT 'certificates', 'carer', w.person_id, w.certificate_valid_until::timestamp AT TIME ZONE 'Asia/Shanghai', 1
    FROM carer w
    WHERE w.provider_id = :provider AND NOT w.file_kept AND w.since <= :last_day
      AND (w.left_on IS NULL OR w.left_on > :last_day) AND w.certificate_valid_until < :last_day
    UNION ALL  -- what supervision found: incidents the institution answers for, cases in which something was decided
    SELECT 'incidents', 'incident', i.id, i.closed_at, 1 FROM incident i
    WHERE i.provider_id = :provider AND i.responsible AND i.closed_at >= :since AND i.closed_at < :until
    UNION ALL
    SELECT 'findings', 'supervision_case', d.case_id, min(d.decided_at), 1 FROM case_decision d
    WHERE d.provider_id = :provider AND d.kind <> 'none' AND d.decided_at < :until
    GROUP BY d.case_id HAVING min(d.decided_at) >= :since
    """
)


def compute_credit(session: Session, now: datetime, provider_id: int, month: date, because: str) -> int:
    """Count a provider's facts up to the end of a month and keep its level; gives the level's id.

    Any past month may be computed again; where nothing differs the row that stands is given. City-wide work of the
    house. Raises UnknownProvider, NoRulesInForce.
    """
    first = month.replace(day=1)
    _, rules = credit_rules(session, provider_id, first)
    policy = rules.trust.credit
    facts, orders = facts_of(session, provider_id, first, policy.months, policy.late_minutes)
    counted = {"ratings", *(rule.code for rule in policy.deductions)}
    facts = [fact for fact in facts if fact.part in counted]  # a city that counts no incidents keeps none as evidence
    return keep_credit(session, now, provider_id, first, facts, orders, because)


def facts_of(session: Session, provider_id: int, month: date, months: int, late_minutes: int) -> tuple[list[Fact], int]:
    """Give what counts in a provider's level of a month (its first day), and how many orders it served."""
    until = civil_midnight(month_after(month))
    span = {
        "provider": provider_id, "since": civil_midnight(first_month(month, months)), "until": until,
        "last_day": month_after(month) - timedelta(days=1), "late_minutes": late_minutes,
    }  # fmt: skip
    connection = session.connection()
    rows = connection.execute(_FACTS, span).all()
    served = {name: span[name] for name in ("provider", "since", "until")}
    orders = int(connection.execute(_ORDERS, served).scalar_one())
    return [Fact(row.part, row.subject_type, row.subject_id, civil_date(row.at), row.value) for row in rows], orders


def promise_every_credit(session: Session, now: datetime) -> int:
    """Promise last month's level of every provider that had orders in the last year; gives how many."""
    last = (civil_date(now).replace(day=1) - timedelta(days=1)).replace(day=1)
    query = select(_order.c.provider_id).where(
        _order.c.provider_id.is_not(None), _order.c.starts_at >= now - timedelta(days=400)
    )
    found = sorted(session.connection().execute(query.distinct()).scalars())
    for provider_id in found:
        job = "visits.compute_credit"
        args = {"provider_id": provider_id, "month": last.isoformat(), "because": "monthly"}
        enqueue(session, now, job, args, key=f"{job}/{provider_id}/{last}")
    return len(found)
