"""An unanswered door in the hands of a named person, with a clock, until somebody closes it.

Who does what and how soon are the city's rules; minutes count from the knock, not from the paperwork.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules, EscalationStep
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.outbox import enqueue
from services.unit_of_work import Actor
from services.visits import rules as arithmetic
from services.visits.errors import AttemptNotFound, EscalationClosed, EscalationNotFound
from services.visits.in_charge import person_in_charge
from services.visits.tables import Escalation, VisitAttempt, VisitDuty
from services.visits.tasks import settle_tasks

_escalation, _attempt, _duty = table_of(Escalation), table_of(VisitAttempt), table_of(VisitDuty)
Found = Row[*tuple[Any, ...]]
RESOLUTIONS = {
    "contacted": "已见到或通上话",
    "safe": "确认平安",
    "hospital": "住院",
    "away": "外出",
    "moved": "已搬走",
    "died": "已离世",
    "rescued": "已救助",
    "refused": "本人谢绝探访",
}
"""How an unanswered door ends, and the words for it."""


def follow_up(session: Session, now: datetime, attempt_id: int) -> int | None:
    """Do what an attempt asks for: silence opens an escalation, an answer closes it; give the escalation's id.

    Idempotent, in any order: an older silence than the last answer opens nothing. Runs as the house.
    Raises AttemptNotFound, NobodyInCharge.
    """
    attempt = session.connection().execute(select(_attempt).where(_attempt.c.id == attempt_id)).one_or_none()
    if attempt is None:
        raise AttemptNotFound(attempt_id=attempt_id)
    settle_tasks(session, now, attempt, rules_in_force(session, attempt.area_code, civil_date(attempt.happened_at)))
    standing = (
        session.connection()
        .execute(
            select(_escalation, _attempt.c.happened_at.label("knocked_at"))
            .join(_attempt, _attempt.c.id == _escalation.c.attempt_id)
            .where(_escalation.c.elder_id == attempt.elder_id, _escalation.c.closed_at.is_(None))
            .with_for_update(of=_escalation)
        )
        .one_or_none()
    )
    if attempt.outcome == "no_answer":
        return _after_silence(session, now, attempt, standing)
    if standing is not None and attempt.happened_at >= standing.knocked_at:
        resolution = "contacted" if attempt.outcome in arithmetic.CONTACTS else attempt.outcome
        _close(session, now, standing, closed_by=attempt.by_person_id, resolution=resolution, note=None)
        return int(standing.id)
    return None


def _after_silence(session: Session, now: datetime, attempt: Found, standing: Found | None) -> int | None:
    if standing is not None:
        if all(line.get("attempt_id") != attempt.id for line in standing.history):
            _append(session, standing, now, {"attempt_id": attempt.id, "why": "silent_again"})
        return int(standing.id)
    answered_later = (
        session.connection()
        .execute(
            select(func.count()).where(
                _attempt.c.elder_id == attempt.elder_id,
                _attempt.c.happened_at >= attempt.happened_at,
                _attempt.c.outcome != "no_answer",
            )
        )
        .scalar_one()
    )
    already = (
        session.connection().execute(select(_escalation.c.id).where(_escalation.c.attempt_id == attempt.id)).scalar()
    )
    return None if answered_later or already else _open(session, now, attempt)


def _open(session: Session, now: datetime, attempt: Found) -> int | None:
    rules = rules_in_force(session, attempt.area_code, civil_date(attempt.happened_at))
    high_risk = _is_high_risk(session, attempt, rules)
    first = _ladder(rules)[0]
    due = arithmetic.due_at(_ladder(rules), 0, attempt.happened_at, high_risk)
    in_charge = person_in_charge(
        session, first.role, attempt.area_code, attempt.elder_id, attempt.by_person_id, on=civil_date(now)
    )
    escalation_id: int | None = (
        session.connection()
        .execute(
            upsert(_escalation)
            .values(
                elder_id=attempt.elder_id,
                area_code=attempt.area_code,
                attempt_id=attempt.id,
                step=1,
                in_charge_id=in_charge,
                opened_at=now,
                due_at=due,
                history=[_line(now, first, 1, in_charge, due, "opened") | {"attempt_id": attempt.id}],
            )
            .on_conflict_do_nothing()
            .returning(_escalation.c.id)
        )
        .scalar()
    )
    if escalation_id is None:
        return None
    _hand_over(session, now, escalation_id, attempt.elder_id, attempt.area_code, in_charge, first, 1, due)
    _set_timer(session, now, escalation_id, 1, len(_ladder(rules)), due)
    tell(
        session, now,
        audience={"elder_side": attempt.elder_id}, template="visits.no_answer_family", facts={},
        elder_id=attempt.elder_id, area_code=attempt.area_code, subject=("escalation", escalation_id),
        key=f"visits.no_answer_family:{escalation_id}",
    )  # fmt: skip
    return escalation_id


def escalate(session: Session, now: datetime, escalation_id: int, from_step: int) -> int | None:
    """Hand an overdue door to the next person of the city's ladder; give the new step.

    The timer of an earlier step, or of a closed escalation, changes nothing and gives None. Runs as the
    house. Raises EscalationNotFound, NobodyInCharge.
    """
    found = _lock(session, escalation_id)
    if found.closed_at is not None or found.step != from_step or found.due_at > now:
        return None
    attempt = session.connection().execute(select(_attempt).where(_attempt.c.id == found.attempt_id)).one()
    rules = rules_in_force(session, attempt.area_code, civil_date(attempt.happened_at))
    ladder = _ladder(rules)
    if from_step >= len(ladder):
        return None
    step, place = ladder[from_step], from_step + 1
    due = arithmetic.due_at(ladder, from_step, attempt.happened_at, _is_high_risk(session, attempt, rules))
    in_charge = person_in_charge(
        session, step.role, found.area_code, found.elder_id, attempt.by_person_id, on=civil_date(now)
    )
    session.connection().execute(
        update(_escalation)
        .where(_escalation.c.id == escalation_id)
        .values(step=place, in_charge_id=in_charge, due_at=due)
    )
    _append(session, found, now, _line(now, step, place, in_charge, due, "overdue"))
    _hand_over(session, now, escalation_id, found.elder_id, found.area_code, in_charge, step, place, due)
    _set_timer(session, now, escalation_id, place, len(ladder), due)
    return place


def close_escalation(
    session: Session, now: datetime, actor: Actor, escalation_id: int, resolution: str, note: str | None
) -> None:
    """Close an unanswered door with what was found, in the name of whoever found it.

    The closing is no visit: only a recorded meeting is. Raises EscalationNotFound, EscalationClosed.
    """
    found = _lock(session, escalation_id)
    if found.closed_at is not None:
        raise EscalationClosed(escalation_id=escalation_id, closed_by=found.closed_by, resolution=found.resolution)
    assert actor.person_id is not None, "row-level security shows escalations to people only"
    _close(session, now, found, closed_by=actor.person_id, resolution=resolution, note=note)
    record_act(
        session, now, actor, "close_escalation",
        for_person_id=found.elder_id, by_right=f"in_charge:{escalation_id}", area_code=found.area_code,
        subject=("escalation", escalation_id), facts={"resolution": resolution},
    )  # fmt: skip


def _lock(session: Session, escalation_id: int) -> Found:
    found = (
        session.connection()
        .execute(select(_escalation).where(_escalation.c.id == escalation_id).with_for_update())
        .one_or_none()
    )
    if found is None:
        raise EscalationNotFound(escalation_id=escalation_id)
    return found


def _close(session: Session, now: datetime, found: Found, *, closed_by: int, resolution: str, note: str | None) -> None:
    line = {"at": now.isoformat(), "why": "closed", "by": closed_by, "resolution": resolution, "note": note}
    session.connection().execute(
        update(_escalation)
        .where(_escalation.c.id == found.id)
        .values(closed_at=now, closed_by=closed_by, resolution=resolution, history=[*found.history, line])
    )
    tell(
        session, now,
        recipient_ids=[found.in_charge_id], audience={"elder_side": found.elder_id},
        template="visits.answered", facts={"resolution": RESOLUTIONS.get(resolution, resolution)},
        elder_id=found.elder_id, area_code=found.area_code, subject=("escalation", found.id),
        key=f"visits.answered:{found.id}",
    )  # fmt: skip


def _append(session: Session, found: Found, now: datetime, line: dict[str, Any]) -> None:
    session.connection().execute(
        update(_escalation)
        .where(_escalation.c.id == found.id)
        .values(history=[*found.history, {"at": now.isoformat(), **line}])
    )


def _line(now: datetime, step: EscalationStep, place: int, in_charge: int, due: datetime, why: str) -> dict[str, Any]:
    return {
        "at": now.isoformat(), "step": place, "action": step.action,
        "in_charge_id": in_charge, "due_at": due.isoformat(), "why": why,
    }  # fmt: skip


def _hand_over(
    session: Session,
    now: datetime,
    escalation_id: int,
    elder_id: int,
    area_code: int,
    in_charge: int,
    step: EscalationStep,
    place: int,
    due: datetime,
) -> None:
    tell(
        session, now,
        recipient_ids=[in_charge], template="visits.no_answer",
        facts={"action": step.name_zh, "due_at": due.isoformat(), "step": place},
        elder_id=elder_id, area_code=area_code, subject=("escalation", escalation_id),
        key=f"visits.no_answer:{escalation_id}:{place}",
    )  # fmt: skip


def _set_timer(session: Session, now: datetime, escalation_id: int, place: int, last: int, due: datetime) -> None:
    if place < last:
        enqueue(
            session, now, "visits.escalate", {"escalation_id": escalation_id, "from_step": place},
            not_before=due, key=f"visits.escalate:{escalation_id}:{place}",
        )  # fmt: skip


def _ladder(rules: CityRules) -> list[EscalationStep]:
    return sorted(rules.escalation, key=lambda step: step.step)


def _is_high_risk(session: Session, attempt: Found, rules: CityRules) -> bool:
    """A silent device, or an elder of the city's highest visit class on the day of the knock."""
    highest = min(rules.visit_classes, key=lambda c: c.rank).code
    day = civil_date(attempt.happened_at)
    visit_class = (
        session.connection()
        .execute(
            select(_duty.c.visit_class)
            .where(_duty.c.elder_id == attempt.elder_id, _duty.c.since <= day)
            .where(_duty.c.ended_on.is_(None) | (_duty.c.ended_on > day))
            .limit(1)
        )
        .scalar()
    )
    return attempt.channel == "device" or visit_class == highest
