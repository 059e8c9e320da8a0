"""The rows behind a number in words, and what a person could do about what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.cities.queries import area_names, rules_in_force
from services.cities.rules import area_range
from services.oversight.indicator_queries import IndicatorValue, Promise, measure_named
from services.oversight.measures import period_of


@dataclass(frozen=True)
class PartWords:
    """A row as people know it: what it is called, where it lies, and what is worth saying of it."""

    name: str
    area_code: int
    more: str
    person: bool


@dataclass(frozen=True)
class Shortfall:
    """What is missing until a promise is kept, and where it could come from: (name, how many), the most first."""

    missing: int
    subject: str
    places: tuple[tuple[str, int], ...]
    whole: int


_WORDS = {
    "bed": (
        "SELECT b.id, f.name || ' ' || b.label AS name, b.area_code, COALESCE(b.nursing_from::text, '') AS more"
        " FROM bed b JOIN facility f ON f.id = b.facility_id WHERE b.id = ANY (CAST(:ids AS bigint[]))"
    ),
    "facility": (
        "SELECT f.id, f.name, f.area_code, COALESCE(f.opened_on::text, '') AS more FROM facility f"
        " WHERE f.id = ANY (CAST(:ids AS bigint[]))"
    ),
    "area": (
        "SELECT a.code AS id, a.name, a.code AS area_code, COALESCE((SELECT p.name FROM area p WHERE p.code = a.parent_code), '')"
        " AS more FROM area a WHERE a.code = ANY (CAST(:ids AS bigint[]))"
    ),
    "project": (
        "SELECT j.id, j.name, j.area_code, COALESCE(j.opened_on::text, '') AS more FROM project_site j"
        " WHERE j.id = ANY (CAST(:ids AS bigint[]))"
    ),
    "obligation": (
        "SELECT o.id, o.name, o.area_code, COALESCE(o.handed_over_on::text, '') AS more FROM area_obligation o"
        " WHERE o.id = ANY (CAST(:ids AS bigint[]))"
    ),
    "elder": "SELECT p.id, p.full_name AS name, p.area_code, '' AS more FROM person p WHERE p.id = ANY (CAST(:ids AS bigint[]))",
    "volunteer": (
        "SELECT v.person_id AS id, v.display_name AS name, v.area_code, v.registered_on::text AS more FROM volunteer v"
        " WHERE v.person_id = ANY (CAST(:ids AS bigint[]))"
    ),
    "carer": (
        "SELECT c.person_id AS id, c.display_name AS name, c.area_code, COALESCE(c.certificate_number, '') AS more"
        " FROM carer c WHERE c.person_id = ANY (CAST(:ids AS bigint[]))"
    ),
}
_MISSING_ROWS = """
SELECT r.row_id FROM measure_row r WHERE r.measure_id = (SELECT id FROM counted_measure WHERE city_code = :city
  AND code = :below) AND r.period = :below_period AND r.since <= :day AND (r.until IS NULL OR r.until > :day)
  AND r.area_code BETWEEN :lo AND :hi AND NOT EXISTS (SELECT FROM measure_row n WHERE n.measure_id = (SELECT id
    FROM counted_measure WHERE city_code = :city AND code = :above) AND n.period = :above_period
    AND n.row_id = r.row_id AND n.since <= :day AND (n.until IS NULL OR n.until > :day))
"""
_BY_HOME = (
    "SELECT f.name, count(*) AS beds FROM bed b JOIN facility f ON f.id = b.facility_id"
    f" WHERE b.id IN ({_MISSING_ROWS}) GROUP BY f.id, f.name ORDER BY beds DESC, f.name"
)
_BY_DUTY = f"SELECT o.name, 1 AS beds FROM area_obligation o WHERE o.id IN ({_MISSING_ROWS}) ORDER BY o.due_on, o.name"
_BY_AREA = f"SELECT a.name, 1 AS beds FROM area a WHERE a.code IN ({_MISSING_ROWS}) ORDER BY a.code"


def words_of_rows(session: Session, subject: str, ids: list[int]) -> dict[int, PartWords]:
    """Give the words of some rows by their id; rows one may not see are not there."""
    rows = session.connection().execute(text(_WORDS[subject]), {"ids": ids})
    person = subject in ("elder", "volunteer", "carer")
    return {row.id: PartWords(row.name or "—", row.area_code, row.more, person) for row in rows}


def community_of(session: Session, codes: set[int]) -> dict[int, str]:
    """Give the name of each area's community, or of the area itself above it."""
    known = area_names(session, {code // 1000 * 1000 for code in codes} | codes)
    return {code: known.get(code // 1000 * 1000, known.get(code, str(code))) for code in codes}


def shortfall(session: Session, value: IndicatorValue, promise: Promise) -> Shortfall | None:
    """Say what is missing in things a person can do: beds to certify by home, areas by name. None: nothing is missing."""
    if not promise.missing:
        return None
    formula = value.formula
    subject = measure_named(formula, "numerator").subject
    statement = {"bed": _BY_HOME, "area": _BY_AREA, "obligation": _BY_DUTY}.get(subject)
    if statement is None or formula.denominator is None or formula.denominator.subject != subject:
        return Shortfall(promise.missing, subject, (), 0)
    rows = session.connection().execute(text(statement), _sides(session, value)).all()
    chosen: list[tuple[str, int]] = []
    left = promise.missing
    for row in rows:
        if left <= 0:
            break
        chosen.append((row.name, min(row.beds, left)))
        left -= row.beds
    return Shortfall(promise.missing, subject, tuple(chosen), len(rows))


def _sides(session: Session, value: IndicatorValue) -> dict[str, Any]:
    formula, on = value.formula, value.on
    assert formula.denominator is not None
    lo, hi = area_range(value.area_code)
    return {
        "city": _city(session, value.area_code, on), "above": formula.numerator.code, "below": formula.denominator.code,
        "above_period": period_of(formula.numerator, on)[0], "below_period": period_of(formula.denominator, on)[0],
        "day": on, "lo": lo, "hi": hi,
    }  # fmt: skip


def _city(session: Session, area_code: int, on: date) -> int:
    return rules_in_force(session, area_code, on).city_code
