"""What a monthly report of an area says, gathered from what was counted: the same facts give the same content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.beds.ratio import month_ends
from services.cities.pack import CityRules
from services.cities.queries import areas_inside, find_area, rules_in_force
from services.cities.rules import area_level, area_range
from services.clock import civil_midnight
from services.oversight.definitions import definition_in_words
from services.oversight.indicator_parts import shortfall
from services.oversight.indicator_queries import (
    IndicatorValue,
    Point,
    Promise,
    divides,
    indicator_trend,
    indicator_values,
    next_promise,
    recount_value,
)
from services.oversight.indicators import Formula, formulas
from services.oversight.rules import forecast, kept, missing_of

RECIPE = 1
"""Changes when a report says the same facts otherwise, so that an old one is compared with its own kind."""
TREND_MONTHS = 13
MOST_PLACES = 20
BELOW = {"city": "district", "district": "street", "street": "community"}
MOST_AREAS_RECOUNTED = 40
"""More areas inside are not worked out again from the register when nothing was counted that day."""
DATED = frozenset({"met", "to_be_met"})
"""Counts of persons that dated rows tell for any past day; other pasts of persons are not made up."""
Tell = Callable[[int, int], None]

_HOMES = text(
    "SELECT f.code, f.name, s.total, s.nursing, s.dementia, s.occupied FROM bed_snapshot s JOIN facility f"
    " ON f.id = s.facility_id WHERE s.day = :last AND s.area_code BETWEEN :lo AND :hi ORDER BY s.total DESC, f.code"
)
_SITES = text(
    "SELECT type_code, count(*) FILTER (WHERE opened_on <= :last AND (closed_on IS NULL OR closed_on > :last)) AS standing,"
    " count(*) FILTER (WHERE opened_on BETWEEN :first AND :last) AS opened,"
    " count(*) FILTER (WHERE closed_on BETWEEN :first AND :last) AS closed FROM facility"
    " WHERE area_code BETWEEN :lo AND :hi AND status <> 'planned' GROUP BY 1 ORDER BY 1"
)
_SERVICES = text(
    "SELECT o.service_code, COALESCE(max(i.name_zh), o.service_code) AS name, count(*) AS visits,"
    " count(DISTINCT v.elder_id) AS elders FROM visit v JOIN care_order o ON o.id = v.order_id"
    " LEFT JOIN service_item i ON i.code = o.service_code WHERE v.area_code BETWEEN :lo AND :hi"
    " AND v.checked_out_at >= :begins AND v.checked_out_at < :ends GROUP BY 1 ORDER BY visits DESC, 1"
)
_PEOPLE = text(
    "SELECT DISTINCT ON (what) what, value, counted_on, source, assumed FROM area_statistic WHERE area_code = :area"
    " AND counted_on <= :last AND recorded_at <= :known_by AND (withdrawn_at IS NULL OR withdrawn_at > :known_by)"
    " ORDER BY what, counted_on DESC, recorded_at DESC"
)


@dataclass(frozen=True)
class Asked:
    """A report's question: an area (15 digits), the first day of a month, and the moment whose knowledge counts."""

    area_code: int
    month: date
    known_by: datetime

    @property
    def last(self) -> date:
        """The month's last day."""
        return (self.month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def gather(session: Session, asked: Asked, tell: Tell | None = None) -> dict[str, Any]:
    """Give a report's content as plain data; `tell(done, of)` hears of every step.

    Sees what its session may see. Raises UnknownArea, UnknownCity, NoRulesInForce, NotCounted.
    """
    area, rules = find_area(session, asked.area_code), rules_in_force(session, asked.area_code, asked.last)
    known = formulas(rules)
    steps, done = len(known) + 3, 0
    stories = []
    for formula in known.values():
        stories.append(_story(session, asked, rules, formula))
        done += 1
        if tell is not None:
            tell(done, steps)
    content: dict[str, Any] = {
        "recipe": RECIPE,
        "area": {"code": asked.area_code, "name": area.name, "level": area.level},
        "month": f"{asked.month:%Y-%m}",
        "day": asked.last.isoformat(),
        "known_by": asked.known_by.isoformat(),
        "rules": {"city": rules.rules_city_name_zh, "version": rules.version},
        "indicators": stories,
        "inside": _inside(session, asked, rules),
    }
    if tell is not None:
        tell(steps - 1, steps)
    content |= _registers(session, asked, rules)
    content["sources"] = [source.title for source in rules.sources if source.id in _sources_of(rules, known)]
    if tell is not None:
        tell(steps, steps)
    return content


def fingerprint(content: dict[str, Any]) -> str:
    """Give the SHA-256 of a report's content, written the one canonical way."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Give where two contents differ, by path, the first thirty."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = [
            differences(one.get(key), other.get(key), f"{path}/{key}") for key in sorted(one.keys() | other.keys())
        ]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        found = [differences(*pair, f"{path}/{place}") for place, pair in enumerate(zip(one, other, strict=True))]
    else:
        found = [] if one == other else [[path]]
    return [each for part in found for each in part][:30]


def _story(session: Session, asked: Asked, rules: CityRules, formula: Formula) -> dict[str, Any]:
    """One indicator: its number, last month's and last year's, its promises, what is missing, and its line."""
    code = formula.indicator.code
    value = _standing(session, asked, rules, formula)
    points = indicator_trend(
        session, asked.area_code, asked.last, code, months=TREND_MONTHS, known_by=asked.known_by
    )  # fmt: skip
    line = {point.on: point for point in points[:-1]}
    line[asked.last] = Point(asked.last, value.numerator, value.denominator, value.value, value.basis)
    before, year_ago = month_ends(asked.last, 1)[0], month_ends(asked.last, 12)[0]
    if line[before].value is None and _dated(formula):
        line[before] = _again(session, asked, formula, before)
    value = _with_promises(value, rules, list(line.values()))
    promise = next_promise(value)
    return {
        "code": code, "name": formula.indicator.name, "unit": formula.indicator.unit, "factor": formula.factor,
        "divides": divides(formula), "subject": formula.numerator.subject, "definition": definition_in_words(formula),
        "value": _written(value.value), "numerator": value.numerator, "denominator": value.denominator,
        "basis": value.basis, "counted_on": value.counted_on.isoformat() if value.counted_on else None,
        "last_month": _point(line[before]), "last_year": _point(line[year_ago]),
        "line": [_point(point) for point in line.values() if point.value is not None],
        "promises": [_promise(one) for one in value.promises],
        "missing": _missing(session, value, promise),
        "published": [
            {"on": one.on.isoformat(), "value": _written(one.value), "growth_percent": _written(one.growth_percent),
             "plan": one.plan, "source": one.source}
            for one in rules.published_for(code)
        ],
    }  # fmt: skip


def _dated(formula: Formula) -> bool:
    return all(not measure.personal or measure.what in DATED for measure in formula.measures)


def _standing(session: Session, asked: Asked, rules: CityRules, formula: Formula) -> IndicatorValue:
    """The number as it was counted that day; where nothing was, worked out again from facts that carry their days."""
    code = formula.indicator.code
    found = indicator_values(session, asked.area_code, asked.last, codes=[code], months=0, known_by=asked.known_by)[0]
    if found.numerator is None and _dated(formula):
        return recount_value(session, asked.known_by, asked.area_code, asked.last, code, rules=rules)
    return found


def _again(session: Session, asked: Asked, formula: Formula, day: date) -> Point:
    found = recount_value(session, asked.known_by, asked.area_code, day, formula.indicator.code)
    return Point(day, found.numerator, found.denominator, found.value, "recounted")


def _with_promises(value: IndicatorValue, rules: CityRules, line: list[Point]) -> IndicatorValue:
    formula, promises = value.formula, []
    drawn = [(point.on, float(point.value)) for point in line if point.value is not None]
    top = 100.0 if formula.factor == 100 else None
    for target in rules.targets_for(formula.indicator.code):
        missing = None
        if value.numerator is not None and value.value is not None:
            missing = missing_of(
                value.numerator, value.denominator, formula.factor, target.value, target.comparison,
                divides=divides(formula),
            )  # fmt: skip
        ahead = forecast(drawn, target.due_on, top=top) if target.due_on > value.on else None
        days = (target.due_on - value.on).days
        promises.append(Promise(target, kept(value.value, target.value, target.comparison), missing, days, ahead))
    return replace(value, promises=tuple(promises))


def _point(point: Point) -> dict[str, Any]:
    return {
        "on": point.on.isoformat(), "value": _written(point.value), "numerator": point.numerator,
        "denominator": point.denominator, "basis": point.basis,
    }  # fmt: skip


def _promise(one: Promise) -> dict[str, Any]:
    target, ahead = one.target, one.forecast
    return {
        "plan": target.plan, "comparison": target.comparison, "value": _written(target.value),
        "due_on": target.due_on.isoformat(), "kept": one.kept, "missing": one.missing, "days_left": one.days_left,
        "forecast": None if ahead is None else [round(ahead.expected, 2), round(ahead.low, 2), round(ahead.high, 2)],
    }  # fmt: skip


def _missing(session: Session, value: IndicatorValue, promise: Promise | None) -> dict[str, Any] | None:
    found = None if promise is None else shortfall(session, value, promise)
    if found is None or promise is None:
        return None
    return {
        "count": found.missing, "subject": found.subject, "due_on": promise.target.due_on.isoformat(),
        "places": [list(place) for place in found.places[:MOST_PLACES]], "whole": found.whole,
    }  # fmt: skip


def _inside(session: Session, asked: Asked, rules: CityRules) -> dict[str, Any] | None:
    """The same numbers in every area one level below."""
    level = BELOW.get(area_level(asked.area_code))
    if level is None:
        return None
    areas = [one for one in areas_inside(session, asked.area_code, level, asked.last) if one.code != asked.area_code]
    few = len(areas) <= MOST_AREAS_RECOUNTED
    rows = []
    for area in areas:
        values = indicator_values(session, area.code, asked.last, months=0, known_by=asked.known_by)
        numbers = {}
        for value in values:
            if value.numerator is None and few and not any(one.personal for one in value.formula.measures):
                value = recount_value(
                    session, asked.known_by, area.code, asked.last, value.formula.indicator.code, rules=rules
                )
            numbers[value.formula.indicator.code] = _written(value.value)
        rows.append({"code": area.code, "name": area.name, "values": numbers})
    return {"level": level, "areas": rows}


def _registers(session: Session, asked: Asked, rules: CityRules) -> dict[str, Any]:
    """Homes with their beds, sites by kind, services that were done, and the people there are."""
    lo, hi = area_range(asked.area_code)
    facts = {
        "lo": lo, "hi": hi, "area": asked.area_code, "first": asked.month, "last": asked.last, "known_by": asked.known_by,
        "begins": civil_midnight(asked.month), "ends": civil_midnight(asked.last + timedelta(days=1)),
    }  # fmt: skip
    types = {code: kind.name_zh for kind in rules.facility_types for code in (kind.code, *kind.also)}

    def rows(statement: Any) -> list[dict[str, Any]]:
        return [dict(row._mapping) for row in session.connection().execute(statement, facts)]

    return {
        "homes": rows(_HOMES),
        "sites": [{**row, "name": types.get(row["type_code"], row["type_code"])} for row in rows(_SITES)],
        "services": rows(_SERVICES),
        "people": [{**row, "counted_on": row["counted_on"].isoformat()} for row in rows(_PEOPLE)],
    }


def _sources_of(rules: CityRules, known: dict[str, Formula]) -> set[str]:
    told = {one.source for code in known for one in rules.targets_for(code)}
    return told | {one.source for code in known for one in rules.published_for(code)}


def _written(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
