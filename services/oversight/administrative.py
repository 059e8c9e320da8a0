"""Administrative coverage (行政口径覆盖率): which streets and communities own a qualified facility.

Not to be confused with the walking coverage: an area may own a centre that most of its elders cannot reach.
A facility counts when it is open, of a type the circle accepts, and has every required function live; for an
area without one, the nearest to qualifying is shown with the functions it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from services.cities.pack import CityRules, Tier
from services.cities.queries import area_names, areas_inside, rules_in_force
from services.cities.rules import ancestor_code, area_contains, area_range
from services.cities.tables import Area
from services.columns import table_of
from services.directory.tables import Facility
from services.language import for_reader, listed

_facility, _area = table_of(Facility), table_of(Area)
DEFINITION_ZH = "拥有合格设施（{kinds}，规定功能全部在用）的区域数÷全部区域数；不等于步行可达。"
DEFINITION_EN = (
    "Areas that own a qualified facility ({kinds}; every required function in use) ÷ all areas; "
    "this does not say who can walk there."
)
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class AreaOwns:
    """One area: the facilities that qualify, or what the best candidate lacks (`missing`, in words)."""

    area_code: int
    name: str
    qualified: tuple[str, ...]
    candidate: str | None
    missing: tuple[str, ...]


@dataclass(frozen=True)
class AdministrativeCoverage:
    """A circle's share (a proportion) of areas that own what they should; `areas` lists those without first."""

    tier_code: str
    tier_name: str
    area_level: str
    owning: int
    total: int
    share: float | None
    as_of: date
    target: float | None
    target_due: date | None
    definition: str
    areas: list[AreaOwns]


def administrative_coverage(session: Session, area_code: int, on: date) -> list[AdministrativeCoverage]:
    """Give, per circle, the areas inside an area that own a qualified facility on a Shanghai day.

    A circle whose level lies above the area asked about (a street officer, a street circle) is judged for
    the area it lies in. Raises UnknownCity, NoRulesInForce.
    """
    rules = rules_in_force(session, area_code, on)
    facilities = _open_facilities(session, rules.city_code, on)
    return [_of_tier(session, rules, tier, area_code, facilities, on) for tier in rules.tiers]


def _of_tier(
    session: Session, rules: CityRules, tier: Tier, area_code: int, facilities: list[Found], on: date
) -> AdministrativeCoverage:
    codes = {row.code: row.name for row in areas_inside(session, area_code, tier.area_level, on)}
    if not codes:
        above = _above(area_code, tier.area_level)
        codes = {above: area_names(session, {above}).get(above, str(above))} if above is not None else {}
    wanted = rules.types_for_tier(tier.code)
    areas = [_owns(code, name, wanted, facilities, rules) for code, name in codes.items()]
    owning = sum(1 for area in areas if area.qualified)
    target = _target(rules, tier, on)
    kinds = listed([kind.name for kind in rules.facility_types if kind.code in wanted])
    return AdministrativeCoverage(
        tier_code=tier.code,
        tier_name=tier.name,
        area_level=tier.area_level,
        owning=owning,
        total=len(areas),
        share=owning / len(areas) if areas else None,
        as_of=on,
        target=None if target is None else target[0],
        target_due=None if target is None else target[1],
        definition=for_reader(DEFINITION_ZH, DEFINITION_EN).format(kinds=kinds),
        areas=sorted(areas, key=lambda area: (bool(area.qualified), area.area_code)),
    )


def _above(area_code: int, level: str) -> int | None:
    try:
        return ancestor_code(area_code, level)
    except ValueError:
        return None


def _owns(
    code: int, name: str, wanted: dict[str, tuple[str, ...]], facilities: list[Found], rules: CityRules
) -> AreaOwns:
    inside = [f for f in facilities if f.type_code in wanted and area_contains(code, f.stands_in)]
    lacking = {f.id: [need for need in wanted[f.type_code] if need not in f.functions] for f in inside}
    qualified = tuple(f.name for f in inside if not lacking[f.id])
    best = min(inside, key=lambda f: (len(lacking[f.id]), f.id), default=None)
    words = {function.code: function.name for function in rules.functions}
    missing = () if qualified or best is None else tuple(words.get(c, c) for c in lacking[best.id])
    return AreaOwns(code, name, qualified, None if qualified or best is None else best.name, missing)


def _open_facilities(session: Session, city_code: int, on: date) -> list[Found]:
    """Give the city's open sites; `stands_in` is the drawn quarter around one that is registered by community only."""
    first, last = area_range(city_code)
    quarter = (
        select(_area.c.code)
        .where(_area.c.level == "quarter", _area.c.code.between(_facility.c.area_code, _facility.c.area_code + 999))
        .where(_facility.c.area_code % 1000 == 0, func.ST_Covers(_area.c.geom, _facility.c.geom))
        .order_by(_area.c.code)
        .limit(1)
        .correlate(_facility)
        .scalar_subquery()
    )
    stands_in = func.coalesce(quarter, _facility.c.area_code).label("stands_in")
    return list(
        session.connection().execute(
            select(_facility.c.id, _facility.c.name, _facility.c.type_code, _facility.c.functions, stands_in)
            .where(_facility.c.area_code.between(first, last), _facility.c.status == "open")
            .where(_facility.c.opened_on.is_(None) | (_facility.c.opened_on <= on))
            .where(_facility.c.closed_on.is_(None) | (_facility.c.closed_on > on))
            .order_by(_facility.c.id)
        )
    )


def _target(rules: CityRules, tier: Tier, on: date) -> tuple[float, date] | None:
    codes = [i.code for i in rules.indicators if i.kind == "area_coverage" and i.tier == tier.code]
    promises = sorted((t for code in codes for t in rules.targets_for(code)), key=lambda t: t.due_on)
    ahead = [t for t in promises if t.due_on >= on] or promises[-1:]
    return (float(ahead[0].value / 100), ahead[0].due_on) if ahead else None
