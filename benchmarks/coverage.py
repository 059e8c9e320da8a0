"""How long a whole city's coverage takes: 1,000,000 crossings to the nearest of 3,000 facilities, beside scipy.

Both sides give the seconds to the nearest facility at every crossing, exact and equal to the last bit (checked
before anything is measured); ours names the facility too, scipy is not asked to. The lines show what each step
brought: slots in place of a heap, crossings numbered along a curve, tiles that fit a cache, a second core.
Reach tables are every crossing within 30 minutes of each of the facilities, in memory and ready for COPY.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from functools import partial

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from benchmarks.graphs import Graph, along_curve, generated, million
from benchmarks.harness import Row, compare, row
from geo.cores import TILE, core_count, each_on_cores, nearest_on_cores
from geo.kernels import warm_up

FACILITIES = 3000
REACH_SECONDS = (900.0, 1800.0)
ROUNDS = 5
Nodes = NDArray[np.int64]


@njit(nogil=True)
def _by_heap(indptr, indices, weights, seeds):  # type: ignore[no-untyped-def]
    """The plain way: one binary heap over the city (heapq in numba)."""
    best = np.full(len(indptr) - 1, np.inf)
    origin = np.full(len(indptr) - 1, -1)
    queue = [(0.0, seeds[0])]
    for k in range(len(seeds)):
        best[seeds[k]] = 0.0
        origin[seeds[k]] = k
        if k:
            heapq.heappush(queue, (0.0, seeds[k]))
    while queue:
        cost, at = heapq.heappop(queue)
        if cost > best[at]:
            continue
        for arc in range(indptr[at], indptr[at + 1]):
            reached = cost + weights[arc]
            to = indices[arc]
            if reached < best[to]:
                best[to] = reached
                origin[to] = origin[at]
                heapq.heappush(queue, (reached, np.int64(to)))
    return best, origin


def nearest(graph: Graph, seeds: Nodes, *, tile: int, cores: int) -> NDArray[np.float64]:
    """Seconds from every crossing to the nearest facility by our walk."""
    whose = np.arange(len(seeds), dtype=np.int64)
    return nearest_on_cores(graph.arrays, seeds, np.zeros(len(seeds)), whose, np.inf, tile=tile, cores=cores)[0]


def steps_towards_it(grid: Graph, seeds: Nodes) -> list[Row]:
    """The nearest facility of every crossing, step by step; ratios against scipy."""
    table = grid.table()
    curve, order = along_curve(grid)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    moved = number[seeds]
    whole = grid.count + 1
    scipy = f"{grid.name}: scipy, min_only"
    cases: dict[str, Callable[[], NDArray[np.float64]]] = {
        scipy: lambda: dijkstra(table, indices=seeds, min_only=True),
        f"{grid.name}: a heap": lambda: _by_heap(*grid.arrays, seeds)[0],
        f"{grid.name}: + slots": partial(nearest, grid, seeds, tile=whole, cores=1),
        f"{grid.name}: + numbered along a curve": partial(nearest, curve, moved, tile=whole, cores=1),
        f"{grid.name}: + tiles of {TILE}": partial(nearest, curve, moved, tile=TILE, cores=1),
        f"{grid.name}: + {core_count()} cores": partial(nearest, curve, moved, tile=TILE, cores=core_count()),
    }
    oracle = cases[scipy]()
    for name, case in cases.items():
        found = case()
        if not (np.array_equal(found, oracle) or np.array_equal(found[number], oracle)):
            raise AssertionError(f"{name} disagrees with scipy")
    return compare(dict(cases), rounds=ROUNDS, against=scipy)


def reach_tables(graph: Graph) -> list[Row]:
    """Every crossing within reach of each facility, on one core and on all."""
    ends, costs = (np.concatenate(column) for column in zip(*graph.doors(FACILITIES), strict=True))
    own = threading.local()

    def worktable() -> NDArray[np.float64]:
        if not hasattr(own, "table"):
            own.table = np.full(graph.count, np.inf)
        table: NDArray[np.float64] = own.table
        return table

    rows: list[Row] = []
    for limit in REACH_SECONDS:
        label = f"{graph.name}: reach tables of {FACILITIES:,} to {limit / 60:g} minutes"
        cases = {
            f"{label}, {cores} core{'s' if cores > 1 else ''}": partial(
                each_on_cores, graph.arrays, ends, costs, limit, worktable, cores=cores
            )
            for cores in sorted({1, core_count()})
        }
        found = len(next(iter(cases.values()))()[0])
        rows += compare(dict(cases), rounds=ROUNDS)
        rows.append(row(f"{label}: rows", found, "rows"))
    return rows


def run() -> list[Row]:
    """Milliseconds for coverage and reach tables of the generated city."""
    warm_up()
    grid = generated(million())
    seeds = np.random.default_rng(3).choice(grid.count, min(FACILITIES, grid.count // 20), replace=False)
    return steps_towards_it(grid, seeds) + reach_tables(along_curve(grid)[0])
