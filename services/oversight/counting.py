"""Counting: what an event touched, or a whole city anew, by the same text; and whether both agree.

A measure's rows are kept with the days between which the house knew them, its sums by community, street, district
and city. `count_touched` judges the rows a trigger named, `count_city` judges all; both write the differences only,
so that the second finds nothing to do where the first missed nothing (`check_counts`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.cities.errors import NoRulesInForce, UnknownCity
from services.cities.pack import CityRules
from services.cities.queries import list_cities, rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.oversight.indicators import measures_of
from services.oversight.measures import Measure, measure_sql, period_of

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('counted_measure', :city))")
_APPLY = """
WITH found AS MATERIALIZED ({sql}),
old AS MATERIALIZED (
  SELECT row_id, area_code, weight, since FROM measure_row
  WHERE measure_id = :measure AND period = :period AND until IS NULL {only}
), diff AS MATERIALIZED (
  SELECT COALESCE(f.row_id, o.row_id) AS row_id, f.area_code AS new_area, f.weight AS new_weight,
         o.area_code AS old_area, o.weight AS old_weight, o.since
  FROM found f FULL JOIN old o ON o.row_id = f.row_id
  WHERE (f.area_code, f.weight) IS DISTINCT FROM (o.area_code, o.weight)
), ended AS (
  UPDATE measure_row r SET until = :day FROM diff d
  WHERE r.measure_id = :measure AND r.period = :period AND r.row_id = d.row_id AND r.until IS NULL AND d.since < :day
  RETURNING r.row_id
), dropped AS (
  DELETE FROM measure_row r USING diff d
  WHERE r.measure_id = :measure AND r.period = :period AND r.row_id = d.row_id AND r.since = :day AND d.since = :day
    AND d.new_area IS NULL
), mended AS (
  UPDATE measure_row r SET area_code = d.new_area, weight = d.new_weight FROM diff d
  WHERE r.measure_id = :measure AND r.period = :period AND r.row_id = d.row_id AND r.since = :day AND d.since = :day
    AND d.new_area IS NOT NULL
), written AS (
  INSERT INTO measure_row (measure_id, period, row_id, since, area_code, weight, personal)
  SELECT :measure, :period, row_id, :day, new_area, new_weight, :personal FROM diff
  WHERE new_area IS NOT NULL AND (since IS NULL OR since < :day)
    AND (SELECT count(*) FROM ended) >= 0  -- first the old row of a moved one ends: only one may stand open
), change AS (
  SELECT area, sum(by)::bigint AS by FROM (
    SELECT new_area AS area, new_weight AS by FROM diff WHERE new_area IS NOT NULL
    UNION ALL SELECT old_area, -old_weight FROM diff WHERE old_area IS NOT NULL
  ) AS both_sides GROUP BY area
), upwards AS (
  SELECT level.area, sum(change.by)::bigint AS by FROM change CROSS JOIN LATERAL (
    SELECT DISTINCT area FROM (VALUES (change.area / 1000 * 1000), (change.area / 1000000 * 1000000),
      (change.area / 1000000000 * 1000000000), (CAST(:city AS bigint))) AS above (area)) AS level
  GROUP BY level.area HAVING sum(change.by) <> 0
), counted AS (
  INSERT INTO measure_count (measure_id, period, area_code, day, total, personal)
  SELECT :measure, :period, u.area, :day, COALESCE(last.total, 0) + u.by, :personal
  FROM upwards u LEFT JOIN LATERAL (
    SELECT total FROM measure_count c WHERE c.measure_id = :measure AND c.period = :period AND c.area_code = u.area
      AND c.day <= :day ORDER BY c.day DESC LIMIT 1) AS last ON true
  ON CONFLICT (measure_id, period, area_code, day) DO UPDATE SET total = excluded.total
)
SELECT count(*) AS differences FROM diff
"""
_DIFFER = """
WITH found AS MATERIALIZED ({sql}), kept AS MATERIALIZED (
  SELECT row_id, area_code, weight FROM measure_row
  WHERE measure_id = :measure AND period = :period AND since <= :day AND (until IS NULL OR until > :day)
)
SELECT COALESCE(f.row_id, k.row_id) AS row_id, f.weight AS found, k.weight AS kept
FROM found f FULL JOIN kept k ON k.row_id = f.row_id
WHERE (f.area_code, f.weight) IS DISTINCT FROM (k.area_code, k.weight) ORDER BY 1
"""
_KNOWN = text("SELECT id, code, ended_on, counted_from FROM counted_measure WHERE city_code = :city")
_NEW = text(
    "INSERT INTO counted_measure (city_code, code, subject, what, period, definition, personal, rules_version_id,"
    " counted_from) VALUES (:city, :code, :subject, :what, :period, CAST(:definition AS jsonb), :personal, :rules, :day)"
    " RETURNING id"
)
_TAKE = text(
    "DELETE FROM measure_touched WHERE id IN (SELECT id FROM measure_touched ORDER BY id LIMIT :most"
    " FOR UPDATE SKIP LOCKED) RETURNING subject, row_id, area_code"
)
_FORGET = text("DELETE FROM measure_touched WHERE area_code BETWEEN :lo AND :hi")
_BEDS_OF = text("SELECT id FROM bed WHERE facility_id = ANY (CAST(:ids AS bigint[]))")
_QUARTERS_OF = text(
    "SELECT a.code FROM unnest(CAST(:communities AS bigint[])) AS c(code)"
    " JOIN area a ON a.code BETWEEN c.code + 1 AND c.code + 999"
)
Tell = Callable[[int, int], None]
MOST_TOUCHED = 50_000
"""So many touched rows are judged by themselves at once; a larger import is taken in several goes."""
SHOWN = 20


@dataclass(frozen=True)
class CountReport:
    """What one counting did: how many measures were judged and how many rows of them changed."""

    city_code: int
    day: date
    measures: int
    changed: int


@dataclass(frozen=True)
class CheckReport:
    """A nightly recount beside the events' counts; `first` names the first differing rows."""

    city_code: int
    day: date
    rows: int
    differences: int
    first: list[dict[str, Any]]


def count_city(session: Session, now: datetime, city_code: int, tell: Tell | None = None) -> CountReport:
    """Count every measure of a city's indicators anew, for the Shanghai day of `now`.

    What events named until now is counted with it. `tell` hears (measures done, of all). Raises UnknownCity,
    NoRulesInForce.
    """
    today = civil_date(now)
    rules = rules_in_force(session, city_code, today)
    session.connection().execute(_LOCK, {"city": rules.city_code})
    lo, hi = area_range(rules.city_code)
    session.connection().execute(_FORGET, {"lo": lo, "hi": hi})
    ids = _measures(session, rules, today)
    changed = 0
    for number, (measure, measure_id) in enumerate(ids):
        if tell is not None:
            tell(number, len(ids))
        for day in _days(measure, today):
            changed += _apply(session, now, rules, measure, measure_id, day, today, None)
    return CountReport(rules.city_code, today, len(ids), changed)


def count_touched(session: Session, now: datetime) -> list[CountReport]:
    """Count what events touched since the last time, city by city; gives a report for each city that had something."""
    taken = session.connection().execute(_TAKE, {"most": MOST_TOUCHED}).all()
    counted = {
        district: _city_counted(session, now, district) for district in {row.area_code // 10**9 for row in taken}
    }
    touched: dict[int, dict[str, set[int]]] = {}
    for row in taken:
        city = counted[row.area_code // 10**9]
        if city is not None:
            of_city = touched.setdefault(city, {})
            of_city.setdefault(row.subject, set()).add(row.row_id)
            if row.subject == "facility":  # a site also decides what the areas around it own
                of_city.setdefault("area", set()).add(row.area_code)
    return [_count_rows(session, now, city, rows) for city, rows in sorted(touched.items())]


def _city_counted(session: Session, now: datetime, district: int) -> int | None:
    """Give the city a district (its first six digits) is counted in; None for a daughter in a city this house knows not."""
    try:
        return rules_in_force(session, district * 10**9, civil_date(now)).city_code
    except (UnknownCity, NoRulesInForce):
        return None


def check_counts(session: Session, now: datetime, city_code: int) -> CheckReport:
    """Recount a city as of the end of yesterday and tell which rows differ from what events had counted.

    Nothing is mended here: a difference is an event nobody noticed, and that is to be found.
    """
    began = time.monotonic()
    day = civil_date(now) - timedelta(days=1)
    rules = rules_in_force(session, city_code, day)
    found_rows = session.connection().execute(_KNOWN, {"city": rules.city_code})
    known = {row.code: row.id for row in found_rows if row.counted_from <= day}  # what began today has no yesterday
    rows, first, differences = 0, [], 0
    for code, measure in measures_of(rules).items():
        if code not in known:
            continue
        sql, values = measure_sql(measure, rules)
        found = _asked(session, now, rules, measure, known[code], day) | values
        differing = session.connection().execute(text(_DIFFER.format(sql=sql)), found).all()
        rows += 1
        differences += len(differing)
        first += [{"measure": code, "row_id": r.row_id, "found": r.found, "kept": r.kept} for r in differing[:SHOWN]]
    report = CheckReport(rules.city_code, day, rows, differences, first[:SHOWN])
    _keep_check(session, now, report, round((time.monotonic() - began) * 1000))
    return report


def anything_touched(session: Session) -> bool:
    """Tell whether events wait to be counted."""
    return bool(session.connection().execute(text("SELECT EXISTS (SELECT FROM measure_touched)")).scalar_one())


def cities_counted(session: Session, on: date) -> list[int]:
    """Give the cities that have rules of their own or adopted some: those with indicators to count."""
    cities = [row.code for row in list_cities(session)]
    return sorted(code for code in cities if _has_rules(session, code, on))


def _has_rules(session: Session, city_code: int, on: date) -> bool:
    try:
        return bool(rules_in_force(session, city_code, on).indicators)
    except NoRulesInForce:
        return False


def _count_rows(session: Session, now: datetime, city_code: int, touched: dict[str, set[int]]) -> CountReport:
    today = civil_date(now)
    rules = rules_in_force(session, city_code, today)
    session.connection().execute(_LOCK, {"city": rules.city_code})
    only = {subject: sorted(ids) for subject, ids in touched.items()}
    if "facility" in only:
        beds = session.connection().execute(_BEDS_OF, {"ids": only["facility"]}).scalars()
        only["bed"] = sorted({*only.get("bed", ()), *beds})
    if "area" in only:
        only["area"] = _areas_around(session, rules.city_code, only["area"])
    changed = judged = 0
    for measure, measure_id in _measures(session, rules, today):
        chosen = only.get(measure.subject)
        if not chosen:
            continue
        judged += 1
        for day in _days(measure, today):
            changed += _apply(session, now, rules, measure, measure_id, day, today, chosen)
    return CountReport(rules.city_code, today, judged, changed)


def _areas_around(session: Session, city_code: int, codes: list[int]) -> list[int]:
    """Give every area a site there can count for: those it lies in, and the quarters of its community by their outline."""
    above = {code // size * size for code in codes for size in (1, 10**3, 10**6, 10**9, 10**11)}
    communities = [code for code in above if code % 10**3 == 0 and code % 10**6]
    quarters = session.connection().execute(_QUARTERS_OF, {"communities": communities}).scalars()
    return sorted({city_code, *above, *quarters})


def _days(measure: Measure, today: date) -> list[date]:
    """Today, and before it the last day of the month or year before: what comes in late still belongs there."""
    if measure.period == "day":
        return [today]
    return [period_of(measure, today)[1] - timedelta(days=1), today]


def _apply(
    session: Session,
    now: datetime,
    rules: CityRules,
    measure: Measure,
    measure_id: int,
    day: date,
    today: date,
    only: Iterable[int] | None,
) -> int:
    sql, values = measure_sql(measure, rules, only=only is not None)
    asked = _asked(session, now, rules, measure, measure_id, day) | values | {"personal": measure.personal}
    rest = "AND row_id = ANY (CAST(:only AS bigint[]))" if only is not None else ""
    if only is not None:
        asked["only"] = list(only)
    statement = _APPLY.format(sql=sql.replace(":day", ":judged"), only=rest)
    asked |= {"judged": day, "day": today}
    return int(session.connection().execute(text(statement), asked).scalar_one())


def _asked(
    session: Session, now: datetime, rules: CityRules, measure: Measure, measure_id: int, day: date
) -> dict[str, Any]:
    lo, hi = area_range(rules.city_code)
    period, first, past = period_of(measure, day)
    return {
        "measure": measure_id, "period": period, "first": first, "past": past, "day": day, "lo": lo, "hi": hi,
        "city": rules.city_code, "as_of": now,
    }  # fmt: skip


def _measures(session: Session, rules: CityRules, today: date) -> list[tuple[Measure, int]]:
    """Give the city's measures with their ids; a definition not yet counted gets one, one no longer asked for ends."""
    known = {row.code: row for row in session.connection().execute(_KNOWN, {"city": rules.city_code})}
    wanted = measures_of(rules)
    gone = [row.id for code, row in known.items() if code not in wanted and row.ended_on is None]
    back = [row.id for code, row in known.items() if code in wanted and row.ended_on is not None]
    for ids, ended in ((gone, today), (back, None)):
        if ids:
            session.connection().execute(
                text("UPDATE counted_measure SET ended_on = :ended WHERE id = ANY (CAST(:ids AS bigint[]))"),
                {"ended": ended, "ids": ids},
            )
    return [
        (measure, known[code].id if code in known else _new_measure(session, rules, measure, today))
        for code, measure in wanted.items()
    ]


def _new_measure(session: Session, rules: CityRules, measure: Measure, today: date) -> int:
    facts = {
        "city": rules.city_code, "code": measure.code, "subject": measure.subject, "what": measure.what,
        "period": measure.period, "definition": _json(measure.told), "personal": measure.personal,
        "rules": rules.version_id, "day": today,
    }  # fmt: skip
    return int(session.connection().execute(_NEW, facts).scalar_one())


def _keep_check(session: Session, now: datetime, report: CheckReport, spent: int) -> None:
    session.connection().execute(
        text(
            "INSERT INTO count_check (city_code, day, checked_at, rows, differences, first, milliseconds)"
            " VALUES (:city, :day, :now, :rows, :differences, CAST(:first AS jsonb), :spent)"
        ),
        {
            "city": report.city_code, "day": report.day, "now": now, "rows": report.rows,
            "differences": report.differences, "first": _json(report.first), "spent": spent,
        },
    )  # fmt: skip


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
