"""The rows behind a number: who is counted, who is reached, who is not, and who was left out; today or on a past day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import text
from sqlmodel import Session

from services.circles.storing import count_text
from services.cities.rules import area_range
from services.clock import civil_midnight

Which = Literal["numerator", "denominator", "uncovered", "left_out"]


@dataclass(frozen=True)
class Uncovered:
    """An elder beyond a circle: how far the nearest facility that counts is (unit of the profile), if any."""

    person_id: int
    area_code: int
    facility_id: int | None
    cost: float | None
    straight_m: float | None
    snapped: bool
    near_edge: bool


@dataclass(frozen=True)
class CountedElder:
    """One elder behind a number, how she was judged (walk, estimate, area), and the facility nearest to her.

    `facility_id` and `cost` (unit of the profile) are by the streets, `straight_facility_id` and `straight_m`
    (metres) as the crow flies.
    """

    person_id: int
    area_code: int
    method: str
    within: bool
    walk_within: bool
    facility_id: int | None
    cost: float | None
    straight_facility_id: int | None
    straight_m: float | None
    snapped: bool
    in_margin: bool
    near_edge: bool


_NAMES = (
    "person_id, area_code, method, within, walk_within, facility_id, cost, straight_facility_id, straight_m,"
    " snapped, in_margin, near_edge"
)
_WHICH: dict[str, str] = {
    "numerator": "within AND NOT in_margin",
    "denominator": "NOT in_margin",
    "uncovered": "NOT within AND NOT in_margin",
    "left_out": "in_margin",
}
_COUNTED = "method, within, walk_within, straight_within, snapped, in_margin, near_edge"
_IN_RANGE = "area_code BETWEEN :lo AND :hi"
_SOURCES = "SELECT id FROM demand_source WHERE city_code = :city AND kind = :source"
_RANGE = "area_code BETWEEN :lo AND :hi AND tier_code = :tier AND profile = :profile"
_UNCOVERED = text(
    "SELECT person_id, area_code, facility_id, cost, straight_m, snapped, near_edge FROM elder_reach"
    f" WHERE {_RANGE} AND NOT within AND NOT in_margin AND (CAST(:unsnapped AS boolean) IS FALSE OR NOT snapped)"
    " ORDER BY area_code, cost DESC NULLS FIRST, person_id LIMIT :most OFFSET :after"
)


def uncovered_elders(
    session: Session,
    area_code: int,
    tier_code: str,
    profile: str,
    *,
    only_unsnapped: bool = False,
    most: int = 200,
    after: int = 0,
) -> list[Uncovered]:
    """The elders behind the number: those beyond a circle, area by area, the worst off first.

    Elders no street leads to come first (cost None). The caller sees only elders she may see.
    """
    lo, hi = area_range(area_code)
    facts = {"lo": lo, "hi": hi, "tier": tier_code, "profile": profile, "unsnapped": only_unsnapped}
    found = session.connection().execute(_UNCOVERED, {**facts, "most": most, "after": after})
    return [Uncovered(*row) for row in found]


def counted_elders(
    session: Session,
    area_code: int,
    tier_code: str,
    profile: str,
    which: Which = "denominator",
    *,
    as_of: date | None = None,
    most: int = 200,
    after_id: int = 0,
) -> list[CountedElder]:
    """The elders behind a number by id after `after_id`: its numerator, its denominator, the difference, the left out.

    `as_of`: as they were judged at the end of that Shanghai day. The caller sees only elders she may see.
    """
    lo, hi = area_range(area_code)
    facts = {"lo": lo, "hi": hi, "tier": tier_code, "profile": profile, "most": most, "after": after_id}
    rows = f"SELECT {_NAMES} FROM elder_reach WHERE {_RANGE}"
    if as_of is not None:
        facts["moment"] = end_of(as_of)
        rows = _as_of(_NAMES, _RANGE)
    query = (
        f"SELECT {_NAMES} FROM ({rows}) AS judged WHERE {_WHICH[which]} AND person_id > :after"
        " ORDER BY person_id LIMIT :most"
    )
    return [CountedElder(*row) for row in session.connection().execute(text(query), facts)]


def counts_as_of(
    session: Session, codes: tuple[int, int], on: date, source: str = "elders", city_code: int = 0
) -> dict[tuple[str, str], dict[str, object]]:
    """Count a range of areas from the rows themselves, as they stood at the end of a Shanghai day, by circle and profile.

    For areas smaller than a community, whose counts are not written down. `source` compounds or population: the
    places of demand of `city_code` in place of registered elders.
    """
    names = f"tier_code, profile, {_COUNTED}"
    rows, weight = _as_of(names, _IN_RANGE), "count(*)"
    if source != "elders":
        weight = "sum(elders)"
        rows = _as_of(f"{names}, elders", f"{_IN_RANGE} AND source_id IN ({_SOURCES})", "demand_reach")
    query = f"SELECT tier_code, profile, {count_text(weight)} FROM ({rows}) AS j GROUP BY tier_code, profile"
    facts = {"lo": codes[0], "hi": codes[1], "moment": end_of(on), "source": source, "city": city_code}
    found = session.connection().execute(text(query), facts).mappings()
    return {(row["tier_code"], row["profile"]): dict(row) for row in found}


def first_row_of(session: Session, city_code: int, source: str) -> datetime | None:
    """Since when the rows of a source of demand are kept; None: they never were."""
    query = (
        f"SELECT least((SELECT min(since) FROM demand_reach WHERE source_id IN ({_SOURCES})),"
        f" (SELECT min(since) FROM demand_reach_past WHERE source_id IN ({_SOURCES})))"
    )
    facts = {"city": city_code, "source": source}
    found: datetime | None = session.connection().execute(text(query), facts).scalar_one()
    return found


def _as_of(names: str, where: str, table: str = "elder_reach") -> str:
    return (
        f"SELECT {names} FROM {table} WHERE {where} AND since < :moment"
        f" UNION ALL SELECT {names} FROM {table}_past WHERE {where} AND since < :moment AND until >= :moment"
    )


def end_of(day: date) -> datetime:
    """The moment a Shanghai day ends."""
    return civil_midnight(day + timedelta(days=1))
