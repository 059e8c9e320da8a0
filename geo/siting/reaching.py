"""Which candidate sites an elder's door can be reached from, and what each walk costs: exact, for all pairs at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree  # type: ignore[import-untyped, unused-ignore]

from geo.network import Network
from geo.snap import Snaps, local_plane
from geo.walking import WalkGraph, cost_along, costs_to_ends, same_street_pairs, walk_from_each

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Which candidate reaches which place at what cost (the profile's unit): three arrays of one length, no pair twice."""

    candidates: Longs
    places: Longs
    costs: Floats


def walks_between(graph: WalkGraph, candidates: Snaps, places: Snaps, limit: float) -> Pairs:
    """All walks of at most `limit` between candidates and places, same street included."""
    to_u, to_v = costs_to_ends(graph, places)
    on = np.maximum(places.edge, 0)
    nodes = np.concatenate([graph.network.edge_u[on], graph.network.edge_v[on]]).astype(np.int64)
    adds = np.concatenate([to_u, to_v])
    who = np.tile(np.arange(len(places)), 2)
    keep = np.isfinite(adds) & (adds <= limit)
    order = np.argsort(nodes[keep], kind="stable")
    nodes, adds, who = nodes[keep][order], adds[keep][order], who[keep][order]
    reached = walk_from_each(graph, candidates, limit)
    first = np.searchsorted(nodes, reached.nodes, side="left")
    many = np.searchsorted(nodes, reached.nodes, side="right") - first
    row = np.repeat(np.arange(len(reached.nodes)), many)
    at = np.repeat(first, many) + np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    place, candidate = same_street_pairs(candidates, places)
    along = cost_along(graph, candidates.pick(candidate), places.pick(place))
    return _least(
        np.concatenate([reached.origins[row].astype(np.int64), candidate]),
        np.concatenate([who[at], place]),
        np.concatenate([reached.costs[row] + adds[at], along]),
        limit,
        len(places),
    )


def straight_between(
    from_points: tuple[Floats, Floats], to_points: tuple[Floats, Floats], per_m: float, limit: float
) -> Pairs:
    """The same as the crow flies: metres times `per_m` (speed and detour in one), for places without trusted streets.

    Points are (lons, lats) in degrees; distances in a local plane, within 1e-4 of the ellipsoid's.
    """
    if len(from_points[0]) == 0 or len(to_points[0]) == 0:
        none = np.zeros(0, dtype=np.int64)
        return Pairs(none, none, np.zeros(0))
    plane, _ = local_plane(float(np.median(to_points[0])), float(np.median(to_points[1])))
    ours, theirs = np.column_stack(plane.transform(*from_points)), np.column_stack(plane.transform(*to_points))
    near = cKDTree(ours).sparse_distance_matrix(cKDTree(theirs), limit / per_m, output_type="coo_matrix")
    return Pairs(near.row.astype(np.int64), near.col.astype(np.int64), near.data * per_m)


def _least(candidates: Longs, places: Longs, costs: Floats, limit: float, place_count: int) -> Pairs:
    keep = costs <= limit
    candidates, places, costs = candidates[keep], places[keep], costs[keep]
    order = np.lexsort((costs, candidates * np.int64(max(place_count, 1)) + places))
    candidates, places, costs = candidates[order], places[order], costs[order]
    fresh = np.ones(len(costs), dtype=bool)
    fresh[1:] = (candidates[1:] != candidates[:-1]) | (places[1:] != places[:-1])
    return Pairs(candidates[fresh], places[fresh], costs[fresh])


def street_candidates(network: Network, around: tuple[Floats, Floats], within_m: float, spacing_m: float) -> Longs:
    """Crossings where a facility could stand, thinned: one for each square of `spacing_m`, the nearest to its middle.

    Only crossings of usable streets, and only within `within_m` of one of the places `around` ((lons, lats)).
    Gives positions of nodes, ascending. Long streets without a crossing are offered by `street_middles`.
    """
    usable = np.flatnonzero(network.usable_component[network.node_component])
    return usable[_thinned(network.node_lons[usable], network.node_lats[usable], around, within_m, spacing_m)]


def street_middles(network: Network, around: tuple[Floats, Floats], within_m: float, spacing_m: float) -> Snaps:
    """The middles of usable streets longer than `spacing_m`, thinned in the same way, as places on the network."""
    long = network.usable_component[network.edge_component] & (network.edge_length_m > spacing_m)
    edges = np.flatnonzero(long)
    lines = network.lines()[edges]
    points = np.array([line.interpolate(0.5, normalized=True).coords[0] for line in lines]).reshape(-1, 2)
    kept = _thinned(points[:, 0], points[:, 1], around, within_m, spacing_m)
    many = len(kept)
    return Snaps(edges[kept], np.full(many, 0.5), np.zeros(many), points[kept, 0], points[kept, 1])


def _thinned(lons: Floats, lats: Floats, around: tuple[Floats, Floats], within_m: float, spacing_m: float) -> Longs:
    if len(lons) == 0 or len(around[0]) == 0:
        return np.zeros(0, dtype=np.int64)
    plane, _ = local_plane(float(np.median(around[0])), float(np.median(around[1])))
    points = np.column_stack(plane.transform(lons, lats))
    near = cKDTree(np.column_stack(plane.transform(*around))).query(points, distance_upper_bound=within_m)[0]
    inside = np.flatnonzero(np.isfinite(near))
    squares = np.floor(points[inside] / spacing_m).astype(np.int64)
    off = np.hypot(*(points[inside] - (squares + 0.5) * spacing_m).T)
    order = np.lexsort((inside, off, squares[:, 1], squares[:, 0]))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(squares[order], axis=0) != 0).any(axis=1)
    return np.sort(inside[order[first]])
