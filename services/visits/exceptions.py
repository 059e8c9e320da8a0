"""When a fact of a visit could not be proved in the ordinary way: a reason that is a word of the house, and a decision.

Whoever decides is neither the visitor nor the one who said it; the database holds both (sql/365_evidence.sql).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.language import name_for_reader
from services.unit_of_work import Actor
from services.visits.errors import (
    AlreadyDecided,
    AlreadyExcepted,
    ExceptionNotFound,
    NotASupervisor,
    NotToldWhy,
    UnknownReason,
    VisitNotFound,
    YourOwnWord,
)
from services.visits.evidence_tables import EvidenceReason, VisitException
from services.visits.tables import Visit

_exception, _reason, _visit = table_of(VisitException), table_of(EvidenceReason), table_of(Visit)
Found = Row[*tuple[Any, ...]]
Fact = Literal["check_in", "check_out", "place", "giver", "time"]
SUPERVISORS = ("officer", "advisor", "dispatcher")
SPEAKERS = (*SUPERVISORS, "operator")


def reasons(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Give the reasons people may pick today, (code, name in the reader's language), in order."""
    rows = session.connection().execute(
        select(_reason.c.code, name_for_reader(_reason).label("name"))
        .where(or_(_reason.c.ended_on.is_(None), _reason.c.ended_on > civil_date(now)))
        .order_by(_reason.c.rank, _reason.c.code)
    )
    return [(row.code, row.name) for row in rows]


def check_reason(session: Session, now: datetime, code: str) -> None:
    """Refuse a reason that is none of the house's words. Raises UnknownReason(known)."""
    known = [one for one, _ in reasons(session, now)]
    if code not in known:
        raise UnknownReason(field="reason", known=known)


def raise_exception(
    session: Session, now: datetime, actor: Actor, visit_id: int, fact: Fact, reason: str, note: str
) -> None:
    """Say that a fact of a visit rests on somebody's word; the visitor herself, her provider or an office says it.

    Raises VisitNotFound, UnknownReason, NotToldWhy, NotASupervisor, AlreadyExcepted.
    """
    visit = session.connection().execute(select(_visit).where(_visit.c.id == visit_id)).one_or_none()
    if visit is None or visit.state not in ("started", "finished"):
        raise VisitNotFound(visit_id=visit_id)
    if visit.visitor_id != actor.person_id and actor.role not in SPEAKERS:
        raise NotASupervisor(role=actor.role)
    check_reason(session, now, reason)
    if len(note.strip()) < 2:
        raise NotToldWhy(field="note")
    if not write_exception(session, now, actor.person_id, visit_id, fact, reason, note.strip()):
        raise AlreadyExcepted(visit_id=visit_id, fact=fact)
    record_act(
        session, now, actor, "raise_visit_exception",
        for_person_id=visit.elder_id, area_code=visit.area_code, subject=("visit", visit_id),
        facts={"fact": fact, "reason": reason},
    )  # fmt: skip


def write_exception(
    session: Session, now: datetime, said_by: int | None, visit_id: int, fact: str, reason: str, note: str
) -> bool:
    """Write an exception down once per fact; False when one stands already. The callers record their own act."""
    row = (
        upsert(_exception)
        .values(visit_id=visit_id, fact=fact, reason_code=reason, note=note, raised_by=said_by, raised_at=now)
        .on_conflict_do_nothing(constraint="visit_exception_one_per_fact_key")
        .returning(_exception.c.id)
    )
    return session.connection().execute(row).first() is not None


def decide_exception(
    session: Session,
    now: datetime,
    actor: Actor,
    exception_id: int,
    decision: Literal["accepted", "refused"],
    note: str,
) -> None:
    """Accept or refuse, as a supervisor who was neither at the door nor the one who said it; written once, with why.

    Until it is accepted the visit is not settled. Raises ExceptionNotFound, NotASupervisor, YourOwnWord,
    AlreadyDecided, NotToldWhy.
    """
    found = (
        session.connection()
        .execute(select(_exception).where(_exception.c.id == exception_id).with_for_update())
        .one_or_none()
    )
    if found is None:
        raise ExceptionNotFound(exception_id=exception_id)
    if actor.role not in SUPERVISORS or actor.read_only:
        raise NotASupervisor(role=actor.role)
    if actor.person_id in (found.visitor_id, found.raised_by):
        raise YourOwnWord(exception_id=exception_id)
    if found.decision is not None:
        raise AlreadyDecided(exception_id=exception_id, decision=found.decision)
    if len(note.strip()) < 2:
        raise NotToldWhy(field="note")
    session.connection().execute(
        update(_exception)
        .where(_exception.c.id == exception_id)
        .values(decision=decision, decision_note=note.strip(), decided_by=actor.person_id, decided_at=now)
    )
    record_act(
        session, now, actor, "decide_visit_exception",
        for_person_id=found.elder_id, area_code=found.area_code, subject=("visit", found.visit_id),
        facts={"fact": found.fact, "decision": decision},
    )  # fmt: skip


def exceptions_of(session: Session, visit_id: int) -> list[Found]:
    """Give a visit's exceptions the actor may see, in the order they were said, with each reason's name."""
    return list(
        session.connection().execute(
            select(_exception, name_for_reader(_reason).label("reason_name"))
            .join(_reason, _reason.c.code == _exception.c.reason_code)
            .where(_exception.c.visit_id == visit_id)
            .order_by(_exception.c.id)
        )
    )


def open_exceptions(session: Session, lo: int, hi: int, limit: int = 100) -> list[Found]:
    """Give the exceptions of an area range nobody has decided, oldest first."""
    return list(
        session.connection().execute(
            select(_exception, name_for_reader(_reason).label("reason_name"))
            .join(_reason, _reason.c.code == _exception.c.reason_code)
            .where(_exception.c.decision.is_(None), _exception.c.area_code.between(lo, hi))
            .order_by(_exception.c.raised_at, _exception.c.id)
            .limit(limit)
        )
    )
