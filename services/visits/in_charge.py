"""Which named person answers for an elder's door: nobody is told "the office", somebody is."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlmodel import Session

from services.cities.rules import LEVELS, area_contains, area_level
from services.columns import table_of
from services.people.tables import Proxy, RoleGrant
from services.visits.absences import stand_ins_on
from services.visits.errors import NobodyInCharge

_grant, _proxy = table_of(RoleGrant), table_of(Proxy)
OFFICES_OF = {
    "community_worker": ("advisor", "officer"),
    "grid_worker": ("officer", "advisor"),
    "advisor": ("advisor", "officer"),
    "operator": ("operator", "officer"),
    "officer": ("officer",),
}
"""A city's words for who acts, and the offices of this house that may; the narrowest area comes first."""


def person_in_charge(session: Session, role: str, area_code: int, elder_id: int, visitor_id: int, *, on: date) -> int:
    """Give the person who takes an unanswered door in a role of the city's ladder, on a Shanghai day.

    `visitor` is whoever knocked, `next_of_kin` the relative first confirmed; an office is the grant that
    covers the least around the elder, for `officer` at street level or above. A missing relative or office
    falls to the officer. Who is on leave hands over to her stand-in, else to the next wider office; if everybody is
    away, the nearest is called all the same. Raises NobodyInCharge(role, area_code).
    """
    away = stand_ins_on(session, on)
    if role == "visitor":
        return away.get(visitor_id) or visitor_id
    if role in ("next_of_kin", "family"):
        kin = _next_of_kin(session, elder_id)
        if kin is not None:
            return kin
    found = _offices(session, role, area_code)
    if role != "officer":
        found += _offices(session, "officer", area_code)
    if not found:
        raise NobodyInCharge(role=role, area_code=area_code)
    present = (away.get(person, person) for person in found)
    return next((person for person in present if person is not None), found[0])


def _next_of_kin(session: Session, elder_id: int) -> int | None:
    found: int | None = (
        session.connection()
        .execute(
            select(_proxy.c.proxy_person_id)
            .where(_proxy.c.elder_id == elder_id, _proxy.c.state == "confirmed", _proxy.c.ground == "family")
            .order_by(_proxy.c.confirmed_at, _proxy.c.id)
            .limit(1)
        )
        .scalar()
    )
    return found


def _offices(session: Session, role: str, area_code: int) -> list[int]:
    offices = OFFICES_OF.get(role, ("officer",))
    grants = session.connection().execute(
        select(_grant.c.id, _grant.c.person_id, _grant.c.role, _grant.c.area_code).where(
            _grant.c.role.in_(offices), _grant.c.revoked_at.is_(None), _grant.c.area_code <= area_code
        )
    )
    lowest = LEVELS.index("street") if role == "officer" else len(LEVELS)
    covering = [
        (-LEVELS.index(area_level(grant.area_code)), offices.index(grant.role), grant.id, grant.person_id)
        for grant in grants
        if area_contains(grant.area_code, area_code) and LEVELS.index(area_level(grant.area_code)) <= lowest
    ]
    return [person for *_, person in sorted(covering)]
