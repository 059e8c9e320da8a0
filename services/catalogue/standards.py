"""What each service must be in a city: the versions, the one in force on a day, and the public basic list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from services.catalogue.errors import UnknownStandard
from services.catalogue.rules import lies_in
from services.catalogue.tables import ServiceStandard
from services.columns import table_of
from services.language import for_reader

_standard = table_of(ServiceStandard)
FIVE_FIELDS = ("service_item", "recipients", "provision", "standard", "payer")
"""项目、对象、方式、标准、支出责任主体: the five public fields, and no sixth."""
FIVE_FIELDS_ZH = ("服务项目", "供给对象", "供给方式", "服务标准", "支出责任主体")


@dataclass(frozen=True)
class Standard:
    """One version of one service item in one city; `first_day` included, `end_day` not. Fen per unit, minutes."""

    id: int
    city_code: int
    code: str
    version: int
    kind: str
    name_zh: str
    name_en: str
    content: str
    content_en: str
    minutes: int | None
    unit: str
    required_skills: tuple[str, ...]
    acceptance: str
    acceptance_en: str
    price_fen: int | None
    price_ceiling_fen: int | None
    notice_minutes: int
    cut_off_days: int
    cut_off_minute: int | None
    area_codes: tuple[int, ...]
    orderable: bool
    basic: bool
    recipients: str
    recipients_en: str
    provision: str
    provision_en: str
    standard: str
    standard_en: str
    payer: str
    payer_en: str
    first_day: date
    end_day: date | None
    source: str
    assumed: bool
    reason: str

    def in_words(self, field: str) -> str:
        """Give a field in the reader's language; without English words the Chinese stand."""
        chinese, english = (
            (self.name_zh, self.name_en) if field == "name" else (getattr(self, field), getattr(self, f"{field}_en"))
        )
        return for_reader(chinese, english)

    @property
    def five(self) -> tuple[str, str, str, str, str]:
        """The five public fields as they are published, in Chinese."""
        return self.name_zh, self.recipients, self.provision, self.standard, self.payer


def catalogue_city(session: Session, area_code: int, on: date) -> int | None:
    """Give the city whose catalogue holds in an area: its own, or that of the city whose rules it adopted."""
    code: int | None = session.connection().execute(select(func.catalogue_city(area_code, on))).scalar()
    return code


def standards_on(
    session: Session, area_code: int, on: date, *, kind: str | None = None, basic: bool | None = None
) -> list[Standard]:
    """Give every item in force in an area (15 digits) on a civil day, by kind and name; [] where none is published."""
    query = (
        select(_standard)
        .where(_standard.c.city_code == func.catalogue_city(area_code, on), _standard.c.during.op("@>")(on))
        .order_by(_standard.c.kind, _standard.c.name_zh, _standard.c.code)
    )
    if kind is not None:
        query = query.where(_standard.c.kind == kind)
    if basic is not None:
        query = query.where(_standard.c.basic.is_(basic))
    found = [standard_of(row) for row in session.connection().execute(query)]
    return [one for one in found if area_code % 10**9 == 0 or lies_in(area_code, one.area_codes)]


def standard_on(session: Session, area_code: int, code: str, on: date) -> Standard:
    """Give the version of one item in force in an area on a day. Raises UnknownStandard."""
    row = session.connection().execute(
        select(_standard).where(
            _standard.c.city_code == func.catalogue_city(area_code, on),
            _standard.c.code == code,
            _standard.c.during.op("@>")(on),
        )
    ).first()  # fmt: skip
    if row is None:
        raise UnknownStandard(service_code=code, on=on.isoformat())
    return standard_of(row)


def versions_of(session: Session, city_code: int, code: str) -> list[Standard]:
    """Give every version of an item a city ever published, newest first. Raises UnknownStandard."""
    rows = session.connection().execute(
        select(_standard)
        .where(_standard.c.city_code == city_code, _standard.c.code == code)
        .order_by(func.lower(_standard.c.during).desc())
    )
    found = [standard_of(row) for row in rows]
    if not found:
        raise UnknownStandard(service_code=code, on="")
    return found


def has_catalogue(session: Session, area_code: int, on: date) -> bool:
    """Tell whether any catalogue was ever published for an area; without one the menu is the house's own."""
    city = catalogue_city(session, area_code, on)
    query = select(select(_standard.c.id).where(_standard.c.city_code == city).exists())
    return bool(session.connection().execute(query).scalar())


def standard_of(row: Row[*tuple[Any, ...]]) -> Standard:
    """Give a row of the table as a Standard."""
    values = dict(row._mapping)
    during = values.pop("during")
    values.pop("published_at")
    values.pop("published_by")
    values["required_skills"] = tuple(values["required_skills"])
    values["area_codes"] = tuple(values["area_codes"])
    return Standard(**values, first_day=during.lower, end_day=during.upper)
