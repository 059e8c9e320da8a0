"""Checking in by a call: from the elder's own telephone, or from the visitor's with the elder's four digits.

The phone operator writes a call down, or the exchange's automatic number reports it signed. Whose number it was
is answered by the database by keyed hash (`whose_number`); a call is taken once, however often it is reported.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.columns import table_of
from services.errors import DomainError, Invalid
from services.people.privacy import lookup_hash, seal, unseal
from services.people.tables import Person
from services.settings import settings
from services.unit_of_work import SYSTEM, Actor
from services.visits import rules
from services.visits.actions import DoorProof, refusal_of, refuse_out_of_window, refuse_while_elsewhere
from services.visits.errors import (
    AlreadyCheckedIn,
    BadMoment,
    CallFitsNoVisit,
    CallNeedsCode,
    CallNotMatched,
    CallNotSigned,
    NotCheckedIn,
    NotForCalls,
    VisitNotFound,
    VisitNotOpen,
)
from services.visits.evidence_tables import VisitCall
from services.visits.records import note_act, write_arrival, write_leaving
from services.visits.tables import Visit

_visit, _call, _person = table_of(Visit), table_of(VisitCall), table_of(Person)
_WHOSE = text("SELECT whose_number(:visit, :caller)")
Found = Row[*tuple[Any, ...]]
OFFICES = ("officer", "operator", "advisor")
CODE_PURPOSE = "call-code"


@dataclass(frozen=True)
class Call:
    """A call as it came in; `key` names it, so that the same call counts once. `code`: the elder's four digits, if keyed in."""

    key: str
    direction: Literal["in", "out"]
    caller_hash: bytes
    happened_at: datetime
    code: str = ""


def call_from(number: str, key: str, direction: Literal["in", "out"], happened_at: datetime, code: str = "") -> Call:
    """Give a call from a caller's number, of which only the keyed hash goes on."""
    return Call(key, direction, lookup_hash("phone", number), happened_at, code)


def record_call(session: Session, now: datetime, actor: Actor, visit_id: int, call: Call) -> DomainError | None:
    """Check a visitor in or out by a call the operator took; gives a refusal whose counted try must be committed, or None.

    Raises NotForCalls, VisitNotFound, CallNotMatched, CallNeedsCode, and what a check-in raises.
    """
    if actor.role not in OFFICES or actor.read_only:
        raise NotForCalls(role=actor.role)
    visit = (
        session.connection()
        .execute(
            select(_visit).where(_visit.c.id == visit_id, _visit.c.visitor_id != actor.person_id).with_for_update()
        )
        .one_or_none()
    )
    if visit is None:
        raise VisitNotFound(visit_id=visit_id)
    return _take(session, now, actor, visit, call)


def hear_call(session: Session, now: datetime, call: Call) -> str:
    """Take a call an automatic number reported; gives what came of it: recorded, replayed, or a refusal's name.

    Runs as the house. Which visit it is follows from the number and the hour; where none or several fit, the operator
    decides. Nothing is raised, so that a report is not sent again for ever.
    """
    if _outcome(session, call) is not None:
        return "replayed"
    visit = _fitting(session, call)
    if visit is None:
        _write(session, now, None, call, "nobody", None, CallFitsNoVisit.__name__)
        return CallFitsNoVisit.__name__
    try:
        with session.begin_nested():
            refusal = _take(session, now, SYSTEM, visit, call)
    except DomainError as refused:
        refusal = refused
    if refusal is None:
        return "recorded"
    matched = session.connection().execute(_WHOSE, {"visit": visit.id, "caller": call.caller_hash}).scalar_one()
    _write(session, now, visit, call, matched, None, type(refusal).__name__)
    return type(refusal).__name__


def read_notice(payload: bytes, signature: str | None) -> dict[str, Any]:
    """Check the exchange's notice (hex HMAC-SHA256 of the body) and give the job's arguments, the number as its hash only.

    Without a configured key nothing is believed. Raises CallNotSigned, Invalid.
    """
    key = settings().phone_in_key.get_secret_value().encode()
    wanted = hmac.new(key, payload, hashlib.sha256).hexdigest()
    if not key or not hmac.compare_digest(wanted.encode(), (signature or "").encode()):
        raise CallNotSigned()
    try:
        told = json.loads(payload)
        number, call_key, direction = str(told["caller"]), str(told["call_key"]), str(told["direction"])
        happened_at = datetime.fromisoformat(str(told["happened_at"]))
    except (ValueError, KeyError, TypeError) as broken:
        raise Invalid(field="body") from broken
    if direction not in ("in", "out") or happened_at.tzinfo is None or not 1 <= len(call_key) <= 80:
        raise Invalid(field="direction")
    return {
        "key": call_key, "direction": direction, "caller_hash": lookup_hash("phone", number).hex(),
        "happened_at": happened_at.isoformat(), "code_sealed": seal(CODE_PURPOSE, str(told.get("code", ""))[:10]),
    }  # fmt: skip


def call_of(args: dict[str, Any]) -> Call:
    """Give the call of a promised job's arguments."""
    return Call(
        args["key"], args["direction"], bytes.fromhex(args["caller_hash"]),
        datetime.fromisoformat(args["happened_at"]), unseal(CODE_PURPOSE, args["code_sealed"]),
    )  # fmt: skip


def _take(session: Session, now: datetime, actor: Actor, visit: Found, call: Call) -> DomainError | None:
    if _outcome(session, call) == "recorded":
        return None
    if call.happened_at.tzinfo is None or call.happened_at > now + rules.HONEST_SKEW:
        raise BadMoment(field="happened_at")
    matched = session.connection().execute(_WHOSE, {"visit": visit.id, "caller": call.caller_hash}).scalar_one()
    if matched == "nobody":
        raise CallNotMatched(visit_id=visit.id)
    happened_at = min(call.happened_at, now)
    facts = {
        "event_key": call.key, "device_at": call.happened_at.isoformat(), "recorded_by": actor.person_id,
        "caller": matched, "doubts": [],
    }  # fmt: skip
    if call.direction == "in":
        refusal = _arrive(session, now, visit, call, matched, happened_at, facts)
        if refusal is not None:
            return refusal
    else:
        _leave(session, now, visit, happened_at, facts)
    _write(session, now, visit, call, matched, actor.person_id, "recorded")
    note_act(session, now, actor, visit, f"call_{call.direction}", {"caller": matched})
    return None


def _arrive(
    session: Session,
    now: datetime,
    visit: Found,
    call: Call,
    matched: str,
    happened_at: datetime,
    facts: dict[str, Any],
) -> DomainError | None:
    if visit.state in ("started", "finished"):
        raise AlreadyCheckedIn(visit_id=visit.id, checked_in_at=visit.checked_in_at.isoformat())
    if visit.state != "planned":
        raise VisitNotOpen(visit_id=visit.id, state=visit.state)
    refuse_out_of_window(visit, happened_at)
    refuse_while_elsewhere(session, visit.visitor_id, visit.id)
    if matched == "visitor":
        if not call.code.strip():
            raise CallNeedsCode(visit_id=visit.id)
        refusal = refusal_of(session, visit, DoorProof("elder_code", call.code))
        if refusal is not None:
            return refusal
    write_arrival(session, now, visit, happened_at, "phone_in", facts)
    return None


def _leave(session: Session, now: datetime, visit: Found, happened_at: datetime, facts: dict[str, Any]) -> None:
    if visit.state != "started":
        raise NotCheckedIn(visit_id=visit.id)
    if happened_at < visit.checked_in_at:
        raise BadMoment("签退时间早于签到时间。", field="happened_at")
    write_leaving(session, now, visit, happened_at, facts | {"proof": "phone_in"}, [], None)


def _fitting(session: Session, call: Call) -> Found | None:
    """Give the one visit a call can be about, locked: of this elder or this visitor, open at that hour."""
    whose = select(_person.c.id).where(_person.c.phone_hash == call.caller_hash).scalar_subquery()
    query = select(_visit).where((_visit.c.elder_id == whose) | (_visit.c.visitor_id == whose))
    if call.direction == "out":
        query = query.where(_visit.c.state == "started")
    else:
        query = query.where(
            _visit.c.state == "planned",
            _visit.c.planned_start - rules.EARLIEST <= call.happened_at,
            _visit.c.planned_end + rules.LATEST >= call.happened_at,
        )
    found = session.connection().execute(query.limit(2).with_for_update()).all()
    return found[0] if len(found) == 1 else None


def _outcome(session: Session, call: Call) -> str | None:
    found: str | None = (
        session.connection().execute(select(_call.c.outcome).where(_call.c.call_key == call.key)).scalar()
    )
    return found


def _write(
    session: Session, now: datetime, visit: Found | None, call: Call, matched: str, by: int | None, outcome: str
) -> None:
    session.connection().execute(
        upsert(_call)
        .values(
            call_key=call.key, direction=call.direction, caller_hash=call.caller_hash, matched=matched,
            visit_id=visit.id if visit else None, elder_id=visit.elder_id if visit else None,
            area_code=visit.area_code if visit else None, happened_at=call.happened_at, recorded_at=now,
            recorded_by=by, outcome=outcome,
        )
        .on_conflict_do_nothing(constraint="visit_call_once_key")
    )  # fmt: skip
