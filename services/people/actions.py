"""Registering people and giving them roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from geoalchemy2.shape import from_shape
from shapely.geometry import Point
from sqlalchemy import insert
from sqlmodel import Session

from geo.coordinates import to_wgs84
from services.acts import record_act, record_acts_for
from services.clock import civil_date
from services.columns import table_of
from services.errors import Invalid, NotAllowed
from services.outbox import enqueue
from services.people.errors import BadPhone
from services.people.privacy import lookup_hash, normalised, seal
from services.people.tables import ROLES, Elder, Person, RoleGrant
from services.unit_of_work import Actor

_person, _elder, _grant = table_of(Person), table_of(Elder), table_of(RoleGrant)


@dataclass(frozen=True)
class Home:
    """A home as somebody gave it: lon, lat in the named coordinate system."""

    lon: float
    lat: float
    crs: str


@dataclass(frozen=True)
class NewPerson:
    """What is known of a person at registration; sealed fields are given in clear here and sealed at once."""

    area_code: int
    full_name: str
    gender: str
    born_on: date | None = None
    phone: str | None = None
    phone_of_another: bool = False
    """The phone is somebody else's too: kept to be called, not to sign in with."""
    id_number: str | None = None
    address: str | None = None
    home: Home | None = None
    invented: bool = False


@dataclass(frozen=True)
class NewElder:
    """What service needs to know of an elder: how she lives, her groups, her GB/T 42195 level 0-4."""

    living: str
    groups: list[str] = field(default_factory=list)
    care_level: int = 0
    health: str | None = None
    emergency_name: str | None = None
    emergency_phone: str | None = None


def checked_phone(phone: str) -> str:
    """Give a phone number without spaces; raises BadPhone unless it has 11 digits beginning with 1, or is a landline."""
    plain = normalised(phone)
    mobile = len(plain) == 11 and plain.startswith("1")
    landline = 10 <= len(plain) <= 12 and plain.startswith("0")
    if not (plain.isascii() and plain.isdigit() and (mobile or landline)):
        raise BadPhone(field="phone")
    return plain


def register_person(session: Session, now: datetime, actor: Actor, new: NewPerson) -> int:
    """Register a person and give her id. Raises BadPhone, PhoneTaken or IdNumberTaken (by constraint)."""
    person = Person(**_person_columns(new, now))
    session.add(person)
    session.flush()
    assert person.id is not None
    record_act(session, now, actor, "register_person", for_person_id=person.id, area_code=new.area_code)
    return person.id


def _person_columns(new: NewPerson, now: datetime) -> dict[str, Any]:
    phone = checked_phone(new.phone) if new.phone else None
    return {
        "area_code": new.area_code,
        "full_name": new.full_name.strip(),
        "gender": new.gender,
        "born_on": new.born_on,
        "phone_sealed": seal("phone", phone) if phone else None,
        "phone_hash": lookup_hash("phone", phone) if phone and not new.phone_of_another else None,
        "id_number_sealed": seal("id_number", new.id_number) if new.id_number else None,
        "id_number_hash": lookup_hash("id_number", new.id_number) if new.id_number else None,
        "address_sealed": seal("address", new.address) if new.address else None,
        "invented": new.invented,
        "created_at": now,
        **home_columns(new.home),
    }


def _elder_columns(new: NewPerson, elder: NewElder, person_id: int, now: datetime) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "area_code": new.area_code,
        "living": elder.living,
        "groups": list(elder.groups),
        "care_level": elder.care_level,
        "health_sealed": seal("health", elder.health) if elder.health else None,
        "registered_on": civil_date(now),
        "emergency_name": elder.emergency_name,
        "emergency_phone_sealed": seal("phone", elder.emergency_phone) if elder.emergency_phone else None,
    }


def register_elders(
    session: Session, now: datetime, actor: Actor, new: Sequence[tuple[NewPerson, NewElder]]
) -> list[int]:
    """Register many elders at once, each with the role `elder` and her own act; gives their ids in the same order.

    For lists that an office hands in, run as the house; every elder has a home. The caller promises that the
    circles follow, once for the whole list. Raises NotAllowed for anybody else.
    """
    if actor.role != "system":
        raise NotAllowed(role=actor.role)
    if not new:
        return []
    connection = session.connection()
    columns = [_person_columns(person, now) for person, _ in new]
    made = insert(_person).returning(_person.c.id, sort_by_parameter_order=True)
    ids: list[int] = list(connection.execute(made, columns).scalars())
    pairs = list(zip(ids, new, strict=True))
    connection.execute(insert(_elder), [_elder_columns(person, elder, one, now) for one, (person, elder) in pairs])
    grant = {"role": "elder", "area_code": None, "provider_id": None, "granted_by": None, "granted_at": now}
    connection.execute(insert(_grant), [grant | {"person_id": one} for one in ids])
    people = [(one, person.area_code) for one, (person, _) in pairs]
    record_acts_for(session, now, actor, "register_person", people)
    return ids


def register_elder(session: Session, now: datetime, actor: Actor, new: NewPerson, elder: NewElder) -> int:
    """Register a person as an elder with the role `elder`; gives the person's id. The circles follow by a job."""
    person_id = register_person(session, now, actor, new)
    session.add(Elder(**_elder_columns(new, elder, person_id, now)))
    enqueue(session, now, "circles.elders_changed", {"elder_ids": [person_id]})
    grant_role(session, now, actor, person_id, "elder")
    return person_id


def grant_role(
    session: Session,
    now: datetime,
    actor: Actor,
    person_id: int,
    role: str,
    *,
    area_code: int | None = None,
    provider_id: int | None = None,
) -> None:
    """Give a person a role over an area (offices) or within a provider (dispatcher, carer).

    Only the command line, an administrator, or an officer for elders in her area may do so.
    Raises Invalid for an unknown role, NotAllowed otherwise.
    """
    if role not in ROLES:
        raise Invalid(f"没有这种角色：{role}", field="role", known=list(ROLES))
    office_may = role in ("elder", "family", "volunteer") and actor.has_role("officer", "advisor", "operator")
    if not (actor.role == "system" or actor.has_role("administrator") or office_may):
        raise NotAllowed(role=role)
    session.add(
        RoleGrant(
            person_id=person_id,
            role=role,
            area_code=area_code,
            provider_id=provider_id,
            granted_by=actor.person_id,
            granted_at=now,
        )
    )
    session.flush()
    record_act(session, now, actor, "grant_role", for_person_id=person_id, area_code=area_code, facts={"role": role})


def home_columns(home: Home | None) -> dict[str, Any]:
    """Give a home as person keeps it: in WGS-84, and as it was told. Raises geo.errors.UnknownCrs."""
    if home is None:
        return {}
    lon, lat = to_wgs84(home.lon, home.lat, home.crs)
    return {
        "home": from_shape(Point(float(lon), float(lat)), srid=4326),
        "home_original": {"lon": home.lon, "lat": home.lat, "crs": home.crs},
    }
