"""Sites that reach the most elders: against every choice on small questions, with budgets, places and shares."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geo.siting.answer import SitingError
from geo.siting.capacitated import PlacesQuestion, solve_places
from geo.siting.covering import Cover, CoverQuestion, cover_at_once, cover_of, lazy_greedy
from geo.siting.exact_covering import solve_cover, solve_fewest
from geo.siting.lagrange_cover import bound_cover


@some.composite
def covers(draw: some.DrawFn) -> Cover:
    candidates, clients = draw(some.integers(1, 8)), draw(some.integers(1, 12))
    reach = draw(some.lists(some.booleans(), min_size=candidates * clients, max_size=candidates * clients))
    weights = draw(some.lists(some.integers(0, 9), min_size=clients, max_size=clients))
    at, who = np.nonzero(np.array(reach).reshape(candidates, clients))
    return cover_of(at, who, np.array(weights, dtype=np.int64), candidates)


@some.composite
def questions(draw: some.DrawFn) -> CoverQuestion:
    cover = draw(covers())
    count = draw(some.integers(1, cover.candidate_count))
    if draw(some.booleans()):
        return CoverQuestion(cover, count)
    many = cover.candidate_count
    costs = np.array(draw(some.lists(some.integers(1, 9), min_size=many, max_size=many)), dtype=np.int64)
    return CoverQuestion(cover, count, costs, draw(some.integers(1, 25)))


def choices(question: CoverQuestion) -> list[tuple[int, ...]]:
    every = range(question.cover.candidate_count)
    found = [sites for size in range(question.count + 1) for sites in combinations(every, size)]
    if question.costs is None or question.budget is None:
        return found
    return [sites for sites in found if sum(question.costs[list(sites)]) <= question.budget]


def most(question: CoverQuestion) -> int:
    return max(question.cover.objective(sites) for sites in choices(question))


@settings(max_examples=60, deadline=None)
@given(questions())
def test_the_exact_answer_reaches_as_many_as_any_choice(question: CoverQuestion) -> None:
    answer = solve_cover(question, exact=True, time_limit=30)
    assert answer.proven_optimal and answer.objective == most(question) == question.cover.objective(answer.sites)
    assert answer.sites in choices(question)


@settings(max_examples=60, deadline=None)
@given(questions())
def test_the_quick_answer_keeps_its_promise_and_its_bound(question: CoverQuestion) -> None:
    answer = cover_at_once(question)
    best = most(question)
    assert answer.sites in choices(question)
    assert answer.objective == question.cover.objective(answer.sites) <= best <= answer.bound + 1e-6
    if question.costs is None:
        assert answer.objective >= (1 - 1 / math.e) * best - 1e-9


@settings(max_examples=60, deadline=None)
@given(covers(), some.data())
def test_lazy_greedy_opens_what_plain_greedy_opens(cover: Cover, data: some.DataObject) -> None:
    count = data.draw(some.integers(1, cover.candidate_count))
    plain: list[int] = []
    for _ in range(count):
        gains = [cover.objective([*plain, site]) - cover.objective(plain) for site in range(cover.candidate_count)]
        if max(gains) > 0:
            plain.append(int(np.argmax(gains)))
    assert lazy_greedy(CoverQuestion(cover, count)) == plain


@settings(max_examples=60, deadline=None)
@given(covers(), some.data())
def test_the_bound_rules_out_no_site_of_a_better_choice(cover: Cover, data: some.DataObject) -> None:
    question = CoverQuestion(cover, data.draw(some.integers(1, cover.candidate_count)))
    best = most(question)
    pretended = max(best - 2, 0)
    found = bound_cover(question, pretended, 30)
    assert found.bound >= best - 1e-6
    may, must = found.undecided(question.count, pretended)
    for sites in combinations(range(cover.candidate_count), question.count):
        if cover.objective(sites) > pretended:
            assert set(sites) <= set(may.tolist()) and set(must.tolist()) <= set(sites)


@settings(max_examples=60, deadline=None)
@given(covers(), some.integers(0, 100))
def test_the_fewest_sites_are_the_fewest(cover: Cover, percent: int) -> None:
    reachable = cover.objective(range(cover.candidate_count))
    needed = reachable * percent // 100
    answer = solve_fewest(cover, needed, exact=True, time_limit=30)
    every = range(cover.candidate_count)
    sizes = [n for n in range(len(every) + 1) for sites in combinations(every, n) if cover.objective(sites) >= needed]
    assert answer.proven_optimal and answer.objective == min(sizes) == len(answer.sites)
    assert cover.objective(answer.sites) >= needed


def placed(cover: Cover, sites: tuple[int, ...], places: np.ndarray) -> int:
    """Count by Hall: the least, over parts of the sites, of their room and the elders only the others reach."""
    best = math.inf
    for size in range(len(sites) + 1):
        for full in combinations(sites, size):
            others = [site for site in sites if site not in full]
            best = min(best, sum(int(places[site]) for site in full) + cover.objective(others))
    return int(best)


@settings(max_examples=60, deadline=None)
@given(questions(), some.data())
def test_with_places_the_exact_answer_seats_as_many_as_any_choice(
    question: CoverQuestion, data: some.DataObject
) -> None:
    many = question.cover.candidate_count
    places = np.array(data.draw(some.lists(some.integers(0, 20), min_size=many, max_size=many)), dtype=np.int64)
    asked = PlacesQuestion(question, places)
    answer = solve_places(asked, exact=True, time_limit=30)
    best = max(placed(question.cover, sites, places) for sites in choices(question))
    assert answer.proven_optimal and answer.objective == best == asked.objective(list(answer.sites))
    quick = solve_places(asked)
    assert quick.objective <= best <= quick.bound + 1e-6


def test_a_budget_without_prices_is_refused() -> None:
    cover = cover_of(np.array([0]), np.array([0]), np.array([3]), 1)
    with pytest.raises(SitingError):
        CoverQuestion(cover, 1, None, 100)
    with pytest.raises(SitingError):
        CoverQuestion(cover, 2)
