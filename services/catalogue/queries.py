"""The menu an elder orders from: what is offered, for how long, to which standard, from which price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlmodel import Session

from services.catalogue.errors import TooLateToOrder, UnknownService
from services.catalogue.rules import latest_order_moment
from services.catalogue.standards import Standard, has_catalogue, standards_on
from services.catalogue.tables import ServiceItem
from services.cities.known import keep
from services.cities.queries import city_of_area
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Facility, Provider, ServiceLine
from services.language import for_reader

_item = table_of(ServiceItem)
_line = table_of(ServiceLine)
_provider = table_of(Provider)
_facility = table_of(Facility)


@dataclass(frozen=True)
class Service:
    """One service as an elder orders it; `required_skills` are what a carer must hold. Money in fen.

    `title`, `short_title`, `about`, `must` and `tasks` are in the reader's language.
    """

    code: str
    category: str
    name_zh: str
    name_en: str
    plain_name: str
    explanation: str
    standard: str
    checklist: tuple[str, ...]
    minutes: int
    at_home: bool
    required_skills: tuple[str, ...]
    guide_price_fen: int
    urgency: str
    volunteer: bool
    explanation_en: str = ""
    standard_en: str = ""
    checklist_en: tuple[str, ...] = ()
    acceptance: str = ""
    acceptance_en: str = ""
    unit: str = "visit"
    price_ceiling_fen: int | None = None
    notice_minutes: int = 0
    cut_off_days: int = 0
    cut_off_minute: int | None = None
    standard_version: int | None = None

    def latest_order_moment(self, starts_at: datetime) -> datetime:
        """Give the last moment at which it may be ordered for a start."""
        return latest_order_moment(starts_at, self.notice_minutes, self.cut_off_days, self.cut_off_minute)

    @property
    def title(self) -> str:
        """Its name as the register has it."""
        return for_reader(self.name_zh, self.name_en)

    @property
    def short_title(self) -> str:
        """Its name as an elder says it."""
        return for_reader(self.plain_name or self.name_zh, self.name_en)

    @property
    def about(self) -> str:
        """What is done, in one sentence."""
        return for_reader(self.explanation, self.explanation_en)

    @property
    def must(self) -> str:
        """The standard it must meet."""
        return for_reader(self.standard, self.standard_en)

    @property
    def tasks(self) -> tuple[tuple[str, str], ...]:
        """Its tasks, each as it is recorded and as the reader reads it."""
        whole = len(self.checklist_en) == len(self.checklist)
        english = self.checklist_en if whole else self.checklist
        return tuple((task, for_reader(task, word)) for task, word in zip(self.checklist, english, strict=True))


@dataclass(frozen=True)
class MenuLine:
    """A service on the menu with how many providers of the city offer it, and from which price (fen)."""

    service: Service
    providers: int
    from_fen: int


@dataclass(frozen=True)
class MenuCategory:
    """One tile of the menu, such as 助浴, with its services by name."""

    code: str
    lines: tuple[MenuLine, ...]


def service_by_code(session: Session, code: str, on: date, area_code: int | None = None) -> Service:
    """Give the service in force on a civil day (Asia/Shanghai); with an area, as that city's catalogue has it that day.

    Where a city publishes a catalogue, what is not in it is not offered. Kept until a catalogue changes. Raises
    UnknownService(service_code, on).
    """
    # one catalogue holds in all of a district: kept once, not for every quarter somebody lives in
    district = None if area_code is None else area_code // 10**9 * 10**9
    return keep(session, ("service", code, on, district), lambda: _read_service(session, code, on, area_code))


def _read_service(session: Session, code: str, on: date, area_code: int | None) -> Service:
    found = session.connection().execute(select(_item).where(_item.c.code == code, _in_force(on))).first()
    if found is None:
        raise UnknownService(service_code=code, on=on.isoformat())
    service = _service(found)
    if area_code is None or service.volunteer or not has_catalogue(session, area_code, on):
        return service
    standard = {one.code: one for one in standards_on(session, area_code, on)}.get(code)
    if standard is None or not standard.orderable:
        raise UnknownService(service_code=code, on=on.isoformat())
    return _by_standard(service, standard)


def check_in_time(service: Service, now: datetime, starts_at: datetime) -> None:
    """Refuse an order that comes after the service's notice or the day's cut-off. Raises TooLateToOrder(latest)."""
    latest = service.latest_order_moment(starts_at)
    if service.standard_version is not None and now > latest:
        raise TooLateToOrder(latest=latest.isoformat(), service_code=service.code)


def services_by_code(session: Session, codes: set[str]) -> dict[str, Service]:
    """Give services by code whether still in force or not: old orders keep their names."""
    if not codes:
        return {}
    rows = session.connection().execute(select(_item).where(_item.c.code.in_(codes)))
    return {row.code: _service(row) for row in rows}


def menu(session: Session, now: datetime, area_code: int, category: str | None = None) -> list[MenuCategory]:
    """Give what an elder living in an area can order today, by category, each with its lowest price.

    Services that volunteers give (探访) are not ordered here and are left out. A service that nobody in the
    city offers stays on the menu with `providers` 0 and its guide price: asking for it shows the gap. Where the
    city publishes a catalogue, the menu is what can be ordered of it, each with its standard of the day. Elsewhere
    what another city's catalogue brought is not on it, unless somebody here offers it.
    """
    on = civil_date(now)
    offered = _offered_in(session, area_code)
    query = (
        select(_item, offered.c.providers, offered.c.lowest_fen)
        .join(offered, offered.c.service_code == _item.c.code, isouter=True)
        .where(_in_force(on), _item.c.volunteer.is_(False))
        .order_by(_item.c.category, _item.c.name_zh, _item.c.code)
    )
    if category is not None:
        query = query.where(_item.c.category == category)
    tiles: dict[str, list[MenuLine]] = {}
    published = {one.code: one for one in standards_on(session, area_code, on) if one.orderable}
    listed = bool(published) or has_catalogue(session, area_code, on)
    for row in session.connection().execute(query):
        if listed and row.code not in published:
            continue
        if not listed and row.city_code is not None and row.providers is None:
            continue
        service = _by_standard(_service(row), published[row.code]) if listed else _service(row)
        from_fen = service.guide_price_fen if row.lowest_fen is None else row.lowest_fen
        line = MenuLine(service=service, providers=row.providers or 0, from_fen=from_fen)
        tiles.setdefault(row.category, []).append(line)
    return [MenuCategory(code=code, lines=tuple(lines)) for code, lines in tiles.items()]


def _offered_in(session: Session, area_code: int) -> Any:
    first, last = area_range(city_of_area(session, area_code))
    return (
        select(
            _line.c.service_code,
            func.count(func.distinct(_line.c.provider_id)).label("providers"),
            func.min(_line.c.price_fen).label("lowest_fen"),
        )
        .join(_provider, _provider.c.id == _line.c.provider_id)
        .join(_facility, _facility.c.id == _line.c.facility_id)
        .where(_line.c.active, _provider.c.blocked_at.is_(None), _facility.c.status == "open")
        .where(_facility.c.area_code.between(first, last))
        .group_by(_line.c.service_code)
        .subquery()
    )


def _by_standard(service: Service, standard: Standard) -> Service:
    """Say a service as the city's standard of the day has it; its names, tile and tasks stay the house's."""
    return replace(
        service,
        explanation=standard.content,
        explanation_en=standard.content_en or service.explanation_en,
        standard=standard.standard,
        standard_en=standard.standard_en or service.standard_en,
        minutes=standard.minutes or service.minutes,
        required_skills=standard.required_skills,
        guide_price_fen=service.guide_price_fen if standard.price_fen is None else standard.price_fen,
        acceptance=standard.acceptance,
        acceptance_en=standard.acceptance_en,
        unit=standard.unit,
        price_ceiling_fen=standard.price_ceiling_fen,
        notice_minutes=standard.notice_minutes,
        cut_off_days=standard.cut_off_days,
        cut_off_minute=standard.cut_off_minute,
        standard_version=standard.version,
    )


def _in_force(on: date) -> Any:
    return and_(_item.c.valid_from <= on, or_(_item.c.valid_to.is_(None), _item.c.valid_to >= on))


def _service(row: Row[*tuple[Any, ...]]) -> Service:
    return Service(
        code=row.code,
        category=row.category,
        name_zh=row.name_zh,
        name_en=row.name_en,
        plain_name=row.plain_name,
        explanation=row.explanation,
        standard=row.standard,
        checklist=tuple(row.checklist),
        minutes=row.minutes,
        at_home=row.at_home,
        required_skills=tuple(row.required_skills),
        guide_price_fen=row.guide_price_fen,
        urgency=row.urgency,
        volunteer=row.volunteer,
        explanation_en=row.explanation_en,
        standard_en=row.standard_en,
        checklist_en=tuple(row.checklist_en),
    )
