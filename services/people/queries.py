"""Who somebody is and for whom she speaks; sensitive fields come masked unless asked for with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select, text
from sqlmodel import Session

from services.cities.rules import area_range
from services.columns import table_of
from services.errors import NotFound
from services.people.disclosing import reveal as reveal
from services.people.masked import masked
from services.people.sign_in import lookup_token
from services.people.tables import Elder, Person, Proxy
from services.unit_of_work import Actor

person, elder, proxy = table_of(Person), table_of(Elder), table_of(Proxy)

PRIORITY = (
    "officer",
    "operator",
    "advisor",
    "auditor",
    "dispatcher",
    "carer",
    "administrator",
    "volunteer",
    "elder",
    "family",
)
READS_AREA = {"officer", "operator", "advisor", "auditor"}


@dataclass(frozen=True)
class PersonCard:
    """A person as shown: masked phone, ID number and address; `years` is the age on a day."""

    id: int
    full_name: str
    gender: str
    born_on: date | None
    area_code: int
    phone: str | None
    id_number: str | None
    address: str | None
    living: str | None
    care_level: int | None
    groups: list[str]
    years: int | None


def actor_of_session(
    session: Session,
    now: datetime,
    token: str,
    *,
    channel: str,
    role: str | None = None,
    request_id: str | None = None,
) -> Actor | None:
    """Give the actor behind a session token, in the role she chose or the first by office; None when not signed in.

    An area office brings its code range; an administrator's range covers no elder (separate duties).
    """
    row = (
        session.connection()
        .execute(
            text("SELECT session_id, person_id, kind, full_name, grants FROM find_session(:h, :now)"),
            {"h": lookup_token(token), "now": now},
        )
        .one_or_none()
    )
    if row is None:
        return None
    actor = actor_with_grants(
        row.person_id,
        row.grants,
        channel=channel,
        role=role,
        request_id=request_id,
        session_id=row.session_id,
    )
    return replace(actor, full_name=row.full_name)


def actor_with_grants(
    person_id: int,
    grants: list[dict[str, int | str | None]],
    *,
    channel: str,
    role: str | None = None,
    request_id: str | None = None,
    session_id: int | None = None,
) -> Actor:
    """Give the actor for a person's active grants; `role` is honoured only when she holds it."""
    roles = tuple(sorted({str(grant["role"]) for grant in grants}, key=PRIORITY.index))
    chosen = role if role in roles else (roles[0] if roles else "registered")
    grant = next((g for g in grants if g["role"] == chosen), None)
    lo = hi = None
    if grant is not None and grant["area_code"] is not None and chosen in READS_AREA:
        lo, hi = area_range(int(grant["area_code"]))
    return Actor(
        person_id=person_id,
        role=chosen,
        roles=roles,
        channel=channel,
        area_lo=lo,
        area_hi=hi,
        provider_id=int(grant["provider_id"]) if grant and grant["provider_id"] is not None else None,
        read_only=chosen == "auditor",
        request_id=request_id,
        session_id=session_id,
    )


def elders_of(session: Session, actor: Actor) -> list[tuple[int, str, list[str]]]:
    """Give (elder id, name, scopes) for each elder the actor speaks for; herself first when she is one."""
    own = (
        session.connection()
        .execute(
            select(person.c.id, person.c.full_name)
            .join(elder, elder.c.person_id == person.c.id)
            .where(person.c.id == actor.person_id)
        )
        .all()
    )
    others = (
        session.connection()
        .execute(
            select(person.c.id, person.c.full_name, proxy.c.scopes)
            .join(proxy, proxy.c.elder_id == person.c.id)
            .where(proxy.c.proxy_person_id == actor.person_id, proxy.c.state == "confirmed")
            .order_by(proxy.c.id)
        )
        .all()
    )
    return [(row.id, row.full_name, ["view", "order", "pay"]) for row in own] + [
        (row.id, row.full_name, list(row.scopes)) for row in others
    ]


def person_card(session: Session, person_id: int, on: date) -> PersonCard:
    """Show a person with masked fields. Raises NotFound when she may not be seen."""
    row = (
        session.connection()
        .execute(
            select(person, elder.c.living, elder.c.care_level, elder.c.groups)
            .outerjoin(elder, elder.c.person_id == person.c.id)
            .where(person.c.id == person_id)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound(person_id=person_id)
    return PersonCard(
        id=row.id,
        full_name=row.full_name,
        gender=row.gender,
        born_on=row.born_on,
        area_code=row.area_code,
        phone=masked("phone", row.phone_sealed),
        id_number=masked("id_number", row.id_number_sealed),
        address=masked("address", row.address_sealed),
        living=row.living,
        care_level=row.care_level,
        groups=list(row.groups or []),
        years=age_on(row.born_on, on),
    )


def age_on(born_on: date | None, on: date) -> int | None:
    """Give full years on a civil day."""
    if born_on is None:
        return None
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def names_of(session: Session, person_ids: list[int]) -> dict[int, str]:
    """Give full names by id, of those the asking person may see."""
    if not person_ids:
        return {}
    rows = session.connection().execute(select(person.c.id, person.c.full_name).where(person.c.id.in_(person_ids)))
    return {row.id: row.full_name for row in rows}


def phone_masked(session: Session, person_ids: list[int]) -> dict[int, str]:
    """Give masked phone numbers by id, of those the asking person may see; whoever has none is left out."""
    if not person_ids:
        return {}
    rows = session.connection().execute(
        select(person.c.id, person.c.phone_sealed).where(
            person.c.id.in_(person_ids), person.c.phone_sealed.is_not(None)
        )
    )
    return {row.id: masked("phone", row.phone_sealed) or "" for row in rows}
