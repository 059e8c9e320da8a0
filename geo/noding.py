"""Where drawn lines meet: the crossings of a bureau's own lines, which carry no numbers for their points.

Lines meet where they share a drawn point. With a tolerance they also meet where they cross on the same level, and
where one ends within the tolerance of another; bridges keep apart by their level.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array  # type: ignore[import-untyped, unused-ignore]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped, unused-ignore]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

_DEGREE_STEPS = 1e7
_METRE_STEPS = 1e2


@dataclass(frozen=True)
class Drawn:
    """Lines end to end: line k has the points `offsets[k] : offsets[k + 1]` of `x`, `y`; `ids` (points,) tell
    which points are one and the same. Numbers of points begin at 1."""

    x: Floats
    y: Floats
    offsets: Longs
    ids: Longs


def same_points(x: Floats, y: Floats, offsets: Longs, *, degrees: bool) -> Drawn:
    """Number the points of lines: equal to the centimetre (1e-7 degrees) means the same."""
    steps = _DEGREE_STEPS if degrees else _METRE_STEPS
    places = np.column_stack([np.round(x * steps), np.round(y * steps)]).astype(np.int64)
    _, ids = np.unique(places, axis=0, return_inverse=True)
    return Drawn(x, y, offsets, ids.reshape(-1).astype(np.int64) + 1)


def join_within(
    drawn: Drawn, plane_x: Floats, plane_y: Floats, levels: npt.NDArray[np.str_], tolerance_m: float
) -> Drawn:
    """Join lines also where they cross and where they end beside one another.

    `plane_x`, `plane_y` are the same points in metres; `levels` (lines,) tells which lines may meet.
    """
    count = len(drawn.offsets) - 1
    line_of = np.repeat(np.arange(count), np.diff(drawn.offsets))
    lines = np.asarray(shapely.linestrings(np.column_stack([plane_x, plane_y]), indices=line_of))
    tree = shapely.STRtree(lines)
    on, along = _crossings(tree, lines, levels)
    ends = np.unique(np.concatenate([drawn.offsets[:-1], drawn.offsets[1:] - 1]))
    beside_on, beside_along = _beside(
        tree, lines, (plane_x[ends], plane_y[ends]), levels[line_of[ends]], levels, tolerance_m
    )
    on, along = np.concatenate([on, beside_on]), np.concatenate([along, beside_along])
    feet = shapely.get_coordinates(shapely.line_interpolate_point(lines[on], along)).reshape(-1, 2)
    fresh = np.arange(len(on)) + int(drawn.ids.max(initial=0)) + 1
    merged = _merge(
        drawn, ends, (plane_x, plane_y), feet, fresh, np.concatenate([levels[line_of[ends]], levels[on]]), tolerance_m
    )
    return _inserted(drawn, (plane_x, plane_y), line_of, (on, along, fresh), merged)


def _crossings(
    tree: shapely.STRtree, lines: npt.NDArray[np.object_], levels: npt.NDArray[np.str_]
) -> tuple[Longs, Floats]:
    """On which line, how many metres along, another line of its level is crossed."""
    first, second = tree.query(lines, predicate="intersects")
    apart = (first < second) & (levels[first] == levels[second])
    first, second = first[apart], second[apart]
    places = shapely.intersection(lines[first], lines[second])
    points, pair = shapely.get_coordinates(places, return_index=True)
    spots = shapely.points(points)
    on = np.concatenate([first[pair], second[pair]]).astype(np.int64)
    return on, np.asarray(shapely.line_locate_point(lines[on], np.concatenate([spots, spots])), dtype=np.float64)


def _beside(
    tree: shapely.STRtree,
    lines: npt.NDArray[np.object_],
    ends: tuple[Floats, Floats],
    end_levels: npt.NDArray[np.str_],
    levels: npt.NDArray[np.str_],
    tolerance_m: float,
) -> tuple[Longs, Floats]:
    """On which line, how many metres along, another line ends beside it."""
    spots = np.asarray(shapely.points(*ends))
    end, on = tree.query(spots, predicate="dwithin", distance=tolerance_m)
    same = end_levels[end] == levels[on]
    end, on = end[same], on[same].astype(np.int64)
    return on, np.asarray(shapely.line_locate_point(lines[on], spots[end]), dtype=np.float64)


def _merge(
    drawn: Drawn,
    ends: Longs,
    plane: tuple[Floats, Floats],
    feet: Floats,
    fresh: Longs,
    levels: npt.NDArray[np.str_],
    tolerance_m: float,
) -> Longs:
    """For every number of a point the number it becomes: those within the tolerance on one level are one."""
    numbers = np.concatenate([drawn.ids[ends], fresh])
    spots = np.asarray(
        shapely.points(np.concatenate([plane[0][ends], feet[:, 0]]), np.concatenate([plane[1][ends], feet[:, 1]]))
    )
    first, second = shapely.STRtree(spots).query(spots, predicate="dwithin", distance=tolerance_m)
    same = levels[first] == levels[second]
    size = int(numbers.max(initial=0)) + 1
    links = (np.ones(int(same.sum()), dtype=np.int8), (numbers[first[same]], numbers[second[same]]))
    labels = connected_components(coo_array(links, shape=(size, size)), directed=False)[1]
    _, least = np.unique(labels, return_index=True)
    return np.asarray(least[labels], dtype=np.int64)


def _inserted(
    drawn: Drawn, plane: tuple[Floats, Floats], line_of: Longs, found: tuple[Longs, Floats, Longs], merged: Longs
) -> Drawn:
    """The lines with the found places put in where they lie along them, points of one number once in a row."""
    on, along, fresh = found
    steps = np.hypot(np.diff(plane[0], prepend=plane[0][:1]), np.diff(plane[1], prepend=plane[1][:1]))
    steps[drawn.offsets[:-1]] = 0.0
    run = np.cumsum(steps)
    own = run - np.repeat(run[drawn.offsets[:-1]], np.diff(drawn.offsets))
    lines, metres = np.concatenate([line_of, on]), np.concatenate([own, along])
    numbers = merged[np.concatenate([drawn.ids, fresh])]
    x, y = (
        np.concatenate([drawn.x, _between(drawn.x, own, line_of, on, along)]),
        np.concatenate([drawn.y, _between(drawn.y, own, line_of, on, along)]),
    )
    order = np.lexsort((metres, lines))
    lines, numbers, x, y = lines[order], numbers[order], x[order], y[order]
    keep = np.ones(len(lines), dtype=bool)
    keep[1:] = (lines[1:] != lines[:-1]) | (numbers[1:] != numbers[:-1])
    counts = np.bincount(lines[keep], minlength=len(drawn.offsets) - 1)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    first = np.unique(numbers[keep], return_index=True)
    place = np.searchsorted(first[0], numbers[keep])
    return Drawn(x[keep][first[1]][place], y[keep][first[1]][place], offsets, numbers[keep])


def _between(values: Floats, own: Floats, line_of: Longs, on: Longs, along: Floats) -> Floats:
    """A coordinate at so many metres along its line, between the two drawn points beside it."""
    wide = float(own.max(initial=0.0)) + 1.0
    return np.asarray(np.interp(on * wide + along, line_of * wide + own, values), dtype=np.float64)
