"""When plate and code both failed: somebody who was not at the door records for her, with a reason and her name.

The operator calls the elder (`phone_call`), or a supervisor vouches (`supervisor`). Such a visit is never silently
like the others: its proof, its reason and who recorded it stay with it, for settlement and for the auditor.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from services.columns import table_of
from services.unit_of_work import Actor
from services.visits import rules
from services.visits.errors import (
    AlreadyCheckedIn,
    AlreadyCheckedOut,
    BadMoment,
    NotASupervisor,
    NotCheckedIn,
    TooEarly,
    TooLate,
    VisitNotFound,
    VisitNotOpen,
)
from services.visits.exceptions import check_reason, write_exception
from services.visits.records import note_act, write_arrival, write_leaving
from services.visits.tables import Visit

_visit = table_of(Visit)
Found = Row[*tuple[Any, ...]]
OFFICES = ("officer", "operator", "advisor")


def check_in_for(
    session: Session, now: datetime, actor: Actor, visit_id: int, *, happened_at: datetime, reason: str, note: str
) -> None:
    """Record a visitor's arrival for her: an office after calling the elder, or her provider's dispatcher.

    `note` says how it was verified. Raises NotASupervisor, VisitNotFound, VisitNotOpen, AlreadyCheckedIn, UnknownReason,
    TooEarly, TooLate, BadMoment.
    """
    proof = _proof(actor)
    check_reason(session, now, reason)
    visit = _lock(session, actor, visit_id)
    if visit.state in ("started", "finished"):
        raise AlreadyCheckedIn(visit_id=visit_id, checked_in_at=visit.checked_in_at.isoformat())
    if visit.state != "planned":
        raise VisitNotOpen(visit_id=visit_id, state=visit.state)
    _refuse_bad_moment(now, happened_at)
    if happened_at < rules.check_in_opens(visit.planned_start):
        raise TooEarly(visit_id=visit_id, opens_at=rules.check_in_opens(visit.planned_start).isoformat())
    if happened_at > rules.check_in_closes(visit.planned_end):
        raise TooLate(visit_id=visit_id, closed_at=rules.check_in_closes(visit.planned_end).isoformat())
    write_arrival(session, now, visit, happened_at, proof, _facts(actor, reason, note))
    write_exception(session, now, actor.person_id, visit_id, "check_in", reason, note)
    note_act(session, now, actor, visit, "check_in_for", {"proof": proof, "reason": reason})


def check_out_for(
    session: Session,
    now: datetime,
    actor: Actor,
    visit_id: int,
    *,
    happened_at: datetime,
    reason: str,
    note: str,
    tasks_done: list[str],
) -> None:
    """Record a visitor's leaving for her: a dead phone, a forgotten check-out.

    Raises NotASupervisor, VisitNotFound, NotCheckedIn, AlreadyCheckedOut, BadMoment, UnknownTask.
    """
    proof = _proof(actor)
    check_reason(session, now, reason)
    visit = _lock(session, actor, visit_id)
    if visit.state == "finished":
        raise AlreadyCheckedOut(visit_id=visit_id, checked_out_at=visit.checked_out_at.isoformat())
    if visit.state != "started":
        raise NotCheckedIn(visit_id=visit_id)
    _refuse_bad_moment(now, happened_at)
    if happened_at < visit.checked_in_at:
        raise BadMoment("签退时间早于签到时间。", field="happened_at")
    write_leaving(session, now, visit, happened_at, _facts(actor, reason, note) | {"proof": proof}, tasks_done, note)
    write_exception(session, now, actor.person_id, visit_id, "check_out", reason, note)
    note_act(session, now, actor, visit, "check_out_for", {"proof": proof, "reason": reason})


def _proof(actor: Actor) -> str:
    if actor.role in OFFICES:
        return "phone_call"
    if actor.role == "dispatcher":
        return "supervisor"
    raise NotASupervisor(role=actor.role)


def _lock(session: Session, actor: Actor, visit_id: int) -> Found:
    """Hold a visit that is not the actor's own; row-level security shows offices and providers theirs."""
    found = (
        session.connection()
        .execute(
            select(_visit).where(_visit.c.id == visit_id, _visit.c.visitor_id != actor.person_id).with_for_update()
        )
        .one_or_none()
    )
    if found is None:
        raise VisitNotFound(visit_id=visit_id)
    return found


def _refuse_bad_moment(now: datetime, happened_at: datetime) -> None:
    if happened_at.tzinfo is None or happened_at > now:
        raise BadMoment("时间须带时区，且不能晚于现在。", field="happened_at")


def _facts(actor: Actor, reason: str, note: str) -> dict[str, Any]:
    return {"recorded_by": actor.person_id, "reason": reason, "verified": note, "doubts": ["exception"]}
