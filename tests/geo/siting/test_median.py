"""Sites that make the walks shortest: against every choice on small questions, and against the published optima."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geo.siting.answer import SitingError
from geo.siting.exact_median import solve_median
from geo.siting.files import read_pmed
from geo.siting.lagrange_median import bound_median
from geo.siting.median import MedianQuestion, greedy_sites, interchange

DATA = Path(__file__).parent / "data"
OPTIMA = {
    name: int(value) for name, value in (line.split() for line in (DATA / "optimum.txt").read_text().splitlines())
}
QUICK = ("pmed1", "pmed2", "pmed3", "pmed4", "pmed5", "pmed6")


@some.composite
def questions(draw: some.DrawFn, standing: bool = True) -> MedianQuestion:
    clients, candidates = draw(some.integers(1, 9)), draw(some.integers(1, 8))
    cell = some.integers(0, 30)
    costs = draw(some.lists(cell, min_size=clients * candidates, max_size=clients * candidates))
    already = draw(some.none() | some.lists(cell, min_size=clients, max_size=clients)) if standing else None
    return MedianQuestion(
        np.array(costs, dtype=np.int64).reshape(clients, candidates),
        draw(some.integers(1, candidates)),
        None if already is None else np.array(already, dtype=np.int64),
    )


def least(question: MedianQuestion) -> int:
    return min(question.objective(sites) for sites in combinations(range(question.costs.shape[1]), question.count))


@settings(max_examples=60, deadline=None)
@given(questions())
def test_the_exact_answer_is_the_best_of_all_choices(question: MedianQuestion) -> None:
    answer = solve_median(question, exact=True, time_limit=30)
    assert answer.proven_optimal and answer.gap == 0
    assert answer.objective == least(question) == question.objective(answer.sites)
    assert len(set(answer.sites)) == question.count


@settings(max_examples=60, deadline=None)
@given(questions())
def test_the_quick_answer_never_claims_more_than_it_knows(question: MedianQuestion) -> None:
    answer = solve_median(question)
    best = least(question)
    assert answer.bound <= best <= answer.objective == question.objective(answer.sites)
    assert not answer.proven_optimal or answer.objective == best


@settings(max_examples=60, deadline=None)
@given(questions())
def test_no_single_swap_improves_what_interchange_leaves(question: MedianQuestion) -> None:
    sites = interchange(question, greedy_sites(question))
    value = question.objective(sites)
    closed = set(range(question.costs.shape[1])) - set(sites)
    swapped = [[*(site for site in sites if site != out), into] for out in sites for into in closed]
    assert all(question.objective(other) >= value for other in swapped)


@settings(max_examples=60, deadline=None)
@given(questions())
def test_the_bound_rules_out_no_site_of_a_better_choice(question: MedianQuestion) -> None:
    best = least(question)
    pretended = best + 3  # as if the best known choice were worse
    found = bound_median(question, pretended, 40)
    may, must = found.undecided(question.count, pretended)
    for sites in combinations(range(question.costs.shape[1]), question.count):
        if question.objective(sites) < pretended:
            assert set(sites) <= set(may.tolist()) and set(must.tolist()) <= set(sites)


@pytest.mark.parametrize("name", QUICK)
def test_a_published_problem_is_solved_to_its_optimum(name: str) -> None:
    _solve(name)


@pytest.mark.drill
@pytest.mark.parametrize("name", sorted(set(OPTIMA) - set(QUICK)))
def test_a_large_published_problem_is_solved_to_its_optimum(name: str) -> None:
    _solve(name)


def _solve(name: str) -> None:
    problem = read_pmed(DATA / f"{name}.txt")
    question = MedianQuestion(problem.costs, problem.count)
    answer = solve_median(question, exact=True, time_limit=600)
    assert answer.proven_optimal and answer.objective == OPTIMA[name] == question.objective(answer.sites)


def test_what_stands_already_is_never_closed_and_always_counts() -> None:
    costs = np.array([[0, 9], [9, 0], [9, 9]], dtype=np.int64)
    question = MedianQuestion(costs, 1, already=np.array([5, 5, 1]))
    answer = solve_median(question, exact=True)
    assert answer.objective == 6 and answer.sites == (0,)


def test_one_question_has_one_answer() -> None:
    problem = read_pmed(DATA / "pmed2.txt")
    question = MedianQuestion(problem.costs, problem.count)
    assert solve_median(question, exact=True) == solve_median(question, exact=True)


def test_when_the_time_is_over_the_answer_says_how_far_it_may_be_off() -> None:
    problem = read_pmed(DATA / "pmed16.txt")
    answer = solve_median(MedianQuestion(problem.costs, problem.count), exact=True, time_limit=0.2)
    assert answer.bound <= OPTIMA["pmed16"] <= answer.objective
    assert answer.proven_optimal or 0 < answer.gap < 1


def test_more_sites_than_candidates_cannot_be_asked_for() -> None:
    with pytest.raises(SitingError, match="候选只有2处"):
        MedianQuestion(np.zeros((3, 2), dtype=np.int64), 3)
