"""Where elders are counted from besides the register: a city's compounds, or a population grid laid over it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy import text
from sqlmodel import Session

from geo.raster import Cells, read_cells
from services.acts import record_act
from services.circles.bulk import pour
from services.circles.errors import NoCompounds, NoOutline, UnknownDemand
from services.circles.places import MILLIONTHS, Longs
from services.circles.storing import end_points
from services.cities.rules import area_level, area_range
from services.unit_of_work import Actor

KINDS = ("compounds", "population")
COUNTED_BY = {
    "elders": "小区登记的老年人数",
    "population": "小区人口×本市登记的老年人比例",
    "households": "小区户数×本市户均老年人数",
}


@dataclass(frozen=True)
class Source:
    """One active source of demand of a city; `total` = placed + not placed elders, exactly."""

    id: int
    kind: str
    name: str
    licence: str
    attribution: str
    described_on: date | None
    total: Decimal
    report: dict[str, Any]


@dataclass(frozen=True)
class Credit:
    """Who made a source, under which licence, for which day."""

    name: str
    licence: str = ""
    attribution: str = ""
    described_on: date | None = None


_ACTIVE = text(
    "SELECT id, kind, name, licence, attribution, described_on, total, report FROM demand_source"
    " WHERE city_code = :city AND active ORDER BY kind"
)
_THEN = text(
    "SELECT id, kind, name, licence, attribution, described_on, total, report FROM demand_source"
    " WHERE city_code = :city AND kind = :kind ORDER BY loaded_at < :before DESC,"
    " CASE WHEN loaded_at < :before THEN loaded_at END DESC NULLS LAST, loaded_at LIMIT 1"
)
_OUTLINES = text(
    "SELECT code, ST_AsBinary(geom) FROM area WHERE code BETWEEN :lo AND :hi AND level = :level AND geom IS NOT NULL"
    " ORDER BY code"
)
_COMPOUNDS = text(
    "SELECT code, area_code, ST_X(geom) AS lon, ST_Y(geom) AS lat, households, population, elders FROM compound"
    " WHERE area_code BETWEEN :lo AND :hi ORDER BY code"
)


def active_sources(session: Session, city_code: int) -> list[Source]:
    """Give the sources of demand a city's coverage is counted by besides the register of elders."""
    return [Source(*row) for row in session.connection().execute(_ACTIVE, {"city": city_code})]


def source_as_of(session: Session, city_code: int, kind: str, before: datetime) -> Source:
    """Give the source of a kind that was active before a moment; for days before the first of them, the first.

    Raises UnknownDemand where the city never had one.
    """
    facts = {"city": city_code, "kind": kind, "before": before}
    row = session.connection().execute(_THEN, facts).first()
    if row is None:
        known = [one.kind for one in active_sources(session, city_code)]
        raise UnknownDemand(source=kind, known=["elders", *known])
    return Source(*row)


def load_population(
    session: Session,
    now: datetime,
    actor: Actor,
    paths: Sequence[str | Path],
    city_code: int,
    credit: Credit,
    boundary: shapely.Geometry | None = None,
) -> Source:
    """Take the elders of one or more population grids (GeoTIFF, persons per cell, summed) as a source of demand.

    Every cell whose middle lies within `boundary` (EPSG:4326; without one, the city's own outline) becomes a place
    of demand. Counts are kept in millionths of a person: placed and not placed add up to the grid's sum inside
    the boundary, exactly. Cells in no known community are placed in the smallest area that covers them, else they
    are not placed. Raises geo.errors.UnreadableRaster, NoOutline.
    """
    outline = boundary if boundary is not None else _outline(session, city_code)
    cells = read_cells(paths, outline)
    areas = _areas_at(session, city_code, cells)
    digest = hashlib.sha256()
    for path in paths:
        digest.update(Path(path).read_bytes())
    placed = areas > 0
    report = {
        "cells": int(placed.sum()),
        "placed": _people(int(cells.millionths[placed].sum())),
        "not_placed": _people(int(cells.millionths[~placed].sum())),
        "cells_not_placed": int((~placed).sum()),
        "unknown_cells": cells.unknown_cells,
        "rounding": repr(cells.rounding),
        "files": [Path(path).name for path in paths],
    }
    total = int(cells.millionths.sum())
    source = _new_source(session, now, city_code, "population", credit, digest.hexdigest(), total, report)
    refs = np.array([f"{row},{column}".encode() for row, column in zip(cells.rows, cells.columns, strict=True)], "S")
    _write_points(session, source, refs[placed], areas[placed], cells.lons[placed], cells.lats[placed],
                  cells.millionths[placed])  # fmt: skip
    return _recorded(session, now, actor, source, city_code)


def recount_compounds(session: Session, now: datetime, actor: Actor, city_code: int) -> Source | None:
    """Count a city's elders by its compounds anew where the list changed, by the same shares as before.

    Gives None when there is no list or nothing changed. A first list counts by its own numbers of elders only,
    until somebody says by which share people or households are to be counted.
    """
    rows = _compounds(session, city_code)
    known = next((one for one in active_sources(session, city_code) if one.kind == "compounds"), None)
    if not rows or (known is not None and known.report.get("list") == _digest(rows)):
        return None
    if known is None:
        return load_compounds(session, now, actor, city_code, Credit("小区名单"))
    credit = Credit(known.name, known.licence, known.attribution, known.described_on)
    shares = known.report["elder_share"], known.report["elders_per_household"]
    return load_compounds(session, now, actor, city_code, credit, *shares)


def load_compounds(
    session: Session, now: datetime, actor: Actor, city_code: int, credit: Credit, elder_share: float | None = None,
    elders_per_household: float | None = None,
) -> Source:  # fmt: skip
    """Take a city's compounds (table `compound`) as a source of demand.

    A compound counts its own number of elders; where it has none, its people times `elder_share`, or its
    households times `elders_per_household`, where those are given. Compounds without a place on the map or
    without any usable number are not placed and reported. Raises NoCompounds.
    """
    rows = _compounds(session, city_code)
    if not rows:
        raise NoCompounds(city_code=city_code)
    counted = [_elders_of(row, elder_share, elders_per_household) for row in rows]
    millionths = np.array([count or 0 for count, _ in counted], dtype=np.int64)
    placed = np.array([row.lon is not None for row in rows]) & np.array([count is not None for count, _ in counted])
    by = {name: sum(1 for _, way in counted if way == name) for name in COUNTED_BY}
    report: dict[str, Any] = {
        "compounds": len(rows),
        "placed": _people(int(millionths[placed].sum())),
        "not_placed": _people(int(millionths[~placed].sum())),
        "without_place": [row.code for row in rows if row.lon is None],
        "without_number": [row.code for row, (count, _) in zip(rows, counted, strict=True) if count is None],
        "counted_by": {COUNTED_BY[name]: number for name, number in by.items() if number},
        "elder_share": elder_share,
        "elders_per_household": elders_per_household,
    }
    digest = report["list"] = _digest(rows)
    source = _new_source(session, now, city_code, "compounds", credit, digest, int(millionths.sum()), report)
    kept = [row for row, is_placed in zip(rows, placed, strict=True) if is_placed]
    _write_points(
        session,
        source,
        np.array([row.code.encode() for row in kept], "S"),
        np.array([row.area_code for row in kept], dtype=np.int64),
        np.array([row.lon for row in kept], dtype=np.float64),
        np.array([row.lat for row in kept], dtype=np.float64),
        millionths[placed],
    )
    return _recorded(session, now, actor, source, city_code)


def _compounds(session: Session, city_code: int) -> list[Any]:
    lo, hi = area_range(city_code)
    return list(session.connection().execute(_COMPOUNDS, {"lo": lo, "hi": hi}))


def _digest(rows: list[Any]) -> str:
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()


def _elders_of(row: Any, share: float | None, per_household: float | None) -> tuple[int | None, str]:
    if row.elders is not None:
        return row.elders * MILLIONTHS, "elders"
    if row.population is not None and share is not None:
        return round(row.population * share * MILLIONTHS), "population"
    if row.households is not None and per_household is not None:
        return round(row.households * per_household * MILLIONTHS), "households"
    return None, ""


def _outline(session: Session, city_code: int) -> shapely.Geometry:
    lo, hi = area_range(city_code)
    for level in (area_level(city_code), "district", "street", "community"):
        rows = session.connection().execute(_OUTLINES, {"lo": lo, "hi": hi, "level": level}).all()
        if rows:
            return shapely.union_all(shapely.from_wkb([bytes(geom) for _, geom in rows]))
    raise NoOutline(city_code=city_code)


def _areas_at(session: Session, city_code: int, cells: Cells) -> Longs:
    """The smallest known area that covers the middle of each cell; 0 where none does; int64 (c,)."""
    lo, hi = area_range(city_code)
    areas = np.zeros(len(cells.lons), dtype=np.int64)
    points = np.asarray(shapely.points(cells.lons, cells.lats))
    for level in ("quarter", "community", "street", "district", "city", "province"):
        rows = session.connection().execute(_OUTLINES, {"lo": lo, "hi": hi, "level": level}).all()
        missing = np.flatnonzero(areas == 0)
        if not rows or not len(missing):
            continue
        tree = shapely.STRtree(list(shapely.from_wkb([bytes(geom) for _, geom in rows])))
        codes = np.array([code for code, _ in rows], dtype=np.int64)
        asked, found = tree.query(points[missing], predicate="within")
        areas[missing[asked[::-1]]] = codes[found[::-1]]
    if (areas == 0).all():  # no outlines at all: the boundary alone says that this is the city
        areas[:] = city_code
    return areas


def _new_source(
    session: Session, now: datetime, city_code: int, kind: str, credit: Credit, sha256: str, total: int,
    report: dict[str, Any],
) -> int:  # fmt: skip
    connection = session.connection()
    facts = {"city": city_code, "kind": kind}
    replaced = connection.execute(
        text(
            "UPDATE demand_source SET active = false WHERE city_code = :city AND kind = :kind AND active RETURNING id"
        ),
        facts,
    )
    for old in list(replaced.scalars()):
        end_points(session, now, old)
    row = text(
        "INSERT INTO demand_source (city_code, kind, name, licence, attribution, described_on, sha256, total, active,"
        " loaded_at, report) VALUES (:city, :kind, :name, :licence, :attribution, :on, :sha, CAST(:total AS bigint)"
        " / 1000000::numeric, true, :now, CAST(:report AS jsonb)) RETURNING id"
    )
    more = {"name": credit.name, "licence": credit.licence, "attribution": credit.attribution, "on": credit.described_on,
            "sha": sha256, "total": total, "now": now, "report": _json(report)}  # fmt: skip
    return int(connection.execute(row, facts | more).scalar_one())


def _write_points(
    session: Session, source_id: int, refs: Any, areas: Any, lons: Any, lats: Any, millionths: Any
) -> None:
    columns = {"ref": refs, "area_code": areas, "lon": lons, "lat": lats, "millionths": millionths}
    if not len(refs):
        return
    pour(session, "points_new", columns)
    session.connection().execute(
        text(
            "INSERT INTO demand_point (source_id, ref, area_code, lon, lat, elders)"
            " SELECT :source, ref, area_code, lon, lat, millionths / 1000000::numeric FROM points_new"
        ),
        {"source": source_id},
    )


def _recorded(session: Session, now: datetime, actor: Actor, source_id: int, city_code: int) -> Source:
    source = next(one for one in active_sources(session, city_code) if one.id == source_id)
    counts = {"kind": source.kind, "total": str(source.total), "not_placed": source.report["not_placed"]}
    record_act(
        session, now, actor, "load_demand", area_code=city_code, subject=("demand_source", source_id), facts=counts
    )
    return source


def _people(millionths: int) -> str:
    return str(Decimal(millionths).scaleb(-6))


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False)
