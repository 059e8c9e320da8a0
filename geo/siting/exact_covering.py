"""Maximal covering and set covering with proof: bound and reduction first, then HiGHS on what is left."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, eye_array, hstack, vstack  # type: ignore[import-untyped, unused-ignore]

from geo.siting.answer import SiteAnswer, Tell, judged, silent
from geo.siting.covering import Cover, CoverQuestion, cover_at_once, fewest_at_once
from geo.siting.lagrange_cover import bound_cover
from geo.siting.milp import Programme, solve

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
BOUND_ROUNDS = 1200


def solve_cover(
    question: CoverQuestion, *, exact: bool = False, time_limit: float = 600.0, tell: Tell = silent
) -> SiteAnswer:
    """Choose the sites that reach the most elders; with `exact`, prove it within `time_limit` seconds.

    Who already has a facility must not weigh in the cover. Raises SitingError.
    """
    ends = time.monotonic() + time_limit
    known = cover_at_once(question)
    tell("heuristic", float(known.objective), known.bound)
    if not exact or known.proven_optimal:
        return known
    may, must = np.arange(question.cover.candidate_count), np.zeros(0, dtype=np.int64)
    if question.costs is None:
        found = bound_cover(question, known.objective, BOUND_ROUNDS, tell, until=ends)
        known = judged(known.objective, min(known.bound, found.bound), known.sites, more_is_better=True)
        if known.proven_optimal:
            return known
        may, must = found.undecided(question.count, known.objective)
        if len(may) < min(question.count, question.cover.candidate_count):
            return judged(known.objective, float(known.objective), known.sites, more_is_better=True)
        may = np.union1d(may, np.array(known.sites, dtype=np.int64))
    forced = np.isin(may, must) & np.isin(may, known.sites)
    return _by_programme(question, known, (may, forced), ends, tell)


def _by_programme(
    question: CoverQuestion, known: SiteAnswer, left: tuple[Longs, npt.NDArray[np.bool_]], ends: float, tell: Tell
) -> SiteAnswer:
    may, forced = left
    table, weights = merged_clients(question.cover.table()[may], question.cover.weights)
    programme = _programme(question, table, weights, may, forced)
    opened = np.isin(may, known.sites)
    start = np.concatenate([opened, (table.T @ opened.astype(np.float64)) > 0]).astype(np.float64)
    solved = solve(programme, ends - time.monotonic(), tell, start=start)
    sites, value = known.sites, known.objective
    if solved.values is not None:
        chosen = tuple(int(may[place]) for place in np.flatnonzero(solved.values[: len(may)] > 0.5))
        if question.cover.objective(chosen) > value:
            sites, value = chosen, question.cover.objective(chosen)
    # what was ruled out could not be better than what was known
    bound = min(known.bound, max(solved.bound, float(known.objective)))
    return judged(value, bound, sites, more_is_better=True)


def merged_clients(table: csr_array, weights: Longs) -> tuple[csr_array, Floats]:
    """Put clients that the same candidates reach together, and leave out those nobody reaches.

    `table` (candidates, clients) of ones; gives the same with fewer columns, and their weights.
    """
    by_client = table.T.tocsr()
    by_client.sort_indices()
    reached = np.flatnonzero((np.diff(by_client.indptr) > 0) & (weights > 0))
    groups: dict[bytes, int] = {}
    firsts: list[int] = []
    sums: list[float] = []
    for client in reached.tolist():
        key = by_client.indices[by_client.indptr[client] : by_client.indptr[client + 1]].tobytes()
        at = groups.setdefault(key, len(groups))
        if at == len(firsts):
            firsts.append(client)
            sums.append(0.0)
        sums[at] += float(weights[client])
    return csr_array(by_client[np.array(firsts, dtype=np.int64)].T), np.array(sums)


def _programme(
    question: CoverQuestion, table: csr_array, weights: Floats, may: Longs, forced: npt.NDArray[np.bool_]
) -> Programme:
    """Columns: sites, then clients (reached or not). Rows: a client needs an open site; count; budget."""
    sites, clients = table.shape
    limits = [np.ones(sites)]
    most = [float(question.count)]
    if question.costs is not None and question.budget is not None:
        limits.append(question.costs[may].astype(np.float64))
        most.append(float(question.budget))
    ceilings = hstack([csr_array(np.array(limits)), csr_array((len(most), clients))])
    reaches = hstack([table.T, -eye_array(clients)])
    columns = sites + clients
    return Programme(
        objective=np.concatenate([np.zeros(sites), weights]),
        lower=np.concatenate([forced.astype(np.float64), np.zeros(clients)]),
        upper=np.ones(columns),
        whole=np.arange(columns) < sites,
        rows=csr_array(vstack([reaches, ceilings])),
        row_lower=np.concatenate([np.zeros(clients), np.full(len(most), -np.inf)]),
        row_upper=np.concatenate([np.full(clients, np.inf), most]),
        more_is_better=True,
    )


def solve_fewest(
    cover: Cover, needed: int, *, exact: bool = False, time_limit: float = 600.0, tell: Tell = silent
) -> SiteAnswer:
    """Choose the fewest sites that reach at least `needed` elders; the objective is their number.

    Where all candidates together reach fewer, as many as they can reach are asked for. Raises SitingError.
    """
    needed = min(needed, int(cover.weights[np.unique(cover.clients)].sum()))
    if needed <= 0:
        return SiteAnswer(0, 0.0, (), True)
    sites = fewest_at_once(cover, needed)
    gains = np.sort(np.asarray(cover.table() @ cover.weights.astype(np.float64)))[::-1]
    least = float(np.searchsorted(np.cumsum(gains), needed) + 1)
    known = judged(len(sites), least, tuple(sites), more_is_better=False)
    if not exact or known.proven_optimal:
        return known
    table, weights = merged_clients(cover.table(), cover.weights)
    candidates, clients = table.shape
    every = needed >= int(weights.sum())
    reaches = hstack([table.T, -eye_array(clients)])
    enough = hstack([csr_array((1, candidates)), csr_array(weights[None, :])])
    columns = candidates + clients
    programme = Programme(
        objective=np.concatenate([np.ones(candidates), np.zeros(clients)]),
        lower=np.concatenate([np.zeros(candidates), np.full(clients, 1.0 if every else 0.0)]),
        upper=np.ones(columns),
        whole=np.arange(columns) < candidates,
        rows=csr_array(vstack([reaches, enough])),
        row_lower=np.concatenate([np.zeros(clients), [float(needed)]]),
        row_upper=np.full(clients + 1, np.inf),
    )
    opened = np.isin(np.arange(candidates), sites).astype(np.float64)
    start = np.concatenate([opened, (table.T @ opened) > 0]).astype(np.float64)
    solved = solve(programme, time_limit, tell, start=start)
    if solved.values is not None:
        chosen = np.flatnonzero(solved.values[:candidates] > 0.5).tolist()
        if len(chosen) < len(sites) and cover.objective(chosen) >= needed:
            sites = chosen
    return judged(len(sites), max(least, solved.bound), tuple(sites), more_is_better=False)
