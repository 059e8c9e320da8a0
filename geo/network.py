"""The streets of a city as a graph an elder's steps can be counted on.

Nodes are crossings and ends, edges the stretches between them with their full shape. Coordinates are
(lon, lat) WGS-84 degrees, lengths are geodesic metres on the WGS-84 ellipsoid.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod
from scipy.sparse import coo_array  # type: ignore[import-untyped, unused-ignore]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped, unused-ignore]
from shapely import MultiPoint

from geo.errors import UnreadableMap
from geo.locality import hilbert_order
from geo.osm_reader import Way
from geo.osm_streets import Kept, Progress, walked_ways
from geo.walkability import Walkable

WGS84 = Geod(ellps="WGS84")
USABLE_SHARE = 0.05
USABLE_NODES = 1000
_AT_ONCE = 250_000
"""Distances worked out together: each takes seven times its room while it is worked out."""

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Network:
    """A walking network in memory: n nodes, m edges, k shape points in all.

    `node_ids`, `edge_ids` are the numbers in storage (0..n-1, 0..m-1 within a version) and equal to the array
    positions. `edge_u`, `edge_v` (m,) are node positions. Edge e has the shape points
    `shape_offsets[e] : shape_offsets[e + 1]`, both ends included. `class_names[edge_class[e]]` is its kind.
    `node_component`, `edge_component` number the connected parts from 0, stairs included. `edge_is_steps` are
    stairs; `edge_no_wheels` bar wheelchairs without being stairs; `edge_bars_wheels` are both.
    """

    node_osm_ids: Longs
    node_lons: Floats
    node_lats: Floats
    node_component: Ints
    edge_u: Ints
    edge_v: Ints
    edge_way_ids: Longs
    edge_length_m: Floats
    edge_class: Ints
    class_names: tuple[str, ...]
    edge_is_steps: Flags
    edge_is_footway: Flags
    edge_no_wheels: Flags
    shape_offsets: Longs
    shape_osm_ids: Longs
    shape_lons: Floats
    shape_lats: Floats

    @property
    def node_count(self) -> int:
        return len(self.node_osm_ids)

    @property
    def edge_count(self) -> int:
        return len(self.edge_way_ids)

    @property
    def edge_component(self) -> Ints:
        return np.asarray(self.node_component[self.edge_u], dtype=np.int32)

    @property
    def edge_bars_wheels(self) -> Flags:
        return np.asarray(self.edge_is_steps | self.edge_no_wheels)

    @cached_property
    def shape_edge(self) -> Longs:
        """For every shape point the edge it belongs to; int64 (k,)."""
        return np.repeat(np.arange(self.edge_count), np.diff(self.shape_offsets))

    @cached_property
    def shape_along_m(self) -> Floats:
        """For every shape point its geodesic metres from the start (u) of its edge; float64 (k,)."""
        steps = np.zeros(len(self.shape_lons))
        steps[1:] = geodesic_m(self.shape_lons[:-1], self.shape_lats[:-1], self.shape_lons[1:], self.shape_lats[1:])
        steps[self.shape_offsets[:-1]] = 0.0
        running = np.cumsum(steps)
        return np.asarray(running - np.repeat(running[self.shape_offsets[:-1]], np.diff(self.shape_offsets)))

    @cached_property
    def edge_boxes(self) -> Floats:
        """West, south, east, north of every edge, degrees; float64 (4, m)."""
        if self.edge_count == 0:
            return np.zeros((4, 0))
        first = self.shape_offsets[:-1]
        lows = [np.minimum.reduceat(degrees, first) for degrees in (self.shape_lons, self.shape_lats)]
        highs = [np.maximum.reduceat(degrees, first) for degrees in (self.shape_lons, self.shape_lats)]
        return np.array([*lows, *highs])

    def lines(self) -> npt.NDArray[np.object_]:
        """The edges as shapely LineStrings in (lon, lat), object array (m,)."""
        points = np.column_stack([self.shape_lons, self.shape_lats])
        return np.asarray(shapely.linestrings(points, indices=self.shape_edge), dtype=object)

    @cached_property
    def usable_component(self) -> Flags:
        """Which components a home may be snapped to; bool (components,).

        The largest, and every other that holds at least 5 % of the crossings or 1,000 of them: a yard of a
        few lanes that the map does not join to the city would give its elders a circle of that yard alone.
        """
        return large_components(self.node_component)

    def hull(self) -> shapely.Geometry:
        """The convex hull of the usable crossings, (lon, lat): beyond it nobody knows the streets."""
        usable = self.usable_component[self.node_component]
        return MultiPoint(np.column_stack([self.node_lons[usable], self.node_lats[usable]])).convex_hull


def geodesic_m(lon_a: npt.ArrayLike, lat_a: npt.ArrayLike, lon_b: npt.ArrayLike, lat_b: npt.ArrayLike) -> Floats:
    """Metres an elder walks straight from a to b on the WGS-84 ellipsoid; arrays of one shape, degrees."""
    a, b, c, d = (np.asarray(degrees, dtype=np.float64) for degrees in (lon_a, lat_a, lon_b, lat_b))
    if a.ndim != 1 or len(a) <= _AT_ONCE:
        return np.asarray(WGS84.inv(a, b, c, d)[2], dtype=np.float64)
    metres = np.empty(len(a))
    for first in range(0, len(a), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        metres[part] = WGS84.inv(a[part], b[part], c[part], d[part])[2]
    return metres


def read_network(
    path: str | Path,
    progress: Progress | None = None,
    inner: list[Kept] | None = None,
    *,
    across: bool = False,
) -> Network:
    """The walking network of an OpenStreetMap file, judged by the walkability table.

    `progress(ways read, ways in the file)` is called every 1,000 ways and at the end; lanes for residents only are
    added to `inner`; squares are walked by their outline, or straight `across`. Raises UnreadableMap when the file is
    torn, not OpenStreetMap, or holds no walkable way.
    """
    network = build_network(walked_ways(path, inner, across=across, progress=progress))
    if network.edge_count == 0:
        raise UnreadableMap(Path(path).name, "文件中没有可步行的道路")
    return network


def build_network(kept: Iterable[Kept]) -> Network:
    """Cuts ways at their ends and at every point that two of them (or one twice) share.

    Coordinates (lon, lat) degrees. Lengths are sums of geodesic metres between consecutive points. The ways are
    read once and not kept, so that a city of a million crossings fits.
    """
    drawn = _Drawn()
    for way, verdict in kept:
        drawn.add(way, verdict)
    keys, osm_ids, lons, lats = (np.asarray(column) for column in (drawn.keys, drawn.osm_ids, drawn.lons, drawn.lats))
    sizes = np.asarray(drawn.sizes, dtype=np.int64)
    starts, ends = _cut(keys, sizes)
    way_of_edge = np.searchsorted(np.cumsum(sizes), starts, side="right")

    counts = ends - starts + 1
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    picks = np.repeat(starts - offsets[:-1], counts) + np.arange(offsets[-1])
    node_keys, first = np.unique(keys[np.concatenate([starts, ends])], return_index=True)
    at = np.concatenate([starts, ends])[first]
    passed = hilbert_order(lons[at], lats[at])  # neighbours get neighbouring numbers: see geo.locality
    number = np.empty(len(passed), dtype=np.int32)
    number[passed] = np.arange(len(passed), dtype=np.int32)
    at = at[passed]
    edge_u = number[np.searchsorted(node_keys, keys[starts])]
    edge_v = number[np.searchsorted(node_keys, keys[ends])]
    verdicts = sorted(drawn.verdicts, key=lambda verdict: verdict.highway)
    names = tuple(sorted({verdict.highway for verdict in verdicts}))
    kinds = np.asarray(drawn.kinds, dtype=np.int64)[way_of_edge]
    order = np.array([drawn.verdicts[verdict] for verdict in verdicts], dtype=np.int64)
    place = np.zeros(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    judged = place[kinds] if len(order) else kinds
    return Network(
        node_osm_ids=osm_ids[at],
        node_lons=lons[at],
        node_lats=lats[at],
        node_component=number_components(len(node_keys), edge_u, edge_v),
        edge_u=edge_u,
        edge_v=edge_v,
        edge_way_ids=np.asarray(drawn.way_ids)[way_of_edge],
        edge_length_m=_lengths(lons[picks], lats[picks], offsets),
        edge_class=np.array([names.index(verdict.highway) for verdict in verdicts], dtype=np.int32)[judged],
        class_names=names,
        edge_is_steps=np.array([verdict.is_steps for verdict in verdicts], dtype=bool)[judged],
        edge_is_footway=np.array([verdict.is_footway for verdict in verdicts], dtype=bool)[judged],
        edge_no_wheels=np.array([verdict.no_wheels for verdict in verdicts], dtype=bool)[judged],
        shape_offsets=offsets,
        shape_osm_ids=osm_ids[picks],
        shape_lons=lons[picks],
        shape_lats=lats[picks],
    )


class _Drawn:
    """Ways end to end in flat arrays: eight bytes a number, not an object a way."""

    def __init__(self) -> None:
        self.keys, self.osm_ids = array("q"), array("q")
        self.lons, self.lats = array("d"), array("d")
        self.sizes, self.way_ids, self.kinds = array("q"), array("q"), array("q")
        self.verdicts: dict[Walkable, int] = {}

    def add(self, way: Way, verdict: Walkable) -> None:
        """Append one way."""
        self.keys.frombytes(way.node_ids.astype(np.int64, copy=False).tobytes())
        self.osm_ids.frombytes(way.point_ids.astype(np.int64, copy=False).tobytes())
        self.lons.frombytes(way.lons.astype(np.float64, copy=False).tobytes())
        self.lats.frombytes(way.lats.astype(np.float64, copy=False).tobytes())
        self.sizes.append(len(way.node_ids))
        self.way_ids.append(way.way_id)
        self.kinds.append(self.verdicts.setdefault(verdict, len(self.verdicts)))


def number_components(node_count: int, edge_u: Ints, edge_v: Ints) -> Ints:
    """Numbers the parts of the network that cannot be walked from one to another; int32 (n,) from 0."""
    links = coo_array((np.ones(len(edge_u), dtype=np.int8), (edge_u, edge_v)), shape=(node_count, node_count))
    labels: Ints = connected_components(links, directed=False)[1].astype(np.int32)
    return labels


def large_components(node_component: Ints) -> Flags:
    """Which parts are large enough to live in: the largest, and those of 5 % or 1,000 of the crossings."""
    sizes = np.bincount(node_component)
    if len(sizes) == 0:
        return np.zeros(0, dtype=bool)
    enough = min(USABLE_NODES, USABLE_SHARE * len(node_component))
    return np.asarray((sizes >= enough) | (sizes == sizes.max()))


def _cut(refs: Longs, sizes: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last position in `refs` of every edge."""
    if len(refs) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    order = np.argsort(refs, kind="stable")
    again = np.flatnonzero(np.diff(refs[order]) == 0)
    is_cut = np.zeros(len(refs), dtype=bool)
    is_cut[order[again]] = is_cut[order[again + 1]] = True
    del order, again
    lasts = np.cumsum(sizes) - 1
    is_cut[lasts] = True
    is_cut[lasts - sizes + 1] = True
    cuts = np.flatnonzero(is_cut)
    is_last = np.zeros(len(refs), dtype=bool)
    is_last[lasts] = True
    inside = ~is_last[cuts[:-1]]
    return cuts[:-1][inside], cuts[1:][inside]


def _lengths(lons: Floats, lats: Floats, offsets: Longs) -> Floats:
    if len(lons) == 0:
        return np.zeros(0)
    steps = np.zeros(len(lons))
    steps[:-1] = geodesic_m(lons[:-1], lats[:-1], lons[1:], lats[1:])
    steps[offsets[1:] - 1] = 0.0
    return np.add.reduceat(steps, offsets[:-1])
