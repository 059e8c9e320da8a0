"""The nursing-bed ratio (护理型床位占比): one name, several definitions, so the definition is the city's data.

Numerator and denominator are filters over bed rows; any past day is recomputed from the dates in the rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.beds.errors import UnknownRatio
from services.beds.snapshots import carries
from services.cities.pack import BedFilter, CityRules, RatioDefinition, Target
from services.cities.queries import rules_in_force


@dataclass(frozen=True)
class HomeRatio:
    """One home's beds in the ratio."""

    facility_id: int
    name: str
    area_code: int
    nursing: int
    total: int


@dataclass(frozen=True)
class Ratio:
    """The ratio of one day with all that stands behind it; `ratio` and `target` are proportions (0.55).

    `short_beds`: beds to certify until the target is met, with the denominator as it is.
    """

    on: date
    nursing: int
    total: int
    ratio: float | None
    definition: str
    basis: str
    rules_version: str
    target: float | None
    target_due: date | None
    target_plan: str | None
    short_beds: int
    rows: list[HomeRatio]


@dataclass(frozen=True)
class TrendPoint:
    """One month's end (or today) in the trend line."""

    on: date
    nursing: int
    total: int
    ratio: float | None


_IN_FORCE = {
    "licensed": "coalesce(b.licensed_on, b.opened_on) <= d.day",
    "open": "b.opened_on <= d.day",
    "occupied": "b.opened_on <= d.day AND EXISTS (SELECT FROM bed_stay s WHERE s.bed_id = b.id AND s.during @> d.day)",
}
_FLAGS = {flag: carries(flag, "d.day") for flag in ("nursing", "dementia", "basic_guarantee")} | {
    "home_bed": "b.kind = 'home'"
}


def nursing_ratio(
    session: Session, city_code: int, on: date, *, lo: int, hi: int, ratio_code: str | None = None
) -> Ratio:
    """Give the ratio of a Shanghai day over the homes of an area range, by the city's own definition.

    `ratio_code` None takes the first ratio the city's rules measure. Raises UnknownRatio, UnknownCity.
    """
    rules = rules_in_force(session, city_code, on)
    definition = ratio_definition(rules, ratio_code)
    homes = [
        HomeRatio(row.facility_id, row.name, row.area_code, row.nursing, row.total)
        for row in _counted(session, rules, definition, [on], lo, hi, by_home=True)
    ]
    nursing, total = sum(home.nursing for home in homes), sum(home.total for home in homes)
    target = target_on(rules, definition, on)
    return Ratio(
        on=on,
        nursing=nursing,
        total=total,
        ratio=proportion(nursing, total),
        definition=definition.name,
        basis=definition.basis,
        rules_version=rules.version,
        target=None if target is None else float(target.value / 100),
        target_due=None if target is None else target.due_on,
        target_plan=None if target is None else target.plan,
        short_beds=beds_short(nursing, total, None if target is None else float(target.value / 100)),
        rows=sorted(homes, key=lambda home: (home.nursing / home.total if home.total else 1.0, -home.total)),
    )


def ratio_trend(
    session: Session, city_code: int, on: date, *, lo: int, hi: int, months: int = 14, ratio_code: str | None = None
) -> list[TrendPoint]:
    """Give the ratio at the last `months` month ends and on the day itself, oldest first, under today's rules."""
    rules = rules_in_force(session, city_code, on)
    definition = ratio_definition(rules, ratio_code)
    days = [*month_ends(on, months), on]
    rows = {row.day: row for row in _counted(session, rules, definition, days, lo, hi, by_home=False)}
    return [
        TrendPoint(day, rows[day].nursing, rows[day].total, proportion(rows[day].nursing, rows[day].total))
        for day in days
    ]


def ratio_beds(
    session: Session, city_code: int, on: date, *, lo: int, hi: int, facility_id: int | None = None
) -> list[Any]:
    """Give the beds behind the ratio, one row a bed: where, its label, flags, since when, and how it counts."""
    rules = rules_in_force(session, city_code, on)
    definition = ratio_definition(rules, None)
    query = f"""
        SELECT b.id, b.facility_id, f.name, b.label, b.kind, b.dementia, b.basic_guarantee, b.opened_on,
          b.nursing_from, ({bed_filter_sql(definition.numerator, definition.basis, "n")}) AS in_numerator
        FROM bed b JOIN facility f ON f.id = b.facility_id CROSS JOIN (SELECT CAST(:day AS date) AS day) AS d
        WHERE {bed_filter_sql(definition.denominator, definition.basis, "d")} AND b.area_code BETWEEN :lo AND :hi
          AND (CAST(:home AS bigint) IS NULL OR b.facility_id = :home)
        ORDER BY f.name, b.facility_id, b.label
    """
    values = _values(rules, definition, lo, hi) | {"day": on, "home": facility_id}
    return list(session.connection().execute(text(query), values))


def ratio_definition(rules: CityRules, code: str | None) -> RatioDefinition:
    """Give the city's definition by code, or the one its bed indicator uses. Raises UnknownRatio."""
    wanted = code or next((i.ratio for i in rules.indicators if i.kind == "bed_ratio" and i.ratio), None)
    for definition in rules.ratios:
        if definition.code == wanted:
            return definition
    raise UnknownRatio(ratio=wanted, city_code=rules.city_code)


def target_on(rules: CityRules, definition: RatioDefinition, on: date) -> Target | None:
    """Give the next promise about a ratio that is not yet due, else the last one made."""
    codes = [i.code for i in rules.indicators if i.kind == "bed_ratio" and i.ratio == definition.code]
    promises = sorted((t for code in codes for t in rules.targets_for(code)), key=lambda t: t.due_on)
    ahead = [t for t in promises if t.due_on >= on]
    return ahead[0] if ahead else (promises[-1] if promises else None)


def month_ends(on: date, months: int) -> list[date]:
    """Give the last days of the `months` months before the month of a day, oldest first."""
    ends, first = [], on.replace(day=1)
    for _ in range(months):
        ends.append(first - timedelta(days=1))
        first = ends[-1].replace(day=1)
    return ends[::-1]


def proportion(part: int, whole: int) -> float | None:
    """Give a share between 0 and 1; None of nothing."""
    return part / whole if whole else None


def beds_short(nursing: int, total: int, target: float | None) -> int:
    """Give how many beds more must be certified for a target (a proportion), with the denominator as it is."""
    if target is None:
        return 0
    return max(0, math.ceil(round(target * total - nursing, 6)))


def places_short(rows: list[HomeRatio], short: int) -> list[tuple[HomeRatio, int]]:
    """Give in which homes the missing beds could be certified: from the home with the most such beds down."""
    chosen: list[tuple[HomeRatio, int]] = []
    for home in sorted(rows, key=lambda one: (one.nursing - one.total, one.facility_id)):
        if short <= 0 or home.total <= home.nursing:
            break
        chosen.append((home, min(short, home.total - home.nursing)))
        short -= chosen[-1][1]
    return chosen


def _counted(
    session: Session,
    rules: CityRules,
    definition: RatioDefinition,
    days: list[date],
    lo: int,
    hi: int,
    *,
    by_home: bool,
) -> list[Any]:
    numerator = bed_filter_sql(definition.numerator, definition.basis, "n")
    denominator = bed_filter_sql(definition.denominator, definition.basis, "d")
    home = "f.id AS facility_id, f.name, f.area_code" if by_home else "d.day"
    query = f"""
        SELECT {home}, count(b.id) FILTER (WHERE {numerator}) AS nursing, count(b.id) FILTER (WHERE {denominator}) AS total
        FROM unnest(CAST(:days AS date[])) AS d(day)
        LEFT JOIN (bed b JOIN facility f ON f.id = b.facility_id) ON b.area_code BETWEEN :lo AND :hi
        GROUP BY {"f.id, f.name, f.area_code" if by_home else "d.day"}
        {"HAVING count(b.id) FILTER (WHERE " + denominator + " OR " + numerator + ") > 0" if by_home else ""}
    """
    values = _values(rules, definition, lo, hi) | {"days": days}
    return list(session.connection().execute(text(query), values))


def bed_filter_sql(chosen: BedFilter, basis: str, side: str) -> str:
    """Write a filter over bed `b`, its home `f` and the day `d.day` as SQL.

    Only our own words reach the text; the city's types are bound as :n_types or :d_types (`bed_filter_types`).
    """
    parts = [_IN_FORCE[basis], "(b.closed_on IS NULL OR b.closed_on > d.day)"]
    parts.append("(f.closed_on IS NULL OR f.closed_on > d.day)")
    if chosen.facility_types:
        parts.append(f"f.type_code = ANY (:{side}_types)")
    parts += [f"COALESCE({_FLAGS[flag]}, false)" for flag in chosen.flags]
    if not chosen.include_home_beds and "home_bed" not in chosen.flags:
        parts.append("b.kind <> 'home'")
    return " AND ".join(parts)


def _values(rules: CityRules, definition: RatioDefinition, lo: int, hi: int) -> dict[str, Any]:
    types = bed_filter_types(rules, definition.numerator, "n") | bed_filter_types(rules, definition.denominator, "d")
    return {"lo": lo, "hi": hi, **types}


def bed_filter_types(rules: CityRules, chosen: BedFilter, side: str) -> dict[str, Any]:
    """Give what a filter's SQL binds: its kinds of home under every name registers give them, or nothing."""
    return {f"{side}_types": _with_other_names(rules, chosen.facility_types)} if chosen.facility_types else {}


def _with_other_names(rules: CityRules, codes: tuple[str, ...]) -> list[str]:
    """Add what other cities' registers call the same kinds of home."""
    return sorted({name for code in codes for name in (code, *rules.facility_type(code).also)})
