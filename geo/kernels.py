"""Compiled walks over the street graph: bounded and multi-source shortest walks, exact in float64.

The graph is CSR: `indptr` int64 (n + 1,), `indices` int32 (arcs,), `weights` float64 (arcs,) in the profile's
unit (seconds or metres), every street in both directions. Costs are inclusive of `limit`. The kernels release
the GIL and are cached on disk (NUMBA_CACHE_DIR, else beside this file); scipy is their oracle in the tests.

The queue is a row of slots of equal width (about half a street), each a linked list; within a slot the order
is free. A crossing that turns out cheaper later is walked from again, so every cost ends as the least over all
ways of the float64 sum along the way, bit for bit what Dijkstra finds. An entry whose cost is no longer its
crossing's best is skipped. Entries are numbered and used again, so the queue stays within the nearest cache.
Measured against a binary heap in docs/benchmarks.md.
"""

import numpy as np
import numpy.typing as npt
from numba import njit  # type: ignore[import-untyped, unused-ignore]

from geo import snap_kernels

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]

FEWEST_SLOTS = 64
MOST_SLOTS = 4096
SLOT_WIDTH = 30.0
"""About half a street in seconds or metres: narrower slots are empty, wider ones walk crossings twice."""


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def slots_for(limit: float) -> tuple[int, float]:
    """How many slots a walk to `limit` takes, and how many slots there are to a second (or metre).

    What lies beyond the last slot of an unlimited walk shares it, which costs time and no exactness.
    """
    if not limit < SLOT_WIDTH * (MOST_SLOTS - 2):
        return MOST_SLOTS, 1.0 / SLOT_WIDTH
    count = max(FEWEST_SLOTS, int(limit / SLOT_WIDTH) + 1)
    return count + 1, count / max(limit, 1.0)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def longer_floats(values: Floats, size: int, room: int) -> Floats:
    """A copy of the first `size` values with place for at least `room` more."""
    longer = np.empty(2 * size + room + 16, dtype=np.float64)
    longer[:size] = values[:size]
    return longer


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def longer_ints(values: Ints, size: int, room: int) -> Ints:
    """A copy of the first `size` values with place for at least `room` more."""
    longer = np.empty(2 * size + room + 16, dtype=np.int32)
    longer[:size] = values[:size]
    return longer


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def put(
    costs: Floats, nodes: Ints, nexts: Ints, heads: Ints, slot: int, cost: float, node: int, free: int, used: int
) -> tuple[int, int]:
    """Puts an entry first in a slot, in the place of one that is done with if there is any.

    `free` is the first of the places to use again, -1 for none, `used` how many places were ever used; the
    arrays must have room for one more. Returns both anew.
    """
    entry = free
    if entry >= 0:
        free = nexts[entry]
    else:
        entry = used
        used += 1
    costs[entry] = cost
    nodes[entry] = node
    nexts[entry] = heads[slot]
    heads[slot] = entry
    return free, used


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def walk_into(
    indptr: Longs,
    indices: Ints,
    weights: Floats,
    seed_nodes: Longs,
    seed_costs: Floats,
    limit: float,
    best: Floats,
    heads: Ints,
    per_unit: float,
    queue: tuple[Floats, Ints, Ints],
    out: Ints,
    found: int,
) -> tuple[tuple[Floats, Ints, Ints], Ints, int]:
    """Walks from the seeds, leaves costs in `best` and adds the crossings reached to `out` from `found` on.

    `heads` (slots,) are the first entries of the slots, all -1 before and after; `queue` holds the entries'
    costs, crossings and followers. Hands back the queue and `out`, which may have grown, and the new `found`.
    """
    costs, nodes, nexts = queue
    last = len(heads) - 1
    free, used, top, slot = -1, 0, -1, last
    if len(seed_nodes) > len(costs):
        costs, nodes = longer_floats(costs, 0, len(seed_nodes)), longer_ints(nodes, 0, len(seed_nodes))
        nexts = longer_ints(nexts, 0, len(seed_nodes))
    if found + len(seed_nodes) > len(out):
        out = longer_ints(out, found, len(seed_nodes))
    for k in range(len(seed_nodes)):
        cost, at = seed_costs[k], seed_nodes[k]
        if cost <= limit and cost < best[at]:
            if best[at] == np.inf:
                out[found] = at
                found += 1
            best[at] = cost
            into = min(int(cost * per_unit), last)
            costs[used], nodes[used], nexts[used] = cost, at, heads[into]
            heads[into] = used
            used += 1
            top, slot = max(top, into), min(slot, into)
    while slot <= top:
        entry = heads[slot]
        if entry < 0:
            slot += 1
            continue
        heads[slot] = nexts[entry]
        cost, at = costs[entry], nodes[entry]
        nexts[entry] = free
        free = entry
        if cost > best[at]:
            continue
        first, beyond = indptr[at], indptr[at + 1]
        if used + beyond - first > len(costs):
            costs = longer_floats(costs, used, beyond - first)
            nodes, nexts = longer_ints(nodes, used, beyond - first), longer_ints(nexts, used, beyond - first)
        if found + beyond - first > len(out):
            out = longer_ints(out, found, beyond - first)
        for arc in range(first, beyond):
            to = indices[arc]
            reached = cost + weights[arc]
            known = best[to]
            if reached <= limit and reached < known:
                if known == np.inf:
                    out[found] = to
                    found += 1
                best[to] = reached
                into = min(int(reached * per_unit), last)
                free, used = put(costs, nodes, nexts, heads, into, reached, to, free, used)
                top = max(top, into)
    return (costs, nodes, nexts), out, found


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
    """Every crossing an elder reaches within `limit`, in no order: (nodes int32, costs float64).

    `seed_nodes` and `seed_costs` are where the walk enters the graph and what it has cost by then.
    `best` float64 (n,) is a worktable full of inf; it is handed back full of inf, so that a circle in a city
    of a million crossings costs only what it reaches.
    """
    slots, per_unit = slots_for(limit)
    heads = np.full(slots, -1, dtype=np.int32)
    queue = (np.empty(256, dtype=np.float64), np.empty(256, dtype=np.int32), np.empty(256, dtype=np.int32))
    out = np.empty(512, dtype=np.int32)
    _, out, found = walk_into(
        indptr, indices, weights, seed_nodes, seed_costs, limit, best, heads, per_unit, queue, out, 0
    )
    costs = np.empty(found, dtype=np.float64)
    for k in range(found):
        costs[k] = best[out[k]]
        best[out[k]] = np.inf
    return out[:found], costs


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

    Origin k has the seeds 2k and 2k + 1 (the two ends of its street); `best` as in walk_bounded. Origins come
    in their order, the crossings of one origin in none.
    """
    slots, per_unit = slots_for(limit)
    heads = np.full(slots, -1, dtype=np.int32)
    queue = (np.empty(256, dtype=np.float64), np.empty(256, dtype=np.int32), np.empty(256, dtype=np.int32))
    count = len(seed_nodes) // 2
    nodes = np.empty(512 * count + 16, dtype=np.int32)
    costs = np.empty(len(nodes), dtype=np.float64)
    ends = np.empty(count, dtype=np.int64)
    found = 0
    for k in range(count):
        begun = found
        two, starts = seed_nodes[2 * k : 2 * k + 2], seed_costs[2 * k : 2 * k + 2]
        queue, nodes, found = walk_into(
            indptr, indices, weights, two, starts, limit, best, heads, per_unit, queue, nodes, found
        )
        if len(nodes) > len(costs):
            costs = longer_floats(costs, begun, len(nodes) - begun)
        for row in range(begun, found):
            costs[row] = best[nodes[row]]
            best[nodes[row]] = np.inf
        ends[k] = found
    origins = np.empty(found, dtype=np.int32)
    begun = 0
    for k in range(count):
        origins[begun : ends[k]] = k
        begun = ends[k]
    return origins, nodes[:found], costs[:found]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def walk_tiles(
    indptr: Longs,
    indices: Ints,
    weights: Floats,
    limit: float,
    best: Floats,
    origin: Ints,
    part: tuple[int, int],
    tile: int,
    called: Ints,
    following: Ints,
) -> tuple[Ints, Floats, Ints]:
    """Spreads costs and origins from the called crossings over one part of the city, tile by tile.

    A tile is `tile` crossings that follow each other in number; one fits the cache of a core when neighbours
    have neighbouring numbers. A tile calls its neighbours where it made them cheaper, until none is called.
    `part` is the range of crossings that this caller alone may write. Returns what would make crossings
    outside it cheaper for all that is known here: (nodes, costs, origins), possibly several per crossing.
    """
    slots, per_unit = slots_for(np.inf)
    last = slots - 1
    heads = np.full(slots, -1, dtype=np.int32)
    costs, nodes = np.empty(4096, dtype=np.float64), np.empty(4096, dtype=np.int32)
    nexts = np.empty(4096, dtype=np.int32)
    told_nodes, told_costs, told_origins = np.empty(64, np.int32), np.empty(64, np.float64), np.empty(64, np.int32)
    told, free, used = 0, -1, 0
    busy = True
    while busy:
        busy = False
        for square in range(part[0] // tile, (part[1] - 1) // tile + 1):
            at = called[square]
            called[square] = -1
            low, high = max(part[0], square * tile), min(part[1], (square + 1) * tile)
            slot, top = last, -1
            while at >= 0:
                busy = True
                if used == len(costs):
                    costs, nodes, nexts = (
                        longer_floats(costs, used, 1),
                        longer_ints(nodes, used, 1),
                        longer_ints(nexts, used, 1),
                    )
                into = min(int(best[at] * per_unit), last)
                free, used = put(costs, nodes, nexts, heads, into, best[at], at, free, used)
                slot, top = min(slot, into), max(top, into)
                after = following[at]
                following[at] = -2
                at = after
            while slot <= top:
                entry = heads[slot]
                if entry < 0:
                    slot += 1
                    continue
                heads[slot] = nexts[entry]
                at, cost = nodes[entry], costs[entry]
                nexts[entry] = free
                free = entry
                if cost > best[at]:
                    continue
                first, beyond = indptr[at], indptr[at + 1]
                if used + beyond - first > len(costs):
                    room = beyond - first
                    costs, nodes = longer_floats(costs, used, room), longer_ints(nodes, used, room)
                    nexts = longer_ints(nexts, used, room)
                for arc in range(first, beyond):
                    to, reached = indices[arc], cost + weights[arc]
                    if reached > limit:
                        continue
                    if low <= to < high:
                        if reached < best[to]:
                            best[to], origin[to] = reached, origin[at]
                            into = min(int(reached * per_unit), last)
                            free, used = put(costs, nodes, nexts, heads, into, reached, to, free, used)
                            top = max(top, into)
                    elif part[0] <= to < part[1]:
                        if reached < best[to]:
                            best[to], origin[to] = reached, origin[at]
                            if following[to] == -2:
                                following[to] = called[to // tile]
                                called[to // tile] = to
                    else:
                        if told == len(told_nodes):
                            told_nodes, told_costs = (
                                longer_ints(told_nodes, told, 1),
                                longer_floats(told_costs, told, 1),
                            )
                            told_origins = longer_ints(told_origins, told, 1)
                        told_nodes[told], told_costs[told], told_origins[told] = to, reached, origin[at]
                        told += 1
    return told_nodes[:told], told_costs[:told], told_origins[:told]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def take_told(
    nodes: Ints, costs: Floats, origins: Ints, best: Floats, origin: Ints, tile: int, called: Ints, following: Ints
) -> int:
    """Takes over what other parts of the city have told, and calls the tiles concerned. Returns how many gained."""
    gained = 0
    for k in range(len(nodes)):
        at = nodes[k]
        if costs[k] < best[at]:
            best[at], origin[at] = costs[k], origins[k]
            gained += 1
            if following[at] == -2:
                following[at] = called[at // tile]
                called[at // tile] = at
    return gained


def warm_up() -> None:
    """Compiles (or loads from the cache) every kernel of a walk, the search for the street included."""
    indptr = np.array([0, 1, 2], dtype=np.int64)
    indices = np.array([1, 0], dtype=np.int32)
    weights = np.array([1.0, 1.0])
    seeds = np.array([0, 1], dtype=np.int64)
    costs = np.array([0.0, 0.5])
    worktable = np.full(2, np.inf)
    walk_bounded(indptr, indices, weights, seeds, costs, 10.0, worktable)
    walk_each(indptr, indices, weights, seeds, costs, 10.0, worktable)
    origin, called, following = np.zeros(2, np.int32), np.full(1, -1, np.int32), np.full(2, -2, np.int32)
    take_told(indices, costs, indices, worktable, origin, 4096, called, following)
    walk_tiles(indptr, indices, weights, 10.0, worktable, origin, (0, 2), 4096, called, following)
    snap_kernels.warm_up()
