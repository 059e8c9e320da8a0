"""Access that minds how many others want the same place: the enhanced two-step floating catchment area (E2SFCA).

Luo, W., Qi, Y. (2009): An enhanced two-step floating catchment area (E2SFCA) method for measuring spatial
accessibility to primary care physicians. Health & Place 15(4), 1100-1107. Step 1: every facility's capacity is
divided by the people around it, those in farther bands counting less. Step 2: every person adds up the ratios of
the facilities around her, weighted by the same bands. Pure arrays; knows no persons.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.snap import Snaps
from geo.walking import WalkGraph, cost_along, costs_to_ends, same_street_pairs, walk_from_each

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

SLOW_DECAY = (1.0, 0.68, 0.22)
FAST_DECAY = (1.0, 0.42, 0.09)
"""The two sets of weights of the paper, for three bands of equal breadth."""
_POINTS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Pairs:
    """Which places reach which doors: positions `origin`, `point` int64 (p,) and the exact `cost` float64 (p,)."""

    origin: Longs
    point: Longs
    cost: Floats


@dataclass(frozen=True)
class Access:
    """What E2SFCA says. Per door float64 (m,): `demand` (weighted people around it) and `ratio` (capacity per
    weighted person, nan where nobody is around). Per place float64 (n,): `access`, the capacity each of its people
    can count on. The people's access adds up to the capacity of all doors that anybody can reach.
    """

    demand: Floats
    ratio: Floats
    access: Floats


def pairs_within(graph: WalkGraph, origins: Snaps, points: Snaps, limit: float) -> Pairs:
    """Every door and every place within `limit` of each other, with the exact cost of the walk between them.

    Both ends of the place's street are tried, and the way along the street where the door is on the same one.
    """
    rows = walk_from_each(graph, origins, limit)
    order = np.argsort(rows.nodes, kind="stable")
    nodes, whose, costs = rows.nodes[order], rows.origins[order].astype(np.int64), rows.costs[order]
    found = []
    for first in range(0, len(points), _POINTS_AT_ONCE):
        which = np.arange(first, min(len(points), first + _POINTS_AT_ONCE))
        found.append(_pairs_of(graph, origins, points.pick(which), limit, (nodes, whose, costs), first))
    if not found:
        return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    return Pairs(*(np.concatenate([getattr(part, name) for part in found]) for name in ("origin", "point", "cost")))


def _pairs_of(
    graph: WalkGraph, origins: Snaps, points: Snaps, limit: float, rows: tuple[npt.NDArray[np.int32], Longs, Floats],
    first: int,
) -> Pairs:  # fmt: skip
    nodes, whose, costs = rows
    on = np.maximum(points.edge, 0)
    parts = []
    for end, way in zip((graph.network.edge_u, graph.network.edge_v), costs_to_ends(graph, points), strict=True):
        start, stop = np.searchsorted(nodes, end[on], "left"), np.searchsorted(nodes, end[on], "right")
        counts = np.where(np.isfinite(way), stop - start, 0)
        point = np.repeat(np.arange(len(points)), counts)
        row = np.repeat(start, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        parts.append((whose[row], point, costs[row] + way[point]))
    point, origin = same_street_pairs(origins, points)
    parts.append((origin, point, cost_along(graph, origins.pick(origin), points.pick(point))))
    origin, point, cost = (np.concatenate([part[k] for part in parts]) for k in range(3))
    within = cost <= limit
    origin, point, cost = origin[within], point[within], cost[within]
    order = np.lexsort((cost, origin, point))
    origin, point, cost = origin[order], point[order], cost[order]
    best = np.ones(len(cost), dtype=bool)
    best[1:] = (origin[1:] != origin[:-1]) | (point[1:] != point[:-1])
    return Pairs(origin[best].astype(np.int64), point[best].astype(np.int64) + first, cost[best])


def band_weights(cost: Floats, bands: Floats, weights: Floats) -> Floats:
    """The weight of each walk: that of the first band that holds it (bands are upper limits, inclusive), else 0."""
    band = np.searchsorted(bands, cost, side="left")
    return np.append(weights, 0.0)[band]


def floating_catchment(pairs: Pairs, capacity: Floats, people: Floats, bands: Floats, weights: Floats) -> Access:
    """E2SFCA over pairs of doors and places; `capacity` (m,), `people` (n,), `bands` ascending, `weights` as many."""
    weight = band_weights(pairs.cost, bands, weights)
    demand: Floats = np.bincount(pairs.origin, people[pairs.point] * weight, minlength=len(capacity)).astype(np.float64)
    ratio = np.divide(capacity, demand, out=np.full(len(capacity), np.nan), where=demand > 0.0)
    share = np.where(np.isfinite(ratio[pairs.origin]), ratio[pairs.origin], 0.0) * weight
    access: Floats = np.bincount(pairs.point, share, minlength=len(people)).astype(np.float64)
    return Access(demand, ratio, access)


def nearest_with_room(pairs: Pairs, free: Floats, places: int) -> tuple[Floats, Longs]:
    """The walk from each place to its nearest door with anything free, and which it is; inf and -1 if none."""
    roomy = free[pairs.origin] > 0.0
    point, cost, origin = pairs.point[roomy], pairs.cost[roomy], pairs.origin[roomy]
    order = np.lexsort((origin, cost, point))[::-1]  # the nearest is written last and stays
    costs, doors = np.full(places, np.inf), np.full(places, -1, dtype=np.int64)
    costs[point[order]], doors[point[order]] = cost[order], origin[order]
    return costs, doors
