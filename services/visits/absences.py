"""Leave (请假): days on which somebody in charge is away, and who stands in for her."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Person
from services.unit_of_work import Actor
from services.visits.care_errors import AbsenceNotFound, BadAbsence
from services.visits.care_tables import Absence

_absence, _person = table_of(Absence), table_of(Person)
Found = Row[*tuple[Any, ...]]


def enter_absence(
    session: Session,
    now: datetime,
    actor: Actor,
    person_id: int,
    first_on: date,
    last_on: date,
    stand_in_id: int | None = None,
) -> int:
    """Write down days of leave, one's own or a colleague's of one's area; doors then go to the stand-in. Gives its id.

    Raises BadAbsence (days wrong way round or over, nobody by that number, oneself as stand-in).
    """
    if last_on < first_on or last_on < civil_date(now) or stand_in_id == person_id or actor.read_only:
        raise BadAbsence(field="last_on")
    who = session.connection().execute(
        select(_person.c.id, _person.c.area_code).where(_person.c.id.in_({person_id, stand_in_id or person_id}))
    )
    known = {row.id: row.area_code for row in who}
    if person_id not in known or (stand_in_id is not None and stand_in_id not in known):
        raise BadAbsence("没有找到这个人，或者您无权查看。", field="person_id")
    if person_id != actor.person_id and actor.role != "officer":
        raise BadAbsence("只能登记自己的请假；别人的由民政干部登记。", field="person_id")
    area = actor.area_lo if actor.area_lo is not None else known[person_id]
    absence_id: int = (
        session.connection()
        .execute(
            insert(_absence)
            .values(
                person_id=person_id, area_code=area, first_on=first_on, last_on=last_on, stand_in_id=stand_in_id,
                entered_by=actor.person_id, entered_at=now,
            )
            .returning(_absence.c.id)
        )
        .scalar_one()
    )  # fmt: skip
    facts = {"person_id": person_id, "first_on": str(first_on), "last_on": str(last_on), "stand_in_id": stand_in_id}
    record_act(session, now, actor, "enter_absence", area_code=area, subject=("absence", absence_id), facts=facts)
    return absence_id


def cancel_absence(session: Session, now: datetime, actor: Actor, absence_id: int) -> None:
    """Take a leave back; doors handed over meanwhile stay where they are. Raises AbsenceNotFound."""
    found = (
        session.connection()
        .execute(
            select(_absence.c.person_id, _absence.c.area_code)
            .where(_absence.c.id == absence_id, _absence.c.cancelled_at.is_(None))
            .with_for_update()
        )
        .one_or_none()
    )
    hers = found is not None and (found.person_id == actor.person_id or actor.role == "officer")
    if found is None or not hers or actor.read_only:
        raise AbsenceNotFound(absence_id=absence_id)
    session.connection().execute(update(_absence).where(_absence.c.id == absence_id).values(cancelled_at=now))
    record_act(
        session, now, actor, "cancel_absence", area_code=found.area_code, subject=("absence", absence_id)
    )  # fmt: skip


def stand_ins_on(session: Session, on: date) -> dict[int, int | None]:
    """Give who is away on a day and who stands in for her (None: nobody named). A stand-in who is away stands in for none."""
    rows = session.connection().execute(
        select(_absence.c.person_id, _absence.c.stand_in_id)
        .where(_absence.c.cancelled_at.is_(None), _absence.c.first_on <= on, _absence.c.last_on >= on)
        .order_by(_absence.c.id)
    )
    away = {row.person_id: row.stand_in_id for row in rows}
    return {person: None if stand_in in away else stand_in for person, stand_in in away.items()}


def absences(session: Session, lo: int, hi: int, on: date) -> list[Found]:
    """Give the leave of an area that is not over yet, soonest first, with both names."""
    stand_in = _person.alias("stand_in")
    query = (
        select(_absence, _person.c.full_name, stand_in.c.full_name.label("stand_in_name"))
        .outerjoin(_person, _person.c.id == _absence.c.person_id)
        .outerjoin(stand_in, stand_in.c.id == _absence.c.stand_in_id)
        .where(_absence.c.area_code.between(lo, hi), _absence.c.cancelled_at.is_(None), _absence.c.last_on >= on)
        .order_by(_absence.c.first_on, _absence.c.id)
    )
    return list(session.connection().execute(query))
