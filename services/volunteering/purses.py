"""What stands on the register of hours, for whoever may read it: purses to book from, a volunteer's gifts, the office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, func, or_, select
from sqlmodel import Session

from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Person
from services.unit_of_work import Actor
from services.volunteering import rules as arithmetic
from services.volunteering.errors import OfficeOnly, StatementNotYours
from services.volunteering.giving import group_accounts
from services.volunteering.tables import ElderHours, HourMovement, Volunteer, VolunteerGroup
from timebank.reader import read_balance

_person, _volunteer, _group = table_of(Person), table_of(Volunteer), table_of(VolunteerGroup)
_granted, _movement = table_of(ElderHours), table_of(HourMovement)
Found = Row[*tuple[Any, ...]]
READERS = ("officer", "advisor", "auditor")
MOST = 200


@dataclass(frozen=True)
class Purse:
    """Minutes somebody can book from: her `own` or those the city gave the elder (`grant`); held ones wait."""

    kind: Literal["own", "grant"]
    available_minutes: int
    held_minutes: int


def purses_for(session: Session, actor: Actor, elder_id: int) -> list[Purse]:
    """Give what the actor could book help for this elder from; none where neither has hours."""
    own = select(_person.c.timebank_account_id).where(_person.c.id == actor.person_id)
    given = select(_granted.c.account_id).where(_granted.c.elder_id == elder_id)
    found = []
    for kind, account in (("own", own), ("grant", given)):
        number: int | None = session.connection().execute(account).scalar()
        if number is not None:
            held = read_balance(session, number)
            found.append(Purse(kind, held.available_minutes or 0, held.pending_out))  # type: ignore[arg-type]
    return found


def price_minutes(session: Session, now: datetime, area_code: int, kind: str, minutes: int) -> int:
    """Give what a service of so many minutes costs by the price list of an area's city."""
    policy = rules_in_force(session, area_code, civil_date(now)).timebank
    return arithmetic.priced_minutes(policy.price_of(kind), minutes)


def movements_of(session: Session, actor: Actor, person_id: int) -> list[Found]:
    """Give a volunteer's gifts, donations and grants, newest first, with who entered each, by which right and why.

    To herself and her community's office. Raises StatementNotYours.
    """
    if actor.person_id != person_id:
        volunteer_in_office(session, actor, person_id)
    entered = _person.alias()
    return list(
        session.connection().execute(
            select(
                _movement.c.id, _movement.c.kind, _movement.c.minutes, _movement.c.happened_at, _movement.c.by_right,
                _movement.c.reason, (_movement.c.from_person_id == person_id).label("gone"),
                entered.c.full_name.label("entered_by_name"), _movement.c.entered_by,
            )
            .outerjoin(entered, entered.c.id == _movement.c.entered_by)
            .where(or_(_movement.c.from_person_id == person_id, _movement.c.to_person_id == person_id))
            .order_by(_movement.c.id.desc())
            .limit(MOST)
        )
    )  # fmt: skip


def volunteers_of_area(session: Session, actor: Actor, wanted: str = "") -> list[Found]:
    """Give the volunteers of the office's area by name, or those whose name or passport holds `wanted`. OfficeOnly."""
    if not actor.has_role(*READERS) or actor.area_lo is None:
        raise OfficeOnly()
    asked = _volunteers().where(_volunteer.c.area_code.between(actor.area_lo, actor.area_hi))
    if wanted.strip():
        holds = wanted.strip()
        asked = asked.where(
            or_(
                _person.c.full_name.contains(holds, autoescape=True),
                _volunteer.c.display_name.contains(holds, autoescape=True),
                func.upper(_volunteer.c.passport_number).contains(holds.upper(), autoescape=True),
            )
        )
    return list(session.connection().execute(asked.order_by(_person.c.full_name, _volunteer.c.person_id).limit(MOST)))


def volunteer_in_office(session: Session, actor: Actor, person_id: int) -> Found:
    """Give one volunteer of the office's area. Raises OfficeOnly, StatementNotYours."""
    if not actor.has_role(*READERS) or actor.area_lo is None:
        raise OfficeOnly()
    here = _volunteer.c.area_code.between(actor.area_lo, actor.area_hi)
    found = session.connection().execute(_volunteers().where(_volunteer.c.person_id == person_id, here)).one_or_none()
    if found is None:
        raise StatementNotYours(person_id=person_id)
    return found


def groups_of_area(session: Session, actor: Actor) -> list[tuple[Found, int]]:
    """Give the volunteer groups of the office's area with the minutes each can still donate. Raises OfficeOnly."""
    if not actor.has_role(*READERS) or actor.area_lo is None:
        raise OfficeOnly()
    asked = select(_group).where(_group.c.area_code.between(actor.area_lo, actor.area_hi)).order_by(_group.c.name)
    rows = session.connection().execute(asked.limit(MOST)).all()
    return [(row, sum(free for _, free in group_accounts(session, row.id, row.account_id))) for row in rows]


def is_volunteer(session: Session, person_id: int) -> bool:
    """Tell whether a person stands on the volunteers' register, as far as the actor may see it."""
    asked = select(_volunteer.c.person_id).where(_volunteer.c.person_id == person_id)
    return session.connection().execute(asked).first() is not None


def by_passport(session: Session, passport: str) -> int | None:
    """Give the person behind a passport number, exactly as it is printed; None: nobody active has it."""
    wanted = func.volunteer_by_passport(passport.strip()).table_valued("person_id", "account_id", "ledger")
    found = session.connection().execute(select(wanted)).one_or_none()
    return None if found is None else int(found.person_id)


def _volunteers() -> Any:
    return (
        select(
            _volunteer, _person.c.full_name, _person.c.timebank_account_id, _person.c.died_on,
            _group.c.name.label("group_name"),
        )
        .join(_person, _person.c.id == _volunteer.c.person_id)
        .outerjoin(_group, _group.c.id == _volunteer.c.group_id)
    )  # fmt: skip
