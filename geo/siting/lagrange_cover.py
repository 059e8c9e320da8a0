"""How many elders p sites can reach at best: a Lagrangian bound, and which candidates it rules out.

"Reached only from an open site" is priced per client; what is left is solved by sorting (Galvão and ReVelle 1996).
The bound is never below the optimum, whatever the prices.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.siting.answer import Tell, silent
from geo.siting.covering import CoverQuestion

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
SLACK = 1e-6


@dataclass(frozen=True)
class CoverBound:
    """A proven upper bound, and per candidate what opening it is worth at these prices."""

    bound: float
    worth: Floats

    def undecided(self, count: int, best_known: int) -> tuple[Longs, Longs]:
        """Give the candidates that a better choice may contain, and among them those it must contain."""
        order = np.argsort(-self.worth, kind="stable")
        target = best_known + 1 - SLACK
        may = self.bound - np.maximum(self.worth[order[count - 1]] - self.worth, 0.0) >= target
        must = np.zeros(len(self.worth), dtype=bool)
        if count < len(self.worth):
            must[order[:count]] = self.bound - (self.worth[order[:count]] - self.worth[order[count]]) < target
        return np.flatnonzero(may), np.flatnonzero(must & may)


def bound_cover(
    question: CoverQuestion, best_known: int, rounds: int, tell: Tell = silent, until: float = np.inf
) -> CoverBound:
    """Lower the bound for at most `rounds` rounds, until it proves `best_known`, or until a moment (time.monotonic)."""
    table, weights = question.cover.table(), question.cover.weights.astype(np.float64)
    back = table.T.tocsr()
    count = question.count
    times = np.asarray(back.sum(axis=1)).ravel()
    prices = np.where(times > 0, weights * np.minimum(1.0, 1.0 / np.maximum(np.sqrt(times), 1.0)), 0.0)
    weights = np.where(times > 0, weights, 0.0)
    best, best_prices, best_worth = np.inf, prices, np.zeros(table.shape[0])
    step, stalled = 1.0, 0
    for turn in range(rounds):
        worth = np.asarray(table @ prices)
        opened = np.argpartition(-worth, count - 1)[:count]
        value = float((weights - prices).sum() + worth[opened].sum())
        if value < best - SLACK:
            best, best_prices, best_worth, stalled = value, prices, worth, 0
        else:
            stalled += 1
        if best - best_known < 1.0 - SLACK or step < 1e-4 or time.monotonic() > until:
            break
        if stalled >= 20:
            step, stalled, prices = 0.6 * step, 0, best_prices
        choice = np.zeros(table.shape[0])
        choice[opened] = 1.0
        slope = np.asarray(back @ choice) - (prices < weights)
        slope[((prices <= 0) & (slope > 0)) | ((prices >= weights) & (slope < 0))] = 0.0
        length = float((slope * slope).sum())
        if length == 0.0:
            break
        prices = np.clip(prices - step * (value - 0.98 * best_known) / length * slope, 0.0, weights)
        if turn % 20 == 0:
            tell("bound", float(best_known), best)
    return CoverBound(best, best_worth)
