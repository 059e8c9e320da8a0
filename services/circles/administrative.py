"""Administrative coverage (行政口径覆盖率): which streets and communities own a qualified facility, on any day.

Not to be confused with the walking coverage: an area may own a centre that most of its elders cannot reach.
A facility counts when it is open, of a type the circle accepts, and has every required function live; for an
area without one, the nearest to qualifying is shown with the functions it lacks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, func, or_, select, text
from sqlmodel import Session

from services.cities.pack import CityRules, OwnedLevel, Tier
from services.cities.queries import area_names, areas_inside, rules_in_force
from services.cities.rules import ancestor_code, area_range, area_setting
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
LEVEL_WIDTHS = {
    "province": 10**13,
    "city": 10**11,
    "district": 10**9,
    "street": 10**6,
    "community": 10**3,
    "quarter": 1,
}


@dataclass(frozen=True)
class AreaOwns:
    """One area: the facilities that qualify, or what the best candidate lacks (`missing`, in words).

    `qualified_ids` and `candidate_id` are the rows behind it, `missing_codes` the functions' codes.
    """

    area_code: int
    name: str
    qualified: tuple[str, ...]
    candidate: str | None
    missing: tuple[str, ...]
    qualified_ids: tuple[int, ...] = ()
    candidate_id: int | None = None
    missing_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AdministrativeCoverage:
    """A circle's share (a proportion) of areas that own what they should; `areas` lists those without first.

    `basis` is `dated` (computed from the days facilities opened and closed, with the functions they have now) or
    `recorded` (as it was written down on that day).
    """

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
    rules_version: str = ""
    basis: str = "dated"


def administrative_coverage(session: Session, area_code: int, on: date) -> list[AdministrativeCoverage]:
    """Give, per circle, the areas inside an area that own a qualified facility on a Shanghai day.

    A circle whose level lies above the area asked about (a street officer, a street circle) is judged for
    the area it lies in. Raises UnknownCity, NoRulesInForce.
    """
    rules = rules_in_force(session, area_code, on)
    facilities = _open_facilities(session, rules.city_code, on)
    return [_of_tier(session, rules, tier, area_code, facilities, on) for tier in rules.tiers]


def owned_coverage(session: Session, area_code: int, on: date) -> list[AdministrativeCoverage]:
    """Give the same of the levels nobody walks to (镇有院, 苏木乡镇中心, 市级中心), among areas of their setting only.

    Empty where the city's rules know no such level. Raises UnknownCity, NoRulesInForce.
    """
    rules = rules_in_force(session, area_code, on)
    if not rules.owned_levels:
        return []
    facilities = _open_facilities(session, rules.city_code, on)
    return [_of_tier(session, rules, level, area_code, facilities, on) for level in rules.owned_levels]


def _of_tier(
    session: Session, rules: CityRules, tier: Tier | OwnedLevel, area_code: int, facilities: list[Found], on: date
) -> AdministrativeCoverage:
    inside = areas_inside(session, area_code, tier.area_level, on)
    codes = {row.code: row.name for row in inside if _in_setting(tier, row.name)}
    if not inside:
        above = _above(area_code, tier.area_level)
        around = {above: area_names(session, {above}).get(above, str(above))} if above is not None else {}
        codes = {code: name for code, name in around.items() if _in_setting(tier, name)}
    wanted = rules.types_for_tier(tier.code)
    standing: dict[int, list[Found]] = {}
    width = LEVEL_WIDTHS[tier.area_level]
    for facility in facilities:
        standing.setdefault(facility.stands_in // width * width, []).append(facility)
    areas = [_owns(code, name, wanted, standing.get(code, []), rules) for code, name in codes.items()]
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
        rules_version=rules.version,
        areas=sorted(areas, key=lambda area: (bool(area.qualified), area.area_code)),
    )


def _in_setting(tier: Tier | OwnedLevel, name: str) -> bool:
    return tier.setting in ("all", area_setting(name))


def _above(area_code: int, level: str) -> int | None:
    try:
        return ancestor_code(area_code, level)
    except ValueError:
        return None


def _owns(
    code: int, name: str, wanted: dict[str, tuple[str, ...]], facilities: list[Found], rules: CityRules
) -> AreaOwns:
    inside = [f for f in facilities if f.type_code in wanted]
    lacking = {f.id: [need for need in wanted[f.type_code] if need not in f.functions] for f in inside}
    qualified = [f for f in inside if not lacking[f.id]]
    best = None if qualified else min(inside, key=lambda f: (len(lacking[f.id]), f.id), default=None)
    words = {function.code: function.name for function in rules.functions}
    missing = () if best is None else tuple(lacking[best.id])
    return AreaOwns(
        area_code=code,
        name=name,
        qualified=tuple(f.name for f in qualified),
        candidate=None if best is None else best.name,
        missing=tuple(words.get(c, c) for c in missing),
        qualified_ids=tuple(f.id for f in qualified),
        candidate_id=None if best is None else best.id,
        missing_codes=missing,
    )


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
            .where(_facility.c.area_code.between(first, last))
            .where(or_(_facility.c.status == "open", and_(_facility.c.status == "closed", _facility.c.closed_on > on)))
            .where(_facility.c.opened_on.is_(None) | (_facility.c.opened_on <= on))
            .where(_facility.c.closed_on.is_(None) | (_facility.c.closed_on > on))
            .order_by(_facility.c.id)
        )
    )


def _target(rules: CityRules, tier: Tier | OwnedLevel, on: date) -> tuple[float, date] | None:
    codes = [i.code for i in rules.indicators if i.kind == "administrative_coverage" and i.tier == tier.code]
    promises = sorted((t for code in codes for t in rules.targets_for(code)), key=lambda t: t.due_on)
    ahead = [t for t in promises if t.due_on >= on] or promises[-1:]
    return (float(ahead[0].value / 100), ahead[0].due_on) if ahead else None


_WRITE = text(
    "INSERT INTO coverage_snapshot (city_code, area_code, day, source, tier_code, profile, total, reached, walk_reached,"
    " straight_reached, estimated, in_margin, unsnapped, near_edge, run_id, facts)"
    " SELECT :city, (row ->> 'area')::bigint, :day, 'administrative', row ->> 'tier', '', 1, (row ->> 'owns')::int,"
    " 0, 0, 0, 0, 0, 0, :run, row -> 'facts' FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS row"
    " ON CONFLICT (area_code, source, tier_code, profile, day) DO UPDATE SET reached = excluded.reached,"
    " run_id = excluded.run_id, facts = excluded.facts"
)
_RECORDED = text(
    "SELECT DISTINCT ON (tier_code, area_code) tier_code, area_code, reached, facts FROM coverage_snapshot"
    " WHERE source = 'administrative' AND area_code BETWEEN :lo AND :hi AND day <= :on"
    " AND EXISTS (SELECT FROM coverage_snapshot AS first WHERE first.city_code = :city AND first.day <= :on"
    "  AND first.source = 'administrative')"
    " ORDER BY tier_code, area_code, day DESC"
)


def write_administrative_snapshots(session: Session, city_code: int, on: date, run_id: int) -> None:
    """Write down which areas of a city own what on a day, so that it can be shown in later years."""
    rows = [
        {
            "area": area.area_code,
            "tier": tier.tier_code,
            "owns": int(bool(area.qualified_ids)),
            "facts": {
                "qualified_ids": area.qualified_ids,
                "qualified": area.qualified,
                "candidate_id": area.candidate_id,
                "candidate": area.candidate,
                "missing_codes": area.missing_codes,
            },
        }
        for tier in administrative_coverage(session, city_code, on)
        for area in tier.areas
    ]
    facts = {"city": city_code, "day": on, "run": run_id, "rows": json.dumps(rows, ensure_ascii=False)}
    session.connection().execute(_WRITE, facts)


def administrative_coverage_as_of(session: Session, area_code: int, on: date) -> list[AdministrativeCoverage]:
    """Give what stood written on a past day; what was not yet written then is worked out from dated facts.

    The areas are those that existed on that day, by the rules then in force. Raises UnknownCity, NoRulesInForce.
    """
    told = administrative_coverage(session, area_code, on)
    rules = rules_in_force(session, area_code, on)
    lo, hi = area_range(area_code)
    facts = {"lo": lo, "hi": hi, "on": on, "city": rules.city_code}
    found = {(row.tier_code, row.area_code): row for row in session.connection().execute(_RECORDED, facts)}
    words = {function.code: function.name for function in rules.functions}
    return [_as_written(tier, found, words) for tier in told] if found else told


def _as_written(tier: AdministrativeCoverage, found: dict[Any, Any], words: dict[str, str]) -> AdministrativeCoverage:
    areas = [_area_as_written(area, found.get((tier.tier_code, area.area_code)), words) for area in tier.areas]
    owning = sum(1 for area in areas if area.qualified_ids)
    return replace(
        tier,
        owning=owning,
        share=owning / len(areas) if areas else None,
        areas=sorted(areas, key=lambda area: (bool(area.qualified_ids), area.area_code)),
        basis="recorded",
    )


def _area_as_written(area: AreaOwns, row: Any, words: dict[str, str]) -> AreaOwns:
    if row is None:
        return area
    facts = row.facts
    return replace(
        area,
        qualified=tuple(facts["qualified"]),
        qualified_ids=tuple(facts["qualified_ids"]),
        candidate=facts["candidate"],
        candidate_id=facts["candidate_id"],
        missing=tuple(words.get(code, code) for code in facts["missing_codes"]),
        missing_codes=tuple(facts["missing_codes"]),
    )
