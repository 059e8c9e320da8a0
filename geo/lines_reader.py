"""Reads a bureau's own street lines (GeoPackage, Shapefile, GeoJSON) into the ways an elder walks.

Every line is first put into OpenStreetMap's words, by the columns and translations of a LinesSource, then judged
by the one table of geo.walkability. Lines meet where they share a drawn point and, with a stated tolerance, where
they cross or end beside one another on the same level. The coordinate system must be stated unless the file
declares one; GeoJSON that declares none is not trusted to be WGS-84, because in China much of it is GCJ-02.
"""

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyogrio  # type: ignore[import-untyped, unused-ignore]
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.coordinates import CRS_NAMES, to_wgs84
from geo.errors import UnreadableMap
from geo.lines_words import COLUMN_WORDS, FIELDS, LinesSource, as_tags
from geo.noding import Drawn, join_within, same_points
from geo.osm_reader import Way
from geo.osm_streets import Kept
from geo.snap import local_plane
from geo.walkability import Walkable, judge_barrier, judge_inner_way, judge_way

_METRES_HINT = "坐标像是以米为单位的投影坐标（{x:.0f}, {y:.0f}），请用 --crs 写明坐标系，如 EPSG:4549"


@dataclass(frozen=True)
class LinesPlan:
    """How a file will be read, to be shown before it is: layer, system, columns, and each class with its count."""

    layer: str
    crs: str
    lines: int
    columns: dict[str, str]
    spare_columns: tuple[str, ...]
    classes: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class _Table:
    layer: str
    crs: str
    columns: dict[str, str]
    names: tuple[str, ...]
    rows: list[dict[str, Any]]
    shapes: npt.NDArray[np.object_]


def plan_lines(path: str | Path, source: LinesSource) -> LinesPlan:
    """How a file of lines would be read. Raises UnreadableMap."""
    table = _table(Path(path), source)
    given = Counter()  # type: ignore[var-annotated]
    for row in table.rows:
        tags = as_tags(row, source.values)
        given[
            (str(row.get("highway", "")), tags["highway"] if judge_way(tags) else f"{tags['highway']}（不步行）")
        ] += 1
    classes = tuple((value, kind, count) for (value, kind), count in given.most_common(40))
    spare = tuple(name for name in table.names if name not in table.columns.values())
    return LinesPlan(table.layer, table.crs, len(table.rows), table.columns, spare, classes)


def read_lines(path: str | Path, source: LinesSource, inner: list[Kept] | None = None) -> list[Kept]:
    """The lines an elder may walk, ready to be joined where their node_ids meet; (lon, lat) WGS-84.

    Lanes for residents only are added to `inner`. Raises UnreadableMap with what to state or mend.
    """
    file = Path(path)
    table = _table(file, source)
    drawn = _drawn(file, table, source)
    lons, lats = _to_degrees(file, drawn.x, drawn.y, table.crs)
    kept: list[Kept] = []
    for at, row in enumerate(table.rows):
        points = slice(drawn.offsets[at], drawn.offsets[at + 1])
        if points.stop - points.start < 2:
            continue
        tags = as_tags(row, source.values)
        way = Way(_number(row.get("id"), at), drawn.ids[points], lons[points], lats[points], tags)
        verdict = _judge(tags, judge_way(tags))
        if verdict is not None:
            kept.append((way, verdict))
        elif inner is not None and (lane := _judge(tags, judge_inner_way(tags))) is not None:
            inner.append((way, lane))
    return kept


def _judge(tags: dict[str, str], verdict: Walkable | None) -> Walkable | None:
    """A barrier named on the line bars all of it, or its wheels."""
    if verdict is None or "barrier" not in tags:
        return verdict
    passing = judge_barrier({"barrier": tags["barrier"]})
    if passing == "closed":
        return None
    return verdict if passing == "pass" else replace(verdict, no_wheels=not verdict.is_steps)


def _table(file: Path, source: LinesSource) -> _Table:
    if not file.is_file():
        raise UnreadableMap(file.name, "文件不存在")
    if file.stat().st_size == 0:
        raise UnreadableMap(file.name, "文件是空的")
    try:
        layer = _layer(file, source.layer)
        info = pyogrio.read_info(file, layer=layer, encoding=source.encoding)
        crs = _declared(file, source.crs, info.get("crs"))
        columns = _columns(file, source, tuple(str(name) for name in info["fields"]))
        meta, _, geometry, data = pyogrio.raw.read(
            file, layer=layer, columns=sorted(set(columns.values())), force_2d=True, encoding=source.encoding
        )
    except UnicodeDecodeError:
        return _other_encoding(file, source)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError, ValueError) as error:
        raise UnreadableMap(
            file.name, f"文件不完整、已损坏，或不是 GeoPackage、Shapefile、GeoJSON（{error}）"
        ) from error
    read = dict(zip((str(name) for name in meta["fields"]), data, strict=True))
    shapes = shapely.from_wkb(geometry, on_invalid="ignore")
    parts, of = shapely.get_parts(shapes, return_index=True)
    straight = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    if len(parts) == 0 or not straight.any():
        kinds = "、".join(sorted({str(shape.geom_type) for shape in parts})) or "没有任何图形"
        raise UnreadableMap(file.name, f"图层 {layer} 中没有线（有：{kinds}）")
    rows = [{ours: _plain(read[column][at]) for ours, column in columns.items()} for at in of[straight].tolist()]
    return _Table(layer, crs, columns, tuple(str(name) for name in info["fields"]), rows, parts[straight])


def _other_encoding(file: Path, source: LinesSource) -> _Table:
    if source.encoding is not None:
        raise UnreadableMap(file.name, f"字段不是 {source.encoding} 编码，请用 --encoding 写明")
    return _table(file, LinesSource(**{**asdict(source), "encoding": "GB18030"}))


def _layer(file: Path, wanted: str | None) -> str:
    layers = [str(name) for name, _ in pyogrio.list_layers(file)]
    if wanted is None and len(layers) == 1:
        return layers[0]
    lines = [str(name) for name, kind in pyogrio.list_layers(file) if kind and "LineString" in str(kind)]
    if wanted is None and len(lines) == 1:
        return lines[0]
    if wanted not in layers:
        raise UnreadableMap(file.name, f"请用 --layer 选定图层：{'、'.join(layers) or '（没有图层）'}")
    return str(wanted)


def _declared(file: Path, stated: str | None, declared: str | None) -> str:
    if stated is not None:
        return stated
    if file.suffix.lower() in (".geojson", ".json", ".geojsonl") and '"crs"' not in _beginning(file):
        declared = None
    if declared is None:
        raise UnreadableMap(file.name, f"文件没有写明坐标系，请用 --crs（{'、'.join(CRS_NAMES)} 或 EPSG:编号）")
    return str(declared)


def _beginning(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(4096).decode("utf-8", "replace")


def _columns(file: Path, source: LinesSource, names: tuple[str, ...]) -> dict[str, str]:
    if source.columns is None:
        return guess_columns(names)
    unknown = [ours for ours in source.columns if ours not in FIELDS]
    missing = [column for column in source.columns.values() if column not in names]
    if unknown or missing:
        told = f"不认识的字段：{'、'.join(unknown)}" if unknown else f"文件中没有这些列：{'、'.join(missing)}"
        raise UnreadableMap(file.name, f"{told}；可映射 {'、'.join(FIELDS)}；文件的列：{'、'.join(names)}")
    return dict(source.columns)


def guess_columns(names: tuple[str, ...]) -> dict[str, str]:
    """Which column is which of our fields, by its name; fields that no column looks like are left out."""
    lowered = {name.strip().lower(): name for name in names}
    found = {}
    for ours, words in COLUMN_WORDS.items():
        hit = next((lowered[word] for word in words if word in lowered), None)
        if hit is not None:
            found[ours] = hit
    return found


def _drawn(file: Path, table: _Table, source: LinesSource) -> Drawn:
    places = shapely.get_coordinates(table.shapes)
    offsets = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(table.shapes))]).astype(np.int64)
    if not np.isfinite(places).all():
        raise UnreadableMap(file.name, "有的坐标不是数")
    drawn = same_points(places[:, 0].copy(), places[:, 1].copy(), offsets, degrees=_in_degrees(table.crs))
    if source.tolerance_m is None:
        return drawn
    lons, lats = _to_degrees(file, drawn.x, drawn.y, table.crs)
    plane, _ = local_plane(float(np.median(lons)), float(np.median(lats)))
    levels = np.array([str(row.get("level") or "0") for row in table.rows])
    return join_within(drawn, *plane.transform(lons, lats), levels, source.tolerance_m)


def _in_degrees(crs: str) -> bool:
    return crs in CRS_NAMES or bool(_system("", crs).is_geographic)


def _system(name: str, crs: str) -> CRS:
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise UnreadableMap(name, f"不认识坐标系 {crs}，可用：{'、'.join(CRS_NAMES)} 或 EPSG:编号") from error


def _to_degrees(file: Path, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], crs: str) -> Any:
    """Longitudes and latitudes WGS-84 of points in the stated system."""
    geographic = crs in CRS_NAMES or bool(_system(file.name, crs).is_geographic)
    if geographic and (np.abs(x).max() > 180.0 or np.abs(y).max() > 90.0):
        far = int(np.argmax(np.maximum(np.abs(x) / 180.0, np.abs(y) / 90.0)))
        raise UnreadableMap(file.name, _METRES_HINT.format(x=float(x[far]), y=float(y[far])))
    if crs in CRS_NAMES:
        return to_wgs84(x, y, crs)
    lons, lats = Transformer.from_crs(_system(file.name, crs), "EPSG:4326", always_xy=True).transform(x, y)
    if not (np.isfinite(lons).all() and np.isfinite(lats).all()):
        raise UnreadableMap(file.name, f"坐标不在坐标系 {crs} 的范围内，请核对 --crs")
    return np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64)


def _plain(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or (isinstance(plain, float) and np.isnan(plain)):
        return None
    return plain


def _number(value: Any, position: int) -> int:
    """The line's own number where it has one that fits, else its place in the file, from 1."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return position + 1
    return number if abs(number) < 2**62 else position + 1
