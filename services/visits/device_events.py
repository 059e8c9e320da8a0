"""What a phone recorded without signal, taken in afterwards: each signed event has one effect, however often it comes.

A batch carries one signed cover (the phone's clock when it sent, a digest of the events) and the events, each signed
when it happened. The phone's time and the server's are both kept. A check-out that comes before its check-in is
answered `later` and not kept: the phone sends it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import DomainError
from services.people.privacy import seal, unseal
from services.unit_of_work import Actor
from services.visits.actions import DoorProof, check_in, check_out
from services.visits.devices import check_signature, device_in_use, read_canonical
from services.visits.errors import BadEvent, BadSignature, NotCheckedIn, NumberTaken
from services.visits.evidence_tables import DeviceEvent
from services.visits.records import DeviceFacts
from services.visits.vitals import Vitals

_event = table_of(DeviceEvent)
Found = Row[*tuple[Any, ...]]
PURPOSE = "device-event"
KINDS = ("check_in", "check_out")
MOST = 50


@dataclass(frozen=True)
class Signed:
    """Canonical bytes as text, with the phone's signature over their UTF-8 form (r and s, 64 bytes)."""

    body: str
    signature: bytes


@dataclass(frozen=True)
class Answer:
    """What came of one event: `recorded`, `refused` for good, or `later` (send it again)."""

    event_key: str
    outcome: str
    code: str | None
    message: str | None
    happened_at: str | None
    recorded_at: str | None
    replayed: bool = False


def take_events(
    session: Session, now: datetime, actor: Actor, device_id: int, cover: Signed, events: Sequence[Signed]
) -> list[Answer]:
    """Take in what the actor's own registered phone recorded; one answer per event, in the order given.

    Each event stands or falls alone. Raises DeviceNotFound, BadSignature, BadEvent for the cover only.
    """
    device = device_in_use(session, actor, device_id)
    sent_at = _read_cover(device, cover, events)
    answers: dict[int, Answer] = {}
    for place in sorted(range(len(events)), key=lambda one: _number_of(events[one])):
        try:
            with session.begin_nested():
                answers[place] = _take(session, now, actor, device, events[place], sent_at)
        except DomainError as refused:
            key = _facts_or_nothing(events[place]).get("event_key")
            answers[place] = Answer(str(key or ""), "refused", type(refused).__name__, refused.message_zh, None, None)
    return [answers[place] for place in range(len(events))]


def _read_cover(device: Found, cover: Signed, events: Sequence[Signed]) -> datetime:
    check_signature(bytes(device.public_key), cover.body, cover.signature)
    facts = read_canonical(cover.body)
    digest = hashlib.sha256("\n".join(one.body for one in events).encode()).hexdigest()
    if facts.get("device_id") != device.id or facts.get("digest") != digest:
        raise BadSignature()
    return _moment(facts, "sent_at")


def _take(session: Session, now: datetime, actor: Actor, device: Found, event: Signed, sent_at: datetime) -> Answer:
    check_signature(bytes(device.public_key), event.body, event.signature)
    facts = read_canonical(event.body)
    if facts.get("device_id") != device.id:
        raise BadSignature()
    _check_shape(facts)
    before = _before(session, device.id, facts)
    if before is not None:
        if unseal(PURPOSE, before.body_sealed) != event.body:
            raise NumberTaken(seq=facts["seq"])
        return Answer(**before.answer, replayed=True)
    device_facts = _device_facts(session, device.id, facts, sent_at)
    try:
        with session.begin_nested():
            answer = _do(session, now, actor, facts, device_facts)
    except NotCheckedIn as early:
        if not _arrival_was_refused(session, device.id, facts["visit_id"]):
            return Answer(facts["event_key"], "later", "NotCheckedIn", early.message_zh, None, None)
        answer = _refused(facts, now, early)
    except DomainError as refused:
        answer = _refused(facts, now, refused)
    _keep(session, now, actor, device.id, facts, event, sent_at, answer)
    return answer


def _do(session: Session, now: datetime, actor: Actor, facts: dict[str, Any], device: DeviceFacts) -> Answer:
    happened = _moment(facts, "device_at")
    if facts["kind"] == "check_in":
        proof = DoorProof(
            "door_plate" if facts.get("proof") == "door_plate" else "elder_code", str(facts.get("secret", ""))
        )
        arrived = check_in(
            session, now, actor, facts["visit_id"], proof=proof, happened_at=happened, device=device
        )  # fmt: skip
        if arrived.refusal is not None:
            return _refused(facts, now, arrived.refusal)
        at = arrived.checked_in_at
    else:
        left = check_out(
            session, now, actor, facts["visit_id"], tasks_done=_texts(facts, "tasks"), note=facts.get("note") or None,
            happened_at=happened, device=device, risks=_texts(facts, "risks"), vitals=_vitals(facts),
        )  # fmt: skip
        at = left.checked_out_at
    assert at is not None
    return Answer(facts["event_key"], "recorded", None, None, at.isoformat(), now.isoformat())


def _refused(facts: dict[str, Any], now: datetime, refusal: DomainError) -> Answer:
    return Answer(
        facts["event_key"], "refused", type(refusal).__name__, refusal.message_zh, facts["device_at"], now.isoformat()
    )


def _keep(
    session: Session, now: datetime, actor: Actor, device_id: int, facts: dict[str, Any], event: Signed,
    sent_at: datetime, answer: Answer,
) -> None:  # fmt: skip
    record_act(
        session, now, actor, "hand_in_device_event",
        by_right=f"visitor:{facts['visit_id']}", subject=("visit", facts["visit_id"]),
        facts={"kind": facts["kind"], "outcome": answer.outcome, "device_id": device_id},
    )  # fmt: skip
    kept = {name: value for name, value in answer.__dict__.items() if name != "replayed"}
    session.connection().execute(
        insert(_event).values(
            device_id=device_id, person_id=actor.person_id, visit_id=facts["visit_id"], event_key=facts["event_key"],
            seq=facts["seq"], kind=facts["kind"], body_sealed=seal(PURPOSE, event.body), signature=event.signature,
            device_at=_moment(facts, "device_at"), sent_at=sent_at, received_at=now, outcome=answer.outcome, answer=kept,
        )
    )  # fmt: skip


def _before(session: Session, device_id: int, facts: dict[str, Any]) -> Found | None:
    return (
        session.connection()
        .execute(
            select(_event).where(
                _event.c.device_id == device_id,
                (_event.c.event_key == facts["event_key"]) | (_event.c.seq == facts["seq"]),
            )
        )
        .first()
    )


def _arrival_was_refused(session: Session, device_id: int, visit_id: int) -> bool:
    refused = select(_event.c.id).where(
        _event.c.device_id == device_id, _event.c.visit_id == visit_id, _event.c.kind == "check_in",
        _event.c.outcome == "refused",
    )  # fmt: skip
    return session.connection().execute(refused).first() is not None


def _device_facts(session: Session, device_id: int, facts: dict[str, Any], sent_at: datetime) -> DeviceFacts:
    around = session.connection().execute(
        select(_event.c.seq, _event.c.device_at).where(_event.c.device_id == device_id)
        .order_by(_event.c.seq.desc()).limit(20)
    ).all()  # fmt: skip
    at, doubts = _moment(facts, "device_at"), []
    if any(one.seq > facts["seq"] for one in around):
        doubts.append("out_of_order")
    if any(one.seq < facts["seq"] and one.device_at > at for one in around) or at > sent_at:
        doubts.append("clock_back")
    return DeviceFacts(
        event_key=facts["event_key"], lon=_decimal(facts, "lon", 180), lat=_decimal(facts, "lat", 90),
        accuracy_m=_decimal(facts, "accuracy_m", 100_000), sent_at=sent_at, signed_by=device_id, doubts=tuple(doubts),
    )  # fmt: skip


def _check_shape(facts: dict[str, Any]) -> None:
    whole = all(type(facts.get(name)) is int and 0 < facts[name] < 2**62 for name in ("seq", "visit_id"))
    key = facts.get("event_key")
    note = facts.get("note", "")
    if (
        not whole or facts.get("kind") not in KINDS or not isinstance(key, str) or not 8 <= len(key) <= 80
        or not isinstance(note, str) or len(note) > 2000
    ):  # fmt: skip
        raise BadEvent(field="events")
    _moment(facts, "device_at")


def _number_of(event: Signed) -> int:
    seq = _facts_or_nothing(event).get("seq")
    return seq if isinstance(seq, int) else 0


def _facts_or_nothing(event: Signed) -> dict[str, Any]:
    try:
        return read_canonical(event.body)
    except BadEvent:
        return {}


def _moment(facts: dict[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(facts.get(name)))
    except ValueError as broken:
        raise BadEvent(field=name) from broken
    if moment.tzinfo is None or not 2000 <= moment.year < 2100:
        raise BadEvent(field=name)
    return moment


def _decimal(facts: dict[str, Any], name: str, limit: float) -> float | None:
    if facts.get(name) in (None, ""):
        return None
    try:
        value = float(str(facts[name]))
    except ValueError as broken:
        raise BadEvent(field=name) from broken
    if not abs(value) <= limit:
        raise BadEvent(field=name)
    return value


def _texts(facts: dict[str, Any], name: str) -> list[str]:
    found = facts.get(name, [])
    if not isinstance(found, list) or len(found) > 40 or not all(isinstance(one, str) for one in found):
        raise BadEvent(field=name)
    return found


def _vitals(facts: dict[str, Any]) -> Vitals | None:
    names = ("systolic_mmhg", "diastolic_mmhg", "pulse_per_minute")
    whole = {name: int(value) for name in names if (value := _decimal(facts, name, 1000)) is not None}
    parts = {
        name: value for name in ("temperature_c", "glucose_mmol") if (value := _decimal(facts, name, 1000)) is not None
    }
    return Vitals(**whole, **parts) if whole or parts else None  # type: ignore[arg-type]
