"""Maximal covering where a site has room for so many: elders within reach count only while there is a place.

An elder may be served at any open site within her reach, so how many find a place is a flow; the elders at one
door may go to different sites.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack  # type: ignore[import-untyped, unused-ignore]
from scipy.sparse.csgraph import maximum_flow  # type: ignore[import-untyped, unused-ignore]

from geo.siting.answer import SiteAnswer, Tell, judged, silent
from geo.siting.covering import CoverQuestion, quick_bound
from geo.siting.exact_covering import merged_clients
from geo.siting.milp import Programme, solve

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PlacesQuestion:
    """A covering question in which candidate j has room for `places[j]` elders; int64 (m,)."""

    question: CoverQuestion
    places: Longs

    def objective(self, sites: list[int]) -> int:
        """Give how many elders find a place at these sites, as a maximum flow."""
        if not sites:
            return 0
        cover = self.question.cover
        table, weights = merged_clients(cover.table()[np.array(sites)], cover.weights)
        rows, columns = table.nonzero()
        many, clients = table.shape
        source, sink = many + clients, many + clients + 1
        tails = np.concatenate([np.full(many, source), rows, many + np.arange(clients)])
        heads = np.concatenate([np.arange(many), many + columns, np.full(clients, sink)])
        room = np.concatenate([self.places[sites], np.full(len(rows), 2**30), weights]).astype(np.int32)
        graph = csr_array((room, (tails, heads)), shape=(sink + 1, sink + 1))
        return int(maximum_flow(graph, source, sink).flow_value)


def solve_places(
    asked: PlacesQuestion, *, exact: bool = False, time_limit: float = 600.0, tell: Tell = silent
) -> SiteAnswer:
    """Choose the sites at which the most elders find a place within reach; with `exact`, proven."""
    ends = time.monotonic() + time_limit
    sites = _greedy(asked)
    value = asked.objective(sites)
    room = np.sort(asked.places)[::-1][: asked.question.count].sum()
    bound = min(quick_bound(asked.question, []), float(room))
    known = judged(value, bound, tuple(sites), more_is_better=True)
    tell("heuristic", float(value), bound)
    if not exact or known.proven_optimal:
        return known
    table, weights = merged_clients(asked.question.cover.table(), asked.question.cover.weights)
    solved = solve(_programme(asked, table, weights), ends - time.monotonic(), tell)
    if solved.values is not None:
        chosen = np.flatnonzero(solved.values[: table.shape[0]] > 0.5).tolist()
        if asked.objective(chosen) > value:
            sites, value = chosen, asked.objective(chosen)
    return judged(value, min(bound, solved.bound), tuple(sites), more_is_better=True)


def _greedy(asked: PlacesQuestion) -> list[int]:
    """Open where most find a place, then count anew with everybody free to choose again.

    A first guess of a gain (room, or elders within reach) is never too low, so most need no flow.
    """
    question = asked.question
    reach = np.asarray(question.cover.table() @ question.cover.weights.astype(np.float64))
    guess = np.minimum(reach, asked.places)
    sites: list[int] = []
    standing = spent = 0
    while len(sites) < question.count:
        may = question.affordable(spent)
        may[sites] = False
        best, best_gain = -1, 0
        for candidate in np.argsort(-guess, kind="stable").tolist():
            if not may[candidate]:
                continue
            if guess[candidate] <= best_gain:
                break
            gain = asked.objective([*sites, candidate]) - standing
            guess[candidate] = gain
            if gain > best_gain:
                best, best_gain = candidate, gain
        if best < 0:
            break
        sites.append(best)
        standing += best_gain
        spent += 0 if question.costs is None else int(question.costs[best])
    return sites


def _programme(asked: PlacesQuestion, table: csr_array, weights: Floats) -> Programme:
    """Columns: sites, then elders of client i served at site j. Rows: clients, places, pairs; count and budget."""
    sites, clients = table.shape
    at_site, at_client = table.nonzero()
    pairs = len(at_site)
    columns = sites + pairs
    every = np.arange(pairs)
    most = np.minimum(weights[at_client], asked.places[at_site].astype(np.float64))

    def rows(values: Floats, row: Longs, column: Longs, many: int) -> csr_array:
        return csr_array((values, (row, column)), shape=(many, columns))

    own = np.arange(sites)
    served = rows(np.ones(pairs), at_client, sites + every, clients)
    room = rows(np.ones(pairs), at_site, sites + every, sites) - rows(asked.places.astype(np.float64), own, own, sites)
    only_open = rows(np.ones(pairs), every, sites + every, pairs) - rows(most, every, at_site, pairs)
    limits = [rows(np.ones(sites), np.zeros(sites, dtype=np.int64), own, 1)]
    ceilings = [float(asked.question.count)]
    if asked.question.costs is not None and asked.question.budget is not None:
        costs = asked.question.costs.astype(np.float64)
        limits.append(rows(costs, np.zeros(sites, dtype=np.int64), own, 1))
        ceilings.append(float(asked.question.budget))
    together = csr_array(vstack([served, room, only_open, *limits]))
    return Programme(
        objective=np.concatenate([np.zeros(sites), np.ones(pairs)]),
        lower=np.zeros(columns),
        upper=np.concatenate([np.ones(sites), most]),
        whole=np.arange(columns) < sites,
        rows=together,
        row_lower=np.full(together.shape[0], -np.inf),
        row_upper=np.concatenate([weights, np.zeros(sites + pairs), ceilings]),
        more_is_better=True,
    )
