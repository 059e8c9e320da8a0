"""The p-median with proof: heuristic, bound and reduction first, then branch and bound with HiGHS's relaxations.

What is left after the reduction is small; a relaxation with rows written on demand (geo.siting.walk_cuts) takes
milliseconds, so that branching beats a general programme with its many cuts (pmed16: three times as fast).
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.siting.answer import SiteAnswer, SitingError, Tell, judged, silent
from geo.siting.lagrange_median import MedianBound, bound_median
from geo.siting.median import MedianQuestion, greedy_sites, improved_sites, interchange
from geo.siting.milp import Solver
from geo.siting.walk_cuts import Walks, programme_of

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
QUICK_ROUNDS = 150
BOUND_ROUNDS = 1500


def solve_median(
    question: MedianQuestion, *, exact: bool = False, time_limit: float = 600.0, tell: Tell = silent
) -> SiteAnswer:
    """Choose the sites that make the walks shortest in all; with `exact`, prove it within `time_limit` seconds.

    Without `exact` the answer comes from greedy and interchange, with the gap to a quick bound.
    """
    ends = time.monotonic() + time_limit
    if not exact:
        sites = interchange(question, greedy_sites(question))
        value = question.objective(sites)
        found = bound_median(question, value, QUICK_ROUNDS)
        return judged(value, found.bound, tuple(sites), more_is_better=False)
    sites = improved_sites(question, until=time.monotonic() + time_limit / 3)
    value = question.objective(sites)
    tell("heuristic", float(value), 0.0)
    found = bound_median(question, value, BOUND_ROUNDS, tell, until=ends)
    first = judged(value, found.bound, tuple(sites), more_is_better=False)
    if first.proven_optimal:
        return first
    return _by_programme(question, first, found, ends, tell)


def _by_programme(
    question: MedianQuestion, known: SiteAnswer, found: MedianBound, ends: float, tell: Tell
) -> SiteAnswer:
    may, must = found.undecided(question.count, known.objective)
    if len(may) < question.count:  # nothing better can be made of what is left
        return judged(known.objective, float(known.objective), known.sites, more_is_better=False)
    may = np.union1d(may, np.array(known.sites, dtype=np.int64))
    opened = np.isin(may, known.sites)
    forced = opened & np.isin(may, must)  # in what is known and in all that is better
    walks = Walks.over(question, may, forced)
    solver = Solver(programme_of(question, walks, forced))
    solver.add_rows(*walks.cuts(opened.astype(np.float64), np.full(len(walks.costs), -np.inf)))
    search = _Search(question, may, walks, solver, known, tell)
    bound = search.run(_Node(known.bound, forced, np.ones(len(may), dtype=bool)), ends)
    # what was ruled out could not be better than what was known
    best = search.best
    return judged(best.objective, max(known.bound, min(bound, known.objective)), best.sites, more_is_better=False)


@dataclass(frozen=True)
class _Node:
    """A part of the choices: those with the sites `inside` open and none that is not `allowed`."""

    bound: float
    inside: Flags
    allowed: Flags


class _Search:
    """Branch and bound over the sites that are left; every relaxation is HiGHS's, warm from the one before."""

    def __init__(
        self, question: MedianQuestion, may: Longs, walks: Walks, solver: Solver, known: SiteAnswer, tell: Tell
    ) -> None:
        self.question, self.may, self.walks, self.solver, self.tell = question, may, walks, solver, tell
        self.best = known

    def run(self, root: _Node, ends: float) -> float:
        """Look until nothing is left or the time is over; give the proven bound."""
        waiting: list[tuple[float, int, _Node]] = [(root.bound, 0, root)]
        number = 0
        while waiting:
            bound, _, node = heapq.heappop(waiting)
            if self._hopeless(bound):
                return float(self.best.objective)
            if time.monotonic() > ends:
                return bound
            self.tell("exact", float(self.best.objective), bound)
            for child in self._look(node, ends):
                number += 1
                heapq.heappush(waiting, (child.bound, -number, child))
        return float(self.best.objective)

    def _hopeless(self, bound: float) -> bool:
        return bound > self.best.objective - 1 + 1e-6

    def _look(self, node: _Node, ends: float) -> list[_Node]:
        """Relax one part; give the two halves that may hold something better, or the part itself when time is over."""
        found = self._relaxed(node, ends)
        if found is None:
            return [node] if time.monotonic() > ends else []
        bound, shares, prices = max(found[0], node.bound), found[1], found[2]
        if self._hopeless(bound):
            return []
        self._round(shares)
        if self._hopeless(bound):
            return []
        room = self.best.objective - 1 + 1e-6 - bound
        allowed = node.allowed & ~((shares < 1e-9) & (prices > room))
        inside = node.inside | ((shares > 1 - 1e-9) & (-prices > room))
        fraction = np.where(inside, 0.0, np.minimum(shares, 1.0 - shares))
        if fraction.max() < 1e-7:
            return []  # whole, and _round has taken it
        half = np.zeros(len(shares), dtype=bool)
        half[int(np.argmax(fraction))] = True
        return [_Node(bound, inside, allowed & ~half), _Node(bound, inside | half, allowed)]

    def _relaxed(self, node: _Node, ends: float) -> tuple[float, Floats, Floats] | None:
        """Give bound, shares of the sites and their prices; None where no choice is possible or time is over."""
        sites = len(self.may)
        self.solver.limit_columns(sites, node.inside.astype(np.float64), node.allowed.astype(np.float64))
        while True:
            try:
                solved = self.solver.run(ends - time.monotonic(), relaxed=True)
            except SitingError:
                return None
            if solved.values is None or np.isnan(solved.bound):
                return None
            shares, told = solved.values[:sites], solved.values[sites:]
            rows, lowest = self.walks.cuts(shares, told)
            if len(lowest) == 0 or self._hopeless(solved.bound):
                return solved.bound, shares, self.solver.prices()[:sites]
            self.solver.add_rows(rows, lowest)

    def _round(self, shares: Floats) -> None:
        """Open the sites with the largest shares and keep the choice if it is better."""
        largest = np.argsort(-shares, kind="stable")[: self.question.count]
        chosen = self.may[np.sort(largest)].tolist()
        value = self.question.objective(chosen)
        if value < self.best.objective:
            self.best = SiteAnswer(value, self.best.bound, tuple(chosen), False)
