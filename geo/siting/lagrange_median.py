"""How short the walks can be at best: a Lagrangian bound for the p-median, and which sites it rules out.

Every client's "exactly one site" is priced; what is left is solved by sorting, and the prices are moved by
subgradients (Cornuéjols, Fisher and Nemhauser 1977). The bound is never above the optimum, whatever the prices.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.siting.answer import Tell, silent
from geo.siting.median import MedianQuestion

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
SLACK = 1e-6


@dataclass(frozen=True)
class MedianBound:
    """A proven lower bound, and per candidate what opening it is worth at these prices (0 or less)."""

    bound: float
    worth: Floats

    def undecided(self, count: int, best_known: int) -> tuple[Longs, Longs]:
        """Give the candidates that a better choice may contain, and among them those it must contain.

        A choice is better only if its whole cost is at most `best_known` - 1.
        """
        order = np.argsort(self.worth, kind="stable")
        last_in = self.worth[order[count - 1]]
        target = best_known - 1 + SLACK
        may = self.bound + np.maximum(self.worth - last_in, 0.0) <= target
        must = np.zeros(len(self.worth), dtype=bool)
        if count < len(self.worth):
            first_out = self.worth[order[count]]
            must[order[:count]] = self.bound + first_out - self.worth[order[:count]] > target
        return np.flatnonzero(may), np.flatnonzero(must & may)


def bound_median(
    question: MedianQuestion, best_known: int, rounds: int, tell: Tell = silent, until: float = np.inf
) -> MedianBound:
    """Raise the bound for at most `rounds` rounds, until it proves that `best_known` is optimal, or until a moment.

    `until` is a reading of time.monotonic().
    """
    costs, count = question.costs.astype(np.float64), question.count
    already = None if question.already is None else question.already.astype(np.float64)
    prices = _first_prices(costs, already)
    best, best_prices, best_worth = -np.inf, prices, np.zeros(costs.shape[1])
    step, stalled = 1.0, 0
    for turn in range(rounds):
        worth = np.minimum(costs - prices[:, None], 0.0).sum(axis=0)
        opened = np.argpartition(worth, count - 1)[:count]
        value = prices.sum() + worth[opened].sum()
        served = (costs[:, opened] < prices[:, None]).sum(axis=1)
        if already is not None:
            value += np.minimum(already - prices, 0.0).sum()
            served += already < prices
        if value > best + SLACK:
            best, best_prices, best_worth, stalled = float(value), prices, worth, 0
        else:
            stalled += 1
        if best_known - best < 1.0 - SLACK:
            break
        slope = 1.0 - served
        length = float((slope * slope).sum())
        if length == 0.0 or step < 1e-4 or time.monotonic() > until:
            break
        if stalled >= 15:
            step, stalled, prices = 0.7 * step, 0, best_prices
        prices = prices + step * (1.05 * best_known - value) / length * slope
        if turn % 20 == 0:
            tell("bound", float(best_known), best)
    return MedianBound(best, best_worth)


def _first_prices(costs: Floats, already: Floats | None) -> Floats:
    """Begin with what each client's second cheapest site costs."""
    table = costs if already is None else np.column_stack([costs, already])
    if table.shape[1] == 1:
        return np.asarray(table[:, 0].copy())
    two = np.partition(table, 1, axis=1)[:, :2]
    return np.asarray(two.sum(axis=1), dtype=np.float64)
