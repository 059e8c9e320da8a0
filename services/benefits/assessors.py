"""The office's register of assessors: who may sign, by which schemes, until when; and who signs no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.acts import record_act
from services.benefits.assessing import register_assessor
from services.benefits.assessment_errors import AssessorKnown
from services.benefits.tables import Assessor
from services.columns import table_of
from services.errors import NotAllowed, NotFound
from services.people.actions import checked_phone
from services.people.privacy import lookup_hash
from services.people.tables import Person
from services.unit_of_work import Actor

_assessor, _person = table_of(Assessor), table_of(Person)


def assessors_in(session: Session, lo: int, hi: int) -> list[Row[Any]]:
    """Give the assessors of an area range that the actor may see, those who still sign first; with their names."""
    query = (
        select(_assessor, func.coalesce(_person.c.full_name, "").label("full_name"))
        .join(_person, _person.c.id == _assessor.c.person_id, isouter=True)
        .where(_assessor.c.area_code.between(lo, hi))
        .order_by(_assessor.c.left_on.is_not(None), _assessor.c.valid_until, _assessor.c.person_id)
    )
    return list(session.connection().execute(query))


def register_by_phone(
    session: Session, now: datetime, actor: Actor, phone: str, *, area_code: int, organisation: str,
    certificate_number: str, valid_until: date, schemes: Sequence[str] = (),
) -> int:  # fmt: skip
    """Register somebody who has signed in here before, by her phone; gives the person's id.

    Raises NotFound when nobody has that phone, AssessorKnown, and as register_assessor.
    """
    asked = {"h": lookup_hash("phone", checked_phone(phone))}
    person_id: int | None = session.connection().execute(text("SELECT find_person_by_phone(:h)"), asked).scalar()
    if person_id is None:
        raise NotFound("没有人用这个手机号登录过，请先请本人登录一次。", field="phone")
    try:
        with session.begin_nested():
            register_assessor(
                session, now, actor, person_id, area_code=area_code, organisation=organisation,
                certificate_number=certificate_number, valid_until=valid_until, schemes=schemes,
            )  # fmt: skip
    except IntegrityError as broken:
        raise AssessorKnown(person_id=person_id) from broken
    return person_id


def prolong_assessor(session: Session, now: datetime, actor: Actor, person_id: int, valid_until: date) -> None:
    """Note that a certificate was renewed until a day. Raises NotFound, NotAllowed."""
    _change(session, now, actor, person_id, "prolong_assessor", valid_until=valid_until, left_on=None)


def end_assessor(session: Session, now: datetime, actor: Actor, person_id: int, left_on: date) -> None:
    """Note that somebody signs no more from a day on; what she signed stands. Raises NotFound, NotAllowed."""
    _change(session, now, actor, person_id, "end_assessor", left_on=left_on)


def _change(session: Session, now: datetime, actor: Actor, person_id: int, verb: str, **changed: date | None) -> None:
    row = session.connection().execute(
        select(_assessor).where(_assessor.c.person_id == person_id).with_for_update()
    ).first()  # fmt: skip
    if row is None:
        raise NotFound(person_id=person_id)
    inside = actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= row.area_code <= actor.area_hi
    if actor.role != "officer" or not inside:
        raise NotAllowed(person_id=person_id)
    session.connection().execute(update(_assessor).where(_assessor.c.person_id == person_id).values(**changed))
    facts = {name: None if day is None else day.isoformat() for name, day in changed.items()}
    record_act(session, now, actor, verb, for_person_id=person_id, area_code=row.area_code, facts=facts)
