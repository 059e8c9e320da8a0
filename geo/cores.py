"""Shares one walk among the cores of a machine: a whole city's nearest facility, or many facilities' reach.

Exact whatever the number of cores and whatever the numbering of the crossings; fast where neighbours have
neighbouring numbers (geo.locality). Threads live only as long as the call, so a worker may fork at any time.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.kernels import take_told, walk_each, walk_tiles

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]

TILE = 4096
"""Crossings whose arcs, costs and origins fit the second cache of a core (about 250 KiB)."""
WORTH_A_CORE = 50_000
"""Crossings to each thread at least: fewer cost more to share than they save."""
MOST_CORES = 8


def core_count() -> int:
    """How many cores this process may use, 8 at most."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_CORES, allowed))


def nearest_on_cores(
    arrays: tuple[Longs, Ints, Floats],
    seed_nodes: Longs,
    seed_costs: Floats,
    seed_origins: Longs,
    limit: float,
    *,
    tile: int = TILE,
    cores: int | None = None,
    worth_a_core: int = WORTH_A_CORE,
) -> tuple[Floats, Longs]:
    """For every crossing the cost to its nearest origin (float64, inf) and which it is (int64, -1).

    `arrays` are indptr, indices, weights of geo.kernels; all origins start at once, `seed_origins` says whose
    each seed is. `tile` crossings that follow each other in number are walked together; they should be a patch
    of the city, else take all as one. Each core walks its own part of the city; what crosses into another part
    is told, and both walk on until nobody gains. Of two origins at the same cost either may be named.
    """
    count = len(arrays[0]) - 1
    wanted = min(core_count() if cores is None else cores, count // worth_a_core)
    parts = _parts(count, tile, max(1, wanted))
    best, origin = np.full(count, np.inf), np.full(count, -1, dtype=np.int32)
    called, following = np.full(count // tile + 1, -1, dtype=np.int32), np.full(count, -2, dtype=np.int32)
    within = seed_costs <= limit
    told = (seed_nodes[within].astype(np.int32), seed_costs[within], seed_origins[within].astype(np.int32))

    def walk(part: tuple[int, int]) -> tuple[Ints, Floats, Ints]:
        found: tuple[Ints, Floats, Ints] = walk_tiles(*arrays, limit, best, origin, part, tile, called, following)
        return found

    with ThreadPoolExecutor(len(parts)) as pool:
        while take_told(*told, best, origin, tile, called, following):
            heard = _on_each(pool, walk, parts)
            told = tuple(np.concatenate(column) for column in zip(*heard, strict=True))  # type: ignore[assignment]
    return best, origin.astype(np.int64)


def each_on_cores(
    arrays: tuple[Longs, Ints, Floats],
    seed_nodes: Longs,
    seed_costs: Floats,
    limit: float,
    worktable: Callable[[], Floats],
    *,
    cores: int | None = None,
) -> tuple[Ints, Ints, Floats]:
    """One bounded walk per origin: (origin int32, node int32, cost float64) of every pair, one origin after another.

    Origin k has the seeds 2k and 2k + 1; `worktable` gives a thread its own table of inf (see walk_bounded).
    """
    count = len(seed_nodes) // 2
    by_place = np.argsort(seed_nodes[::2], kind="stable").astype(
        np.int32
    )  # a neighbour's streets are still in the cache
    nodes_of, costs_of = seed_nodes.reshape(-1, 2)[by_place], seed_costs.reshape(-1, 2)[by_place]
    wanted = core_count() if cores is None else cores
    edges = np.linspace(0, count, (wanted if count >= 2 * wanted else 1) + 1).astype(int).tolist()

    def walk(part: tuple[int, int]) -> tuple[Ints, Ints, Floats]:
        some = slice(*part)
        origins, nodes, costs = walk_each(*arrays, nodes_of[some].ravel(), costs_of[some].ravel(), limit, worktable())
        return by_place[some][origins], nodes, costs

    parts = list(zip(edges[:-1], edges[1:], strict=True))
    with ThreadPoolExecutor(len(parts)) as pool:
        found = _on_each(pool, walk, parts)
    origins, nodes, costs = (
        column[0] if len(column) == 1 else np.concatenate(column) for column in zip(*found, strict=True)
    )
    return origins, nodes, costs


def _parts(count: int, tile: int, cores: int) -> list[tuple[int, int]]:
    """Ranges of whole tiles, one a core."""
    tiles = count // tile + 1
    cuts = [min(count, tiles * k // cores * tile) for k in range(cores)] + [count]
    return [(low, high) for low, high in zip(cuts[:-1], cuts[1:], strict=True) if high > low] or [(0, count)]


def _on_each(pool: ThreadPoolExecutor, walk: Callable[[Any], Any], parts: list[Any]) -> list[Any]:
    """The answers for all parts; a single part is walked by the caller's own thread."""
    return [walk(parts[0])] if len(parts) == 1 else list(pool.map(walk, parts))
