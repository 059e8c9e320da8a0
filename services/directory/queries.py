"""What is near home: sites and organisations, for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, any_, func, literal, select
from sqlmodel import Session

from services.cities.rules import area_range
from services.columns import table_of
from services.directory.errors import UnknownFacility, UnknownProvider
from services.directory.tables import Facility, Provider, ServiceLine

_facility = table_of(Facility)
_provider = table_of(Provider)
_line = table_of(ServiceLine)
MOST = 200
FARTHEST_M = 20_000


@dataclass(frozen=True)
class Near:
    """A place to search around: WGS-84 degrees (lon, lat) and a radius in metres."""

    lon: float
    lat: float
    within_m: float


def facilities(
    session: Session,
    *,
    area_code: int | None = None,
    type_code: str | None = None,
    function: str | None = None,
    provider_id: int | None = None,
    graded: tuple[int, date] | None = None,
    near: Near | None = None,
    after_id: int = 0,
    limit: int = 50,
) -> list[Row[Any]]:
    """Give open sites by id after `after_id`, or by distance when `near` is given; at most 200.

    Rows carry lon, lat (WGS-84) and distance_m (None without `near`). `area_code` covers all inside it.
    `graded`: only those with a certificate of this grade (1-5) or better, valid on the day.
    """
    here = _point(near) if near else None
    query = _facility_rows(here).where(_facility.c.status == "open")
    if area_code is not None:
        query = query.where(_facility.c.area_code.between(*area_range(area_code)))
    if type_code is not None:
        query = query.where(_facility.c.type_code == type_code)
    if function is not None:
        query = query.where(literal(function) == any_(_facility.c.functions))
    if provider_id is not None:
        query = query.where(_facility.c.provider_id == provider_id)
    if graded is not None:
        query = query.where(func.facility_grade(_facility.c.id, graded[1]) >= graded[0])
    if near is None or here is None:
        query = query.where(_facility.c.id > after_id).order_by(_facility.c.id)
    else:
        query = query.where(_within(here, near.within_m)).order_by("distance_m", _facility.c.id)
    return list(session.connection().execute(query.limit(min(limit, MOST))))


def sites_of(session: Session, area_code: int, *, named: str = "", after_id: int = 0) -> list[Row[Any]]:
    """Give the sites of an area, closed and planned ones too, by id after `after_id`, at most 200.

    `named`: only those whose name holds these words.
    """
    query = _facility_rows(None).where(_facility.c.area_code.between(*area_range(area_code)), _facility.c.id > after_id)
    if named:
        query = query.where(_facility.c.name.contains(named, autoescape=True))
    return list(session.connection().execute(query.order_by(_facility.c.id).limit(MOST)))


def find_facility(session: Session, facility_id: int) -> Row[Any]:
    """Give one site, open or not. Raises UnknownFacility."""
    found = session.connection().execute(_facility_rows(None).where(_facility.c.id == facility_id)).one_or_none()
    if found is None:
        raise UnknownFacility(facility_id=facility_id)
    return found


def providers(
    session: Session,
    *,
    area_code: int | None = None,
    service_code: str | None = None,
    near: Near | None = None,
    after_id: int = 0,
    limit: int = 50,
) -> list[Row[Any]]:
    """Give providers that take orders, by id after `after_id`, or by their nearest site when `near` is given.

    Blocked providers are left out. Rows carry distance_m of the nearest open site (None without `near`).
    """
    here = _point(near) if near else None
    distance = _nearest_site(here) if here is not None else literal(None)
    query = select(
        _provider.c.id,
        _provider.c.code,
        _provider.c.name,
        _provider.c.kind,
        _provider.c.area_code,
        _provider.c.phone,
        _provider.c.grade,
        _provider.c.invented,
        distance.label("distance_m"),
    ).where(_provider.c.blocked_at.is_(None))
    if area_code is not None:
        query = query.where(_provider.c.area_code.between(*area_range(area_code)))
    if service_code is not None:
        offered = select(_line.c.provider_id).where(_line.c.service_code == service_code, _line.c.active)
        query = query.where(_provider.c.id.in_(offered))
    if near is None or here is None:
        query = query.where(_provider.c.id > after_id).order_by(_provider.c.id)
    else:
        sites = select(_facility.c.provider_id).where(_facility.c.status == "open", _within(here, near.within_m))
        query = query.where(_provider.c.id.in_(sites)).order_by("distance_m", _provider.c.id)
    return list(session.connection().execute(query.limit(min(limit, MOST))))


def providers_in(session: Session, lo: int, hi: int) -> list[Row[Any]]:
    """Give every provider of a range of areas, blocked ones too, by name, at most 200."""
    query = select(_provider).where(_provider.c.area_code.between(lo, hi)).order_by(_provider.c.name, _provider.c.id)
    return list(session.connection().execute(query.limit(MOST)))


def find_provider(session: Session, provider_id: int) -> Row[Any]:
    """Give one provider, blocked or not. Raises UnknownProvider."""
    found = session.connection().execute(select(_provider).where(_provider.c.id == provider_id)).one_or_none()
    if found is None:
        raise UnknownProvider(provider_id=provider_id)
    return found


def service_lines(session: Session, provider_id: int) -> list[Row[Any]]:
    """Give what a provider offers: service_code, price_fen, max_travel_seconds, weekdays, hours; active lines only."""
    query = select(_line).where(_line.c.provider_id == provider_id, _line.c.active).order_by(_line.c.service_code)
    return list(session.connection().execute(query))


def _facility_rows(here: Any) -> Select[Any]:
    distance = func.ST_Distance(_geography(_facility.c.geom), here) if here is not None else literal(None)
    return select(
        _facility.c.id,
        _facility.c.code,
        _facility.c.provider_id,
        _provider.c.name.label("provider_name"),
        _facility.c.name,
        _facility.c.type_code,
        _facility.c.functions,
        _facility.c.area_code,
        _facility.c.address,
        _facility.c.phone,
        _facility.c.status,
        _facility.c.opened_on,
        _facility.c.closed_on,
        _facility.c.day_places,
        _facility.c.opening_hours,
        _facility.c.invented,
        func.ST_X(_facility.c.geom).label("lon"),
        func.ST_Y(_facility.c.geom).label("lat"),
        distance.label("distance_m"),
    ).join(_provider, _provider.c.id == _facility.c.provider_id)


def _point(near: Near) -> Any:
    return _geography(func.ST_SetSRID(func.ST_MakePoint(near.lon, near.lat), 4326))


def _geography(geom: Any) -> Any:
    return func.geography(geom)


def _within(here: Any, within_m: float) -> ColumnElement[bool]:
    return func.ST_DWithin(_geography(_facility.c.geom), here, min(within_m, FARTHEST_M))


def _nearest_site(here: Any) -> Any:
    site = func.min(func.ST_Distance(_geography(_facility.c.geom), here))
    return (
        select(site)
        .where(and_(_facility.c.provider_id == _provider.c.id, _facility.c.status == "open"))
        .scalar_subquery()
    )
