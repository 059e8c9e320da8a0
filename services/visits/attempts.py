"""Tries to see elders in difficulty (探访), written once. Silence is recorded, and is never a visit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import NotAllowed
from services.outbox import enqueue
from services.people.rights import right_to
from services.unit_of_work import Actor
from services.visits import rules
from services.visits.care_errors import TaskNotFound
from services.visits.care_tables import VisitTaskActor
from services.visits.errors import BadMoment, NobodyInCharge, NotAVisitor, VisitNotFound
from services.visits.escalations import follow_up
from services.visits.tables import Visit, VisitAttempt

_attempt, _visit, _goer = table_of(VisitAttempt), table_of(Visit), table_of(VisitTaskActor)
Found = Row[*tuple[Any, ...]]
OPEN_VISITS = ("planned", "started", "finished", "missed")


def record_attempt(
    session: Session,
    now: datetime,
    actor: Actor,
    elder_id: int,
    *,
    channel: str,
    outcome: str,
    happened_at: datetime,
    note: str | None,
    visit_id: int | None = None,
    task_id: int | None = None,
) -> int:
    """Write down one try to see an elder and give its id; what follows from it is done at once for an
    office that sees enough, else by a promised job.

    By an office of her area, by whoever stands at her door for `visit_id`, or by whoever goes on the task `task_id`.
    `happened_at` and the moment
    of recording are both kept. The same try sent twice is one row. Raises NotFound, NotAVisitor,
    VisitNotFound, TaskNotFound, BadMoment.
    """
    area_code, ground = _ground(session, now, actor, elder_id, visit_id, task_id)
    happened_at = _honest_moment(now, happened_at)
    session.connection().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('visit_attempt', :elder))"), {"elder": elder_id}
    )
    facts = {
        "elder_id": elder_id,
        "channel": channel,
        "outcome": outcome,
        "happened_at": happened_at,
        "by_person_id": actor.person_id,
    }
    written = (
        session.connection()
        .execute(select(_attempt.c.id).where(*(_attempt.c[name] == value for name, value in facts.items())).limit(1))
        .scalar()
    )
    if written is not None:
        return int(written)
    attempt_id: int = (
        session.connection()
        .execute(
            insert(_attempt).values(area_code=area_code, recorded_at=now, note=note, **facts).returning(_attempt.c.id)
        )
        .scalar_one()
    )
    _follow_up(session, now, attempt_id)
    if ground.startswith("office:"):
        _follow_up_at_once(session, now, attempt_id)
    record_act(
        session, now, actor, "record_attempt",
        for_person_id=elder_id, by_right=ground, area_code=area_code,
        subject=("visit_attempt", attempt_id), facts={"channel": channel, "outcome": outcome},
    )  # fmt: skip
    return attempt_id


def _honest_moment(now: datetime, happened_at: datetime) -> datetime:
    """Give the moment, at the latest now. Raises BadMoment for one without a zone, ahead, or too long ago."""
    if happened_at.tzinfo is None:
        raise BadMoment("时间须带时区。", field="happened_at")
    if happened_at > now + rules.HONEST_SKEW:
        raise BadMoment("探访时间不能晚于现在。", field="happened_at")
    if happened_at < now - rules.LONGEST_BACKDATING:
        raise BadMoment("只能补录最近两个月的探访。", field="happened_at")
    return min(happened_at, now)


def note_meeting(session: Session, now: datetime, visit: Found, happened_at: datetime) -> None:
    """Count a volunteer's proved visit as having seen the elder at home; one such row per visit."""
    attempt_id: int | None = (
        session.connection()
        .execute(
            upsert(_attempt)
            .values(
                elder_id=visit.elder_id,
                area_code=visit.area_code,
                channel="home",
                outcome="seen",
                happened_at=happened_at,
                recorded_at=now,
                by_person_id=visit.visitor_id,
                visit_id=visit.id,
            )
            .on_conflict_do_nothing(constraint="visit_attempt_one_per_visit_key")
            .returning(_attempt.c.id)
        )
        .scalar()
    )
    if attempt_id is not None:
        _follow_up(session, now, attempt_id)


def _follow_up(session: Session, now: datetime, attempt_id: int) -> None:
    enqueue(session, now, "visits.follow_up", {"attempt_id": attempt_id}, key=f"visits.follow_up:{attempt_id}")


def _follow_up_at_once(session: Session, now: datetime, attempt_id: int) -> None:
    """Let an office see at once what follows; where it cannot see who is in charge, the promised job does it."""
    try:
        with session.begin_nested():
            follow_up(session, now, attempt_id)
    except NobodyInCharge:
        return


def _ground(
    session: Session, now: datetime, actor: Actor, elder_id: int, visit_id: int | None, task_id: int | None
) -> tuple[int, str]:
    """Give the elder's area and the ground: a relative's word is welcome, but is no visit by the duty."""
    if task_id is not None:
        return _on_the_task(session, actor, elder_id, task_id), f"task:{task_id}"
    if visit_id is not None:
        area_code = (
            session.connection()
            .execute(
                select(_visit.c.area_code).where(
                    _visit.c.id == visit_id,
                    _visit.c.elder_id == elder_id,
                    _visit.c.visitor_id == actor.person_id,
                    _visit.c.state.in_(OPEN_VISITS),
                )
            )
            .scalar()
        )
        if area_code is None:
            raise VisitNotFound(visit_id=visit_id)
        return area_code, f"visitor:{visit_id}"
    try:
        right = right_to(session, actor, elder_id, "view", now)
    except NotAllowed as refusal:
        raise NotAVisitor(elder_id=elder_id) from refusal
    if not right.ground.startswith("office:") or actor.read_only:
        raise NotAVisitor(elder_id=elder_id)
    return right.area_code, right.ground


def _on_the_task(session: Session, actor: Actor, elder_id: int, task_id: int) -> int:
    """Give the elder's area if the actor goes on this task of hers today."""
    area_code: int | None = (
        session.connection()
        .execute(
            select(_goer.c.area_code).where(
                _goer.c.task_id == task_id,
                _goer.c.elder_id == elder_id,
                _goer.c.person_id == actor.person_id,
                _goer.c.until.is_(None),
            )
        )
        .scalar()
    )
    if area_code is None:
        raise TaskNotFound(task_id=task_id)
    return area_code
