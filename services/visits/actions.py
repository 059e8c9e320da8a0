"""What is recorded at the door: arrival with its proof, leaving with what was done.

An event replayed by a phone with bad signal gives the same record again; nothing is counted twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, select, update
from sqlmodel import Session

from services.columns import table_of
from services.errors import DomainError
from services.people.privacy import unseal
from services.unit_of_work import Actor
from services.visits import rules
from services.visits.errors import (
    AlreadyCheckedIn,
    AlreadyCheckedOut,
    AnotherVisitRunning,
    BadMoment,
    CodeLocked,
    NotCheckedIn,
    TooEarly,
    TooLate,
    VisitNotFound,
    VisitNotOpen,
    WrongDoor,
    WrongElderCode,
)
from services.visits.plans import CODE_PURPOSE
from services.visits.plates import plate_of_token
from services.visits.records import DeviceFacts, facts_of, note_act, write_arrival, write_leaving
from services.visits.tables import Visit
from services.visits.vitals import Vitals

__all__ = ["CheckIn", "CheckOut", "DeviceFacts", "DoorProof", "check_in", "check_out"]

_visit = table_of(Visit)
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class DoorProof:
    """How a visitor shows that she stands at this door: the scanned plate, or the elder's four digits."""

    kind: Literal["door_plate", "elder_code"]
    secret: str


@dataclass(frozen=True)
class CheckIn:
    """The answer at the door. With a `refusal` the wrong try is counted when the caller commits."""

    visit_id: int
    checked_in_at: datetime | None
    recorded_at: datetime | None
    proof: str | None
    replayed: bool = False
    refusal: DomainError | None = None


@dataclass(frozen=True)
class CheckOut:
    """The record of leaving; `served_minutes` are whole minutes between arrival and leaving."""

    visit_id: int
    checked_out_at: datetime
    recorded_at: datetime
    served_minutes: int
    replayed: bool = False


def check_in(
    session: Session,
    now: datetime,
    actor: Actor,
    visit_id: int,
    *,
    proof: DoorProof,
    happened_at: datetime,
    device: DeviceFacts,
) -> CheckIn:
    """Record that the visitor stands at the elder's door; the same event again gives the same record.

    A wrong code is answered by `CheckIn.refusal` (WrongElderCode, CodeLocked), not raised: the counted try
    must be committed. Raises VisitNotFound, VisitNotOpen, AlreadyCheckedIn, AnotherVisitRunning, TooEarly,
    TooLate, WrongDoor, BadMoment.
    """
    visit = _lock_own(session, actor, visit_id)
    if visit.state in ("started", "finished"):
        if not _is_replay(visit.check_in_facts, device, happened_at):
            raise AlreadyCheckedIn(visit_id=visit_id, checked_in_at=visit.checked_in_at.isoformat())
        return CheckIn(visit_id, visit.checked_in_at, visit.check_in_recorded_at, visit.check_in_proof, replayed=True)
    if visit.state != "planned":
        raise VisitNotOpen(visit_id=visit_id, state=visit.state)
    moment = rules.judge_moment(now, _aware(happened_at), device.sent_at)
    refuse_out_of_window(visit, moment.happened_at)
    refuse_while_elsewhere(session, visit.visitor_id, visit_id)
    refusal = refusal_of(session, visit, proof)
    if refusal is not None:
        return CheckIn(visit_id, None, None, None, refusal=refusal)
    facts = facts_of(session, visit.elder_id, device, happened_at, moment)
    write_arrival(session, now, visit, moment.happened_at, proof.kind, facts)
    note_act(session, now, actor, visit, "check_in", {"proof": proof.kind, "doubts": facts["doubts"]})
    return CheckIn(visit_id, moment.happened_at, now, proof.kind)


def check_out(
    session: Session,
    now: datetime,
    actor: Actor,
    visit_id: int,
    *,
    tasks_done: list[str],
    note: str | None,
    happened_at: datetime,
    device: DeviceFacts,
    risks: Sequence[str] = (),
    vitals: Vitals | None = None,
) -> CheckOut:
    """Record that the visitor leaves and what she did; the same event again gives the same record.

    A volunteer's visit also counts as having seen the elder, and promises her minutes. Each of `risks` goes at once
    to a named person (alerts.py). Raises VisitNotFound, VisitNotOpen, NotCheckedIn, AlreadyCheckedOut, UnknownTask,
    UnknownRisk, BadVitals, BadMoment.
    """
    visit = _lock_own(session, actor, visit_id)
    if visit.state == "finished":
        if not _is_replay(visit.check_out_facts, device, happened_at):
            raise AlreadyCheckedOut(visit_id=visit_id, checked_out_at=visit.checked_out_at.isoformat())
        return _left(visit, visit.checked_out_at, visit.check_out_recorded_at, replayed=True)
    if visit.state == "planned":
        raise NotCheckedIn(visit_id=visit_id)
    if visit.state != "started":
        raise VisitNotOpen(visit_id=visit_id, state=visit.state)
    moment = rules.judge_moment(now, _aware(happened_at), device.sent_at)
    if moment.happened_at < visit.checked_in_at:
        raise BadMoment("签退时间早于签到时间，请检查手机时间。", field="happened_at")
    facts = facts_of(session, visit.elder_id, device, happened_at, moment)
    write_leaving(session, now, visit, moment.happened_at, facts, tasks_done, note, risks, vitals)
    note_act(session, now, actor, visit, "check_out", {"tasks": len(tasks_done), "risks": sorted(risks)})
    return _left(visit, moment.happened_at, now)


def _lock_own(session: Session, actor: Actor, visit_id: int) -> Found:
    found = (
        session.connection()
        .execute(
            select(_visit).where(_visit.c.id == visit_id, _visit.c.visitor_id == actor.person_id).with_for_update()
        )
        .one_or_none()
    )
    if found is None:
        raise VisitNotFound(visit_id=visit_id)
    return found


def _is_replay(kept: dict[str, Any], device: DeviceFacts, happened_at: datetime) -> bool:
    if device.event_key is not None:
        return bool(kept.get("event_key") == device.event_key)
    return bool(kept.get("event_key") is None and kept.get("device_at") == happened_at.isoformat())


def refuse_out_of_window(visit: Found, happened_at: datetime) -> None:
    """Refuse an arrival outside a visit's hours. Raises TooEarly, TooLate."""
    opens, closes = rules.check_in_opens(visit.planned_start), rules.check_in_closes(visit.planned_end)
    if happened_at < opens:
        raise TooEarly(visit_id=visit.id, opens_at=opens.isoformat())
    if happened_at > closes:
        raise TooLate(visit_id=visit.id, closed_at=closes.isoformat())


def refuse_while_elsewhere(session: Session, visitor_id: int, visit_id: int) -> None:
    """One visitor stands at one door; her visits are few, so all her open ones are looked at. Raises AnotherVisitRunning."""
    running = (
        session.connection()
        .execute(
            select(_visit.c.id)
            .where(_visit.c.visitor_id == visitor_id, _visit.c.state == "started", _visit.c.id != visit_id)
            .limit(1)
        )
        .scalar()
    )
    if running is not None:
        raise AnotherVisitRunning(visit_id=running)


def refusal_of(session: Session, visit: Found, proof: DoorProof) -> DomainError | None:
    """Judge a proof at a locked visit's door: None, or a refusal whose counted try must be committed. Raises WrongDoor."""
    if proof.kind == "door_plate":
        if plate_of_token(session, proof.secret) != visit.elder_id:
            raise WrongDoor(visit_id=visit.id)
        return None
    if visit.code_tries >= rules.CODE_TRIES:
        return CodeLocked(visit_id=visit.id, tries=visit.code_tries)
    if secrets.compare_digest(unseal(CODE_PURPOSE, visit.code_sealed).encode(), proof.secret.strip().encode()):
        return None
    tries = visit.code_tries + 1
    session.connection().execute(update(_visit).where(_visit.c.id == visit.id).values(code_tries=tries))
    if tries >= rules.CODE_TRIES:
        return CodeLocked(visit_id=visit.id, tries=tries)
    return WrongElderCode(visit_id=visit.id, tries_left=rules.CODE_TRIES - tries)


def _left(visit: Found, left_at: datetime, recorded_at: datetime, *, replayed: bool = False) -> CheckOut:
    served = int((left_at - visit.checked_in_at).total_seconds() // 60)
    return CheckOut(visit.id, left_at, recorded_at, served, replayed)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise BadMoment("时间须带时区。", field="happened_at")
    return moment
