"""Squares an elder walks straight across, from entrance to entrance, where the line stays inside."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod

from geo.osm_reader import Surface, Way
from geo.walkability import Walkable, judge_way

WGS84 = Geod(ellps="WGS84")
DETOUR = 1.02
"""A straight line is drawn where every other way across the square is more than 2 % longer."""
MOST_ENTRANCES = 40
"""Beyond so many the later ones (in the order of the outline) are reached by the outline only."""
_BORDER_DEG = 2e-7
"""About 2 cm: a line along the border of a square counts as inside."""

Place = tuple[int, float, float]


class Squares:
    """Notices the ways that lead into squares, then gives the lines across them.

    Entrances are points of the outline that another walked way uses too, and ends of walked ways inside the
    square on the same layer.
    """

    def __init__(self, surfaces: list[Surface]) -> None:
        self._surfaces = surfaces
        self._tree = shapely.STRtree([surface.polygon for surface in surfaces])
        self._corners: dict[int, list[int]] = {}
        for number, surface in enumerate(surfaces):
            for ring in surface.rings:
                for point in ring.node_ids[:-1].tolist():
                    self._corners.setdefault(point, []).append(number)
        self._entrances: list[dict[int, Place]] = [{} for _ in surfaces]

    def notice(self, way: Way) -> None:
        """Remember where a walked way meets a square."""
        if not self._surfaces:
            return
        for at, point in enumerate(way.node_ids.tolist()):
            for number in self._corners.get(point, ()):
                self._enter(number, way, at)
        last = len(way.node_ids) - 1
        ends = shapely.points(way.lons[[0, last]], way.lats[[0, last]])
        for end, number in self._tree.query(ends, predicate="within").T.tolist():
            if layer_of(way.tags) == layer_of(self._surfaces[number].tags):
                self._enter(number, way, (0, last)[end])

    def _enter(self, number: int, way: Way, at: int) -> None:
        if way.way_id != self._surfaces[number].way_id:
            point = int(way.node_ids[at])
            self._entrances[number][point] = (point, float(way.lons[at]), float(way.lats[at]))

    def ways(self, kind: str) -> Iterator[tuple[Way, Walkable]]:
        """Outlines of multipolygons and, of class `kind`, the straight lines across all squares."""
        for surface, entrances in zip(self._surfaces, self._entrances, strict=True):
            verdict = judge_way(surface.tags, closed=True)
            if not surface.from_way and verdict is not None:
                for ring in surface.rings:
                    yield Way(surface.way_id, ring.node_ids, ring.lons, ring.lats, surface.tags), verdict
            for a, b in _lines_inside(surface, list(entrances.values())[:MOST_ENTRANCES]):
                ids, lons, lats = zip(a, b, strict=True)
                line = Way(surface.way_id, np.array(ids, dtype=np.int64), np.array(lons), np.array(lats), {})
                yield line, Walkable(kind, is_steps=False, is_footway=True)


def layer_of(tags: dict[str, str]) -> str:
    """On which level a way lies; a tunnel without a number lies below."""
    return tags.get("layer", "-1" if tags.get("tunnel") == "yes" else "1" if tags.get("bridge") == "yes" else "0")


def _lines_inside(surface: Surface, entrances: list[Place]) -> list[tuple[Place, Place]]:
    """The lines from entrance to entrance that stay inside and shorten a walk by more than DETOUR, shortest first."""
    pairs = list(combinations(range(len(entrances)), 2))
    if not pairs:
        return []
    lines = shapely.linestrings([[entrances[a][1:], entrances[b][1:]] for a, b in pairs])
    ground = shapely.buffer(surface.polygon, _BORDER_DEG)
    shapely.prepare(ground)
    first, second = np.array(pairs).T
    lons, lats = (np.array([place[axis] for place in entrances]) for axis in (1, 2))
    metres = np.asarray(WGS84.inv(lons[first], lats[first], lons[second], lats[second])[2])
    walks = _along_rings(surface, entrances)
    kept = []
    inside = np.flatnonzero(shapely.covers(ground, lines))
    for at in inside[np.argsort(metres[inside], kind="stable")].tolist():
        a, b = pairs[at]
        if walks[a, b] > DETOUR * metres[at] + 0.01:
            kept.append((entrances[a], entrances[b]))
            by_line = np.minimum(walks[:, [a]] + walks[[b], :], walks[:, [b]] + walks[[a], :]) + metres[at]
            walks = np.minimum(walks, by_line)
    return kept


def _along_rings(surface: Surface, entrances: list[Place]) -> npt.NDArray[np.float64]:
    """Metres from entrance to entrance by the outline, inf where none leads; float64 (k, k)."""
    walks = np.full((len(entrances), len(entrances)), np.inf)
    np.fill_diagonal(walks, 0.0)
    number = {place[0]: k for k, place in enumerate(entrances)}
    for ring in surface.rings:
        steps = WGS84.inv(ring.lons[:-1], ring.lats[:-1], ring.lons[1:], ring.lats[1:])[2]
        along = np.concatenate([[0.0], np.cumsum(steps)])
        on = [(number[point], along[k]) for k, point in enumerate(ring.node_ids[:-1].tolist()) if point in number]
        for (a, at_a), (b, at_b) in combinations(on, 2):
            way = abs(at_a - at_b)
            walks[a, b] = walks[b, a] = min(walks[a, b], way, along[-1] - way)
    return walks
