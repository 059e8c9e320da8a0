"""What is counted: a measure is a set of rows with weights on a day, written once as SQL, told by the city's data.

An indicator (services/oversight/indicators.py) is one measure, or one divided by another. The SQL of a measure gives
`row_id`, `area_code`, `weight` for the Shanghai day `:day` and the period it lies in (`:first`, `:past`), for areas
`:lo` to `:hi`; with `only` for some rows, so that an event judges what it touched by the very text of the recount.
Only words of this file reach the SQL; what a city's pack says is bound.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from services.beds.ratio import bed_filter_sql, bed_filter_types
from services.cities.pack import BedFilter, CityRules
from services.cities.rules import SETTINGS
from services.visits.rules import CONTACTS, month_bounds

Subject = Literal["bed", "facility", "area", "elder", "carer", "volunteer", "project", "obligation"]
Period = Literal["day", "month", "year"]
ALWAYS = date(1, 1, 1)
"""The period of what is counted on a day and not over a month or a year."""
FROM_AGE = 60
PERSONAL: frozenset[str] = frozenset({"elder", "carer", "volunteer"})
"""Subjects whose rows are persons: their rows and counts follow the office's area."""


@dataclass(frozen=True)
class Measure:
    """One thing counted. `told` holds what the city's data says of it; equal measures of two indicators are one."""

    subject: Subject
    what: str
    told: dict[str, Any] = field(default_factory=dict)
    period: Period = "day"

    @property
    def code(self) -> str:
        """A short name that changes with the definition and with nothing else."""
        text = json.dumps([self.subject, self.what, self.told, self.period], sort_keys=True, ensure_ascii=False)
        return f"{self.subject}.{self.what}.{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def personal(self) -> bool:
        """Whether its rows are persons."""
        return self.subject in PERSONAL


def period_of(measure: Measure, day: date) -> tuple[date, date, date]:
    """Give the period a day lies in: its name (the first day; ALWAYS for a day's count), first day, day past its end."""
    if measure.period == "month":
        first, past = month_bounds(day)
        return first, first, past
    if measure.period == "year":
        first = date(day.year, 1, 1)
        return first, first, date(day.year + 1, 1, 1)
    return ALWAYS, day, day + timedelta(days=1)


def measure_sql(measure: Measure, rules: CityRules, *, only: bool = False) -> tuple[str, dict[str, Any]]:
    """Write a measure as SQL with its bound values, but :day, :first, :past, :lo, :hi, :as_of and :only.

    Raises KeyError for a measure nobody wrote.
    """
    text, row = _WRITTEN[measure.what](measure.told)
    if only:
        text += f" AND {row} = ANY (CAST(:only AS bigint[]))"
    return text, _bound(measure, rules)


def _bound(measure: Measure, rules: CityRules) -> dict[str, Any]:
    told = measure.told
    if measure.subject == "bed":
        return bed_filter_types(rules, _bed_filter(told), "n")
    if measure.subject == "area":
        area = {"level": told["level"]} | ({"endings": _endings(told["setting"])} if "setting" in told else {})
        area |= {name: told[name] for name in ("flag", "min_grade") if name in told}
        owns = {"wanted": json.dumps(_wanted(rules, told)), "at_least": told.get("at_least", 1)}
        return area | (owns if measure.what == "areas_owning" else {})
    if measure.subject == "facility":
        names = [name for code in told.get("types", ()) for name in _also(rules, code)]
        more = {"endings": _endings(told["setting"])} if "setting" in told else {}
        more |= {"min_grade": told["min_grade"]} if "min_grade" in told else {}
        return {"types": names, "functions": list(told.get("functions", ())), "each": told.get("each", 1)} | more
    if measure.subject in ("project", "obligation"):
        return {"code": told["code"]}
    if measure.what in ("met", "to_be_met"):
        return {
            "classes": list(told.get("visit_classes", ())), "contacts": list(CONTACTS),
            "late": timedelta(hours=told.get("late_entry_hours", 0)), "channels": json.dumps(_channels(told)),
        }  # fmt: skip
    if measure.what in ("reached", "judged_for_circles"):
        return {"tier": told["tier"], "profile": told["profile"]}
    return {
        "groups": list(told.get("groups", ())), "level_from": told.get("min_care_level", 0),
        "age_from": told.get("min_age", FROM_AGE), "classes": list(told.get("visit_classes", ())),
    }  # fmt: skip


def _endings(setting: str) -> list[str]:
    return [f"%{ending}" for ending in SETTINGS[setting]]


def _also(rules: CityRules, code: str) -> tuple[str, ...]:
    known = {kind.code: kind for kind in rules.facility_types}
    return (code, *known[code].also) if code in known else (code,)


def _channels(told: dict[str, Any]) -> dict[str, Any]:
    """Give which channels count for whom: by class where a city says so, else the same for everybody."""
    everybody = list(told.get("channels", ()))
    found: dict[str, Any] = told.get("class_channels") or {"": {"near": everybody, "far": everybody}}
    return found


def _wanted(rules: CityRules, told: dict[str, Any]) -> list[dict[str, Any]]:
    if "wanted" in told:
        pairs = {code: tuple(functions) for code, *functions in told["wanted"]}
    else:
        functions = tuple(told.get("functions", ()))
        pairs = {name: functions for code in told.get("types", ()) for name in _also(rules, code)}
        if not pairs:
            return [{"type_code": None, "functions": list(functions)}]
    return [{"type_code": code, "functions": list(functions)} for code, functions in sorted(pairs.items())]


def _bed_filter(told: dict[str, Any]) -> BedFilter:
    return BedFilter(
        facility_types=tuple(told.get("types", ())),
        flags=tuple(told.get("flags", ())),
        include_home_beds=bool(told.get("home_beds", False)),
    )


def _beds(told: dict[str, Any]) -> tuple[str, str]:
    chosen = bed_filter_sql(_bed_filter(told), told.get("basis", "open"), "n")
    return (
        "SELECT b.id AS row_id, b.area_code, CAST(1 AS bigint) AS weight FROM bed b"
        " JOIN facility f ON f.id = b.facility_id CROSS JOIN (SELECT CAST(:day AS date) AS day) AS d"
        f" WHERE b.area_code BETWEEN :lo AND :hi AND {chosen}",
        "b.id",
    )


_OPEN = (
    "(f.status = 'open' OR (f.status = 'closed' AND f.closed_on > :day))"
    " AND (f.opened_on IS NULL OR f.opened_on <= :day) AND (f.closed_on IS NULL OR f.closed_on > :day)"
)
_WEIGHTS = {
    "one": "CAST(1 AS bigint)",
    "each": "CAST(:each AS bigint)",
    "floor_area_m2": "f.floor_area_m2",
    "functions": "(SELECT count(*) FROM unnest(CAST(:functions AS text[])) AS w(code) WHERE w.code = ANY (f.functions))",
}


def _facilities(told: dict[str, Any]) -> tuple[str, str]:
    weight = told.get("weight", "one")
    parts = ["f.area_code BETWEEN :lo AND :hi", _OPEN]
    if told.get("types"):
        parts.append("f.type_code = ANY (CAST(:types AS text[]))")
    if told.get("functions") and weight != "functions":
        parts.append("f.functions @> CAST(:functions AS text[])")
    if "setting" in told:
        parts.append(_SITE_SETTING)
    if "min_grade" in told:
        parts.append(_GRADED)
    if "standardised" in told:
        parts.append(_standard(told["standardised"]))
    return (
        f"SELECT f.id AS row_id, f.area_code, {_WEIGHTS[weight]} AS weight FROM facility f WHERE {' AND '.join(parts)}",
        "f.id",
    )


_GRADED = "facility_grade(f.id, CAST(:day AS date)) >= :min_grade"


def _standard(wanted: bool) -> str:
    """The last check of standard operation up to the day passed (or did not, or there was none)."""
    return (
        "(SELECT k.passed FROM facility_check k WHERE k.facility_id = f.id AND k.checked_on <= :day"
        f" AND k.withdrawn_at IS NULL ORDER BY k.checked_on DESC, k.id DESC LIMIT 1) IS {'' if wanted else 'NOT '}TRUE"
    )


_SITE_SETTING = (
    "EXISTS (SELECT FROM area a WHERE a.code IN (f.area_code / 1000000 * 1000000, f.area_code / 1000 * 1000)"
    " AND btrim(a.name) LIKE ANY (CAST(:endings AS text[])))"
)
_AREAS = (
    "SELECT a.code AS row_id, a.code AS area_code, CAST(1 AS bigint) AS weight FROM area a"
    " WHERE a.level = :level AND a.code BETWEEN :lo AND :hi"
    " AND (a.valid_from IS NULL OR a.valid_from <= :day) AND (a.valid_to IS NULL OR a.valid_to > :day)"
)
_OWNS = (
    " AND :at_least <= (SELECT count(*) FROM facility f WHERE "
    + _OPEN
    + " AND (f.area_code BETWEEN a.code AND a.code + {width} - 1{drawn}) AND EXISTS (SELECT FROM"
    " jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w(type_code text, functions text[])"
    " WHERE (w.type_code IS NULL OR w.type_code = f.type_code) AND f.functions @> w.functions){run})"
)
_SETTING = " AND btrim(a.name) LIKE ANY (CAST(:endings AS text[]))"
_DRAWN = " OR (f.area_code = a.code / 1000 * 1000 AND ST_Covers(a.geom, f.geom))"
_WIDTHS = {"city": 10**11, "district": 10**9, "street": 10**6, "community": 10**3, "quarter": 1}


def _areas(told: dict[str, Any]) -> tuple[str, str]:
    return _AREAS + (_SETTING if "setting" in told else ""), "a.code"


def _areas_owning(told: dict[str, Any]) -> tuple[str, str]:
    drawn = _DRAWN if told["level"] == "quarter" else ""
    run = f" AND {_standard(told['standardised'])}" if "standardised" in told else ""
    run += f" AND {_GRADED}" if "min_grade" in told else ""
    return _areas(told)[0] + _OWNS.format(width=_WIDTHS[told["level"]], drawn=drawn, run=run), "a.code"


_FLAGGED = (
    " AND EXISTS (SELECT FROM area_flag g WHERE g.area_code = a.code AND g.flag = :flag AND g.since <= :day"
    " AND (g.until IS NULL OR g.until > :day))"
)
_PROJECT_SITES = (
    "SELECT j.id AS row_id, j.area_code, CAST(1 AS bigint) AS weight FROM project_site j"
    " WHERE j.area_code BETWEEN :lo AND :hi AND j.project_code = :code AND j.opened_on <= :day"
)
_DUE = (
    "SELECT o.id AS row_id, o.area_code, CAST(1 AS bigint) AS weight FROM area_obligation o"
    " WHERE o.area_code BETWEEN :lo AND :hi AND o.obligation_code = :code AND o.due_on <= :day"
)
_MET_DUTY = " AND o.handed_over_on <= :day AND o.provided_m2 >= o.required_m2"


_HERE = (
    "SELECT e.person_id AS row_id, e.area_code, CAST(1 AS bigint) AS weight FROM elder e"
    " JOIN person p ON p.id = e.person_id WHERE e.area_code BETWEEN :lo AND :hi AND e.registered_on <= :day"
    " AND (p.died_on IS NULL OR p.died_on > :day) AND (p.moved_out_on IS NULL OR p.moved_out_on > :day)"
    " AND (p.born_on IS NULL OR p.born_on <= CAST(:day AS date) - make_interval(years => :age_from))"
    " AND (cardinality(CAST(:groups AS text[])) = 0 OR e.groups && CAST(:groups AS text[]))"
    " AND e.care_level >= :level_from AND (cardinality(CAST(:classes AS text[])) = 0 OR EXISTS (SELECT FROM visit_duty c"
    "  WHERE c.elder_id = e.person_id AND c.visit_class = ANY (CAST(:classes AS text[])) AND c.since <= :day"
    "  AND (c.ended_on IS NULL OR c.ended_on > :day)))"
)
_IN_A_HOME = (
    "(e.living = 'institution' OR EXISTS (SELECT FROM bed_stay s WHERE s.elder_id = e.person_id AND s.during @>"
    " CAST(:day AS date)))"
)
_SERVED = (
    " AND EXISTS (SELECT FROM visit v{more} WHERE v.elder_id = e.person_id AND v.kind = 'care' AND v.state = 'finished'"
    " AND v.checked_out_at >= CAST(:first AS date)::timestamp AT TIME ZONE 'Asia/Shanghai'"
    " AND v.checked_out_at < CAST(:past AS date)::timestamp AT TIME ZONE 'Asia/Shanghai')"
)
_BOUGHT = " JOIN care_order o ON o.id = v.order_id AND o.government_fen > 0"
_ON_THE_LIST = (
    "SELECT t.elder_id AS row_id, t.area_code, CAST(1 AS bigint) AS weight FROM visit_duty t"
    " WHERE t.since <= :day AND (t.ended_on IS NULL OR t.ended_on > :day) AND t.area_code BETWEEN :lo AND :hi"
    " AND (cardinality(CAST(:classes AS text[])) = 0 OR t.visit_class = ANY (CAST(:classes AS text[])))"
)
_MET = (
    " AND EXISTS (SELECT FROM visit_attempt a LEFT JOIN visit v ON v.id = a.visit_id WHERE a.elder_id = t.elder_id"
    " AND a.happened_at >= CAST(:first AS date)::timestamp AT TIME ZONE 'Asia/Shanghai'"
    " AND a.happened_at < CAST(:past AS date)::timestamp AT TIME ZONE 'Asia/Shanghai' AND a.recorded_at <= :as_of"
    " AND a.recorded_at - a.happened_at <= :late AND a.outcome = ANY (:contacts)"
    " AND jsonb_exists(COALESCE(CAST(:channels AS jsonb) -> t.visit_class, CAST(:channels AS jsonb) -> '')"
    "  -> CASE WHEN t.far THEN 'far' ELSE 'near' END, a.channel)"
    " AND COALESCE(v.state NOT IN ('missed', 'cancelled'), true))"
)
_JUDGED = (
    "SELECT r.person_id AS row_id, r.area_code, CAST(1 AS bigint) AS weight FROM elder_reach r"
    " WHERE r.area_code BETWEEN :lo AND :hi AND r.tier_code = :tier AND r.profile = :profile AND NOT r.in_margin"
)
_VOLUNTEERS = (
    "SELECT v.person_id AS row_id, v.area_code, CAST(1 AS bigint) AS weight FROM volunteer v"
    " WHERE v.area_code BETWEEN :lo AND :hi AND v.registered_on <= :day AND (v.left_on IS NULL OR v.left_on > :day)"
)
_CARERS = (
    "SELECT c.person_id AS row_id, c.area_code, CAST(1 AS bigint) AS weight FROM carer c"
    " WHERE c.area_code BETWEEN :lo AND :hi AND c.since <= :day AND (c.left_on IS NULL OR c.left_on > :day)"
)
_CERTIFIED = (
    " AND c.certificate_number IS NOT NULL AND (c.certificate_valid_until IS NULL OR c.certificate_valid_until >= :day)"
)
_WRITTEN: dict[str, Any] = {
    "beds": _beds,
    "facilities": _facilities,
    "areas": _areas,
    "areas_owning": _areas_owning,
    "areas_flagged": lambda told: (_areas(told)[0] + _FLAGGED, "a.code"),
    "project_sites": lambda told: (_PROJECT_SITES, "j.id"),
    "obligations": lambda told: (_DUE, "o.id"),
    "obligations_met": lambda told: (_DUE + _MET_DUTY, "o.id"),
    "elders": lambda told: (_HERE, "e.person_id"),
    "elders_in_homes": lambda told: (f"{_HERE} AND {_IN_A_HOME}", "e.person_id"),
    "elders_at_home": lambda told: (f"{_HERE} AND NOT {_IN_A_HOME}", "e.person_id"),
    "served_at_home": lambda told: (f"{_HERE} AND NOT {_IN_A_HOME}{_SERVED.format(more='')}", "e.person_id"),
    "bought_at_home": lambda told: (f"{_HERE} AND NOT {_IN_A_HOME}{_SERVED.format(more=_BOUGHT)}", "e.person_id"),
    "to_be_met": lambda told: (_ON_THE_LIST, "t.elder_id"),
    "met": lambda told: (_ON_THE_LIST + _MET, "t.elder_id"),
    "judged_for_circles": lambda told: (_JUDGED, "r.person_id"),
    "reached": lambda told: (f"{_JUDGED} AND r.within", "r.person_id"),
    "volunteers": lambda told: (_VOLUNTEERS, "v.person_id"),
    "carers": lambda told: (_CARERS, "c.person_id"),
    "certified_carers": lambda told: (_CARERS + _CERTIFIED, "c.person_id"),
}
