"""The menu an elder orders from: what is offered, for how long, to which standard, from which price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlmodel import Session

from services.catalogue.errors import UnknownService
from services.catalogue.tables import ServiceItem
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


def service_by_code(session: Session, code: str, on: date) -> Service:
    """Give the service in force on a civil day (Asia/Shanghai). Raises UnknownService(service_code, on)."""
    found = session.connection().execute(select(_item).where(_item.c.code == code, _in_force(on))).first()
    if found is None:
        raise UnknownService(service_code=code, on=on.isoformat())
    return _service(found)


def services_by_code(session: Session, codes: set[str]) -> dict[str, Service]:
    """Give services by code whether still in force or not: old orders keep their names."""
    if not codes:
        return {}
    rows = session.connection().execute(select(_item).where(_item.c.code.in_(codes)))
    return {row.code: _service(row) for row in rows}


def menu(session: Session, now: datetime, area_code: int, category: str | None = None) -> list[MenuCategory]:
    """Give what an elder living in an area can order today, by category, each with its lowest price.

    Services that volunteers give (探访) are not ordered here and are left out. A service that nobody in the
    city offers stays on the menu with `providers` 0 and its guide price: asking for it shows the gap.
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
    for row in session.connection().execute(query):
        from_fen = row.guide_price_fen if row.lowest_fen is None else row.lowest_fen
        line = MenuLine(service=_service(row), providers=row.providers or 0, from_fen=from_fen)
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
