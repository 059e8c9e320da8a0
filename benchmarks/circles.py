"""How long an elder's circle takes beside scipy's Dijkstra, on Helsinki's streets and on a million crossings.

Both sides start from the two ends of a snapped street and give seconds at crossings, on the same graph, kernels
compiled. "Clipped" takes out the crossings within the straight-line limit by a KD-tree first, which is the best
that can be done with scipy for one circle. Sources of the crossings: sample_data/osm (OpenStreetMap, ODbL) and
a seeded generator (jittered grid, mean edge about 60 m, mean degree 2.7). YINLING_BENCH_NODES sets its size.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from benchmarks.harness import Row, compare
from geo.kernels import walk_bounded, walk_each, warm_up
from geo.network import read_network
from geo.profiles import PROFILES
from geo.snap import local_plane
from geo.walking import build_graph

ROOT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 900.0
METRE_SECONDS = 1.0
ORIGINS = 20


@dataclass(frozen=True)
class Graph:
    """A street graph for both sides: CSR arrays in seconds, places in metres (n, 2)."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    weights: NDArray[np.float64]
    places: NDArray[np.float64]


def helsinki() -> Graph:
    """The centre of Helsinki as the planning profile walks it."""
    network = read_network(ROOT / "sample_data" / "osm" / "helsinki_center.osm.pbf")
    graph = build_graph(network, PROFILES["planning"])
    plane, _ = local_plane(float(network.node_lons.mean()), float(network.node_lats.mean()))
    places = np.column_stack(plane.transform(network.node_lons, network.node_lats))
    return Graph(graph.indptr, graph.indices, graph.weights, places)


def generated(node_count: int, seed: int = 1) -> Graph:
    """A city that nobody built: a jittered grid with streets left out until the mean degree is 2.7."""
    chance = np.random.default_rng(seed)
    side = int(np.sqrt(node_count))
    count = side * side
    rows, columns = np.divmod(np.arange(count), side)
    places = 58.0 * np.column_stack([columns, rows]) + chance.uniform(-12, 12, (count, 2))
    east = np.flatnonzero(columns < side - 1)
    north = np.flatnonzero(rows < side - 1)
    tails, heads = np.concatenate([east, north]), np.concatenate([east + 1, north + side])
    kept = chance.permutation(len(tails))[: int(1.35 * count)]
    tails, heads = tails[kept], heads[kept]
    weights = np.hypot(*(places[tails] - places[heads]).T) * METRE_SECONDS
    both = (np.concatenate([weights, weights]), (np.concatenate([tails, heads]), np.concatenate([heads, tails])))
    table = csr_array(both, shape=(count, count))
    return Graph(table.indptr.astype(np.int64), table.indices.astype(np.int32), table.data, places)


class Walker:
    """One circle after another around seeded doors, by one engine at a time."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        count = len(graph.indptr) - 1
        shape = (count, count)
        # the least of parallel streets, or scipy would add them up
        self.table = _least(graph, shape)
        self.tree = KDTree(graph.places)
        self.worktable = np.full(count, np.inf)
        chance = np.random.default_rng(5)
        tails = chance.choice(np.flatnonzero(np.diff(graph.indptr) > 0), ORIGINS)
        arcs = graph.indptr[tails]
        self.doors = [
            (np.array([tail, graph.indices[arc]]), np.array([0.3, 0.7]) * graph.weights[arc])
            for tail, arc in zip(tails, arcs, strict=True)
        ]

    def ours(self) -> list[NDArray[np.float64]]:
        """Circles by the bounded kernel."""
        graph = self.graph
        return [
            walk_bounded(graph.indptr, graph.indices, graph.weights, nodes, costs, LIMIT_SECONDS, self.worktable)[1]
            for nodes, costs in self.doors
        ]

    def scipy_whole(self) -> list[NDArray[np.float64]]:
        """Circles by scipy with its limit, over the whole graph."""
        return [self._least_of(self.table, nodes, costs) for nodes, costs in self.doors]

    def scipy_clipped(self) -> list[NDArray[np.float64]]:
        """Circles by scipy over what a KD-tree leaves."""
        found = []
        for nodes, costs in self.doors:
            near = np.sort(self.tree.query_ball_point(self.graph.places[nodes[0]], LIMIT_SECONDS / METRE_SECONDS + 100))
            part = self.table[near][:, near]
            found.append(self._least_of(part, np.searchsorted(near, nodes), costs))
        return found

    def _least_of(self, table: csr_array, nodes: NDArray[np.int64], costs: NDArray[np.float64]) -> NDArray[np.float64]:
        ends = dijkstra(table, indices=nodes, limit=LIMIT_SECONDS) + costs[:, None]
        least = ends.min(axis=0)
        return np.asarray(np.sort(least[least <= LIMIT_SECONDS]))

    def agree(self) -> None:
        """Refuse to measure what is not the same: all three must find the same seconds."""
        for one, two, three in zip(self.ours(), self.scipy_whole(), self.scipy_clipped(), strict=True):
            if not (np.allclose(one, two) and np.allclose(one, three)):
                raise AssertionError("the engines disagree")

    def table_of_all(self) -> object:
        """One bounded walk per door in a single call: how reach is filled."""
        graph = self.graph
        nodes = np.concatenate([nodes for nodes, _ in self.doors])
        costs = np.concatenate([costs for _, costs in self.doors])
        return walk_each(graph.indptr, graph.indices, graph.weights, nodes, costs, LIMIT_SECONDS, self.worktable)


def _least(graph: Graph, shape: tuple[int, int]) -> csr_array:
    rows = np.repeat(np.arange(shape[0]), np.diff(graph.indptr))
    order = np.lexsort((graph.weights, graph.indices, rows))
    rows, columns, weights = rows[order], graph.indices[order], graph.weights[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    return csr_array((weights[first], (rows[first], columns[first])), shape=shape)


def run() -> list[Row]:
    """Milliseconds for twenty 15-minute circles (seconds at crossings, 1.0 m/s) by each engine."""
    warm_up()
    million = int(os.environ.get("YINLING_BENCH_NODES", "1000000"))
    rows: list[Row] = []
    for name, walker in (("helsinki", Walker(helsinki())), (f"{million:,} crossings", Walker(generated(million)))):
        walker.agree()
        cases: dict[str, Callable[[], object]] = {
            f"{name}: scipy, clipped, {ORIGINS} circles": walker.scipy_clipped,
            f"{name}: ours, {ORIGINS} circles": walker.ours,
            f"{name}: ours, {ORIGINS} in one call": walker.table_of_all,
        }
        if len(walker.worktable) <= 100_000:
            cases[f"{name}: scipy, whole graph, {ORIGINS} circles"] = walker.scipy_whole
        rows += compare(cases, rounds=7)
    return rows
