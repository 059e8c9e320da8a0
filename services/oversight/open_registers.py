"""The register as open data: sites, services with prices, providers with grades, beds. Nobody lives in these tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.cities.pack import CityRules
from services.cities.queries import rules_in_force
from services.cities.rules import area_range
from services.oversight.hsds import CATEGORIES, stable_id


@dataclass(frozen=True)
class OpenRows:
    """A table for everybody: its rows, and the moment of the last change of what it is made of."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    changed_at: datetime | None


_FACILITIES = text(
    "SELECT f.id, f.code, f.name, f.type_code, f.functions, f.area_code, a.name AS area_name, f.address, f.phone,"
    " ST_X(f.geom) AS lon, ST_Y(f.geom) AS lat, f.opened_on, f.opening_hours, f.day_places, f.floor_area_m2,"
    " facility_grade(f.id, :day) AS grade, p.code AS provider_code, p.name AS provider_name, f.invented"
    " FROM facility f JOIN provider p ON p.id = f.provider_id LEFT JOIN area a ON a.code = f.area_code / 1000 * 1000"
    " WHERE f.area_code BETWEEN :lo AND :hi AND f.status = 'open' ORDER BY f.code"
)
_SERVICES = text(
    "SELECT p.code AS provider_code, p.name AS provider_name, l.service_code, i.name_zh AS service, i.category,"
    " l.price_fen, i.guide_price_fen, i.minutes, i.at_home, l.weekdays, l.from_hour, l.to_hour, f.code AS facility_code"
    " FROM service_line l JOIN provider p ON p.id = l.provider_id JOIN facility f ON f.id = l.facility_id"
    " JOIN service_item i ON i.code = l.service_code WHERE l.active AND p.blocked_at IS NULL AND f.status = 'open'"
    " AND f.area_code BETWEEN :lo AND :hi ORDER BY p.code, l.service_code"
)
_PROVIDERS = text(
    "SELECT id, code, name, kind, phone, grade, filing_number, credit_level, invented FROM provider"
    " WHERE area_code BETWEEN :lo AND :hi AND blocked_at IS NULL ORDER BY code"
)
_BEDS = text(
    "SELECT f.code AS facility_code, f.name AS facility_name, b.kind, count(*) AS beds,"
    " count(*) FILTER (WHERE b.nursing_from <= :day) AS nursing, count(*) FILTER (WHERE b.dementia) AS dementia,"
    " count(*) FILTER (WHERE b.basic_guarantee) AS basic_guarantee FROM bed b JOIN facility f ON f.id = b.facility_id"
    " WHERE f.area_code BETWEEN :lo AND :hi AND b.kind <> 'home' AND b.opened_on <= :day"
    " AND (b.closed_on IS NULL OR b.closed_on > :day) GROUP BY f.code, f.name, b.kind ORDER BY 1, 3"
)
_CHANGED = text(
    "SELECT max(changed_at) FROM public_change WHERE in_area BETWEEN :lo AND :hi AND kind = ANY (CAST(:kinds AS text[]))"
)
_TABLES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "facilities": (_FACILITIES, ("facility", "organization")),
    "services": (_SERVICES, ("service", "facility", "organization")),
    "providers": (_PROVIDERS, ("organization",)),
    "beds": (_BEDS, ("beds", "facility")),
}
COLUMNS: dict[str, tuple[str, ...]] = {
    "facilities": (
        "uuid", "code", "name", "type_code", "type", "functions", "area_code", "area_name", "address", "phone", "lon", "lat",
        "opened_on", "opening_hours", "day_places", "floor_area_m2", "grade", "provider_code", "provider_name", "invented",
    ),
    "services": (
        "provider_code", "provider_name", "facility_code", "service_code", "service", "category", "category_name",
        "price_yuan", "guide_price_yuan", "minutes", "at_home", "weekdays", "from_hour", "to_hour",
    ),
    "providers": ("uuid", "code", "name", "kind", "phone", "grade", "filing_number", "credit_level", "invented"),
    "beds": ("facility_code", "facility_name", "kind", "beds", "nursing", "dementia", "basic_guarantee"),
}  # fmt: skip
"""Beds are those licensed, not those occupied: who lies in them is nobody's open data."""


def open_rows(session: Session, city_code: int, name: str, on: date) -> OpenRows:
    """Give a table of the register of a city as it stands on a day (`name` in COLUMNS)."""
    statement, kinds = _TABLES[name]
    lo, hi = area_range(city_code)
    rules = rules_in_force(session, city_code, on)
    asked = {"lo": lo, "hi": hi} | ({"day": on} if ":day" in str(statement) else {})
    rows = [_plainly(name, dict(row._mapping), rules) for row in session.connection().execute(statement, asked)]
    changed = session.connection().execute(_CHANGED, {"lo": lo, "hi": hi, "kinds": list(kinds)}).scalar()
    return OpenRows(COLUMNS[name], rows, changed)


def _plainly(name: str, row: dict[str, Any], rules: CityRules) -> dict[str, Any]:
    if name == "facilities":
        types = {code: kind.name_zh for kind in rules.facility_types for code in (kind.code, *kind.also)}
        row |= {"uuid": stable_id("location", row["id"]), "type": types.get(row["type_code"], row["type_code"])}
        row["functions"] = " ".join(row["functions"])
    elif name == "providers":
        row["uuid"] = stable_id("organization", row["id"])
    elif name == "services":
        row["category_name"] = CATEGORIES.get(row["category"], row["category"])
        row["weekdays"] = " ".join(row["weekdays"])
        row |= {"price_yuan": row["price_fen"] / 100, "guide_price_yuan": row["guide_price_fen"] / 100}
    return {column: row[column] for column in COLUMNS[name]}


DATASETS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "facilities": ("养老服务设施", "Facilities", "每处在用设施的种类、功能、位置、等级。Every site in use with kind, functions, place and grade.", ("csv", "geojson")),
    "services": ("服务和价格", "Services and prices", "每家机构的服务、价格、时间。What every provider offers, at what price and when.", ("csv",)),
    "providers": ("服务机构", "Providers", "机构的等级和信用等级。Providers with grade and credit level.", ("csv",)),
    "beds": ("床位", "Beds", "每处机构的床位、护理型床位；不含入住情况。Beds and nursing beds of every site, not who lies in them.", ("csv",)),
    "indicators": ("指标", "Indicators", "每月月末的指标，到社区，少数人的数不公布。Indicators of every month's end down to communities, small counts withheld.", ("csv", "json")),
    "coverage": ("步行覆盖", "Walking coverage", "走得到服务的老人，到社区，少数人的数不公布。Elders within a walk, down to communities, small counts withheld.", ("csv", "json")),
}  # fmt: skip
"""What is open: name in Chinese and English, what it is, in which forms."""
