"""Where ten new facilities should stand beside forty: lazy greedy at once against the proven optimum.

Twelve thousand doors and 1,000 candidates on an invented city; who reaches whom is a straight 450 m, so that the
solvers are measured and not the walking. Quality is the share of elders reached; times are of the solver alone.
The peer spopt (BSD-3) is not in the dependency lock and was not run; the textbook programme stands in for it.
"""

from __future__ import annotations

import os

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack
from scipy.spatial import KDTree

from benchmarks.harness import Row, compare, row, time_once
from geo.siting.covering import Cover, CoverQuestion, cover_at_once, cover_of, lazy_greedy
from geo.siting.exact_covering import merged_clients, solve_cover
from geo.siting.milp import Programme, solve

DOORS = 12_000
CANDIDATES = 1_000
STANDING = 40
NEW = 10
WALK_M = 450.0
SECONDS = float(os.environ.get("YINLING_BENCH_SECONDS", "60"))


def city(seed: int = 3) -> tuple[Cover, int, int]:
    """Give the cover of those not reached yet, the elders reached already, and all elders."""
    chance = np.random.default_rng(seed)
    doors = np.concatenate([chance.normal(0, 2500, (DOORS // 2, 2)), chance.uniform(-6000, 6000, (DOORS // 2, 2))])
    elders = chance.integers(1, 10, DOORS)
    tree = KDTree(doors)
    standing = doors[chance.permutation(DOORS)[:STANDING]]
    reached = np.zeros(DOORS, dtype=bool)
    for near in tree.query_ball_point(standing, WALK_M):
        reached[near] = True
    candidates = doors[chance.permutation(DOORS)[:CANDIDATES]]
    found = tree.query_ball_point(candidates, WALK_M)
    at = np.repeat(np.arange(CANDIDATES), [len(near) for near in found])
    who = np.concatenate([np.array(near, dtype=np.int64) for near in found])
    cover = cover_of(at, who, np.where(reached, 0, elders), CANDIDATES)
    return cover, int(elders[reached].sum()), int(elders.sum())


def plain_programme(cover: Cover) -> Programme:
    """The textbook programme with every candidate and client in it, as a peer would hand it to the same solver."""
    table, weights = merged_clients(cover.table(), cover.weights)
    sites, clients = table.shape
    count = hstack([csr_array(np.ones((1, sites))), csr_array((1, clients))])
    columns = sites + clients
    return Programme(
        objective=np.concatenate([np.zeros(sites), weights]),
        lower=np.zeros(columns),
        upper=np.ones(columns),
        whole=np.arange(columns) < sites,
        rows=csr_array(vstack([hstack([table.T, -eye_array(clients)]), count])),
        row_lower=np.concatenate([np.zeros(clients), [-np.inf]]),
        row_upper=np.concatenate([np.full(clients, np.inf), [float(NEW)]]),
        more_is_better=True,
    )


def run() -> list[Row]:
    """Milliseconds of each way, with the share of elders it reaches, and how they compare."""
    cover, before, total = city()
    question = CoverQuestion(cover, NEW)
    exact = solve_cover(question, exact=True, time_limit=SECONDS)
    greedy = cover.objective(lazy_greedy(question))
    swapped = cover_at_once(question).objective
    rows = compare(
        {
            "lazy greedy": lambda: lazy_greedy(question),
            "greedy with exchange": lambda: cover_at_once(question),
            "exact: bound, reduction, HiGHS": lambda: solve_cover(question, exact=True, time_limit=SECONDS),
        },
        rounds=3,
    )
    plain = time_once(lambda: solve(plain_programme(cover), SECONDS)) * 1e3
    ours = next(one["value"] for one in rows if one["case"].startswith("exact"))
    label = "exact: the textbook programme in HiGHS"
    rows.append(row(label, plain, "ms", "exact: bound, reduction, HiGHS", plain / ours))
    rows.append(row("reached before", 100.0 * before / total, "%"))
    rows.append(row("exact reaches", 100.0 * (before + exact.objective) / total, "%"))
    for name, value in (("lazy greedy", greedy), ("greedy with exchange", swapped)):
        share = 100.0 * (before + value) / total
        rows.append(row(f"{name} reaches", share, "%", "exact reaches (gain)", value / exact.objective))
    rows.append(row("proven gap of the exact answer", 100.0 * exact.gap, "%"))
    rows.append(row("spopt MCLP: not run, it is not in the dependency lock", 0.0, "-"))
    return rows
