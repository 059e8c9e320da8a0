"""Who will stand at the door and when: a visit with its four digits, for an assignment or a taken need.

The visit outlives nothing: when the carer changes, the old one is cancelled and a new one, with a new
code, is planned.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.dispatch.tables import Assignment
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.privacy import seal
from services.visits.tables import Visit

_visit, _assignment = table_of(Visit), table_of(Assignment)
CODE_PURPOSE = "visit-code"
Found = Row[*tuple[Any, ...]]


def plan_care_visit(session: Session, now: datetime, order_id: int, assignment_id: int) -> int | None:
    """Plan the visit of an assigned carer; give its id, or None when the assignment no longer stands.

    Idempotent. Another carer or another time cancels the order's earlier visit and plans a new one with a
    new code. A visit that has begun is never replaced. Runs as the house (all rows visible).
    """
    connection = session.connection()
    promised = connection.execute(
        select(_assignment)
        .where(_assignment.c.id == assignment_id, _assignment.c.order_id == order_id)
        .with_for_update()
    ).one_or_none()
    if promised is None or promised.state == "cancelled":
        return None
    standing = connection.execute(
        select(_visit).where(_visit.c.order_id == order_id, _visit.c.state != "cancelled").with_for_update()
    ).one_or_none()
    if standing is not None:
        same = (standing.visitor_id, standing.planned_start, standing.planned_end) == (
            promised.carer_id,
            promised.during.lower,
            promised.during.upper,
        )
        if same or standing.state != "planned":
            return int(standing.id)
        _close(session, standing)
    return _plan(
        session,
        now,
        kind="care",
        order_id=order_id,
        elder_id=promised.elder_id,
        area_code=promised.area_code,
        visitor_id=promised.carer_id,
        planned_start=promised.during.lower,
        planned_end=promised.during.upper,
    )


def cancel_care_visit(session: Session, now: datetime, order_id: int) -> bool:
    """Cancel an order's visit that has not begun; False when there is none. The rooms above tell people."""
    standing = _planned(session, _visit.c.order_id == order_id)
    if standing is not None:
        _close(session, standing)
    return standing is not None


def plan_friendly_visit(
    session: Session,
    now: datetime,
    *,
    need_id: int,
    elder_id: int,
    area_code: int,
    visitor_id: int,
    planned_start: datetime,
    planned_end: datetime,
) -> int:
    """Plan a volunteer's visit for a need she took, in her own transaction, and tell the elder's side; give its id."""
    visit_id = _plan(
        session,
        now,
        kind="friendly",
        need_id=need_id,
        elder_id=elder_id,
        area_code=area_code,
        visitor_id=visitor_id,
        planned_start=planned_start,
        planned_end=planned_end,
    )
    tell(
        session,
        now,
        audience={"elder_side": elder_id},
        template="visits.planned",
        facts={"person_id": visitor_id, "starts_at": planned_start.isoformat()},
        elder_id=elder_id,
        area_code=area_code,
        subject=("visit", visit_id),
        key=f"visits.planned:{visit_id}",
    )
    return visit_id


def cancel_friendly_visit(session: Session, now: datetime, need_id: int) -> bool:
    """Cancel the visit of a need that was given back or withdrawn; False when there is none to cancel.

    The volunteers' room tells people in its own words.
    """
    standing = _planned(session, _visit.c.need_id == need_id)
    if standing is not None:
        _close(session, standing)
    return standing is not None


def _plan(session: Session, now: datetime, **facts: Any) -> int:
    code = f"{secrets.randbelow(10_000):04d}"
    visit_id = (
        session.connection()
        .execute(
            insert(_visit)
            .values(
                state="planned",
                code_sealed=seal(CODE_PURPOSE, code),
                code_tries=0,
                check_in_facts={},
                check_out_facts={},
                tasks_done=[],
                **facts,
            )
            .returning(_visit.c.id)
        )
        .scalar_one()
    )
    _watch_for_late(session, now, visit_id, facts["area_code"], facts["planned_start"])
    return int(visit_id)


def _watch_for_late(session: Session, now: datetime, visit_id: int, area_code: int, planned_start: datetime) -> None:
    """Promise the two looks at a carer who has not arrived; how long to wait is the city's rule."""
    waits = rules_in_force(session, area_code, civil_date(now)).offering
    for minutes in (waits.late_call_minutes, waits.late_replace_minutes):
        enqueue(
            session,
            now,
            "visits.warn_late",
            {"visit_id": visit_id, "minutes": minutes},
            not_before=planned_start + timedelta(minutes=minutes),
            key=f"visits.warn_late:{visit_id}:{minutes}",
        )


def warn_late(session: Session, now: datetime, visit_id: int, minutes: int) -> bool:
    """Tell the carer and her provider's dispatchers that nobody has checked in; False when she has.

    For a volunteer the elder's side is told, so that nobody sits waiting. `minutes`: how long after the
    planned start this look was set for.
    """
    found = (
        session.connection()
        .execute(
            select(_visit, _assignment.c.provider_id)
            .outerjoin(_assignment, (_assignment.c.order_id == _visit.c.order_id) & (_assignment.c.state == "planned"))
            .where(_visit.c.id == visit_id, _visit.c.state == "planned")
        )
        .one_or_none()
    )
    if found is None:
        return False
    whom = {"elder_side": found.elder_id} if found.kind == "friendly" else {"provider_id": found.provider_id}
    tell(
        session,
        now,
        recipient_ids=[found.visitor_id],
        audience=whom if None not in whom.values() else None,
        template="visits.late",
        facts={"person_id": found.visitor_id, "starts_at": found.planned_start.isoformat()},
        elder_id=found.elder_id,
        area_code=found.area_code,
        subject=("visit", visit_id),
        key=f"visits.late:{visit_id}:{minutes}",
    )
    return True


def _planned(session: Session, which: Any) -> Found | None:
    return (
        session.connection()
        .execute(select(_visit).where(which, _visit.c.state == "planned").with_for_update())
        .one_or_none()
    )


def _close(session: Session, standing: Found) -> None:
    session.connection().execute(
        update(_visit).where(_visit.c.id == standing.id).values(state="cancelled", code_sealed=None)
    )
