"""Project sites, duties of residential areas, checks and titles, as an office reads them."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from services.cities.rules import area_range
from services.cities.tables import Area
from services.columns import table_of
from services.directory.planned_errors import NoSuchEntry
from services.directory.registers import checks, flags, obligations, sites
from services.directory.tables import Facility

_area, _facility = table_of(Area), table_of(Facility)
MOST = 5000


def step_of(row: Any, on: date) -> str:
    """Say how far a project's site was on a day: planned, started, built, opened or dropped."""
    if row.dropped_on is not None and row.dropped_on <= on:
        return "dropped"
    for step, day in (("opened", row.opened_on), ("built", row.built_on), ("started", row.started_on)):
        if day is not None and day <= on:
            return step
    return "planned"


def is_met(row: Any, on: date) -> bool:
    """Tell whether a duty was met on a day: handed over, with as many square metres as owed."""
    done = row.handed_over_on is not None and row.handed_over_on <= on
    return bool(done and (row.provided_m2 or 0) >= row.required_m2)


def project_sites_in(session: Session, lo: int, hi: int, project_code: str | None = None) -> list[Row[Any]]:
    """Give the sites of projects in a range of areas, by project and name."""
    query = _sites().where(sites.c.area_code.between(lo, hi)).order_by(sites.c.project_code, sites.c.name, sites.c.id)
    if project_code is not None:
        query = query.where(sites.c.project_code == project_code)
    return list(session.connection().execute(query.limit(MOST)))


def project_site(session: Session, site_id: int) -> Row[Any]:
    """Give one site of a project. Raises NoSuchEntry."""
    row = session.connection().execute(_sites().where(sites.c.id == site_id)).first()
    if row is None:
        raise NoSuchEntry(site_id=site_id)
    return row


def project_sums(session: Session, lo: int, hi: int, on: date) -> dict[str, dict[str, int]]:
    """Give how many sites of each project stand at which step on a day, in a range of areas."""
    found: dict[str, dict[str, int]] = {}
    for row in project_sites_in(session, lo, hi):
        steps = found.setdefault(row.project_code, {})
        steps[step_of(row, on)] = steps.get(step_of(row, on), 0) + 1
    return found


def obligations_in(session: Session, lo: int, hi: int) -> list[Row[Any]]:
    """Give the duties of residential areas in a range of areas, the earliest due first."""
    query = _obligations().where(obligations.c.area_code.between(lo, hi))
    return list(session.connection().execute(query.order_by(obligations.c.due_on, obligations.c.name).limit(MOST)))


def obligation(session: Session, obligation_id: int) -> Row[Any]:
    """Give one duty. Raises NoSuchEntry."""
    row = session.connection().execute(_obligations().where(obligations.c.id == obligation_id)).first()
    if row is None:
        raise NoSuchEntry(obligation_id=obligation_id)
    return row


def checks_in(session: Session, lo: int, hi: int) -> list[Row[Any]]:
    """Give the checks of standard operation in a range of areas, the last first."""
    query = (
        select(checks, _facility.c.name.label("facility_name"), _facility.c.type_code)
        .join(_facility, _facility.c.id == checks.c.facility_id)
        .where(checks.c.area_code.between(lo, hi))
        .order_by(checks.c.checked_on.desc(), checks.c.id.desc())
    )
    return list(session.connection().execute(query.limit(MOST)))


def flags_in(session: Session, lo: int, hi: int) -> list[Row[Any]]:
    """Give the titles of areas in a range, those held today first."""
    query = select(flags, _area.c.name.label("area_name")).join(_area, _area.c.code == flags.c.area_code)
    query = query.where(flags.c.area_code.between(lo, hi)).order_by(
        flags.c.until.is_(None).desc(), flags.c.flag, _area.c.code
    )
    return list(session.connection().execute(query.limit(MOST)))


def areas_within(session: Session, lo: int, hi: int) -> list[Row[Any]]:
    """Give the districts, streets and communities of a range, by code."""
    levels = ("district", "street", "community")
    query = select(_area.c.code, _area.c.name, _area.c.level).where(
        _area.c.code.between(lo, hi), _area.c.level.in_(levels)
    )
    return list(session.connection().execute(query.order_by(_area.c.code).limit(MOST)))


def sites_around(session: Session, area_code: int) -> list[Row[Any]]:
    """Give the sites in use of the street (or larger area) an area lies in, by name."""
    street = area_code // 10**6 * 10**6 if area_code % 10**9 else area_code
    lo, hi = area_range(street)
    query = select(_facility.c.id, _facility.c.name).where(
        _facility.c.area_code.between(lo, hi), _facility.c.status != "planned"
    )
    return list(session.connection().execute(query.order_by(_facility.c.name, _facility.c.id).limit(MOST)))


def _sites() -> Any:
    return (
        select(sites, _facility.c.name.label("facility_name"), _area.c.name.label("area_name"))
        .join(_facility, _facility.c.id == sites.c.facility_id, isouter=True)
        .join(_area, _area.c.code == sites.c.area_code, isouter=True)
    )


def _obligations() -> Any:
    return select(obligations, _area.c.name.label("area_name")).join(
        _area, _area.c.code == obligations.c.area_code, isouter=True
    )


def facility_check(session: Session, check_id: int) -> Row[Any]:
    """Give one check with its site's name. Raises NoSuchEntry."""
    query = select(checks, _facility.c.name.label("facility_name")).join(
        _facility, _facility.c.id == checks.c.facility_id
    )
    row = session.connection().execute(query.where(checks.c.id == check_id)).first()
    if row is None:
        raise NoSuchEntry(check_id=check_id)
    return row
