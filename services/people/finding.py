"""Who is calling: an elder, or somebody who speaks for one, found by phone number or name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, or_, select, text
from sqlmodel import Session

from services.columns import table_of
from services.people.masked import masked
from services.people.privacy import lookup_hash
from services.people.queries import age_on
from services.people.tables import Elder, Person, Proxy

_person, _elder, _proxy = table_of(Person), table_of(Elder), table_of(Proxy)
Found = Row[*tuple[Any, ...]]
MOST = 20
SHORTEST_NUMBER = 7


@dataclass(frozen=True)
class FoundElder:
    """An elder as a list shows her; `caller`: the number belongs to a relative, and which."""

    id: int
    full_name: str
    area_code: int
    years: int | None
    phone_masked: str
    caller: str


def find_elders(session: Session, query: str, on: date) -> list[FoundElder]:
    """Give the living elders of the actor's area whose name begins with the query, or whose phone it is.

    A whole phone number also finds the elder for whom its owner speaks. At most 20, by name.
    """
    wanted = query.strip()
    digits = "".join(sign for sign in wanted if sign.isdigit())
    if len(digits) >= SHORTEST_NUMBER:
        return _by_phone(session, wanted, on)
    if not wanted or digits:
        return []
    begins = _person.c.full_name.startswith(wanted, autoescape=True)
    return [_shown(row, on) for row in session.connection().execute(_elders().where(begins))]


def _by_phone(session: Session, phone: str, on: date) -> list[FoundElder]:
    asked = lookup_hash("phone", phone)
    caller = session.connection().execute(text("SELECT find_person_by_phone(:h)"), {"h": asked}).scalar()
    if caller is None:
        return []
    relations = {
        row.elder_id: row.relation
        for row in session.connection().execute(
            select(_proxy.c.elder_id, _proxy.c.relation).where(
                _proxy.c.proxy_person_id == caller, _proxy.c.state == "confirmed"
            )
        )
    }
    mine = _elders().where(or_(_person.c.id == caller, _person.c.id.in_(relations)))
    return [_shown(row, on, relations.get(row.id, "")) for row in session.connection().execute(mine)]


def _elders() -> Any:
    return (
        select(_person.c.id, _person.c.full_name, _person.c.area_code, _person.c.born_on, _person.c.phone_sealed)
        .join(_elder, _elder.c.person_id == _person.c.id)
        .where(_person.c.died_on.is_(None), _person.c.moved_out_on.is_(None))
        .order_by(_person.c.full_name, _person.c.id)
        .limit(MOST)
    )


def _shown(row: Found, on: date, caller: str = "") -> FoundElder:
    phone = masked("phone", row.phone_sealed) or ""
    return FoundElder(row.id, row.full_name, row.area_code, age_on(row.born_on, on), phone, caller)


def waiting_proxies(session: Session) -> list[Found]:
    """Give who asked to act for an elder of the actor's area and waits for a word, oldest first.

    The relative may live anywhere; her name is shown to the office that has to confirm her, and to nobody else.
    """
    return list(session.connection().execute(text("SELECT * FROM waiting_proxies() ORDER BY requested_at, proxy_id")))
