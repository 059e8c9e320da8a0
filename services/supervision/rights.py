"""Who may supervise, and who answers for an institution; the words and days they hand in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from services.clock import civil_date
from services.columns import table_of
from services.directory.queries import find_facility
from services.messages.actions import tell
from services.people.tables import RoleGrant
from services.supervision.errors import DaysMakeNoSense, NotForSupervision, NotYourInstitution, WordsMissing
from services.unit_of_work import Actor

_grant = table_of(RoleGrant)
SHORT, LONG = 200, 2000


def check_officer(actor: Actor, area_code: int) -> None:
    """Refuse whoever is no officer of an area. Raises NotForSupervision(role)."""
    inside = actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= area_code <= actor.area_hi
    if not actor.has_role("officer") or not inside or actor.read_only:
        raise NotForSupervision(role=actor.role)


def supervised_site(session: Session, actor: Actor, facility_id: int) -> Row[Any]:
    """Give a site to an officer of its area. Raises UnknownFacility, NotForSupervision."""
    site = find_facility(session, facility_id)
    check_officer(actor, site.area_code)
    return site


def check_dispatcher(session: Session, actor: Actor, provider_id: int) -> None:
    """Refuse whoever does not dispatch for a provider. Raises NotYourInstitution(provider_id)."""
    held = select(_grant.c.id).where(
        _grant.c.person_id == actor.person_id, _grant.c.role == "dispatcher", _grant.c.provider_id == provider_id,
        _grant.c.revoked_at.is_(None),
    )  # fmt: skip
    if session.connection().execute(held).first() is None:
        raise NotYourInstitution(provider_id=provider_id)


def words_of(said: str, field: str, most: int = SHORT) -> str:
    """Give words without blanks around them. Raises WordsMissing(field) for none or too many."""
    words = said.strip()
    if not 0 < len(words) <= most:
        raise WordsMissing(field=field)
    return words


def check_not_to_come(now: datetime, on: date, field: str) -> None:
    """Refuse a day after today (Shanghai). Raises DaysMakeNoSense(field)."""
    if on > civil_date(now):
        raise DaysMakeNoSense(field=field)


def tell_provider(
    session: Session, now: datetime, template: str, provider_id: int, area_code: int, subject: tuple[str, int],
    facts: dict[str, Any], once: str = "",
) -> None:  # fmt: skip
    """Tell a provider's dispatchers something, once a subject and `once`."""
    tell(
        session, now, audience={"provider_id": provider_id}, template=template,
        facts={"provider_id": provider_id, **facts}, area_code=area_code, subject=subject,
        key=f"{template}/{subject[1]}/{once}",
    )  # fmt: skip


def tell_officer(
    session: Session, now: datetime, template: str, area_code: int, subject: tuple[str, int], facts: dict[str, Any],
    once: str = "",
) -> None:  # fmt: skip
    """Tell the officer nearest to an area something, once a subject and `once`; nobody when none covers it."""
    officer = session.connection().execute(select(func.officer_in_charge(area_code))).scalar()
    if officer is not None:
        tell(
            session, now, recipient_ids=[int(officer)], template=template, facts=facts, area_code=area_code,
            subject=subject, key=f"{template}/{subject[1]}/officer/{once}",
        )  # fmt: skip
