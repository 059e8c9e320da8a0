"""Elders moving into beds, from bed to bed and out of them, and away for some days.

A stay rests on an ability assessment that holds on its first day, or on an emergency with its reason and a day by which
the assessment follows; nobody passes those who wait for the bed (sql/610_beds.sql holds both, whoever asks).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from psycopg.types.range import Range
from sqlalchemy import func, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.beds.errors import (
    BadDays,
    BedNotOpen,
    LeaveNotFound,
    NotAssessed,
    NotForYourOffice,
    NotOnTheList,
    StayEnded,
    StayNotFound,
)
from services.beds.grounds import Found, bed_to_run, kept_rules, may_run, said
from services.beds.tables import Bed, BedLeave, BedStay
from services.beds.waiting_tables import WAITING, BedOffer, BedWait
from services.cities.queries import rules_in_force
from services.clock import SHANGHAI, civil_date
from services.columns import table_of
from services.outbox import enqueue
from services.people.rights import right_to
from services.unit_of_work import Actor

_bed, _stay, _leave = table_of(Bed), table_of(BedStay), table_of(BedLeave)
_wait, _offer = table_of(BedWait), table_of(BedOffer)


def admit(
    session: Session,
    now: datetime,
    actor: Actor,
    bed_id: int,
    elder_id: int,
    *,
    first_day: date,
    last_day: date | None = None,
    emergency: str = "",
    by_card: bool = False,
    external_ref: str | None = None,
) -> int:
    """Give an elder a bed from a day on and give the stay's id; `last_day` is the day she leaves, not slept.

    By an officer in whose area elder and bed lie, or by the home: of who took its offer, or whose ID card it holds
    (`by_card`). `emergency` is the reason for moving in without an assessment. Raises NotFound, NotForYourOffice,
    BedNotFound, BedNotOpen, BadDays, NotAssessed, NotOnTheList, SomebodyWaits, BedPromised, BedTaken, ElderHasABed.
    """
    bed, ground = bed_to_run(session, actor, bed_id)
    _check_may_admit(session, now, actor, ground, bed_id, elder_id, by_card)
    if last_day is not None and last_day <= first_day:
        raise BadDays(field="last_day")
    _check_open(bed, first_day, last_day)
    rests = _resting_on(session, now, bed.home_area, elder_id, first_day, emergency)
    with kept_rules(session, bed_id=bed_id, elder_id=elder_id, first_day=str(first_day)):
        stay_id: int = session.connection().execute(
            insert(_stay)
            .values(
                bed_id=bed_id, elder_id=elder_id, area_code=bed.area_code, during=Range(first_day, last_day),
                recorded_at=now, external_ref=external_ref, **rests,
            )
            .returning(_stay.c.id)
        ).scalar_one()  # fmt: skip
    if rests["basis"] == "emergency" and rests["assessment_id"] is None:
        promise_assessment(session, now, stay_id, rests["assess_by"])
    _leave_the_list(session, now, bed, elder_id)
    facts = {"basis": rests["basis"], "first_day": first_day.isoformat(), "emergency": rests["emergency_reason"]}
    record_act(
        session, now, actor, "admit", for_person_id=elder_id, by_right=ground, area_code=bed.area_code,
        subject=("bed_stay", stay_id), facts=facts,
    )  # fmt: skip
    return stay_id


def _check_may_admit(
    session: Session, now: datetime, actor: Actor, ground: str, bed_id: int, elder_id: int, by_card: bool
) -> None:
    took = select(_offer.c.id).where(
        _offer.c.bed_id == bed_id, _offer.c.elder_id == elder_id, _offer.c.state == "accepted"
    )
    if session.connection().execute(took).first() is not None:
        return
    if ground.startswith("provider:"):
        if not by_card:
            raise NotOnTheList(elder_id=elder_id)
    elif right_to(session, actor, elder_id, "order", now).ground not in ("office:officer", "house"):
        raise NotForYourOffice(elder_id=elder_id)


def _check_open(bed: Found, first_day: date, last_day: date | None) -> None:
    closes_too_soon = bed.closed_on is not None and (last_day is None or last_day > bed.closed_on)
    if bed.opened_on > first_day or closes_too_soon:
        raise BedNotOpen(bed_id=bed.id, opened_on=str(bed.opened_on), closed_on=str(bed.closed_on))


def _resting_on(
    session: Session, now: datetime, home_area: int, elder_id: int, first_day: date, emergency: str
) -> dict[str, Any]:
    holding = text("SELECT holding_assessment(:elder, :day)")
    found = session.connection().execute(holding, {"elder": elder_id, "day": first_day}).scalar()
    if emergency.strip():
        days = rules_in_force(session, home_area, civil_date(now)).beds.assess_within_days
        until = first_day + timedelta(days=days)
        return {
            "basis": "emergency", "assessment_id": found, "emergency_reason": said(emergency, "emergency"),
            "assess_by": until,
        }  # fmt: skip
    if found is None:
        raise NotAssessed(elder_id=elder_id, field="emergency")
    return {"basis": "assessed", "assessment_id": found, "emergency_reason": None, "assess_by": None}


def promise_assessment(session: Session, now: datetime, stay_id: int, until: date) -> None:
    """Promise to look, when the day has passed, whether the elder who came in an emergency was assessed."""
    after = datetime.combine(until + timedelta(days=1), time(8), SHANGHAI)
    enqueue(session, now, "beds.check_emergency", {"stay_id": stay_id}, not_before=after, key=f"bed-assess-{stay_id}")


def _leave_the_list(session: Session, now: datetime, bed: Found, elder_id: int) -> None:
    change = session.connection().execute
    change(
        update(_offer)
        .where(_offer.c.bed_id == bed.id, _offer.c.elder_id == elder_id, _offer.c.state.in_(("open", "accepted")))
        .values(state="fulfilled", answered_at=func.coalesce(_offer.c.answered_at, now))
    )
    change(
        update(_wait)
        .where(_wait.c.facility_id == bed.facility_id, _wait.c.elder_id == elder_id, _wait.c.state.in_(WAITING))
        .values(state="admitted", ended_at=now)
    )


def stay_to_run(session: Session, actor: Actor, stay_id: int) -> tuple[Found, str]:
    """Give a stay, held until the transaction ends, and the ground. Raises StayNotFound, NotForYourOffice."""
    if actor.role != "system" and (actor.read_only or not actor.has_role("officer", "dispatcher")):
        raise NotForYourOffice(stay_id=stay_id)
    stay = session.connection().execute(select(_stay).where(_stay.c.id == stay_id).with_for_update()).one_or_none()
    ground = None if stay is None else may_run(actor, stay.area_code, stay.provider_id)
    if stay is None or ground is None:
        raise StayNotFound(stay_id=stay_id)
    return stay, ground


def discharge(session: Session, now: datetime, actor: Actor, stay_id: int, last_day: date, reason: str) -> None:
    """End a stay: on `last_day` the elder leaves and the bed is free. Raises StayNotFound, StayEnded, BadDays, SayWhy."""
    stay, ground = stay_to_run(session, actor, stay_id)
    _end(session, stay, last_day, "discharge", said(reason))
    record_act(
        session, now, actor, "discharge", for_person_id=stay.elder_id, by_right=ground, area_code=stay.area_code,
        subject=("bed_stay", stay_id), facts={"last_day": last_day.isoformat(), "reason": reason},
    )  # fmt: skip


def _end(session: Session, stay: Found, last_day: date, kind: str, reason: str) -> None:
    if stay.during.upper is not None and stay.during.upper <= last_day:
        raise StayEnded(stay_id=stay.id, left_on=str(stay.during.upper))
    if last_day <= stay.during.lower:
        raise BadDays(field="last_day", first_day=str(stay.during.lower))
    session.connection().execute(
        update(_stay)
        .where(_stay.c.id == stay.id)
        .values(during=func.daterange(stay.during.lower, last_day), end_kind=kind, end_reason=reason)
    )


def transfer(session: Session, now: datetime, actor: Actor, stay_id: int, bed_id: int, day: date, reason: str) -> int:
    """Move an elder to another bed, of the same home or another, on a day, in one act; gives the new stay's id.

    Raises StayNotFound, BedNotFound, BedNotOpen, StayEnded, BadDays, BedTaken, BedPromised, SomebodyWaits, SayWhy.
    """
    stay, ground = stay_to_run(session, actor, stay_id)
    bed, _ = bed_to_run(session, actor, bed_id)
    until = stay.during.upper
    _check_open(bed, day, until)
    with kept_rules(session, bed_id=bed_id, elder_id=stay.elder_id, first_day=str(day)):
        _end(session, stay, day, "transfer", said(reason))
        moved_id: int = session.connection().execute(
            insert(_stay)
            .values(
                bed_id=bed_id, elder_id=stay.elder_id, area_code=bed.area_code, during=Range(day, until), recorded_at=now,
                basis=stay.basis, assessment_id=stay.assessment_id, emergency_reason=stay.emergency_reason,
                assess_by=stay.assess_by, moved_from=stay_id,
            )
            .returning(_stay.c.id)
        ).scalar_one()  # fmt: skip
    if stay.basis == "emergency" and stay.assessment_id is None:
        promise_assessment(session, now, moved_id, stay.assess_by)
    _leave_the_list(session, now, bed, stay.elder_id)
    record_act(
        session, now, actor, "transfer", for_person_id=stay.elder_id, by_right=ground, area_code=bed.area_code,
        subject=("bed_stay", moved_id), facts={"from": stay_id, "day": day.isoformat(), "reason": reason},
    )  # fmt: skip
    return moved_id


def record_death(session: Session, now: datetime, actor: Actor, stay_id: int, died_on: date) -> None:
    """Write down that an elder died in her bed: her stay ends, and the register of people is told by a job.

    Raises StayNotFound, StayEnded, BadDays (a day to come, or before she moved in).
    """
    stay, ground = stay_to_run(session, actor, stay_id)
    if died_on > civil_date(now) or died_on < stay.during.lower:
        raise BadDays("离世日期须在入住之后，且不晚于今天。", field="died_on")
    _end(session, stay, max(died_on, stay.during.lower + timedelta(days=1)), "death", "died")
    args = {"elder_id": stay.elder_id, "died_on": died_on.isoformat()}
    enqueue(session, now, "beds.note_death", args, key=f"bed-death-{stay_id}")
    record_act(
        session, now, actor, "record_death", for_person_id=stay.elder_id, by_right=ground, area_code=stay.area_code,
        subject=("bed_stay", stay_id), facts={"died_on": died_on.isoformat()},
    )  # fmt: skip


def go_on_leave(
    session: Session, now: datetime, actor: Actor, stay_id: int, kind: str, first_day: date, back_on: date | None
) -> int:
    """Write down that an elder is in hospital or on holiday; her bed stays hers. Gives the leave's id.

    Raises StayNotFound, BadDays, NotInTheStay, OnLeave.
    """
    stay, ground = stay_to_run(session, actor, stay_id)
    if kind not in ("hospital", "holiday"):
        raise BadDays("请选住院或请假。", field="kind")
    if back_on is not None and back_on <= first_day:
        raise BadDays(field="back_on")
    with kept_rules(session, stay_id=stay_id, field="first_day"):
        leave_id: int = session.connection().execute(
            insert(_leave)
            .values(
                stay_id=stay_id, elder_id=stay.elder_id, area_code=stay.area_code, kind=kind,
                during=Range(first_day, back_on), recorded_by=actor.person_id, recorded_at=now,
            )
            .returning(_leave.c.id)
        ).scalar_one()  # fmt: skip
    record_act(
        session, now, actor, "go_on_leave", for_person_id=stay.elder_id, by_right=ground, area_code=stay.area_code,
        subject=("bed_leave", leave_id), facts={"kind": kind, "first_day": first_day.isoformat()},
    )  # fmt: skip
    return leave_id


def come_back(session: Session, now: datetime, actor: Actor, leave_id: int, back_on: date) -> None:
    """Write down on which day an elder is back in her bed. Raises LeaveNotFound, BadDays."""
    leave = session.connection().execute(select(_leave).where(_leave.c.id == leave_id).with_for_update()).one_or_none()
    ground = None if leave is None else may_run(actor, leave.area_code, leave.provider_id)
    if leave is None or ground is None:
        raise LeaveNotFound(leave_id=leave_id)
    if back_on <= leave.during.lower or (leave.during.upper is not None and back_on > leave.during.upper):
        raise BadDays("回来的日子须在外出之后。", field="back_on")
    session.connection().execute(
        update(_leave).where(_leave.c.id == leave_id).values(during=func.daterange(leave.during.lower, back_on))
    )
    record_act(
        session, now, actor, "come_back", for_person_id=leave.elder_id, by_right=ground, area_code=leave.area_code,
        subject=("bed_leave", leave_id), facts={"back_on": back_on.isoformat()},
    )  # fmt: skip
