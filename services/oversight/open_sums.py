"""A city's indicators as open data: the sums of a month's end by area, persons' small counts withheld, kept as published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.acts import record_act
from services.circles.suppression import Area
from services.cities.pack import CityRules
from services.cities.queries import area_names, rules_in_force
from services.cities.rules import area_level, area_range, parent_code
from services.clock import civil_date
from services.columns import table_of
from services.oversight.definitions import definition_in_words
from services.oversight.errors import NothingOpen
from services.oversight.exchange_tables import OpenTableRow
from services.oversight.indicators import Formula, formulas
from services.oversight.measures import Measure
from services.oversight.report_gathering import fingerprint
from services.oversight.rules import value_of
from services.oversight.suppressing import REST, Ties, hide_sums, with_rests
from services.unit_of_work import Actor

CODE = "indicators"
ELSEWHERE = frozenset({"reached", "judged_for_circles"})
"""Published in the table of coverage (services/circles/openness.py), which hides for itself; not twice."""
WITHIN = {
    "served_at_home": ("elders_at_home", "elders"), "bought_at_home": ("served_at_home", "elders_at_home", "elders"),
    "elders_at_home": ("elders",), "elders_in_homes": ("elders",), "met": ("to_be_met",), "to_be_met": ("elders",),
    "certified_carers": ("carers",),
}  # fmt: skip
"""Of which larger kinds of count each is a part."""
_table = table_of(OpenTableRow)
_SUMS = text(
    "SELECT DISTINCT ON (m.code, c.area_code) m.code, c.area_code, c.total FROM counted_measure m"
    " JOIN measure_count c ON c.measure_id = m.id WHERE m.city_code = :city AND m.code = ANY (CAST(:codes AS text[]))"
    " AND m.counted_from <= :day AND c.day <= :day AND c.area_code BETWEEN :lo AND :hi"
    " AND c.period = CASE m.period WHEN 'month' THEN date_trunc('month', CAST(:day AS date))::date"
    "  WHEN 'year' THEN date_trunc('year', CAST(:day AS date))::date ELSE DATE '0001-01-01' END"
    " ORDER BY m.code, c.area_code, c.day DESC"
)
_COUNTED = text("SELECT code FROM counted_measure WHERE city_code = :city AND counted_from <= :day")
_PEOPLE = text(
    "SELECT DISTINCT ON (area_code, what) area_code, what, value FROM area_statistic WHERE area_code BETWEEN :lo AND :hi"
    " AND counted_on <= :day AND withdrawn_at IS NULL ORDER BY area_code, what, counted_on DESC, recorded_at DESC"
)
_PUBLISH = insert(_table).on_conflict_do_nothing(index_elements=["city_code", "code", "month"]).returning(_table.c.id)
_FIND = text(
    "SELECT * FROM open_table WHERE city_code = :city AND code = :code AND (CAST(:month AS date) IS NULL OR month = :month)"
    " ORDER BY month DESC LIMIT 1"
)
_MONTHS = text("SELECT month FROM open_table WHERE city_code = :city AND code = :code ORDER BY month DESC")


@dataclass(frozen=True)
class _Sums:
    parents: dict[Area, Area | None]
    by_measure: dict[str, dict[Area, int]]


def publish_open_sums(session: Session, now: datetime, actor: Actor, city_code: int, month: date) -> int | None:
    """Publish a city's indicators of a month that is over; gives the table's id, None where it stands or nothing was counted.

    What is counted over a year is published of whole years only: two months of it subtracted would tell the few
    between them. Runs as a city-wide job.
    """
    first = month.replace(day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    if last >= civil_date(now):
        return None
    rules = rules_in_force(session, city_code, last)
    shown = _shown(session, rules, last)
    if not shown:
        return None
    content = _content(session, rules, city_code, last, shown)
    withheld = sum(1 for row in content["rows"] if row["suppressed"])
    values = {
        "city_code": city_code, "code": CODE, "month": first, "published_at": now, "licence": rules.open_data.licence,
        "content": content, "content_hash": fingerprint(content), "withheld": withheld,
    }  # fmt: skip
    table_id: int | None = session.connection().execute(_PUBLISH, values).scalar()
    if table_id is not None:
        facts = {"month": f"{first:%Y-%m}", "rows": len(content["rows"]), "withheld": withheld}
        record_act(
            session, now, actor, "publish_open_sums", area_code=city_code, subject=("open_table", table_id), facts=facts
        )
    return table_id


def open_sums(session: Session, city_code: int, month: date | None = None) -> Row[Any]:
    """Give the table a city published about a month, or its newest; anybody may read it. Raises NothingOpen."""
    asked = {"city": city_code, "code": CODE, "month": month.replace(day=1) if month else None}
    found = session.connection().execute(_FIND, asked).one_or_none()
    if found is None:
        raise NothingOpen(city_code=city_code)
    return found


def open_months(session: Session, city_code: int) -> list[date]:
    """Give the months a city published, newest first."""
    return list(session.connection().execute(_MONTHS, {"city": city_code, "code": CODE}).scalars())


def ties_of(measures: Iterable[Measure]) -> Ties:
    """Say which measures are parts or halves of which, by what they count and whom they leave out."""
    known = {measure.code: measure for measure in measures if measure.personal}
    inside = tuple(
        (part.code, whole.code)
        for part in known.values()
        for whole in known.values()
        if part.code != whole.code and _is_part(part, whole)
    )
    halves = tuple(
        (one.code, other.code, whole.code)
        for one in known.values()
        for other in known.values()
        for whole in known.values()
        if (one.what, other.what, whole.what) == ("elders_at_home", "elders_in_homes", "elders")
        and one.told == other.told == whole.told
    )
    return Ties(inside, halves)


def _is_part(part: Measure, whole: Measure) -> bool:
    if part.subject != whole.subject:
        return False
    if part.what != whole.what and whole.what not in WITHIN.get(part.what, ()):
        return False
    if whole.what != part.what and part.what in ("to_be_met", "met") and whole.what == "to_be_met":
        return not whole.told.get("visit_classes") or part.told.get("visit_classes") == whole.told["visit_classes"]
    if part.what == whole.what and part.told == whole.told:
        return False
    return _narrower(part.told, whole.told)


def _narrower(part: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Tell whether whoever fits the filter of the part fits that of the whole."""
    for name in ("min_age", "min_care_level"):
        if (part.get(name) or 0) < (whole.get(name) or 0):
            return False
    for name in ("groups", "visit_classes"):
        if whole.get(name) and not (part.get(name) and set(part[name]) <= set(whole[name])):
            return False
    return True


def _shown(session: Session, rules: CityRules, last: date) -> dict[str, Formula]:
    """The formulas all of whose measures were counted by the day, none of a year that is not over."""
    asked = {"city": rules.city_code, "day": last}
    counted = set(session.connection().execute(_COUNTED, asked).scalars())
    year_is_over = (last.month, last.day) == (12, 31)
    return {
        code: formula
        for code, formula in formulas(rules).items()
        if all(
            measure.code in counted and measure.what not in ELSEWHERE and (measure.period != "year" or year_is_over)
            for measure in formula.measures
        )
    }


def _content(
    session: Session, rules: CityRules, city_code: int, last: date, shown: dict[str, Formula]
) -> dict[str, Any]:
    measures = {measure.code: measure for formula in shown.values() for measure in formula.measures}
    sums = _sums(session, city_code, last, list(measures))
    personal = {code: counts for code, counts in sums.by_measure.items() if measures[code].personal}
    parents = dict(sums.parents)
    with_rests(parents, personal)
    hidden = hide_sums(parents, personal, ties_of(measures.values()), rules.open_data.smallest_shown)
    areas = sorted((area for area in parents if area[0] != REST), key=lambda area: area[1])
    people = _people(session, city_code, last)
    names = area_names(session, {code for _, code in areas})
    smallest = rules.open_data.smallest_shown
    return {
        "notice": f"1至{smallest - 1}人的数不公布；为防止由合计推算，同时隐去若干相关的数（suppressed）。",
        "smallest_shown": smallest, "licence": rules.open_data.licence, "licence_url": rules.open_data.licence_url,
        "day": last.isoformat(), "rules_version": rules.version, "city_code": city_code,
        "indicators": [
            {"code": code, "name": f.indicator.name_zh, "name_en": f.indicator.name_en, "unit": f.indicator.unit,
             "definition": definition_in_words(f), "personal": any(measure.personal for measure in f.measures)}
            for code, f in shown.items()
        ],
        "rows": [
            _row(code, formula, area, names, sums.by_measure, hidden, people)
            for area in areas for code, formula in shown.items()
        ],
    }  # fmt: skip


def _row(
    code: str,
    formula: Formula,
    area: Area,
    names: dict[int, str],
    sums: dict[str, dict[Area, int]],
    hidden: dict[str, frozenset[Area]],
    people: dict[tuple[int, str], int],
) -> dict[str, Any]:
    above = _told(formula.numerator, area, sums, hidden)
    below = None if formula.denominator is None else _told(formula.denominator, area, sums, hidden)
    divides = formula.denominator is not None or formula.people is not None
    if formula.people:
        below = people.get((area[1], formula.people))
    value = value_of(above, below, formula.factor, divides=divides)
    lacks = [
        measure.code
        for measure in formula.measures
        if measure.personal and area in hidden.get(measure.code, frozenset())
    ]
    return {
        "area_code": area[1], "area_name": names.get(area[1], str(area[1])), "level": area[0], "indicator": code,
        "numerator": above, "denominator": below, "value": None if value is None else f"{value.normalize():f}",
        "suppressed": bool(lacks),
    }  # fmt: skip


def _told(
    measure: Measure, area: Area, sums: dict[str, dict[Area, int]], hidden: dict[str, frozenset[Area]]
) -> int | None:
    if measure.personal and area in hidden[measure.code]:
        return None
    return sums[measure.code].get(area, 0)


def _sums(session: Session, city_code: int, last: date, codes: list[str]) -> _Sums:
    lo, hi = area_range(city_code)
    asked = {"city": city_code, "codes": codes, "day": last, "lo": lo, "hi": hi}
    found = session.connection().execute(_SUMS, asked).all()
    parents: dict[Area, Area | None] = {("city", city_code): None}
    by_measure: dict[str, dict[Area, int]] = {code: {} for code in codes}
    for row in found:
        area = (area_level(row.area_code), row.area_code)
        _hang(parents, area, city_code)
        by_measure[row.code][area] = row.total
    for counts in by_measure.values():
        for area in parents:
            counts.setdefault(area, 0)
    return _Sums(parents, by_measure)


def _hang(parents: dict[Area, Area | None], area: Area, city_code: int) -> None:
    """Hang an area under those it lies in, up to the city."""
    while area[1] != city_code and area not in parents:
        above = parent_code(area[1])
        if above is None:
            return
        parent = ("city", city_code) if above == city_code else (area_level(above), above)
        parents[area] = parent
        area = parent


def _people(session: Session, city_code: int, last: date) -> dict[tuple[int, str], int]:
    lo, hi = area_range(city_code)
    rows = session.connection().execute(_PEOPLE, {"lo": lo, "hi": hi, "day": last})
    return {(row.area_code, row.what): row.value for row in rows}
