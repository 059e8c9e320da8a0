"""Elders who move, die or go away: the register follows, and the circles follow the register by a job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.errors import Invalid, NotAllowed, NotFound
from services.outbox import enqueue
from services.people.actions import Home, home_columns
from services.people.tables import Elder, Person
from services.unit_of_work import SYSTEM, Actor

_person, _elder = table_of(Person), table_of(Elder)
WRITERS = frozenset({"officer", "operator", "advisor"})
LEAVINGS = {"died": "died_on", "moved_out": "moved_out_on"}


def circles_follow(session: Session, now: datetime, elder_ids: Sequence[int]) -> None:
    """Promise that the coverage counts these elders where they live now; one job for all of them."""
    if elder_ids:
        enqueue(session, now, "circles.elders_changed", {"elder_ids": sorted(set(elder_ids))})


def hours_follow(session: Session, now: datetime, person_id: int) -> None:
    """Promise that saved hours follow her to the bank of where she lives now, as her city's policy says."""
    enqueue(session, now, "volunteering.follow_home", {"person_id": person_id})


def move_person(session: Session, now: datetime, person_id: int, area_code: int) -> None:
    """Write down that somebody lives in another area of the city, wherever an office is; as the house.

    The new place is on no map yet. Raises NotFound.
    """
    elder = session.connection().execute(select(_elder.c.person_id).where(_elder.c.person_id == person_id)).scalar()
    if elder is not None:
        move_elder(session, now, SYSTEM, person_id, area_code, None)
        return
    changed = session.connection().execute(
        update(_person)
        .where(_person.c.id == person_id)
        .values(area_code=area_code, moved_out_on=None, home=None, home_original=None)
    )
    if not changed.rowcount:
        raise NotFound(person_id=person_id)
    record_act(session, now, SYSTEM, "move_person", for_person_id=person_id, area_code=area_code)


def move_elder(session: Session, now: datetime, actor: Actor, elder_id: int, area_code: int, home: Home | None) -> None:
    """Write down that an elder lives at another place of the office's own area from now on.

    `home` None: the new place is on no map yet. What happened at her old home stays with the old area. Raises
    NotFound, NotAllowed (another office's elder, or a place outside the area), geo.errors.UnknownCrs.
    """
    _found(session, actor, elder_id)
    if not _covers(actor, area_code):
        raise NotAllowed("新住处不在您的辖区里。", field="area_code", area_code=area_code)
    places = home_columns(home) if home is not None else {"home": None, "home_original": None}
    change = session.connection().execute
    change(update(_person).where(_person.c.id == elder_id).values(area_code=area_code, moved_out_on=None, **places))
    change(update(_elder).where(_elder.c.person_id == elder_id).values(area_code=area_code))
    record_act(session, now, actor, "move_elder", for_person_id=elder_id, area_code=area_code)
    circles_follow(session, now, [elder_id])
    hours_follow(session, now, elder_id)


def note_leaving(session: Session, now: datetime, actor: Actor, elder_id: int, reason: str, on: date | None) -> None:
    """Write down that an elder died or moved out of the city on a Shanghai day; `on` None takes a mistake back.

    From that day on no circle counts her and no visit is due. Raises NotFound, NotAllowed, Invalid (a day to come,
    or an unknown reason).
    """
    if reason not in LEAVINGS:
        raise Invalid("请写明是离世还是迁出。", field="reason", known=list(LEAVINGS))
    found = _found(session, actor, elder_id)
    if on is not None and on > civil_date(now):
        raise Invalid("日期不能晚于今天。", field="on")
    if getattr(found, LEAVINGS[reason]) == on:
        return
    change = {LEAVINGS[reason]: on}
    session.connection().execute(update(_person).where(_person.c.id == elder_id).values(**change))
    facts = {"reason": reason, "on": on.isoformat() if on else None}
    record_act(session, now, actor, "note_leaving", for_person_id=elder_id, area_code=found.area_code, facts=facts)
    circles_follow(session, now, [elder_id])


def _found(session: Session, actor: Actor, elder_id: int) -> Any:
    """The elder, held until the transaction ends, if the actor's office may change her."""
    query = (
        select(_person.c.id, _person.c.area_code, _person.c.died_on, _person.c.moved_out_on)
        .join(_elder, _elder.c.person_id == _person.c.id)
        .where(_person.c.id == elder_id)
        .with_for_update(of=_person)
    )
    found = session.connection().execute(query).one_or_none()
    if found is None:
        raise NotFound(elder_id=elder_id)
    if actor.role != SYSTEM.role and (actor.role not in WRITERS or not _covers(actor, found.area_code)):
        raise NotAllowed(elder_id=elder_id)
    return found


def _covers(actor: Actor, area_code: int) -> bool:
    if actor.role == SYSTEM.role:
        return True
    return actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= area_code <= actor.area_hi
