"""Coverage as open data: a dated, licensed table for everybody, in which no handful of elders can be recognised."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.acts import record_act
from services.circles.coverage import Coverage, coverage
from services.circles.errors import NothingPublished
from services.circles.rules import share
from services.circles.suppression import SMALLEST_SHOWN, Area, Hidden, Table, hide
from services.cities.queries import area_names
from services.cities.rules import area_level, area_range
from services.clock import civil_date
from services.unit_of_work import Actor

LICENCE = "CC BY 4.0"
LEVELS = ("district", "street", "community")
NOTICE = (
    f"1至{SMALLEST_SHOWN - 1}人的格子不公布；为防止由合计推算，同时隐去若干相关格子（suppressed 为 true，数值为空）。"
    "0人照实公布。registered elders only; counts of 1 to 4, and others that would give them away, are withheld."
)
_COUNTS = text(
    "SELECT area_code / 1000 * 1000 AS area, tier_code, profile, count(*) FILTER (WHERE within) AS reached,"
    " count(*) AS total, count(*) FILTER (WHERE method = 'estimate') AS estimated FROM elder_reach"
    " WHERE area_code BETWEEN :lo AND :hi AND NOT in_margin GROUP BY 1, 2, 3"
)
_PUBLISH = text(
    "INSERT INTO open_coverage (city_code, day, published_at, licence, document)"
    " VALUES (:city, :day, :now, :licence, CAST(:document AS jsonb))"
    " ON CONFLICT (city_code, day) DO UPDATE SET published_at = excluded.published_at, licence = excluded.licence,"
    " document = excluded.document"
)
_LATEST = text(
    "SELECT day, published_at, licence, document FROM open_coverage WHERE city_code = :city"
    " AND (CAST(:day AS date) IS NULL OR day <= :day) ORDER BY day DESC LIMIT 1"
)


@dataclass(frozen=True)
class OpenTable:
    """A published table: which city, of which day, under which licence, with its definitions and rows."""

    city_code: int
    day: date
    published_at: datetime
    licence: str
    notice: str
    network: dict[str, Any]
    rules_version: str
    definitions: list[dict[str, str]]
    rows: list[dict[str, Any]]


def publish_open_coverage(
    session: Session, now: datetime, actor: Actor, city_code: int, *, licence: str = LICENCE
) -> OpenTable:
    """Publish a city's walking coverage of today by district, street and community, small counts withheld.

    Runs as a city-wide job. Publish by the month: two tables of neighbouring days could be subtracted from each
    other. Raises NotYetComputed.
    """
    told = coverage(session, city_code)
    rows = _rows(session, city_code, told)
    document: dict[str, Any] = {
        "notice": NOTICE,
        "network": {
            "version": told.network_version_id, "name": told.network_name, "source": told.source_name,
            "confidence": told.confidence, "gates": told.gates,
        },
        "rules_version": told.rules_version,
        "definitions": [
            {"tier": t.tier_code, "profile": t.profile, "name": t.tier_name, "definition": t.definition}
            for t in told.tiers
        ],
        "rows": rows,
    }  # fmt: skip
    today = civil_date(now)
    facts = {"city": city_code, "day": today, "now": now, "licence": licence}
    session.connection().execute(_PUBLISH, facts | {"document": json.dumps(document, ensure_ascii=False)})
    withheld = sum(1 for row in rows if row["suppressed"])
    counts = {"rows": len(rows), "withheld": withheld, "day": today.isoformat()}
    record_act(session, now, actor, "publish_open_coverage", area_code=city_code, facts=counts)
    return OpenTable(city_code, today, now, licence, **document)


def open_coverage(session: Session, city_code: int, on: date | None = None) -> OpenTable:
    """Give the table last published (up to a day); anybody may read it. Raises NothingPublished."""
    found = session.connection().execute(_LATEST, {"city": city_code, "day": on}).first()
    if found is None:
        raise NothingPublished(city_code=city_code)
    return OpenTable(city_code, found.day, found.published_at, found.licence, **found.document)


def _rows(session: Session, city_code: int, told: Coverage) -> list[dict[str, Any]]:
    lo, hi = area_range(city_code)
    found = session.connection().execute(_COUNTS, {"lo": lo, "hi": hi}).all()
    parents: dict[Area, Area | None] = {}
    totals: dict[Area, int] = {}
    tables = [(tier.tier_code, tier.profile) for tier in told.tiers]
    reached: dict[Table, dict[Area, int]] = {table: {} for table in tables}
    estimated: dict[Table, set[Area]] = {table: set() for table in tables}
    for row in found:
        table = (row.tier_code, row.profile)
        if table not in reached:
            continue
        for area in _lineage(city_code, row.area, parents):
            reached[table][area] = reached[table].get(area, 0) + row.reached
            if table == tables[0]:
                totals[area] = totals.get(area, 0) + row.total
            if row.estimated:
                estimated[table].add(area)
    for counts in reached.values():
        for area in totals:
            counts.setdefault(area, 0)
    hidden = hide(parents, totals, reached)
    names = area_names(session, {code for _, code in totals})
    return [
        _row(area, table, names, totals[area], reached[table][area], hidden, area in estimated[table])
        for table in tables
        for area in sorted(totals, key=lambda one: (one[1], _order(one[0])))
    ]


def _lineage(city_code: int, community: int, parents: dict[Area, Area | None]) -> list[Area]:
    """A community and all it is a part of, up to the city; notes who is whose part."""
    whole: Area = ("city", city_code)
    line: list[Area] = [whole]
    for level in LEVELS[:-1]:
        size = {"district": 10**9, "street": 10**6}[level]
        line.append((level, community // size * size))
    line.append(("community", community))
    parents.setdefault(whole, None)
    for above, below in zip(line[:-1], line[1:], strict=True):
        parents.setdefault(below, above)
    return line


def _order(level: str) -> int:
    return ("city", *LEVELS).index(level)


def _row(
    area: Area, table: Table, names: dict[int, str], total: int, reached: int, hidden: Hidden, estimated: bool
) -> dict[str, Any]:
    level, code = area
    no_total, no_parts = area in hidden.totals, area in hidden.parts[table]
    name = names.get(code, str(code))
    if level == "community" and area_level(code) != "community":
        name = f"{name}（未登记到社区）"
    return {
        "area_code": code,
        "area_name": name,
        "level": level,
        "tier": table[0],
        "profile": table[1],
        "total": None if no_total else total,
        "reached": None if no_parts else reached,
        "unreached": None if no_parts else total - reached,
        "share": None if no_parts else share(reached, total),
        "suppressed": no_parts or no_total,
        "estimated": estimated,
    }
