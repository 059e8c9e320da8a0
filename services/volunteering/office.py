"""The office's path: everything a volunteer does with a phone, entered by a community worker for who has none.

Half of the old never go online, and so do many who help them. Who entered it, for whom and why stays with the row and
in the trail; such hours are attested, never clocked, and wait for the elder's side like all others.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.tables import ServiceItem
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.outbox import enqueue
from services.people.rights import Right, right_to
from services.people.tables import Person
from services.unit_of_work import Actor
from services.visits.tables import Visit
from services.volunteering import rules as arithmetic
from services.volunteering.actions import refuse_own_relative, refuse_unready, rough_place, take_for
from services.volunteering.errors import (
    BadWindow,
    NeedNotFound,
    NotAVolunteer,
    NotYoursToConfirm,
    OfficeOnly,
    ReasonNeeded,
    UnknownNeedKind,
)
from services.volunteering.tables import Need, Volunteer

_need, _visit, _volunteer = table_of(Need), table_of(Visit), table_of(Volunteer)
_person, _item = table_of(Person), table_of(ServiceItem)
OFFICES = ("office:officer", "office:advisor")
LATEST_DAYS = 31


def take_need_for(session: Session, now: datetime, actor: Actor, need_id: int, volunteer_id: int, reason: str) -> int:
    """Promise a need in a volunteer's name, who said so at the counter or by phone; give the visit.

    Raises NeedNotFound, OfficeOnly, ReasonNeeded, and what `take_need` raises.
    """
    elder_id = session.connection().execute(select(_need.c.elder_id).where(_need.c.id == need_id)).scalar()
    if elder_id is None:
        raise NeedNotFound(need_id=need_id)
    right = _office(session, now, actor, elder_id, volunteer_id, reason)
    return take_for(session, now, actor, need_id, volunteer_id, right.ground, reason)


def enter_served_time(
    session: Session,
    now: datetime,
    actor: Actor,
    elder_id: int,
    volunteer_id: int,
    *,
    kind: str,
    started_at: datetime,
    ended_at: datetime,
    reason: str,
) -> int:
    """Enter a visit that took place without a phone, up to 31 days ago; give the visit, its minutes follow by a job.

    The volunteer must have been trained and insured on that day. Raises NotFound, OfficeOnly, ReasonNeeded,
    BadWindow, UnknownNeedKind, NotAVolunteer, TooYoung, NotTrained, NotInsured, OwnRelative.
    """
    right = _office(session, now, actor, elder_id, volunteer_id, reason)
    _refuse_bad_time(now, started_at, ended_at)
    title = (
        session.connection().execute(select(_item.c.name_zh).where(_item.c.code == kind, _item.c.volunteer)).scalar()
    )
    if title is None:
        raise UnknownNeedKind(field="kind", kind=kind)
    _refuse_unready_then(session, right, volunteer_id, elder_id, started_at)
    need_id: int = session.connection().execute(
        insert(_need)
        .values(
            elder_id=elder_id, area_code=right.area_code, kind=kind, title=title,
            rough_place=rough_place(session, right.area_code), starts_at=started_at, ends_at=ended_at,
            state="taken", posted_by=actor.person_id, posted_at=now, taken_by=volunteer_id, taken_at=now,
        )
        .returning(_need.c.id)
    ).scalar_one()  # fmt: skip
    facts = {"recorded_by": actor.person_id, "reason": "other", "verified": reason, "doubts": ["exception"]}
    visit_id: int = session.connection().execute(
        insert(_visit)
        .values(
            kind="friendly", need_id=need_id, elder_id=elder_id, area_code=right.area_code, visitor_id=volunteer_id,
            planned_start=started_at, planned_end=ended_at, state="finished", code_tries=0,
            checked_in_at=started_at, check_in_recorded_at=now, check_in_proof="supervisor", check_in_facts=facts,
            checked_out_at=ended_at, check_out_recorded_at=now, check_out_facts=facts, tasks_done=[], note=reason,
        )
        .returning(_visit.c.id)
    ).scalar_one()  # fmt: skip
    job = "volunteering.record_session"
    enqueue(session, now, job, {"visit_id": visit_id}, key=f"{job}:{visit_id}")
    record_act(
        session, now, actor, "enter_served_time",
        for_person_id=elder_id, by_right=right.ground, area_code=right.area_code, subject=("visit", visit_id),
        facts={"volunteer_id": volunteer_id, "reason": reason},
    )  # fmt: skip
    return visit_id


def _office(session: Session, now: datetime, actor: Actor, elder_id: int, volunteer_id: int, reason: str) -> Right:
    right = right_to(session, actor, elder_id, "order", now)
    if right.ground not in OFFICES:
        raise OfficeOnly(elder_id=elder_id)
    if actor.person_id == volunteer_id:
        raise NotYoursToConfirm("自己的服务请由同事代录。", volunteer_id=volunteer_id)
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    return right


def _refuse_bad_time(now: datetime, started_at: datetime, ended_at: datetime) -> None:
    longest = timedelta(hours=arithmetic.LONGEST_NEED_HOURS)
    whole = started_at.tzinfo is not None and ended_at.tzinfo is not None
    if not whole or not now - timedelta(days=LATEST_DAYS) <= started_at < ended_at <= min(now, started_at + longest):
        raise BadWindow("请填写31天以内、已经结束的服务时间。", field="started_at")


def _refuse_unready_then(
    session: Session, right: Right, volunteer_id: int, elder_id: int, started_at: datetime
) -> None:
    volunteer = session.connection().execute(
        select(_volunteer, _person.c.born_on)
        .join(_person, _person.c.id == _volunteer.c.person_id)
        .where(_volunteer.c.person_id == volunteer_id, _volunteer.c.left_on.is_(None))
        .with_for_update(of=_volunteer)
    ).one_or_none()  # fmt: skip
    if volunteer is None:
        raise NotAVolunteer(person_id=volunteer_id)
    day = civil_date(started_at)
    rules = rules_in_force(session, right.area_code, day)
    refuse_unready(volunteer, rules, day, day)
    refuse_own_relative(session, volunteer_id, elder_id, rules)
