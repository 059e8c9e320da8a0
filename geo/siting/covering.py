"""Which candidate brings whom within a walk, and the sites that reach the most elders: at once, by lazy greedy.

Church and ReVelle 1974 (maximal covering), Toregas 1971 (set covering). Coverage has diminishing returns, so
greedy reaches at least 1 - 1/e of what is possible (Nemhauser, Wolsey and Fisher 1978); a gain computed earlier
stays an upper bound until its candidate is looked at again, so most need not be (Minoux 1978).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array  # type: ignore[import-untyped, unused-ignore]

from geo.siting.answer import SiteAnswer, SitingError, judged

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cover:
    """Who is within reach of which candidate: candidate j reaches `clients[indptr[j] : indptr[j + 1]]`.

    `weights` int64 (n,) are the elders at each client (a door, a compound); those whom a standing facility
    already reaches are not among the clients, or weigh 0.
    """

    indptr: Longs
    clients: Longs
    weights: Longs

    @property
    def candidate_count(self) -> int:
        return len(self.indptr) - 1

    @property
    def client_count(self) -> int:
        return len(self.weights)

    def reached_by(self, candidate: int) -> Longs:
        """The clients within reach of one candidate."""
        return self.clients[self.indptr[candidate] : self.indptr[candidate + 1]]

    def objective(self, sites: npt.ArrayLike) -> int:
        """Give the elders reached from a choice, each counted once."""
        reached = np.zeros(self.client_count, dtype=bool)
        for site in np.asarray(sites, dtype=np.int64).tolist():
            reached[self.reached_by(site)] = True
        return int(self.weights[reached].sum())

    def table(self) -> csr_array:
        """The same as a sparse table (candidates, clients) of ones."""
        shape = (self.candidate_count, self.client_count)
        return csr_array((np.ones(len(self.clients)), self.clients, self.indptr), shape=shape)


def cover_of(candidates: Longs, clients: Longs, weights: Longs, candidate_count: int) -> Cover:
    """Put pairs (candidate reaches client) in order; pairs of clients that weigh nothing are left out."""
    keep = weights[clients] > 0
    candidates, clients = candidates[keep], clients[keep]
    order = np.lexsort((clients, candidates))
    indptr = np.zeros(candidate_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(candidates, minlength=candidate_count), out=indptr[1:])
    return Cover(indptr, clients[order], weights)


@dataclass(frozen=True)
class CoverQuestion:
    """Which candidates to open: at most `count` of them, and for at most `budget` where `costs` are given.

    `costs` int64 (m,) is what each candidate costs, in any whole unit (fen).
    """

    cover: Cover
    count: int
    costs: Longs | None = None
    budget: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.count <= self.cover.candidate_count:
            raise SitingError(f"要选{self.count}处，候选只有{self.cover.candidate_count}处")
        if (self.costs is None) != (self.budget is None):
            raise SitingError("预算和各处的费用须一起给出")

    def affordable(self, spent: int) -> Flags:
        """Tell which candidates what is left of the budget can pay."""
        if self.costs is None or self.budget is None:
            return np.ones(self.cover.candidate_count, dtype=bool)
        return np.asarray(self.costs <= self.budget - spent)


def lazy_greedy(question: CoverQuestion, *, per_cost: bool = False) -> list[int]:
    """Open one site after the other, each where it reaches most who are not reached yet (or most per cost)."""
    cover, left = question.cover, question.cover.weights.copy()
    costs = question.costs if per_cost and question.costs is not None else None
    share = np.ones(cover.candidate_count) if costs is None else 1.0 / np.maximum(costs, 1)
    worth = (cover.table() @ left.astype(np.float64)) * share
    heap = [(-value, candidate, 0) for candidate, value in enumerate(worth.tolist()) if value > 0]
    heapq.heapify(heap)
    sites: list[int] = []
    spent = 0
    while heap and len(sites) < question.count:
        value, candidate, when = heapq.heappop(heap)
        price = 0 if question.costs is None else int(question.costs[candidate])
        if question.budget is not None and spent + price > question.budget:
            continue
        if when == len(sites):
            sites.append(candidate)
            spent += price
            left[cover.reached_by(candidate)] = 0
            continue
        fresh = float(left[cover.reached_by(candidate)].sum()) * share[candidate]
        if fresh > 0:
            heapq.heappush(heap, (-fresh, candidate, len(sites)))
    return sites


def exchange(question: CoverQuestion, sites: list[int], rounds: int = 200) -> list[int]:
    """Swap one site for another as long as more elders are reached, the best swap each time."""
    table, weights = question.cover.table(), question.cover.weights
    chosen = list(sites)
    for _ in range(rounds):
        times = np.zeros(question.cover.client_count, dtype=np.int64)
        for site in chosen:
            times[question.cover.reached_by(site)] += 1
        best = (0, -1, -1)
        spent = 0 if question.costs is None else int(question.costs[chosen].sum())
        for place, site in enumerate(chosen):
            mine = question.cover.reached_by(site)
            lost = int(weights[mine][times[mine] == 1].sum())
            without = np.where(times == 0, weights, 0)
            without[mine] = np.where(times[mine] == 1, weights[mine], 0)
            gain = table @ without.astype(np.float64) - lost
            gain[chosen] = 0.0
            if question.costs is not None:
                gain[~question.affordable(spent - int(question.costs[site]))] = 0.0
            into = int(np.argmax(gain))
            if round(gain[into]) > best[0]:
                best = (round(gain[into]), place, into)
        if best[0] == 0:
            break
        chosen[best[1]] = best[2]
    return sorted(chosen)


def quick_bound(question: CoverQuestion, sites: list[int]) -> float:
    """Give what no choice can beat: what is reached, plus the most the best others could each still add."""
    cover = question.cover
    left = cover.weights.copy()
    for site in sites:
        left[cover.reached_by(site)] = 0
    more = cover.table() @ left.astype(np.float64)
    whole = float(cover.weights[np.unique(cover.clients)].sum())
    if question.costs is None or question.budget is None:
        added = float(np.sort(more)[::-1][: question.count].sum())
    else:
        added = _filled(more, question.costs, question.budget)
    return min(whole, cover.objective(sites) + added)


def _filled(worth: Floats, costs: Longs, budget: int) -> float:
    """The most a budget can buy when the last piece may be cut."""
    order = np.argsort(-worth / np.maximum(costs, 1e-9), kind="stable")
    total, left = 0.0, float(budget)
    for at in order:
        if costs[at] <= left:
            total, left = total + float(worth[at]), left - float(costs[at])
        else:
            return float(total + worth[at] * left / costs[at])
    return total


def cover_at_once(question: CoverQuestion) -> SiteAnswer:
    """Choose sites without waiting: lazy greedy, then exchange; with the gap to a bound.

    With a budget the better of greedy by gain and greedy by gain per cost is taken (Khuller, Moss and Naor 1999).
    """
    begun = [lazy_greedy(question)]
    if question.costs is not None:
        begun.append(lazy_greedy(question, per_cost=True))
    bound = min(quick_bound(question, sites) for sites in begun)
    found = [exchange(question, sites) for sites in begun]
    best = max(found, key=lambda sites: question.cover.objective(sites))
    return judged(question.cover.objective(best), bound, tuple(best), more_is_better=True)


def fewest_at_once(cover: Cover, needed: int) -> list[int]:
    """Open sites by lazy greedy until `needed` elders are reached; fewer come only where no site can help."""
    question = CoverQuestion(cover, cover.candidate_count)
    sites: list[int] = []
    reached = 0
    left = cover.weights.copy()
    for site in lazy_greedy(question):
        if reached >= needed:
            break
        mine = cover.reached_by(site)
        reached += int(left[mine].sum())
        left[mine] = 0
        sites.append(site)
    return sites
