"""A circle's outline for the eye: reached streets made broad, with what cannot be reached cut out again.

For display only; who is inside is decided by geo.walking. Of the network's length inside the outline at most
1 % lies beyond the limit, and at least 99 % of the reached length lies inside (tests measure both).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import mapping
from shapely.ops import substring

from geo.circles import Circle, StreetPieces
from geo.network import Network
from geo.snap import local_plane

BROAD_M = 12.0
CUT_M = 0.05
FILL_M2 = 4000.0
GRID_M = 0.01
ROOM_DEG = 3e-4
"""More than BROAD_M northwards, and fourfold eastwards, where degrees are short up to 75 degrees north."""

Floats = npt.NDArray[np.float64]
Project = Callable[[Floats, Floats], tuple[Floats, Floats]]


def circle_polygon(circle: Circle) -> dict[str, object]:
    """The outline of a circle as a GeoJSON MultiPolygon, (lon, lat) degrees; empty when nothing is reached.

    Streets are drawn 12 m to each side; pieces beyond the limit that come closer than that are cut out, and
    yards up to 4,000 m2 without an unreached street are filled.
    """
    if len(circle.pieces) == 0:
        return {"type": "MultiPolygon", "coordinates": []}
    to_plane, to_degrees = local_plane(float(circle.origin.lons[0]), float(circle.origin.lats[0]))
    network = circle.graph.network
    reached = piece_lines(network, circle.pieces, to_plane.transform)
    broad = shapely.union_all(shapely.buffer(reached, BROAD_M, quad_segs=2, cap_style="flat"))
    left = unreached_pieces(circle)
    beyond = piece_lines(network, left.pick(_beside(network, circle.pieces, left)), to_plane.transform)
    near = beyond[np.asarray(shapely.intersects(broad.envelope, beyond))]
    filled = _fill(broad, near)
    if len(near):
        cuts = shapely.union_all(shapely.buffer(near, CUT_M, quad_segs=1, cap_style="flat"))
        filled = shapely.difference(filled, cuts)
    tidy = shapely.set_precision(shapely.set_precision(filled, GRID_M), 0.0)
    x, y = to_degrees.transform(*shapely.get_coordinates(tidy).T)
    return _multipolygon(shapely.set_coordinates(tidy, np.column_stack([x, y])))


def _beside(network: Network, reached: StreetPieces, left: StreetPieces) -> npt.NDArray[np.bool_]:
    """Which pieces may come near the reached ones, by their boxes: a city is larger than a circle."""
    beside = np.ones(network.edge_count, dtype=bool)
    west, south, east, north = network.edge_boxes
    for low, high, room in ((west, east, ROOM_DEG * 4), (south, north, ROOM_DEG)):
        beside &= (low <= high[reached.edge].max() + room) & (high >= low[reached.edge].min() - room)
    return beside[left.edge]


def unreached_pieces(circle: Circle) -> StreetPieces:
    """What is left of the streets beyond the limit: the complement of the circle's pieces."""
    network, pieces = circle.graph.network, circle.pieces
    low, high = np.minimum(pieces.start, pieces.end), np.maximum(pieces.start, pieces.end)
    order = np.lexsort((low, pieces.edge))
    edge, low, high = pieces.edge[order], low[order], high[order]
    is_touched = np.zeros(network.edge_count, dtype=bool)
    is_touched[edge] = True
    untouched = np.flatnonzero(~is_touched)
    same = np.zeros(len(edge), dtype=bool)
    same[1:] = edge[1:] == edge[:-1]
    before = np.where(same, np.roll(high, 1), 0.0)
    last = np.append(~same[1:], True)
    edges = np.concatenate([edge, edge[last], untouched])
    starts = np.concatenate([before, high[last], np.zeros(len(untouched))])
    ends = np.concatenate([low, np.ones(int(last.sum())), np.ones(len(untouched))])
    some = ends - starts > 1e-9
    return StreetPieces(edges[some], starts[some], ends[some], np.full(int(some.sum()), np.inf))


def piece_lines(network: Network, pieces: StreetPieces, project: Project) -> npt.NDArray[np.object_]:
    """Street pieces as LineStrings in the plane of `project` ((lon, lat) to (x, y)); object array."""
    used, row = np.unique(pieces.edge, return_inverse=True)
    counts = network.shape_offsets[used + 1] - network.shape_offsets[used]
    shift = network.shape_offsets[used] - (np.cumsum(counts) - counts)
    picks = np.repeat(shift, counts) + np.arange(counts.sum())
    x, y = project(network.shape_lons[picks], network.shape_lats[picks])
    owners = np.repeat(np.arange(len(used)), counts)
    lines = np.asarray(shapely.linestrings(np.column_stack([x, y]), indices=owners), dtype=object)
    low, high = np.minimum(pieces.start, pieces.end), np.maximum(pieces.start, pieces.end)
    return np.array([_part(lines[k], a, b) for k, a, b in zip(row, low, high, strict=True)] + [None], dtype=object)[:-1]


def _part(line: shapely.LineString, low: float, high: float) -> shapely.LineString:
    if low <= 0.0 and high >= 1.0:
        return line
    part = substring(line, low, high, normalized=True)
    return part if isinstance(part, shapely.LineString) else shapely.LineString([part.coords[0]] * 2)


def _fill(broad: shapely.Geometry, beyond: npt.NDArray[np.object_]) -> shapely.Geometry:
    """Closes yards between the streets, except where a street that is out of reach runs through."""
    tree = shapely.STRtree(beyond)  # type: ignore[arg-type, unused-ignore]
    parts = []
    for polygon in shapely.get_parts(shapely.get_parts(broad)):
        holes = [shapely.Polygon(ring) for ring in polygon.interiors]
        open_holes = [hole for hole in holes if hole.area > FILL_M2 or len(tree.query(hole, "intersects"))]
        parts.append(shapely.Polygon(polygon.exterior, [hole.exterior for hole in open_holes]))
    return shapely.union_all(parts)


def _multipolygon(shape: shapely.Geometry) -> dict[str, object]:
    parts = [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.geom_type == "Polygon"]
    joined = shapely.union_all([part if shapely.is_valid(part) else shapely.make_valid(part) for part in parts])
    polygons = [part for part in shapely.get_parts(joined) if isinstance(part, shapely.Polygon)]
    return dict(mapping(shapely.MultiPolygon(polygons)))
