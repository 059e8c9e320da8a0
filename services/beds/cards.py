"""An elder found by her ID card, for a home that holds it in its hand and for an office of her area."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import Invalid, NotFound
from services.people.id_numbers import IdNumber, read_id_number
from services.people.privacy import lookup_hash
from services.people.tables import Elder, Person
from services.unit_of_work import Actor

_person, _elder = table_of(Person), table_of(Elder)


def elder_by_card(session: Session, now: datetime, actor: Actor, id_number: str) -> int:
    """Give the elder whose ID number this is; the look-up is written down, the number is not.

    Raises Invalid for a number that cannot be right, NotFound for one that no registered elder has.
    """
    read = read_id_number(id_number.strip())
    if not isinstance(read, IdNumber):
        raise Invalid(f"{read}。", field="id_number")
    asked = lookup_hash("id_number", read.digits)
    if actor.provider_id is not None and actor.has_role("dispatcher"):
        found = session.connection().execute(text("SELECT elder_by_id_number(:h)"), {"h": asked}).scalar()
    else:
        query = select(_elder.c.person_id).join(_person, _person.c.id == _elder.c.person_id)
        found = session.connection().execute(query.where(_person.c.id_number_hash == asked)).scalar()
    if found is None:
        raise NotFound("没有登记过这个身份证号的老人，请先到街道登记。", field="id_number")
    record_act(session, now, actor, "find_elder_by_card", for_person_id=found)
    elder_id: int = found
    return elder_id


def card_is_of(session: Session, elder_id: int, id_number: str) -> bool:
    """Tell whether an ID number is this elder's, where the actor still sees her; nobody is looked up."""
    query = select(_person.c.id_number_hash).where(_person.c.id == elder_id)
    kept = session.connection().execute(query).scalar()
    return kept is None or bytes(kept) == lookup_hash("id_number", id_number)
