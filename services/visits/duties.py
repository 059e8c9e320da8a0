"""Who must be seen: the list of elders in difficulty, made from their records by the city's rules.

The list changes by dated rows only, so that nobody improves a rate by deleting people.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.people.queries import age_on
from services.people.rights import right_to
from services.people.tables import Elder, Person
from services.unit_of_work import Actor
from services.visits.errors import BadMoment, DutyNotFound
from services.visits.grids import grids_of_elders
from services.visits.rules import class_of
from services.visits.tables import VisitDuty

_duty, _elder, _person = table_of(VisitDuty), table_of(Elder), table_of(Person)
Found = Row[*tuple[Any, ...]]


def refresh_duties(session: Session, now: datetime, city_code: int) -> dict[str, int]:
    """Bring a city's list up to today: new duties, changed classes, ended ones; give how many of each.

    Elders in institutions are under eyes day and night and are not on the list. Runs as the house.
    """
    today = civil_date(now)
    counts = {"opened": 0, "changed": 0, "ended": 0}
    classes = rules_in_force(session, city_code, today).visit_classes
    grids = grids_of_elders(session, city_code)
    for elder in _elders(session, city_code):
        end = _ending(elder, today)
        groups = {*elder.groups, *(("alone",) if elder.living == "alone" else ())}
        age = age_on(elder.born_on, today)
        wanted = None if end else class_of(classes, age, elder.care_level, groups)
        grid_id, far = grids.get(elder.person_id, (None, False))
        stands = (elder.visit_class, elder.grid_id, elder.far)
        if wanted == elder.visit_class and (wanted is None or stands == (wanted, grid_id, far)):
            continue
        if elder.visit_class is not None:
            day, reason = end or (today, _why(elder.visit_class, wanted))
            _end(session, now, elder.person_id, max(day, elder.since), reason)
            counts["ended" if wanted is None else "changed"] += 1
        if wanted is not None:
            _open(session, now, elder, wanted, today, grid_id, far)
            counts["opened"] += elder.visit_class is None
    return counts


def _why(before: str, wanted: str | None) -> str:
    if wanted is None:
        return "no_longer_in_group"
    return "grid_changed" if wanted == before else "class_changed"


def _elders(session: Session, city_code: int) -> list[Found]:
    first, last = area_range(city_code)
    return list(
        session.connection().execute(
            select(
                _elder.c.person_id, _elder.c.area_code, _elder.c.living, _elder.c.groups, _elder.c.care_level,
                _person.c.born_on, _person.c.died_on, _person.c.moved_out_on, _duty.c.visit_class, _duty.c.since,
                _duty.c.grid_id, _duty.c.far,
            )
            .join(_person, _person.c.id == _elder.c.person_id)
            .outerjoin(_duty, (_duty.c.elder_id == _elder.c.person_id) & _duty.c.ended_on.is_(None))
            .where(_elder.c.area_code.between(first, last))
            .order_by(_elder.c.person_id)
        )
    )  # fmt: skip


def _ending(elder: Found, today: date) -> tuple[date, str] | None:
    if elder.died_on is not None:
        return elder.died_on, "died"
    if elder.moved_out_on is not None:
        return elder.moved_out_on, "moved"
    if elder.living == "institution":
        return today, "institution"
    return None


def _open(
    session: Session, now: datetime, elder: Found, visit_class: str, since: date, grid_id: int | None, far: bool
) -> None:
    session.connection().execute(
        insert(_duty).values(
            elder_id=elder.person_id,
            area_code=elder.area_code,
            visit_class=visit_class,
            groups=list(elder.groups),
            since=since,
            grid_id=grid_id,
            far=far,
            recorded_at=now,
        )
    )


def _end(session: Session, now: datetime, elder_id: int, day: date, reason: str) -> int:
    done = session.connection().execute(
        update(_duty)
        .where(_duty.c.elder_id == elder_id, _duty.c.ended_on.is_(None), _duty.c.since <= day)
        .values(ended_on=day, end_reason=reason, end_recorded_at=now)
    )
    return int(done.rowcount)


def end_duty(session: Session, now: datetime, actor: Actor, elder_id: int, on: date, reason: str) -> None:
    """Take an elder off the list from a day on, with the reason; earlier months keep her.

    By an office of her area. Raises NotFound, NotAllowed, BadMoment (before the duty began, or later than
    today), DutyNotFound.
    """
    right = right_to(session, actor, elder_id, "view", now)
    since = (
        session.connection()
        .execute(select(_duty.c.since).where(_duty.c.elder_id == elder_id, _duty.c.ended_on.is_(None)))
        .scalar()
    )
    if since is None or not right.ground.startswith("office:") or actor.read_only:
        raise DutyNotFound(elder_id=elder_id)
    if not since <= on <= civil_date(now):
        raise BadMoment("日期须在列入名单之后、今天之前。", field="on", since=since.isoformat())
    _end(session, now, elder_id, on, reason)
    record_act(
        session, now, actor, "end_duty",
        for_person_id=elder_id, by_right=right.ground, area_code=right.area_code,
        facts={"on": on.isoformat(), "reason": reason},
    )  # fmt: skip
