"""Reads OpenStreetMap files: the streets an elder walks on and the houses she lives in.

Accepts .osm, .pbf, .xml and their .gz/.bz2 forms. All coordinates are (lon, lat) in WGS-84 degrees.
Map data (c) OpenStreetMap contributors, ODbL.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium
import shapely
from shapely import MultiPolygon

from geo.errors import UnreadableMap

WAY_KEYS = ("highway", "route", "railway", "public_transport", "indoor", "man_made")
_BROKEN = (RuntimeError, OSError, ValueError, osmium.InvalidLocationError)
SQUARE_KEYS = ("highway", "railway", "public_transport", "indoor")


@dataclass(frozen=True, slots=True)
class Building:
    """A house outline where elders may live.

    `osm_id` is the number of a way or relation (see `osm_type`); `polygon` is valid, (lon, lat).
    """

    osm_id: int
    osm_type: str
    tags: dict[str, str]
    polygon: MultiPolygon


@dataclass(frozen=True, slots=True)
class Way:
    """A stretch of street as drawn: `node_ids` int64 (n,), `lons` and `lats` float64 (n,), n >= 2.

    A way cut by the border of an extract comes as several runs with the same `way_id`. Ways join where their
    `node_ids` are equal. `osm_ids` are the map's own numbers of the same points, given only where they differ:
    at a barrier the two sides of one point do not join.
    """

    way_id: int
    node_ids: npt.NDArray[np.int64]
    lons: npt.NDArray[np.float64]
    lats: npt.NDArray[np.float64]
    tags: dict[str, str]
    osm_ids: npt.NDArray[np.int64] | None = None

    @property
    def point_ids(self) -> npt.NDArray[np.int64]:
        """The map's own numbers of the points; int64 (n,)."""
        return self.node_ids if self.osm_ids is None else self.osm_ids


@dataclass(frozen=True, slots=True)
class Ring:
    """One border of a surface, closed: first and last point are the same."""

    node_ids: npt.NDArray[np.int64]
    lons: npt.NDArray[np.float64]
    lats: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Surface:
    """A closed way or multipolygon that may be a square: its rings, outer and inner, and its polygon (lon, lat).

    `way_id` is the number of the way, or minus the number of the relation.
    """

    way_id: int
    from_way: bool
    tags: dict[str, str]
    rings: list[Ring]
    polygon: MultiPolygon


def read_buildings(path: str | Path) -> list[Building]:
    """Every house outline of the map, in file order, so that elders can live in real buildings.

    Returns polygons in (lon, lat) WGS-84 degrees with all their OSM tags (`building`, `name`, `addr:*`,
    `building:levels`). Broken rings are repaired with make_valid; what has no area is left out.
    Raises UnreadableMap when the file is missing, torn or not OpenStreetMap data.
    """
    key = osmium.filter.KeyFilter("building")
    factory = osmium.geom.WKBFactory()
    found: list[Building] = []
    try:
        objects = osmium.FileProcessor(str(_existing(path))).with_areas(key).with_filter(key)
        for item in objects:
            if not isinstance(item, osmium.osm.Area):
                continue
            try:
                shape = shapely.from_wkb(factory.create_multipolygon(item))
            except (RuntimeError, ValueError):
                continue
            polygon = _polygonal(shape)
            if polygon is None:
                continue
            kind = "way" if item.from_way() else "relation"
            found.append(Building(item.orig_id(), kind, dict(item.tags), polygon))
    except _BROKEN as error:
        raise UnreadableMap(Path(path).name, _plainly(str(error))) from error
    return found


def _polygonal(shape: shapely.Geometry) -> MultiPolygon | None:
    valid = shape if shapely.is_valid(shape) else shapely.make_valid(shape)
    parts = [part for part in shapely.get_parts(valid) if part.geom_type in ("Polygon", "MultiPolygon")]
    polygons = [polygon for part in parts for polygon in shapely.get_parts(part) if polygon.area > 0]
    return MultiPolygon(polygons) if polygons else None


def read_ways(path: str | Path) -> Iterator[Way]:
    """The ways of a map that may be streets (WAY_KEYS), in file order, with their nodes' coordinates.

    Nodes that the extract does not hold split a way into runs, because the walk across the gap is unknown.
    Raises UnreadableMap when the file is missing, torn or not OpenStreetMap data.
    """
    try:
        ways = (
            osmium.FileProcessor(str(_existing(path)))
            .with_locations()
            .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
            .with_filter(osmium.filter.KeyFilter(*WAY_KEYS))
        )
        for item in ways:
            if isinstance(item, osmium.osm.Way):
                yield from _runs(item)
    except _BROKEN as error:
        raise UnreadableMap(Path(path).name, _plainly(str(error))) from error


def count_ways(path: str | Path) -> int:
    """How many ways read_ways will find, a border's cuts aside: a quick look, so that progress has an end.

    Raises UnreadableMap as read_ways does.
    """
    try:
        ways = osmium.FileProcessor(str(_existing(path)), osmium.osm.WAY)
        return sum(1 for _ in ways.with_filter(osmium.filter.KeyFilter(*WAY_KEYS)))
    except _BROKEN as error:
        raise UnreadableMap(Path(path).name, _plainly(str(error))) from error


def read_barriers(path: str | Path) -> dict[int, dict[str, str]]:
    """The gates, bollards and walls that stand on points of the map: OSM node id -> its tags.

    Raises UnreadableMap as read_ways does.
    """
    try:
        points = (
            osmium.FileProcessor(str(_existing(path)), osmium.osm.NODE)
            .with_filter(osmium.filter.EntityFilter(osmium.osm.NODE))
            .with_filter(osmium.filter.KeyFilter("barrier"))
        )
        return {item.id: dict(item.tags) for item in points}
    except _BROKEN as error:
        raise UnreadableMap(Path(path).name, _plainly(str(error))) from error


def read_surfaces(path: str | Path, wanted: Callable[[dict[str, str], bool], bool]) -> list[Surface]:
    """Squares, platforms and indoor corridors drawn as surfaces, in file order.

    `wanted(tags, closed_way)` picks them. Surfaces whose rings do not close are left out: their lines are still
    read as ways. A file whose objects are not in the order of their numbers gives its closed ways only.
    Raises UnreadableMap as read_ways does.
    """
    try:
        return list(_areas(path, wanted))
    except _BROKEN as error:
        if "out of order" in str(error):
            return list(_closed_ways(path, wanted))
        raise UnreadableMap(Path(path).name, _plainly(str(error))) from error


def _areas(path: str | Path, wanted: Callable[[dict[str, str], bool], bool]) -> Iterator[Surface]:
    key = osmium.filter.KeyFilter(*SQUARE_KEYS)
    factory = osmium.geom.WKBFactory()
    for item in osmium.FileProcessor(str(_existing(path))).with_areas(key).with_filter(key):
        if not isinstance(item, osmium.osm.Area) or not wanted(dict(item.tags), item.from_way()):
            continue
        try:
            polygon = _polygonal(shapely.from_wkb(factory.create_multipolygon(item)))
        except (RuntimeError, ValueError):
            continue
        if polygon is None:
            continue
        outer = list(item.outer_rings())
        rings = [_as_ring(ring) for ring in [*outer, *(hole for ring in outer for hole in item.inner_rings(ring))]]
        way_id = item.orig_id() if item.from_way() else -item.orig_id()
        yield Surface(way_id, item.from_way(), dict(item.tags), rings, polygon)


def _closed_ways(path: str | Path, wanted: Callable[[dict[str, str], bool], bool]) -> Iterator[Surface]:
    for way in read_ways(path):
        if len(way.node_ids) < 4 or way.node_ids[0] != way.node_ids[-1] or not wanted(way.tags, True):
            continue
        polygon = _polygonal(shapely.Polygon(np.column_stack([way.lons, way.lats])))
        if polygon is not None:
            yield Surface(way.way_id, True, way.tags, [Ring(way.node_ids, way.lons, way.lats)], polygon)


def _as_ring(nodes: "Iterable[osmium.osm.NodeRef]") -> Ring:
    rows = [(node.ref, node.location.lon_without_check(), node.location.lat_without_check()) for node in nodes]
    ids, lons, lats = zip(*rows, strict=True)
    return Ring(np.array(ids, dtype=np.int64), np.array(lons), np.array(lats))


def _runs(way: "osmium.osm.Way") -> Iterator[Way]:
    tags = dict(way.tags)
    run: list[tuple[int, float, float]] = []
    for node in way.nodes:
        if node.location.valid():
            if not run or run[-1][0] != node.ref:
                run.append((node.ref, node.location.lon_without_check(), node.location.lat_without_check()))
            continue
        if len(run) > 1:
            yield _as_way(way.id, run, tags)
        run = []
    if len(run) > 1:
        yield _as_way(way.id, run, tags)


def _as_way(way_id: int, run: list[tuple[int, float, float]], tags: dict[str, str]) -> Way:
    ids, lons, lats = zip(*run, strict=True)
    return Way(
        way_id=way_id,
        node_ids=np.array(ids, dtype=np.int64),
        lons=np.array(lons, dtype=np.float64),
        lats=np.array(lats, dtype=np.float64),
        tags=tags,
    )


def _existing(path: str | Path) -> Path:
    file = Path(path)
    if not file.is_file():
        raise UnreadableMap(file.name, "文件不存在")
    if file.stat().st_size == 0:
        raise UnreadableMap(file.name, "文件是空的")
    return file


def _plainly(detail: str) -> str:
    """Say in the officer's words what the reading library said of a file."""
    lowered = detail.lower()
    if "could not detect file format" in lowered or "unknown" in lowered and "format" in lowered:
        return f"认不出格式：OpenStreetMap 文件应为 .pbf、.osm、.xml，可再压缩为 .gz、.bz2（{detail}）"
    if "location" in lowered or "coordinate" in lowered:
        return f"坐标不是经纬度（度）。若以米为单位，请先转换为 WGS-84 经纬度（{detail}）"
    return f"文件不完整、已损坏，或不是 OpenStreetMap 文件（{detail}）"
