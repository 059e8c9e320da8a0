"""Reading indicators: the number of a day with its parts, targets, trend and forecast, and the rows behind each part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.beds.ratio import month_ends
from services.cities.pack import CityRules, Target
from services.cities.queries import rules_in_force
from services.cities.rules import area_level, area_range
from services.oversight.errors import NotCounted, UnknownIndicator
from services.oversight.indicators import Formula, formulas
from services.oversight.measures import Measure, measure_sql, period_of
from services.oversight.rules import Forecast, forecast, kept, missing_of, value_of

COUNTED_LEVELS = ("province", "city", "district", "street", "community")  # Shanghai is one city of a province's level


@dataclass(frozen=True)
class Promise:
    """A target beside the number: kept or not, how many are missing, days left, and where the trend leads."""

    target: Target
    kept: bool | None
    missing: int | None
    days_left: int
    forecast: Forecast | None


@dataclass(frozen=True)
class IndicatorValue:
    """One indicator of an area on a day. `value` in the indicator's unit; None: not counted, or nothing to divide by.

    `counted_on` is the last day on which a part changed; `basis` is `counted` (as it stood that day) or `recounted`
    (worked out again from dated facts, with what is known by now).
    """

    formula: Formula
    area_code: int
    on: date
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    basis: str
    counted_on: date | None
    rules_version: str
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True)
class Point:
    """The number of one day in a trend."""

    on: date
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    basis: str


@dataclass(frozen=True)
class Part:
    """A row behind a number: a bed, a site, an area or a person."""

    row_id: int
    area_code: int
    weight: int
    since: date


_COUNTS = text(
    """
    SELECT m.code, d.day, c.total, c.day AS counted_on, m.counted_from
    FROM counted_measure m CROSS JOIN unnest(CAST(:days AS date[])) AS d (day)
    LEFT JOIN LATERAL (
      SELECT total, day FROM measure_count c WHERE c.measure_id = m.id AND c.area_code = :area AND c.day <= d.day
        AND c.period = CASE m.period WHEN 'month' THEN date_trunc('month', d.day)::date
          WHEN 'year' THEN date_trunc('year', d.day)::date ELSE DATE '0001-01-01' END
      ORDER BY c.day DESC LIMIT 1) AS c ON true
    WHERE m.city_code = :city AND m.code = ANY (CAST(:codes AS text[]))
    """
)
_PEOPLE = text(
    "SELECT area_code, value FROM (SELECT DISTINCT ON (area_code) area_code, value FROM area_statistic"
    " WHERE what = :what AND counted_on <= :day AND area_code BETWEEN :lo AND :hi"
    " AND recorded_at <= COALESCE(CAST(:known_by AS timestamptz), 'infinity')"
    " AND (withdrawn_at IS NULL OR withdrawn_at > CAST(:known_by AS timestamptz))"
    " ORDER BY area_code, counted_on DESC, recorded_at DESC) AS newest ORDER BY area_code"
)
_ROWS = """
SELECT r.row_id, r.area_code, r.weight, r.since FROM measure_row r
WHERE r.measure_id = (SELECT id FROM counted_measure WHERE city_code = :city AND code = :code) AND r.period = :period
  AND r.since <= :day AND (r.until IS NULL OR r.until > :day) AND r.area_code BETWEEN :lo AND :hi
  AND r.row_id > :after {without}"""
_PAGE = " ORDER BY r.row_id LIMIT :most OFFSET :skip"
_WITHOUT = """
  AND NOT EXISTS (SELECT FROM measure_row n WHERE n.measure_id = (SELECT id FROM counted_measure
    WHERE city_code = :city AND code = :numerator) AND n.period = :numerator_period AND n.row_id = r.row_id
    AND n.since <= :day AND (n.until IS NULL OR n.until > :day))
"""


def indicator_values(
    session: Session,
    area_code: int,
    on: date,
    *,
    codes: Iterable[str] | None = None,
    months: int = 14,
    known_by: datetime | None = None,
) -> list[IndicatorValue]:
    """Give an area's indicators on a Shanghai day, as they stood that day, each with its promises.

    Official counts of people are those known by `known_by`; None: by now. Promises are the city's, so they stand at every level, with the forecast of this area's own trend over `months`
    month ends. Raises UnknownCity, NoRulesInForce, NotCounted (a level below the community).
    """
    if area_level(area_code) not in COUNTED_LEVELS:
        raise NotCounted(area_code=area_code)
    rules = rules_in_force(session, area_code, on)
    known = formulas(rules)
    chosen = list(known.values()) if codes is None else [known[code] for code in codes if code in known]
    days = [*month_ends(on, months), on]
    counts = _counts(session, rules, chosen, area_code, days)
    people = {f.people: _people(session, f.people, area_code, on, known_by) for f in chosen if f.people}
    return [_value(rules, formula, area_code, on, days, counts, people) for formula in chosen]


def indicator_value(session: Session, area_code: int, on: date, code: str) -> IndicatorValue:
    """Give one indicator of an area on a day. Raises UnknownIndicator, NotCounted, UnknownCity, NoRulesInForce."""
    found = indicator_values(session, area_code, on, codes=[code])
    if not found:
        raise UnknownIndicator(code=code, area_code=area_code)
    return found[0]


def indicator_trend(
    session: Session, area_code: int, on: date, code: str, *, months: int = 24, known_by: datetime | None = None
) -> list[Point]:
    """Give an indicator at the last `months` month ends and on the day, oldest first; counts of people by `known_by`.

    Days before the house began to count are worked out from dated facts, where facts carry their days (beds, sites,
    areas); persons' past is not made up: those points are empty.
    """
    rules = rules_in_force(session, area_code, on)
    formula = _formula(rules, code, area_code)
    days = [*month_ends(on, months), on]
    counts = _counts(session, rules, [formula], area_code, days)
    points = []
    for day in days:
        point = _point(session, formula, area_code, day, counts, known_by)
        if point.value is None and not any(measure.personal for measure in formula.measures):
            again = recount_value(session, known_by, area_code, day, code, rules=rules)
            point = Point(day, again.numerator, again.denominator, again.value, "recounted")
        points.append(point)
    return points


def recount_value(
    session: Session, now: datetime | None, area_code: int, on: date, code: str, *, rules: CityRules | None = None
) -> IndicatorValue:
    """Work an indicator of a day out again from the rows of the register, with what is known by now."""
    rules = rules or rules_in_force(session, area_code, on)
    formula = _formula(rules, code, area_code)
    lo, hi = area_range(area_code)
    totals = []
    for measure in formula.measures:
        sql, values = measure_sql(measure, rules)
        _, first, past = period_of(measure, on)
        asked = {"lo": lo, "hi": hi, "day": on, "first": first, "past": past, "as_of": now} | values
        sums = text(f"SELECT COALESCE(sum(weight), 0)::bigint FROM ({sql}) AS counted")
        totals.append(int(session.connection().execute(sums, asked).scalar_one()))
    denominator = totals[1] if len(totals) > 1 else None
    if formula.people:
        denominator = _people(session, formula.people, area_code, on, now)
    value = value_of(totals[0], denominator, formula.factor, divides=divides(formula))
    return IndicatorValue(formula, area_code, on, totals[0], denominator, value, "recounted", on, rules.version)


def indicator_rows(
    session: Session, area_code: int, on: date, code: str, side: str, *, after: int = 0, most: int = 200, skip: int = 0
) -> list[Part]:
    """Give the rows of a number's `numerator` or `denominator`, or those `missing` from the numerator, by their id.

    `after` is the last id of the page before; `skip` leaves out so many for who counts pages. Row-level security lets
    nobody see a person outside her own area. Raises UnknownIndicator.
    """
    statement, asked = _rows_asked(session, area_code, on, code, side)
    asked |= {"after": after, "most": most, "skip": skip}
    rows = session.connection().execute(text(statement + _PAGE), asked)
    return [Part(row.row_id, row.area_code, row.weight, row.since) for row in rows]


def rows_counted(session: Session, area_code: int, on: date, code: str, side: str) -> int:
    """Give how many rows `indicator_rows` has in all."""
    statement, asked = _rows_asked(session, area_code, on, code, side)
    whole = text(f"SELECT count(*) FROM ({statement}) AS whole")
    return int(session.connection().execute(whole, asked | {"after": 0}).scalar_one())


def _rows_asked(session: Session, area_code: int, on: date, code: str, side: str) -> tuple[str, dict[str, Any]]:
    rules = rules_in_force(session, area_code, on)
    formula = _formula(rules, code, area_code)
    measure = measure_named(formula, side)
    lo, hi = area_range(area_code)
    period = period_of(measure, on)[0]
    asked = {"city": rules.city_code, "code": measure.code, "period": period, "day": on, "lo": lo, "hi": hi}
    if side != "missing":
        return _ROWS.format(without=""), asked
    asked |= {"numerator": formula.numerator.code, "numerator_period": period_of(formula.numerator, on)[0]}
    return _ROWS.format(without=_WITHOUT), asked


def _formula(rules: CityRules, code: str, area_code: int) -> Formula:
    found = formulas(rules).get(code)
    if found is None:
        raise UnknownIndicator(code=code, area_code=area_code)
    return found


def _counts(
    session: Session, rules: CityRules, chosen: list[Formula], area_code: int, days: list[date]
) -> dict[tuple[str, date], tuple[int | None, date | None]]:
    codes = sorted({measure.code for formula in chosen for measure in formula.measures})
    asked = {"days": days, "area": area_code, "city": rules.city_code, "codes": codes}
    found = {}
    for row in session.connection().execute(_COUNTS, asked):
        known = row.total if row.total is not None else (0 if row.day >= row.counted_from else None)
        found[row.code, row.day] = (known, row.counted_on or row.counted_from)
    return found


def _people(session: Session, what: str, area_code: int, on: date, known_by: datetime | None = None) -> int | None:
    """Give an official count of people: the area's own newest, else the sum of the areas inside it that have one."""
    lo, hi = area_range(area_code)
    asked = {"what": what, "day": on, "lo": lo, "hi": hi, "known_by": known_by}
    rows = session.connection().execute(_PEOPLE, asked).all()
    total, covered = 0, -1
    for row in rows:
        if row.area_code > covered:
            total += row.value
            covered = area_range(row.area_code)[1]
    return total if rows else None


def _value(
    rules: CityRules,
    formula: Formula,
    area_code: int,
    on: date,
    days: list[date],
    counts: dict[tuple[str, date], tuple[int | None, date | None]],
    people: dict[str, int | None],
) -> IndicatorValue:
    points = [(day, *_parts(formula, day, counts, people)) for day in days]
    numerator, denominator = points[-1][1:]
    divided = divides(formula)
    value = value_of(numerator, denominator, formula.factor, divides=divided)
    line = [(day, value_of(n, d, formula.factor, divides=divided)) for day, n, d in points]
    drawn = [(day, float(number)) for day, number in line if number is not None]
    promises = []
    for target in rules.targets_for(formula.indicator.code):
        ahead = (
            forecast(drawn, target.due_on, top=100.0 if formula.factor == 100 else None) if target.due_on > on else None
        )
        missing = (
            None
            if numerator is None or value is None
            else missing_of(numerator, denominator, formula.factor, target.value, target.comparison, divides=divided)
        )
        promises.append(
            Promise(target, kept(value, target.value, target.comparison), missing, (target.due_on - on).days, ahead)
        )
    known = [counts.get((measure.code, on), (None, None))[1] for measure in formula.measures]
    return IndicatorValue(
        formula, area_code, on, numerator, denominator, value, "counted",
        max((day for day in known if day), default=None), rules.version, tuple(promises),
    )  # fmt: skip


def _parts(formula: Formula, day: date, counts: Any, people: dict[str, int | None]) -> tuple[int | None, int | None]:
    numerator = counts.get((formula.numerator.code, day), (None, None))[0]
    if formula.people:
        return numerator, people.get(formula.people)
    if formula.denominator is None:
        return numerator, None
    return numerator, counts.get((formula.denominator.code, day), (None, None))[0]


def _point(
    session: Session, formula: Formula, area_code: int, day: date, counts: Any, known_by: datetime | None
) -> Point:
    people = {formula.people: _people(session, formula.people, area_code, day, known_by)} if formula.people else {}
    numerator, denominator = _parts(formula, day, counts, people)
    value = value_of(numerator, denominator, formula.factor, divides=divides(formula))
    return Point(day, numerator, denominator, value, "counted")


def divides(formula: Formula) -> bool:
    """Tell whether a formula divides by something."""
    return formula.denominator is not None or formula.people is not None


def next_promise(value: IndicatorValue) -> Promise | None:
    """Give the promise that falls due next, else the last one made."""
    ahead = [promise for promise in value.promises if promise.days_left >= 0]
    return ahead[0] if ahead else (value.promises[-1] if value.promises else None)


def measure_named(formula: Formula, side: str) -> Measure:
    """Give the measure of a side of a formula."""
    return formula.numerator if side == "numerator" or formula.denominator is None else formula.denominator
