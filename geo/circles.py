"""The circle around a door: every street an elder reaches in her minutes, exact to where she turns back.

The truth is seconds at map points and pieces of streets; polygons (geo.polygons) are drawn from them for
show.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.network import Network
from geo.snap import Snaps
from geo.walking import WalkGraph, walk_from

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SLIVER = 1e-9
"""A narrower share of a street is a rounding where two ways meet at a crossing, and no piece."""


@dataclass(frozen=True)
class StreetPieces:
    """Reached pieces of streets, one row each, in the direction she walks them.

    Piece k lies on `edge[k]` (int64) and is walked from fraction `start[k]` to `end[k]` (float64, from
    u; end < start when she comes from v); `costs[k]` is the cost on arriving at `end[k]`.
    """

    edge: Longs
    start: Floats
    end: Floats
    costs: Floats

    def __len__(self) -> int:
        return len(self.edge)

    def pick(self, which: npt.ArrayLike) -> "StreetPieces":
        """The pieces at the given positions or under the given mask."""
        at = np.asarray(which)
        return StreetPieces(self.edge[at], self.start[at], self.end[at], self.costs[at])

    def length_m(self, network: Network) -> Floats:
        """Geodesic metres of each piece; float64."""
        return np.asarray(np.abs(self.end - self.start) * network.edge_length_m[self.edge])


@dataclass(frozen=True)
class Circle:
    """One door's circle: `node_costs` float64 (n,) over all crossings (inf beyond), `pieces` of streets."""

    graph: WalkGraph
    origin: Snaps
    limit: float
    node_costs: Floats
    pieces: StreetPieces


def draw_circle(graph: WalkGraph, origin: Snaps, limit: float) -> Circle:
    """Everything within `limit` (seconds, or metres for a distance profile) of one snapped door.

    `origin` holds exactly one point; unsnapped, its circle is empty.
    """
    table = walk_from(graph, origin, 0, limit).dense(graph.node_count)
    return Circle(graph, origin, limit, table, _pieces(graph, origin, table, limit))


def shrink(circle: Circle, limit: float) -> Circle:
    """The smaller circle of the same door, without walking again."""
    graph, origin = circle.graph, circle.origin
    table = np.where(circle.node_costs <= limit, circle.node_costs, np.inf)
    return Circle(graph, origin, limit, table, _pieces(graph, origin, table, limit))


def costs_along_shapes(circle: Circle) -> Floats:
    """The cost at every drawn point of the map, bends included, inf beyond the limit; float64 (k,)."""
    graph, network, origin = circle.graph, circle.graph.network, circle.origin
    edges = np.unique(circle.pieces.edge)  # a city is larger than a circle
    sizes = network.shape_offsets[edges + 1] - network.shape_offsets[edges]
    edge = np.repeat(edges, sizes)
    ends = np.cumsum(sizes)
    points = np.repeat(network.shape_offsets[edges] - (ends - sizes), sizes) + np.arange(len(edge))
    edge_cost, length = graph.edge_cost[edge], network.edge_length_m[edge]
    share = np.divide(network.shape_along_m[points], length, out=np.zeros(len(edge)), where=length > 0)
    share[ends - 1] = 1.0
    by_u = circle.node_costs[network.edge_u[edge]] + share * edge_cost
    by_v = circle.node_costs[network.edge_v[edge]] + (1.0 - share) * edge_cost
    cost = np.minimum(by_u, by_v)
    own = np.flatnonzero(edge == origin.edge[0])
    walk = origin.distance_m[0] * graph.profile.cost_per_m
    cost[own] = np.minimum(cost[own], walk + np.abs(share[own] - origin.fraction[0]) * edge_cost[own])
    table = np.full(len(network.shape_lons), np.inf)
    table[points] = np.where(cost <= circle.limit, cost, np.inf)
    return table


def _pieces(graph: WalkGraph, origin: Snaps, table: Floats, limit: float) -> StreetPieces:
    """Pieces entered from u, from v, and the origin's own street; none overlaps another."""
    network = graph.network
    own = int(origin.edge[0])
    touched = np.isfinite(table[network.edge_u]) | np.isfinite(table[network.edge_v])
    touched &= np.isfinite(graph.edge_cost)
    if own >= 0:
        touched[own] = False
    edge = np.flatnonzero(touched)
    at_u, at_v, cost = table[network.edge_u[edge]], table[network.edge_v[edge]], graph.edge_cost[edge]
    from_u, from_v = _meet(at_u, at_v, cost, limit)
    parts = [
        StreetPieces(edge, np.zeros(len(edge)), from_u, at_u + from_u * cost),
        StreetPieces(edge, np.ones(len(edge)), 1.0 - from_v, at_v + from_v * cost),
    ]
    parts = [_kept(part) for part in parts]
    if own >= 0:
        parts.append(_own_street(graph, origin, table, limit))
    return StreetPieces(
        np.concatenate([part.edge for part in parts]),
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.costs for part in parts]),
    )


def _meet(at_u: Floats, at_v: Floats, cost: Floats, limit: float) -> tuple[Floats, Floats]:
    """How far (as a share) each end's walker comes: to the limit, or to where the two meet."""
    safe = np.where(cost > 0, cost, 1.0)
    from_u = np.clip((limit - at_u) / safe, 0.0, 1.0)
    from_v = np.clip((limit - at_v) / safe, 0.0, 1.0)
    flat = cost <= 0
    from_u = np.where(flat, np.where(np.isfinite(at_u), 1.0, 0.0), from_u)
    from_v = np.where(flat, np.where(np.isfinite(at_u), 0.0, 1.0), from_v)
    with np.errstate(invalid="ignore"):
        middle = np.clip((at_v - at_u + cost) / (2.0 * safe), 0.0, 1.0)
    crossing = ~flat & (from_u + from_v > 1.0)
    return np.where(crossing, middle, from_u), np.where(crossing, 1.0 - middle, from_v)


def _kept(part: StreetPieces) -> StreetPieces:
    some = np.abs(part.end - part.start) > SLIVER
    return StreetPieces(part.edge[some], part.start[some], part.end[some], part.costs[some])


def _own_street(graph: WalkGraph, origin: Snaps, table: Floats, limit: float) -> StreetPieces:
    """Her own street: out from her door both ways, and back from its ends where a detour is shorter."""
    own, at = int(origin.edge[0]), float(origin.fraction[0])
    cost = float(graph.edge_cost[own])
    walk = float(origin.distance_m[0]) * graph.profile.cost_per_m
    if walk > limit or not np.isfinite(cost):
        none = np.zeros(0)
        return StreetPieces(np.zeros(0, dtype=np.int64), none, none, none)
    ends = ((0.0, float(table[graph.network.edge_u[own]])), (1.0, float(table[graph.network.edge_v[own]])))
    rows: list[tuple[float, float, float]] = []
    for end, end_cost in ends:
        side = np.array([abs(end - at) * cost])
        out, back = _meet(np.array([walk]), np.array([end_cost]), side, limit)
        sign, width = (1.0 if end > at else -1.0), abs(end - at)
        rows.append((at, at + sign * float(out[0]) * width, walk + float(out[0]) * float(side[0])))
        if np.isfinite(end_cost):
            turn = end - sign * float(back[0]) * width
            rows.append((end, turn, end_cost + float(back[0]) * float(side[0])))
    start, stop, costs = (np.array(column) for column in zip(*rows, strict=True))
    return _kept(StreetPieces(np.full(len(rows), own, dtype=np.int64), start, stop, costs))
