"""What a client walks, as rows for HiGHS that are written only when something breaks them (Benders' rows).

For any limit D a client walks at least D, less what the open sites nearer than D save her. Together these rows are
as strong as a programme with a column for every pair of client and site (Duran-Mateluna, Ales and Elloumi 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack  # type: ignore[import-untyped, unused-ignore]

from geo.siting.median import MedianQuestion
from geo.siting.milp import Programme

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Walks:
    """What each client's walk costs by the sites that are left: `costs` int64 (clients, sites), never above her ceiling."""

    costs: Longs
    order: Longs
    ceiling: Longs

    @staticmethod
    def over(question: MedianQuestion, may: Longs, forced: Flags) -> Walks:
        """Take the sites `may` that are left, of which the `forced` ones will be open."""
        costs = question.costs[:, may]
        ceiling = np.sort(costs, axis=1)[:, len(may) - question.count]
        if question.already is not None:
            ceiling = np.minimum(ceiling, question.already)
        if forced.any():
            ceiling = np.minimum(ceiling, costs[:, forced].min(axis=1))
        costs = np.minimum(costs, ceiling[:, None])
        return Walks(costs, np.argsort(costs, axis=1, kind="stable"), ceiling)

    def walked(self, opened: Flags) -> Longs:
        """What each client walks when these sites are open."""
        nearest = self.costs[:, opened].min(axis=1, initial=np.iinfo(np.int64).max)
        return np.asarray(np.minimum(nearest, self.ceiling))

    def cuts(self, opened: Floats, told: Floats) -> tuple[csr_array, Floats]:
        """Give the rows that `told` (what each client is said to walk) breaks when sites are open to these shares.

        Of all limits the one that says most is where the shares of her nearest sites make up one.
        """
        clients = np.arange(len(self.costs))
        shares = np.cumsum(opened[self.order], axis=1)
        enough = shares >= 1.0 - 1e-9
        place = np.where(enough.any(axis=1), np.argmax(enough, axis=1), 0)
        limit = np.where(enough.any(axis=1), self.costs[clients, self.order[clients, place]], self.ceiling)
        saved = np.maximum(limit[:, None] - self.costs, 0).astype(np.float64)
        broken = np.flatnonzero(limit - saved @ opened > told + 1e-6 * np.maximum(limit, 1))
        many, sites = len(broken), self.costs.shape[1]
        own = csr_array((np.ones(many), (np.arange(many), broken)), shape=(many, len(self.costs)))
        return hstack([csr_array(saved[broken].reshape(many, sites)), own], format="csr"), limit[broken].astype(float)


def programme_of(question: MedianQuestion, walks: Walks, forced: Flags) -> Programme:
    """Columns: the sites, then what each client walks, which only rows added later hold up. Row: how many to open."""
    clients, sites = walks.costs.shape
    count = csr_array((np.ones(sites), (np.zeros(sites, dtype=np.int64), np.arange(sites))), shape=(1, sites + clients))
    return Programme(
        objective=np.concatenate([np.zeros(sites), np.ones(clients)]),
        lower=np.concatenate([forced.astype(np.float64), walks.costs.min(axis=1).astype(np.float64)]),
        upper=np.concatenate([np.ones(sites), walks.ceiling.astype(np.float64)]),
        whole=np.arange(sites + clients) < sites,
        rows=count,
        row_lower=np.array([float(question.count)]),
        row_upper=np.array([float(question.count)]),
    )
