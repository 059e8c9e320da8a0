"""The p-median question: which p sites make the elders' walks shortest in all. At once, by greedy and interchange.

`costs` int64 (clients, candidates): what it costs the client (all the elders of one door) to walk to the
candidate. `already` int64 (clients,): the same to the nearest facility that stands. Interchange: Teitz and Bart
1968, with the gains of all swaps computed together as in Resende and Werneck 2007.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.siting.answer import SitingError

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
BLOCK = 4_000_000
"""Cells of the cost table looked at together, so that a large city needs no second table of its size."""


@dataclass(frozen=True)
class MedianQuestion:
    """Open exactly `count` of the candidates so that the sum over clients of the cheapest open one is least."""

    costs: Longs
    count: int
    already: Longs | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.count <= self.costs.shape[1]:
            raise SitingError(f"要选{self.count}处，候选只有{self.costs.shape[1]}处")

    def objective(self, sites: npt.ArrayLike) -> int:
        """Give the whole cost of a choice, from nothing but the table."""
        chosen = self.costs[:, np.asarray(sites, dtype=np.int64)].min(axis=1)
        if self.already is not None:
            chosen = np.minimum(chosen, self.already)
        return int(chosen.sum())


def greedy_sites(question: MedianQuestion) -> list[int]:
    """Open one site after the other, each where it shortens the walks most."""
    costs = question.costs
    standing = question.already
    sites: list[int] = []
    for _ in range(question.count):
        if standing is None:
            worth = -costs.sum(axis=0)
        else:
            worth = np.concatenate([np.maximum(standing[:, None] - part, 0).sum(axis=0) for part in _parts(costs)])
        worth[sites] = np.iinfo(np.int64).min
        best = int(np.argmax(worth))
        sites.append(best)
        standing = costs[:, best] if standing is None else np.minimum(standing, costs[:, best])
    return sites


def interchange(question: MedianQuestion, sites: list[int]) -> list[int]:
    """Swap one open site for a closed one as long as that shortens the walks; give the sites that remain."""
    chosen = np.array(sites, dtype=np.int64)
    while True:
        first, second, whose = _two_nearest(question, chosen)
        out, into, worth = _best_swap(question.costs, chosen, first, second, whose)
        if worth <= 0:
            return sorted(chosen.tolist())
        chosen[out] = into


def improved_sites(question: MedianQuestion, tries: int = 8, seed: int = 1, until: float = np.inf) -> list[int]:
    """Greedy and interchange, then again from seeded other beginnings until a moment (time.monotonic); the best of all."""
    chance = np.random.default_rng(seed)
    best = interchange(question, greedy_sites(question))
    value = question.objective(best)
    for _ in range(tries):
        if time.monotonic() > until:
            break
        begun = chance.choice(question.costs.shape[1], question.count, replace=False)
        other = interchange(question, begun.tolist())
        reached = question.objective(other)
        if reached < value:
            best, value = other, reached
    return best


def _parts(costs: Longs) -> list[Longs]:
    width = max(1, BLOCK // max(1, len(costs)))
    return [costs[:, begin : begin + width] for begin in range(0, costs.shape[1], width)]


def _two_nearest(question: MedianQuestion, chosen: Longs) -> tuple[Longs, Longs, Longs]:
    """For each client the costs of her cheapest and second cheapest open site, and whose the first is.

    What stands already is never closed: it is a first with owner -1, or a ceiling for the second.
    """
    open_costs = question.costs[:, chosen]
    rows = np.arange(len(open_costs))
    whose = np.argmin(open_costs, axis=1)
    first = open_costs[rows, whose]
    ceiling = np.iinfo(np.int64).max // 4
    if open_costs.shape[1] > 1:
        rest = open_costs.copy()
        rest[rows, whose] = ceiling
        second = rest.min(axis=1)
    else:
        second = np.full(len(open_costs), ceiling)
    if question.already is not None:
        stays = question.already <= first
        whose = np.where(stays, -1, whose)
        second = np.where(stays, question.already, np.minimum(second, question.already))
        first = np.minimum(first, question.already)
    return first, second, whose


def _best_swap(costs: Longs, chosen: Longs, first: Longs, second: Longs, whose: Longs) -> tuple[int, int, int]:
    """Give the swap that saves most: (place among the chosen, candidate, what it saves)."""
    count = len(chosen)
    order = np.argsort(whose, kind="stable")
    owned = order[np.searchsorted(whose[order], 0) :]  # clients of a site that may close, grouped by it
    begins = np.searchsorted(whose[owned], np.arange(count))
    loss = np.zeros(count, dtype=np.float64)
    np.add.at(loss, whose[owned], (second - first)[owned].astype(np.float64))
    best = (0, 0, 0)
    at = 0
    for part in _parts(costs):
        gain = np.maximum(first[:, None] - part, 0).sum(axis=0).astype(np.float64)
        near = np.maximum(second[owned, None] - np.maximum(part[owned], first[owned, None]), 0).astype(np.float64)
        back = np.add.reduceat(np.vstack([near, np.zeros((1, near.shape[1]))]), begins, axis=0)
        back[np.diff(np.append(begins, len(owned))) == 0] = 0.0
        worth = gain[None, :] - loss[:, None] + back
        inside = chosen[(chosen >= at) & (chosen < at + part.shape[1])] - at
        worth[:, inside] = -np.inf
        out, into = np.unravel_index(int(np.argmax(worth)), worth.shape)
        if worth[out, into] > best[2]:
            best = (int(out), int(into) + at, round(worth[out, into]))
        at += part.shape[1]
    return best
