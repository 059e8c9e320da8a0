"""By which right somebody acts in a home: the office of the home's area, or the home itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from services.beds.errors import BY_CONSTRAINT, BedNotFound, HomeNotFound, NotForYourOffice, SayWhy
from services.beds.tables import Bed
from services.columns import table_of
from services.directory.tables import Facility
from services.unit_of_work import Actor

_bed, _facility = table_of(Bed), table_of(Facility)
LONGEST = 500
Found = Row[*tuple[Any, ...]]


def may_run(actor: Actor, area_code: int, provider_id: int | None) -> str | None:
    """Give the ground on which somebody runs a home's beds, or None: its area's officer, its dispatcher, the house."""
    if actor.role == "system":
        return "house"
    if actor.read_only:
        return None
    if actor.has_role("officer") and actor.area_lo is not None and actor.area_hi is not None:
        if actor.area_lo <= area_code <= actor.area_hi:
            return "office:officer"
    if provider_id is not None and actor.provider_id == provider_id and actor.has_role("dispatcher"):
        return f"provider:{provider_id}"
    return None


def home_to_run(session: Session, actor: Actor, facility_id: int) -> tuple[Found, str]:
    """Give a home and the ground on which the actor runs it. Raises HomeNotFound, NotForYourOffice."""
    _must_run_something(actor)
    row = session.connection().execute(select(_facility).where(_facility.c.id == facility_id)).one_or_none()
    ground = None if row is None else may_run(actor, row.area_code, row.provider_id)
    if row is None or ground is None:
        raise HomeNotFound(facility_id=facility_id)
    return row, ground


def home_to_see(session: Session, actor: Actor, facility_id: int) -> tuple[Found, str | None]:
    """Give a home to who runs it or whose desk covers its area, with the ground to act there (None: only to look).

    Raises HomeNotFound.
    """
    row = session.connection().execute(select(_facility).where(_facility.c.id == facility_id)).one_or_none()
    if row is None:
        raise HomeNotFound(facility_id=facility_id)
    ground = may_run(actor, row.area_code, row.provider_id)
    covered = (
        actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= row.area_code <= actor.area_hi
    )
    if ground is None and not (covered and actor.has_role("officer", "operator", "advisor", "auditor")):
        raise HomeNotFound(facility_id=facility_id)
    return row, ground


def bed_to_run(session: Session, actor: Actor, bed_id: int) -> tuple[Found, str]:
    """Give a bed with its home's provider, and the ground. Raises BedNotFound, NotForYourOffice."""
    _must_run_something(actor)
    row = (
        session.connection()
        .execute(
            select(_bed, _facility.c.provider_id, _facility.c.area_code.label("home_area"))
            .join(_facility, _facility.c.id == _bed.c.facility_id)
            .where(_bed.c.id == bed_id)
        )
        .one_or_none()
    )
    ground = None if row is None else may_run(actor, row.area_code, row.provider_id)
    if row is None or ground is None:
        raise BedNotFound(bed_id=bed_id)
    return row, ground


def _must_run_something(actor: Actor) -> None:
    if actor.role != "system" and (actor.read_only or not actor.has_role("officer", "dispatcher")):
        raise NotForYourOffice(role=actor.role)


def officer_of(actor: Actor, area_code: int) -> str:
    """Give the ground of an officer over an area. Raises NotForYourOffice."""
    ground = may_run(actor, area_code, None)
    if ground is None:
        raise NotForYourOffice(role=actor.role)
    return ground


def said(reason: str, field: str = "reason") -> str:
    """Give a reason as it will be kept. Raises SayWhy when there is none, or it is too long."""
    words = reason.strip()
    if not 0 < len(words) <= LONGEST:
        raise SayWhy(field=field)
    return words


def kept_rules(session: Session, **facts: Any) -> AbstractContextManager[None]:
    """Write within a savepoint; what the database refuses by a rule of this room is raised as that rule's error."""

    @contextmanager
    def keeping() -> Iterator[None]:
        try:
            with session.begin_nested():
                yield
        except DBAPIError as broken:
            name = getattr(getattr(broken.orig, "diag", None), "constraint_name", None) or ""
            meant = BY_CONSTRAINT.get(name)
            if meant is None:
                raise
            raise meant(**facts) from broken

    return keeping()
