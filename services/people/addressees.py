"""Whom to tell when something happens for an elder, and how each of them can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import any_, or_, select
from sqlmodel import Session

from services.clock import civil_date
from services.columns import table_of
from services.people.privacy import unseal
from services.people.tables import Elder, Person, Proxy, RoleGrant

_person = table_of(Person)
_elder = table_of(Elder)
_proxy = table_of(Proxy)
_grant = table_of(RoleGrant)
_DOUBLE_FAMILY_NAMES = frozenset(
    {"欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "夏侯", "司徒", "令狐", "端木"}
)


@dataclass(frozen=True)
class Addressee:
    """Somebody alive who can be told: her name as spoken and her phone in clear (None: no phone known)."""

    person_id: int
    name: str
    phone: str | None


def elder_side(session: Session, elder_id: int, now: datetime) -> list[int]:
    """Give the elder and her confirmed proxies who may view, as person ids."""
    proxies = session.connection().execute(
        select(_proxy.c.proxy_person_id)
        .where(
            _proxy.c.elder_id == elder_id,
            _proxy.c.state == "confirmed",
            any_(_proxy.c.scopes) == "view",
            or_(_proxy.c.expires_on.is_(None), _proxy.c.expires_on >= civil_date(now)),
        )
        .order_by(_proxy.c.id)
    )
    return [elder_id, *proxies.scalars()]


def dispatchers(session: Session, provider_id: int) -> list[int]:
    """Give a provider's dispatchers, as person ids."""
    found = session.connection().execute(
        select(_grant.c.person_id)
        .where(_grant.c.provider_id == provider_id, _grant.c.role == "dispatcher", _grant.c.revoked_at.is_(None))
        .order_by(_grant.c.id)
    )
    return list(found.scalars())


def office_holders(session: Session, role: str, lo: int, hi: int) -> list[int]:
    """Give who holds an office over an area whose own code lies in lo..hi, as person ids."""
    found = session.connection().execute(
        select(_grant.c.person_id)
        .where(_grant.c.role == role, _grant.c.revoked_at.is_(None), _grant.c.area_code.between(lo, hi))
        .order_by(_grant.c.id)
    )
    return list(found.scalars())


def addressees(session: Session, person_ids: list[int]) -> dict[int, Addressee]:
    """Give the living among these people, by id, with the phone in clear; only for a carrier, never for a page."""
    rows = session.connection().execute(
        select(_person.c.id, _person.c.full_name, _person.c.phone_sealed).where(
            _person.c.id.in_(person_ids), _person.c.died_on.is_(None)
        )
    )
    return {
        row.id: Addressee(row.id, row.full_name, unseal("phone", row.phone_sealed) if row.phone_sealed else None)
        for row in rows
    }


def spoken_names(session: Session, person_ids: list[int]) -> dict[int, str]:
    """Give names as they are said: an elder is 王奶奶 or 孙爷爷 (no full name in a text), others by full name."""
    rows = session.connection().execute(
        select(_person.c.id, _person.c.full_name, _person.c.gender, _elder.c.person_id.label("elder"))
        .outerjoin(_elder, _elder.c.person_id == _person.c.id)
        .where(_person.c.id.in_(person_ids))
    )
    return {row.id: honorific(row.full_name, row.gender) if row.elder else row.full_name for row in rows}


def honorific(full_name: str, gender: str) -> str:
    """Give 王奶奶 for 王秀兰, 欧阳爷爷 for 欧阳明."""
    family = full_name[:2] if full_name[:2] in _DOUBLE_FAMILY_NAMES else full_name[:1]
    return family + ("奶奶" if gender == "female" else "爷爷")
