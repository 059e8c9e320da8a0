"""How long an elder walks: exact costs at crossings, along streets and at doors.

A walk goes from a door straight to the nearest street (the snap), along streets, and straight to the other
door. Costs are seconds, or metres for a distance profile; limits are inclusive.
"""

import threading
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.cores import TILE, each_on_cores, nearest_on_cores
from geo.kernels import walk_bounded
from geo.locality import is_local
from geo.network import Network
from geo.profiles import Profile
from geo.snap import Snaps

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class WalkGraph:
    """A network as one profile walks it, in CSR form (see geo.kernels).

    `edge_cost` float64 (m,) is the cost of each edge from end to end, inf where the profile refuses it.
    """

    network: Network
    profile: Profile
    indptr: Longs
    indices: Ints
    weights: Floats
    edge_cost: Floats
    _local: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @property
    def node_count(self) -> int:
        return len(self.indptr) - 1

    @property
    def arrays(self) -> tuple[Longs, Ints, Floats]:
        """The graph as the kernels take it: indptr, indices, weights."""
        return self.indptr, self.indices, self.weights

    @cached_property
    def is_local(self) -> bool:
        """Whether neighbours have neighbouring numbers, so that blocks of crossings are patches of the city."""
        tails = np.repeat(np.arange(self.node_count, dtype=np.int32), np.diff(self.indptr))
        return is_local(tails, self.indices, TILE)

    def worktable(self) -> Floats:
        """This thread's table of inf, kept between walks."""
        table: Floats | None = getattr(self._local, "table", None)
        if table is None:
            table = np.full(self.node_count, np.inf)
            self._local.table = table
        return table


@dataclass(frozen=True)
class Reached:
    """The crossings one walker reaches, in no order: `nodes` int32 (r,) positions, `costs` float64 (r,)."""

    nodes: Ints
    costs: Floats

    def dense(self, node_count: int) -> Floats:
        """The same as a table over all crossings, inf where not reached; float64 (node_count,)."""
        table = np.full(node_count, np.inf)
        table[self.nodes] = self.costs
        return table


@dataclass(frozen=True)
class Nearest:
    """For every crossing (or door) the cost to its nearest origin (inf if none) and which it is (-1)."""

    costs: Floats
    origins: Longs


@dataclass(frozen=True)
class ReachRows:
    """Which origin reaches which crossing at what cost: three arrays of one length."""

    origins: Ints
    nodes: Ints
    costs: Floats


def build_graph(network: Network, profile: Profile) -> WalkGraph:
    """The streets as this elder walks them; stairs are priced or refused by the profile.

    Streets that end where they begin are left out of the graph (no shortest way uses them) but keep their
    cost, so that a door on one is still reached.
    """
    cost = network.edge_length_m * profile.cost_per_m
    if profile.steps_factor is None:
        cost[network.edge_bars_wheels] = np.inf
    else:
        cost[network.edge_is_steps] *= profile.steps_factor
    walked = np.isfinite(cost) & (network.edge_u != network.edge_v)
    tails = np.concatenate([network.edge_u[walked], network.edge_v[walked]])
    heads = np.concatenate([network.edge_v[walked], network.edge_u[walked]])
    weights = np.concatenate([cost[walked], cost[walked]])
    order = np.argsort(tails, kind="stable")
    indptr = np.zeros(network.node_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(tails, minlength=network.node_count), out=indptr[1:])
    return WalkGraph(network, profile, indptr, heads[order].astype(np.int32), weights[order], cost)


def seeds(graph: WalkGraph, origins: Snaps) -> tuple[Longs, Floats]:
    """Where walks enter the graph: both ends of each origin's street, int64 (2p,), and the cost by then.

    Origin k has the entries 2k (the end u) and 2k + 1 (the end v); unsnapped origins enter at inf.
    """
    network, on = graph.network, np.maximum(origins.edge, 0)
    nodes = np.column_stack([network.edge_u[on], network.edge_v[on]]).astype(np.int64).ravel()
    return nodes, np.column_stack(costs_to_ends(graph, origins)).ravel()


def costs_to_ends(graph: WalkGraph, points: Snaps) -> tuple[Floats, Floats]:
    """What it costs from each door to the two ends (u, v) of its street; inf when unsnapped or refused."""
    edge_cost = np.where(points.found, graph.edge_cost[np.maximum(points.edge, 0)], np.inf)
    walk = points.distance_m * graph.profile.cost_per_m
    return walk + _share(points.fraction, edge_cost), walk + _share(1.0 - points.fraction, edge_cost)


def walk_from(graph: WalkGraph, origins: Snaps, position: int, limit: float) -> Reached:
    """The crossings within `limit` of one door, exact. An unsnapped door reaches nothing."""
    nodes, costs = seeds(graph, origins.pick([position]))
    return Reached(*walk_bounded(*graph.arrays, nodes, costs, limit, graph.worktable()))


def walk_from_each(graph: WalkGraph, origins: Snaps, limit: float) -> ReachRows:
    """The crossings within `limit` of every origin, one origin after another: the reach table. Uses all cores."""
    nodes, costs = seeds(graph, origins)
    return ReachRows(*each_on_cores(graph.arrays, nodes, costs, limit, graph.worktable))


def nearest_origins(graph: WalkGraph, origins: Snaps, limit: float = np.inf) -> Nearest:
    """For every crossing the nearest of the origins (facilities) and the cost of the walk. Uses all cores."""
    nodes, costs = seeds(graph, origins)
    whose = np.repeat(np.arange(len(origins), dtype=np.int64), 2)
    bound = min(limit, np.finfo(np.float64).max)
    tile = TILE if graph.is_local else max(1, graph.node_count)
    return Nearest(*nearest_on_cores(graph.arrays, nodes, costs, whose, bound, tile=tile))


def costs_at(graph: WalkGraph, node_costs: Floats, origins: Snaps, points: Snaps) -> Floats:
    """The exact cost at every door, from one or more origins whose costs at crossings are `node_costs` (n,).

    Counts the way in by either end of the door's street and, for an origin on the same street, the way along
    it. float64 (p,), inf where the door is unsnapped or cannot be reached.
    """
    by_nodes = Nearest(node_costs, np.zeros(len(node_costs), dtype=np.int64))
    return nearest_at(graph, by_nodes, origins, points).costs


def nearest_at(graph: WalkGraph, by_nodes: Nearest, origins: Snaps, points: Snaps) -> Nearest:
    """The nearest origin of every door: cost and origin's position, exact, same street included."""
    on = np.maximum(points.edge, 0)
    to_u, to_v = costs_to_ends(graph, points)
    u, v = graph.network.edge_u[on], graph.network.edge_v[on]
    by_u, by_v = by_nodes.costs[u] + to_u, by_nodes.costs[v] + to_v
    costs = np.minimum(by_u, by_v)
    whose = np.where(by_u <= by_v, by_nodes.origins[u], by_nodes.origins[v])
    whose = np.where(np.isfinite(costs), whose, -1)
    point, origin = same_street_pairs(origins, points)
    along = cost_along(graph, origins.pick(origin), points.pick(point))
    order = np.argsort(along, kind="stable")[::-1]  # the cheapest is written last and stays
    point, origin, along = point[order], origin[order], along[order]
    better = along < costs[point]
    costs[point[better]] = along[better]
    whose[point[better]] = origin[better]
    return Nearest(costs, whose)


def same_street_pairs(origins: Snaps, points: Snaps) -> tuple[Longs, Longs]:
    """All pairs (position in points, position in origins) that are snapped to one and the same edge."""
    order = np.argsort(origins.edge, kind="stable")
    edges = origins.edge[order]
    first = np.searchsorted(edges, points.edge, side="left")
    last = np.searchsorted(edges, points.edge, side="right")
    counts = np.where(points.found, last - first, 0)
    point = np.repeat(np.arange(len(points)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return point, order[np.repeat(first, counts) + within]


def cost_along(graph: WalkGraph, origins: Snaps, points: Snaps) -> Floats:
    """The cost between pairs of doors on the same street, along it; arrays of one length."""
    walk = (origins.distance_m + points.distance_m) * graph.profile.cost_per_m
    return walk + _share(np.abs(points.fraction - origins.fraction), graph.edge_cost[points.edge])


def _share(fraction: Floats, cost: Floats) -> Floats:
    """fraction x cost, where no part of a refused street costs anything less than inf."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(np.isfinite(cost), fraction * cost, np.inf))
