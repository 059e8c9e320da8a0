"""One step in a complaint's life: the row is locked and changed, the log and the trail are written, people are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.cities.pack_trust import ComplaintPolicy
from services.cities.queries import rules_in_force
from services.cities.rules import area_contains
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.tables import RoleGrant
from services.visits.complaint_errors import UnknownComplaint
from services.visits.complaint_tables import Complaint, ComplaintEvent

_complaint, _event, _grant = table_of(Complaint), table_of(ComplaintEvent), table_of(RoleGrant)


def find_complaint(session: Session, complaint_id: int) -> Row[Any]:
    """Give one complaint. Raises UnknownComplaint where it may not be seen."""
    found = session.connection().execute(select(_complaint).where(_complaint.c.id == complaint_id)).first()
    if found is None:
        raise UnknownComplaint(complaint_id=complaint_id)
    return found


def officers_for(session: Session, area_code: int) -> list[int]:
    """Give the officers whose office covers an area, as far as the asking office may see them."""
    rows = session.connection().execute(
        select(_grant.c.person_id, _grant.c.area_code)
        .where(_grant.c.role == "officer", _grant.c.revoked_at.is_(None))
        .order_by(_grant.c.id)
    )
    return [row.person_id for row in rows if area_contains(row.area_code, area_code)]


def policy_for(session: Session, area_code: int, now: datetime) -> ComplaintPolicy:
    """Give the clock of complaints in an area today."""
    return rules_in_force(session, area_code, civil_date(now)).trust.complaints


def lock_complaint(session: Session, complaint_id: int) -> Row[Any]:
    """Give a complaint and keep everybody else from changing it. Raises UnknownComplaint."""
    found = (
        session.connection()
        .execute(select(_complaint).where(_complaint.c.id == complaint_id).with_for_update())
        .one_or_none()
    )
    if found is None:
        raise UnknownComplaint(complaint_id=complaint_id)
    return found


def change(session: Session, complaint_id: int, **values: Any) -> None:
    """Set columns of a locked complaint."""
    session.connection().execute(update(_complaint).where(_complaint.c.id == complaint_id).values(**values))


def write_event(
    session: Session, now: datetime, actor_id: int | None, found: Row[Any], kind: str, facts: dict[str, Any]
) -> None:
    """Write a step into the complaint's log, with what was said."""
    session.connection().execute(
        insert(_event).values(
            complaint_id=found.id, area_code=found.area_code, kind=kind, happened_at=now, actor_id=actor_id,
            facts=facts,
        )
    )  # fmt: skip


def watch_clock(
    session: Session, now: datetime, found: Row[Any], what: str, at: datetime, *, again: bool = False, level: int = 0
) -> None:
    """Promise to look when a clock has run out (`what`: acknowledge, answer)."""
    job = "visits.complaint_due"
    key = f"{job}/{found.id}/{what}/{level}/{found.times_reopened + again}"
    enqueue(session, now, job, {"complaint_id": found.id, "what": what}, not_before=at, key=key)


def tell_complainant(session: Session, now: datetime, found: Row[Any], template: str) -> None:
    """Tell the complainant, and for an elder her side; who has no account is called by the owner."""
    once = str(found.times_reopened)
    if found.elder_id is not None:
        tell_about(session, now, found, template, {"audience": {"elder_side": found.elder_id}}, once=once)
    elif found.complainant_id is not None:
        tell_about(session, now, found, template, {"recipient_ids": [found.complainant_id]}, once=once)


def tell_about(
    session: Session, now: datetime, found: Row[Any], template: str, whom: dict[str, Any], *, once: str = ""
) -> None:
    """Tell somebody about a complaint, once a template and `once`."""
    facts = {
        "complaint_number": found.complaint_number, "provider_id": found.provider_id,
        "due_at": found.answer_by.isoformat(), "acknowledge_at": found.acknowledge_by.isoformat(),
    }  # fmt: skip
    tell(
        session, now, **whom, template=template, facts=facts, elder_id=found.elder_id, area_code=found.area_code,
        subject=("complaint", found.id), key=f"{template}/{found.id}/{once}",
    )  # fmt: skip
