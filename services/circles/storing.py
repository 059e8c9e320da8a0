"""Keeps what was judged: today's verdicts in place, what they replaced with its dates, counts of the day beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from geo.snap import Snaps
from services.circles.bulk import copy_arrays, pour
from services.circles.ground import COMMUNITY, Ground
from services.circles.judging import Verdicts
from services.circles.places import Places
from services.cities.rules import area_range

Columns = dict[str, Any]
_FACTS = (
    "network_version_id", "area_code", "lon", "lat", "method", "facility_id", "cost", "straight_facility_id",
    "straight_m", "within", "walk_within", "straight_within", "snapped", "in_margin", "near_edge",
)  # fmt: skip
_KEPT = tuple(name for name in _FACTS if name not in ("lon", "lat"))
_SAME_KEY = "old.person_id = new.person_id AND old.tier_code = new.tier_code AND old.profile = new.profile"


def _of(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


_CHANGED = f"({_of('old', _FACTS)}) IS DISTINCT FROM ({_of('new', _FACTS)})"
_PAST = (
    f"INSERT INTO elder_reach_past (person_id, tier_code, profile, {', '.join(_KEPT)}, since, until)"
    f" SELECT old.person_id, old.tier_code, old.profile, {_of('old', _KEPT)}, old.since, CAST(:now AS timestamptz)"
    " FROM elder_reach AS old "
)
_KEEP_CHANGED = text(_PAST + f"JOIN judged_now AS new ON {_SAME_KEY} WHERE old.since < :now AND {_CHANGED}")
_KEEP_GONE = text(
    _PAST + "WHERE old.since < :now AND old.area_code BETWEEN :lo AND :hi"
    f" AND NOT EXISTS (SELECT FROM judged_now AS new WHERE {_SAME_KEY})"
)
_FORGET_GONE = text(
    "DELETE FROM elder_reach AS old WHERE old.area_code BETWEEN :lo AND :hi"
    f" AND NOT EXISTS (SELECT FROM judged_now AS new WHERE {_SAME_KEY})"
)
_OF_THESE = (
    "old.person_id = ANY (CAST(:ids AS bigint[])) AND old.area_code BETWEEN :lo AND :hi"
    f" AND NOT EXISTS (SELECT FROM judged_now AS new WHERE {_SAME_KEY})"
)
_KEEP_THESE_GONE = text(_PAST + f"WHERE old.since < :now AND {_OF_THESE}")
_FORGET_THESE_GONE = text(f"DELETE FROM elder_reach AS old WHERE {_OF_THESE}")
_UPDATE = text(
    f"UPDATE elder_reach AS old SET {', '.join(f'{name} = new.{name}' for name in _FACTS)}, since = :now"
    f" FROM judged_now AS new WHERE {_SAME_KEY} AND {_CHANGED}"
)
_INSERT = text(
    f"INSERT INTO elder_reach (person_id, tier_code, profile, {', '.join(_FACTS)}, since)"
    f" SELECT new.person_id, new.tier_code, new.profile, {_of('new', _FACTS)}, :now FROM judged_now AS new"
    " ON CONFLICT (person_id, tier_code, profile) DO NOTHING"
)
"""By the key's own index: a plan made while the table was empty would read all that was just written, row by row."""
_FIND_NEW = text("CREATE INDEX ON pg_temp.judged_now (person_id, tier_code, profile)")


def judged_columns(ground: Ground, tier_code: str, profile: str, places: Places, verdicts: Verdicts) -> Columns:
    """Lay one circle's verdicts out as the columns of elder_reach (or demand_reach) but `since`."""
    count = len(places)
    version = np.ma.masked_array(
        np.full(count, ground.version_id or 0, dtype=np.int64), np.full(count, ground.version_id is None)
    )
    return {
        "id": places.ids,
        "tier_code": np.full(count, tier_code.encode()),
        "profile": np.full(count, profile.encode()),
        "network_version_id": version,
        "area_code": places.area_codes,
        "lon": places.lons,
        "lat": places.lats,
        "millionths": places.millionths,
        **verdicts.columns(),
    }


def keep_elders(session: Session, now: datetime, city_code: int, judged: Iterable[Columns], *, complete: bool) -> int:
    """Make these verdicts today's; what they replace goes to the past with its dates. Gives how many changed.

    `complete`: everybody of the city is among them, so who is not has left and her row ends today.
    """
    columns = _stacked(judged)
    if columns is None and not complete:
        return 0
    rows = {name: values for name, values in (columns or _no_rows()).items() if name != "millionths"}
    pour(session, "judged_now", {"person_id": rows.pop("id"), **rows})
    lo, hi = area_range(city_code)
    facts = {"now": now, "lo": lo, "hi": hi}
    connection, gone = session.connection(), 0
    if complete:
        connection.execute(_FIND_NEW)
    connection.execute(_KEEP_CHANGED, facts)
    if complete:
        connection.execute(_KEEP_GONE, facts)
        gone = connection.execute(_FORGET_GONE, facts).rowcount
    updated = connection.execute(_UPDATE, facts).rowcount
    return int(gone + updated + connection.execute(_INSERT, facts).rowcount)


def keep_these(session: Session, now: datetime, city_code: int, ids: Sequence[int], judged: Iterable[Columns]) -> int:
    """Make these verdicts today's for these persons; who of them has none any more left, and her rows end today."""
    rows = {name: values for name, values in (_stacked(judged) or _no_rows()).items() if name != "millionths"}
    pour(session, "judged_now", {"person_id": rows.pop("id"), **rows})
    lo, hi = area_range(city_code)
    facts = {"now": now, "lo": lo, "hi": hi, "ids": list(ids)}
    ask = session.connection().execute
    ask(_KEEP_CHANGED, facts)
    ask(_KEEP_THESE_GONE, facts)
    return int(sum(ask(one, facts).rowcount for one in (_FORGET_THESE_GONE, _UPDATE, _INSERT)))


_SAME_POINT = "old.point_id = new.point_id AND old.tier_code = new.tier_code AND old.profile = new.profile"
_OF_POINTS = ("source_id", "point_id", "tier_code", "profile", "elders", *_KEPT)
_POINT_PAST = (
    f"INSERT INTO demand_reach_past ({', '.join(_OF_POINTS)}, since, until)"
    f" SELECT {_of('old', _OF_POINTS)}, old.since, CAST(:now AS timestamptz) FROM demand_reach AS old "
)
_POINT_GONE = f"old.source_id = :source AND NOT EXISTS (SELECT FROM points_now AS new WHERE {_SAME_POINT})"
_ALL_GONE = "old.source_id = :source"
_POINT_NAMES = ("point_id", "tier_code", "profile", *_FACTS)
_POINTS = (
    text(_POINT_PAST + f"JOIN points_now AS new ON {_SAME_POINT} WHERE old.since < :now AND {_CHANGED}"),
    text(
        f"UPDATE demand_reach AS old SET {', '.join(f'{name} = new.{name}' for name in _FACTS)}, since = :now"
        f" FROM points_now AS new WHERE {_SAME_POINT} AND {_CHANGED}"
    ),
    text(
        f"INSERT INTO demand_reach ({', '.join(_POINT_NAMES)}, since, source_id, elders)"
        f" SELECT {_of('new', _POINT_NAMES)}, :now, :source, new.millionths / 1000000::numeric FROM points_now AS new"
        " ON CONFLICT (point_id, tier_code, profile) DO NOTHING"
    ),
)


def keep_points(session: Session, now: datetime, source_id: int, judged: Iterable[Columns], *, complete: bool) -> None:
    """Make these verdicts today's for the places of demand of a source; what they replace goes to the past."""
    columns = _stacked(judged)
    if columns is None:
        if complete:
            end_points(session, now, source_id)
        return
    pour(session, "points_now", {"point_id": columns.pop("id"), **columns})
    facts = {"now": now, "source": source_id}
    if complete:
        session.connection().execute(text("CREATE INDEX ON pg_temp.points_now (point_id, tier_code, profile)"))
        _end(session, facts, _POINT_GONE)
    for statement in _POINTS:
        session.connection().execute(statement, facts)


def end_points(session: Session, now: datetime, source_id: int) -> None:
    """Let all verdicts of a source of demand end now: it was replaced, or has no places any more."""
    _end(session, {"now": now, "source": source_id}, _ALL_GONE)


def _end(session: Session, facts: dict[str, Any], which: str) -> None:
    session.connection().execute(text(f"{_POINT_PAST}WHERE old.since < :now AND {which}"), facts)
    session.connection().execute(text(f"DELETE FROM demand_reach AS old WHERE {which}"), facts)


def keep_snaps(session: Session, table: str, key: str, version_id: int, snaps: dict[bool, Snaps], ids: Any) -> None:
    """Write where doors meet the street into facility_snap or demand_snap."""
    for step_free, at in snaps.items():
        copy_arrays(session, table, {key: ids, **_snap_columns(version_id, step_free, at)})


def keep_home_snaps(session: Session, version_id: int, snaps: dict[bool, Snaps], homes: Places) -> None:
    """Write where elders' doors meet the street; the table is under row-level security."""
    for step_free, at in snaps.items():
        columns = {"person_id": homes.ids, "area_code": homes.area_codes, **_snap_columns(version_id, step_free, at)}
        if pour(session, "snapped_now", columns):
            names = list(columns)
            session.connection().execute(
                text(
                    f"INSERT INTO home_snap ({', '.join(names)}, u, v, edge_m, edge_is_steps)"
                    f" SELECT {_of('s', names)}, e.u, e.v, e.length_m, e.is_steps FROM snapped_now AS s"
                    " LEFT JOIN geo.network_edge AS e ON e.version_id = s.network_version_id AND e.id = s.edge_id"
                )
            )


def _snap_columns(version_id: int, step_free: bool, at: Snaps) -> Columns:
    lost = ~at.found
    return {
        "network_version_id": version_id,
        "step_free": np.full(len(at), step_free),
        "edge_id": np.ma.masked_array(at.edge.astype(np.int32), lost),
        "fraction": np.ma.masked_array(at.fraction, lost),
        "distance_m": np.ma.masked_array(at.distance_m, lost),
    }


def _stacked(judged: Iterable[Columns]) -> Columns | None:
    parts = list(judged)
    if not parts:
        return None
    joined: Any = np.ma.concatenate  # type: ignore[no-untyped-call, unused-ignore]
    return {name: joined([part[name] for part in parts]) for name in parts[0]}


def _no_rows() -> Columns:
    empty = {"id": "i8", "tier_code": "S1", "profile": "S1", "method": "S1"}
    kinds = {name: "f8" if name in ("lon", "lat", "cost", "straight_m") else "?" for name in _FACTS}
    kinds |= {name: "i8" for name in _FACTS if name.endswith(("_id", "_code"))} | empty
    return {name: np.zeros(0, dtype=kind) for name, kind in {**empty, **kinds}.items()}


_COUNT = (
    "{weight} FILTER (WHERE NOT in_margin), {weight} FILTER (WHERE within AND NOT in_margin),"
    " {weight} FILTER (WHERE walk_within AND NOT in_margin),"
    " {weight} FILTER (WHERE straight_within AND NOT in_margin),"
    " {weight} FILTER (WHERE method = 'estimate' AND NOT in_margin), {weight} FILTER (WHERE in_margin),"
    " {weight} FILTER (WHERE NOT snapped AND NOT in_margin), {weight} FILTER (WHERE near_edge AND NOT in_margin)"
)
COUNTED = ("total", "reached", "walk_reached", "straight_reached", "estimated", "in_margin", "unsnapped", "near_edge")


def count_text(weight: str) -> str:
    """The eight counts of COUNTED over rows of elder_reach or demand_reach, in SQL; `weight` is an aggregate."""
    return ", ".join(
        f"COALESCE({count.strip()}, 0) AS {name}"
        for name, count in zip(COUNTED, _COUNT.format(weight=weight).split(", "), strict=True)
    )


_KEY = "(area_code, source, tier_code, profile, day)"
_FRESH = ", ".join(f"{name} = excluded.{name}" for name in (*COUNTED, "run_id", "facts"))
_INTO = (
    "INSERT INTO coverage_snapshot (city_code, area_code, day, source, tier_code, profile,"
    f" {', '.join(COUNTED)}, run_id, facts) "
)
_COMMUNITY = f"r.area_code / {COMMUNITY} * {COMMUNITY}"


def write_snapshots(
    session: Session, ground: Ground, run_id: int, source: str = "elders", touched: Sequence[int] | None = None
) -> None:
    """Write the day's counts of every community (of the `touched` ones only, where given) from today's verdicts.

    A community whose last elder left gets a row of zeros, so that it does not keep yesterday's.
    """
    table, weight = ("elder_reach", "count(*)") if source == "elders" else ("demand_reach", "sum(r.elders)")
    lo, hi = area_range(ground.city_code)
    facts = {"lo": lo, "hi": hi, "city": ground.city_code, "day": ground.on, "source": source, "run": run_id,
             "touched": list(touched or [])}  # fmt: skip
    mine = "" if source == "elders" else (
        " AND r.source_id IN (SELECT id FROM demand_source WHERE city_code = :city AND kind = :source AND active)"
    )  # fmt: skip
    some = " AND last.area_code = ANY (CAST(:touched AS bigint[]))" if touched is not None else ""
    rows = f"FROM {table} AS r WHERE r.area_code BETWEEN :lo AND :hi"
    if touched is not None:
        rows = (
            f"FROM unnest(CAST(:touched AS bigint[])) AS t (code) JOIN {table} AS r"
            f" ON r.area_code BETWEEN t.code AND t.code + {COMMUNITY - 1} WHERE true"
        )
    connection = session.connection()
    connection.execute(
        text(
            f"{_INTO} SELECT :city, {_COMMUNITY}, :day, :source, r.tier_code, r.profile, {count_text(weight)}, :run,"
            f" '{{}}'::jsonb {rows}{mine} GROUP BY {_COMMUNITY}, r.tier_code, r.profile"
            f" ON CONFLICT {_KEY} DO UPDATE SET {_FRESH}"
        ),
        facts,
    )
    connection.execute(
        text(
            f"{_INTO} SELECT :city, last.area_code, :day, :source, last.tier_code, last.profile,"
            " 0, 0, 0, 0, 0, 0, 0, 0, :run, '{}'::jsonb FROM ("
            "  SELECT DISTINCT ON (last.area_code, last.tier_code, last.profile) last.area_code, last.tier_code,"
            "  last.profile, last.total + last.in_margin AS people FROM coverage_snapshot AS last"
            f"  WHERE last.city_code = :city AND last.source = :source{some}"
            "  ORDER BY last.area_code, last.tier_code, last.profile, last.day DESC) AS last"
            " WHERE last.people > 0 AND NOT EXISTS (SELECT FROM coverage_snapshot AS today WHERE today.day = :day"
            "  AND today.area_code = last.area_code AND today.source = :source AND today.tier_code = last.tier_code"
            f"  AND today.profile = last.profile AND today.run_id = :run) ON CONFLICT {_KEY} DO UPDATE SET {_FRESH}"
        ),
        facts,
    )
