"""Compiled walks over the street graph: bounded Dijkstra in numba, exact in float64.

The graph is CSR: `indptr` int64 (n + 1,), `indices` int32 (arcs,), `weights` float64 (arcs,) in the profile's
unit (seconds or metres), every street in both directions. Costs are inclusive of `limit`. The kernels release
the GIL and are cached on disk (NUMBA_CACHE_DIR, else beside this file); scipy is their oracle in the tests.

The queue is a binary heap with stale entries left in it: streets have so few branches that skipping a stale
entry is cheaper than moving it.
"""

import numpy as np
import numpy.typing as npt
from numba import njit  # type: ignore[import-untyped, unused-ignore]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def push(costs: Floats, nodes: Ints, size: int, cost: float, node: int) -> int:
    """Adds one entry to the heap of `size` entries; the arrays must have room. Returns the new size."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if costs[parent] <= cost:
            break
        costs[at] = costs[parent]
        nodes[at] = nodes[parent]
        at = parent
    costs[at] = cost
    nodes[at] = node
    return size + 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def drop_first(costs: Floats, nodes: Ints, size: int) -> int:
    """Removes the cheapest entry of the heap. Returns the new size."""
    size -= 1
    cost = costs[size]
    node = nodes[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and costs[child + 1] < costs[child]:
            child += 1
        if costs[child] >= cost:
            break
        costs[at] = costs[child]
        nodes[at] = nodes[child]
        at = child
    costs[at] = cost
    nodes[at] = node
    return size


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def grown_floats(values: Floats, size: int) -> Floats:
    """A longer copy of the first `size` values."""
    longer = np.empty(2 * len(values) + 16, dtype=np.float64)
    longer[:size] = values[:size]
    return longer


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def grown_ints(values: Ints, size: int) -> Ints:
    """A longer copy of the first `size` values."""
    longer = np.empty(2 * len(values) + 16, dtype=np.int32)
    longer[:size] = values[:size]
    return longer


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def walk_bounded(
    indptr: Longs,
    indices: Ints,
    weights: Floats,
    seed_nodes: Longs,
    seed_costs: Floats,
    limit: float,
    best: Floats,
) -> tuple[Ints, Floats]:
    """Every crossing an elder reaches within `limit`, nearest first: (nodes int32, costs float64).

    `seed_nodes` and `seed_costs` are where the walk enters the graph and what it has cost by then.
    `best` float64 (n,) is a worktable full of inf; it is handed back full of inf, so that a circle in a city
    of a million crossings costs only what it reaches.
    """
    costs = np.empty(256, dtype=np.float64)
    queue = np.empty(256, dtype=np.int32)
    out_nodes = np.empty(256, dtype=np.int32)
    out_costs = np.empty(256, dtype=np.float64)
    size = 0
    found = 0
    for k in range(len(seed_nodes)):
        node = seed_nodes[k]
        if seed_costs[k] <= limit and seed_costs[k] < best[node]:
            best[node] = seed_costs[k]
            if size == len(costs):
                costs = grown_floats(costs, size)
                queue = grown_ints(queue, size)
            size = push(costs, queue, size, seed_costs[k], node)
    while size > 0:
        cost = costs[0]
        at = queue[0]
        size = drop_first(costs, queue, size)
        if cost > best[at]:
            continue
        if found == len(out_nodes):
            out_nodes = grown_ints(out_nodes, found)
            out_costs = grown_floats(out_costs, found)
        out_nodes[found] = at
        out_costs[found] = cost
        found += 1
        for arc in range(indptr[at], indptr[at + 1]):
            reached = cost + weights[arc]
            to = indices[arc]
            if reached <= limit and reached < best[to]:
                best[to] = reached
                if size == len(costs):
                    costs = grown_floats(costs, size)
                    queue = grown_ints(queue, size)
                size = push(costs, queue, size, reached, to)
    for k in range(found):
        best[out_nodes[k]] = np.inf
    return out_nodes[:found].copy(), out_costs[:found].copy()


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def walk_nearest(
    indptr: Longs,
    indices: Ints,
    weights: Floats,
    seed_nodes: Longs,
    seed_costs: Floats,
    seed_origins: Longs,
    limit: float,
) -> tuple[Floats, Longs]:
    """For every crossing the cost to its nearest origin (float64, inf) and which it is (int64, -1).

    All origins start at once; `seed_origins` says whose each seed is.
    """
    count = len(indptr) - 1
    best = np.full(count, np.inf)
    origin = np.full(count, -1, dtype=np.int64)
    costs = np.empty(max(256, 2 * len(seed_nodes)), dtype=np.float64)
    queue = np.empty(max(256, 2 * len(seed_nodes)), dtype=np.int32)
    size = 0
    for k in range(len(seed_nodes)):
        node = seed_nodes[k]
        if seed_costs[k] <= limit and seed_costs[k] < best[node]:
            best[node] = seed_costs[k]
            origin[node] = seed_origins[k]
            size = push(costs, queue, size, seed_costs[k], node)
    while size > 0:
        cost = costs[0]
        at = queue[0]
        size = drop_first(costs, queue, size)
        if cost > best[at]:
            continue
        for arc in range(indptr[at], indptr[at + 1]):
            reached = cost + weights[arc]
            to = indices[arc]
            if reached <= limit and reached < best[to]:
                best[to] = reached
                origin[to] = origin[at]
                if size == len(costs):
                    costs = grown_floats(costs, size)
                    queue = grown_ints(queue, size)
                size = push(costs, queue, size, reached, to)
    return best, origin


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def walk_each(
    indptr: Longs,
    indices: Ints,
    weights: Floats,
    seed_nodes: Longs,
    seed_costs: Floats,
    limit: float,
    best: Floats,
) -> tuple[Ints, Ints, Floats]:
    """One bounded walk per origin, all in one call: (origin int32, node int32, cost float64) of every pair.

    Origin k has the seeds 2k and 2k + 1 (the two ends of its street); `best` as in walk_bounded.
    """
    out_origins = np.empty(1024, dtype=np.int32)
    out_nodes = np.empty(1024, dtype=np.int32)
    out_costs = np.empty(1024, dtype=np.float64)
    found = 0
    for k in range(len(seed_nodes) // 2):
        ends = seed_nodes[2 * k : 2 * k + 2]
        starts = seed_costs[2 * k : 2 * k + 2]
        nodes, costs = walk_bounded(indptr, indices, weights, ends, starts, limit, best)
        while found + len(nodes) > len(out_nodes):
            out_origins = grown_ints(out_origins, found)
            out_nodes = grown_ints(out_nodes, found)
            out_costs = grown_floats(out_costs, found)
        out_origins[found : found + len(nodes)] = k
        out_nodes[found : found + len(nodes)] = nodes
        out_costs[found : found + len(nodes)] = costs
        found += len(nodes)
    return out_origins[:found].copy(), out_nodes[:found].copy(), out_costs[:found].copy()


def warm_up() -> None:
    """Compiles (or loads from the cache) every kernel, so that no elder waits for a compiler."""
    indptr = np.array([0, 1, 2], dtype=np.int64)
    indices = np.array([1, 0], dtype=np.int32)
    weights = np.array([1.0, 1.0])
    seeds = np.array([0, 1], dtype=np.int64)
    costs = np.array([0.0, 0.5])
    worktable = np.full(2, np.inf)
    walk_bounded(indptr, indices, weights, seeds, costs, 10.0, worktable)
    walk_each(indptr, indices, weights, seeds, costs, 10.0, worktable)
    walk_nearest(indptr, indices, weights, seeds, costs, seeds, 10.0)
