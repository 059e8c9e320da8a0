"""How long an elder's circle takes beside other engines, on a real city and on a million crossings.

Every engine gives twenty circles of 15 minutes at 1.0 m/s from the same doors. Ours, scipy and the C++ reference
walk the same graph from the two ends of a snapped street and must agree to the last bit before anything is
measured; kernels are compiled. "scipy, clipped" first takes out the crossings within the straight-line limit by
a KD-tree, which is the best that can be done with it for one circle. Valhalla and pandana run in a process of
their own (bin/bench --peers), pgRouting in PostgreSQL, on the extract only; where one is missing its line says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from benchmarks.graphs import Graph, along_curve, extract, generated, million
from benchmarks.harness import Row, compare, row
from benchmarks.peers.pgrouting import PgRouting
from benchmarks.peers.processes import FOLDER, Peer
from benchmarks.peers.reference import Reference
from geo.kernels import walk_bounded, walk_each, warm_up

LIMIT_SECONDS = 900.0
ORIGINS = 20
Found = list[NDArray[np.float64]]


class Walker:
    """Twenty circles around seeded doors of one graph, by one engine at a time; costs nearest first or as found."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.doors = graph.doors(ORIGINS)
        self.table = graph.table()
        self.tree = KDTree(graph.places)
        self.worktable = np.full(graph.count, np.inf)
        self.reference = Reference()
        self._out = (np.empty(graph.count, dtype=np.int32), np.empty(graph.count))

    def ours(self) -> Found:
        """By our kernel."""
        arrays, best = self.graph.arrays, self.worktable
        return [walk_bounded(*arrays, nodes, costs, LIMIT_SECONDS, best)[1] for nodes, costs in self.doors]

    def ours_in_one_call(self) -> object:
        """By our kernel, all doors in one call: how reach is filled."""
        nodes, costs = (np.concatenate(column) for column in zip(*self.doors, strict=True))
        return walk_each(*self.graph.arrays, nodes, costs, LIMIT_SECONDS, self.worktable)

    def in_cpp(self) -> Found:
        """By the C++ reference."""
        found = []
        for nodes, costs in self.doors:
            count = self.reference.walk(self.graph, nodes, costs, LIMIT_SECONDS, self.worktable, self._out)
            found.append(self._out[1][:count].copy())
        return found

    def scipy_clipped(self) -> Found:
        """By scipy over what a KD-tree leaves."""
        found = []
        for nodes, costs in self.doors:
            near = np.sort(self.tree.query_ball_point(self.graph.places[nodes[0]], LIMIT_SECONDS + 100))
            part = self.table[near][:, near]
            found.append(_least_of(part, np.searchsorted(near, nodes), costs))
        return found

    def scipy_whole(self) -> Found:
        """By scipy with its limit, over the whole graph."""
        return [_least_of(self.table, nodes, costs) for nodes, costs in self.doors]

    def agree(self) -> None:
        """Refuse to measure what is not the same: all engines on this graph must find the same seconds."""
        engines = [self.scipy_whole, self.scipy_clipped] + ([] if self.reference.missing else [self.in_cpp])
        for engine in engines:
            for one, two in zip(self.ours(), engine(), strict=True):
                if len(one) != len(two) or not np.allclose(np.sort(one), np.sort(two), rtol=0, atol=1e-9):
                    raise AssertionError(f"{engine.__name__} disagrees")


def _least_of(table: csr_array, nodes: NDArray[np.int64], costs: NDArray[np.float64]) -> NDArray[np.float64]:
    ends = dijkstra(table, indices=nodes, limit=LIMIT_SECONDS) + costs[:, None]
    least = ends.min(axis=0)
    return np.asarray(least[least <= LIMIT_SECONDS])


@contextmanager
def peers(walker: Walker) -> Iterator[tuple[dict[str, Callable[[], object]], dict[str, str]]]:
    """The other engines that run here on an extract, and why the rest does not."""
    graph = walker.graph
    FOLDER.mkdir(parents=True, exist_ok=True)
    nodes = [int(ends[0]) for ends, _ in walker.doors]
    doors = FOLDER / f"{graph.name}-doors.json"
    doors.write_text(
        json.dumps({"places": graph.degrees[nodes].tolist(), "nodes": nodes, "seconds": LIMIT_SECONDS}),
        encoding="utf-8",
    )
    tiles = FOLDER / f"{graph.name}-valhalla"
    children = [
        Peer("valhalla", str(graph.file), str(doors), str(tiles)),
        Peer("pandana", str(_written(graph)), str(doors)),
    ]
    database = PgRouting(graph, nodes, LIMIT_SECONDS)
    engines = [*children, database]
    try:
        running = {engine.kind: engine.walk for engine in engines if not engine.missing}
        yield running, {engine.kind: engine.missing for engine in engines if engine.missing}
    finally:
        for engine in engines:
            engine.end()


def _written(graph: Graph) -> Path:
    tails = np.repeat(np.arange(graph.count), np.diff(graph.indptr))
    once = tails < graph.indices
    file = FOLDER / f"{graph.name}.npz"
    np.savez(
        file,
        x=graph.degrees[:, 0],
        y=graph.degrees[:, 1],
        tails=tails[once],
        heads=graph.indices[once],
        weights=graph.weights[once],
    )
    return file


def measure(graph: Graph) -> list[Row]:
    """Milliseconds for the circles of one graph by each engine; ratios say how many times ours it takes."""
    walker = Walker(graph)
    walker.agree()
    ours = f"{graph.name}: ours, {ORIGINS} circles"
    cases: dict[str, Callable[[], object]] = {
        ours: walker.ours,
        f"{graph.name}: ours, {ORIGINS} in one call": walker.ours_in_one_call,
        f"{graph.name}: scipy, clipped": walker.scipy_clipped,
    }
    if walker.reference.missing:
        missing = {"C++ reference": walker.reference.missing}
    else:
        missing, cases[f"{graph.name}: C++ reference"] = {}, walker.in_cpp
    if graph.file is None:
        rows = compare(cases, rounds=9, against=ours)
    else:
        cases[f"{graph.name}: scipy, whole graph"] = walker.scipy_whole
        with peers(walker) as (running, absent):
            cases |= {f"{graph.name}: {kind}": walk for kind, walk in running.items()}
            rows = compare(cases, rounds=9, against=ours)
        missing |= absent
    return rows + [row(f"{graph.name}: {kind} was not run ({why})", 0.0, "-") for kind, why in missing.items()]


def run() -> list[Row]:
    """Milliseconds for twenty 15-minute circles (exact seconds at crossings, 1.0 m/s) by each engine."""
    warm_up()
    return measure(extract()) + measure(along_curve(generated(million()))[0])
