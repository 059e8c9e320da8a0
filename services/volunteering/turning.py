"""What the calendar does to a city's hours each month, by its own policy; doing it again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules
from services.cities.queries import list_cities, rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Elder, Person
from services.unit_of_work import SYSTEM, Actor
from services.volunteering.bank import follow_policy
from services.volunteering.banks import link_city_banks
from services.volunteering.following import promise_waiting
from services.volunteering.lapsing import expire_hours, fund_reserve, grant_hours
from services.volunteering.tables import Volunteer

_person, _elder, _volunteer = table_of(Person), table_of(Elder), table_of(Volunteer)


@dataclass(frozen=True)
class Turned:
    """What a month's turn did: minutes into the reserve, minutes lapsed, elders who received hours."""

    reserve_minutes: int
    lapsed_minutes: int
    elders: int


def cities_with_elders(session: Session) -> list[int]:
    """Give the cities on whose register elders are, by code; as the house."""
    found = []
    for city in list_cities(session):
        lo, hi = area_range(city.code)
        elders = select(_elder.c.person_id).where(_elder.c.area_code.between(lo, hi)).limit(1)
        if session.connection().execute(elders).first() is not None:
            found.append(int(city.code))
    return found


def turn_month(session: Session, now: datetime, city_code: int, actor: Actor = SYSTEM) -> Turned:
    """Fill the reserves, let old hours lapse, grant this month's hours, and give every account its policy's caps.

    As the house, for one city.
    """
    keep_limits(session, now, city_code)
    promise_waiting(session, now, city_code)
    turned = Turned(
        fund_reserve(session, now, city_code),
        expire_hours(session, now, city_code),
        grant_hours(session, now, city_code),
    )
    record_act(session, now, actor, "turn_month_of_hours", area_code=city_code, facts=dict(turned.__dict__))
    return turned


def keep_limits(session: Session, now: datetime, city_code: int, person_id: int | None = None) -> int:
    """Link the city's banks and let volunteers' accounts (or one's) have the caps of today's policy; give how many."""
    rules = rules_in_force(session, city_code, civil_date(now))
    changed = link_city_banks(session, now, rules) + sum(
        follow_policy(session, now, account_id, rules) for account_id in _accounts(session, rules, person_id)
    )
    if changed:
        record_act(session, now, SYSTEM, "keep_hour_limits", area_code=city_code, facts={"changed": changed})
    return changed


def _accounts(session: Session, rules: CityRules, person_id: int | None) -> list[int]:
    lo, hi = area_range(rules.city_code)
    whose = true() if person_id is None else _person.c.id == person_id
    return list(
        session.connection().execute(
            select(_person.c.timebank_account_id)
            .join(_volunteer, _volunteer.c.person_id == _person.c.id)
            .where(_volunteer.c.area_code.between(lo, hi), _person.c.timebank_account_id.is_not(None), whose)
            .order_by(_person.c.timebank_account_id)
        ).scalars()
    )  # fmt: skip
