"""Who is left out and where the next facility should stand: each number against its rows and against every choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from services.circles.actions import refresh_reach
from services.circles.gaps import FEWEST, gaps_as_geojson, gaps_of
from services.circles.scenario_errors import CannotSite, NoOfficeArea
from services.circles.site_ground import candidates_of, demand_of
from services.circles.site_wishes import CandidateSite, SiteWish
from services.circles.sites import describe, prepare, propose_sites, solve
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.unit_of_work import Actor, introduce
from tests.services.circles.quarter import (
    CITY,
    NEIGHBOUR_STREET,
    STREET,
    WANG_HOME,
    Quarter,
    add_elder,
    add_facility,
    lay_ground,
)

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
OFFICER = Actor(None, "officer", area_lo=STREET, area_hi=STREET + 10**6 - 1)
CITY_OFFICER = Actor(None, "officer", area_lo=CITY, area_hi=CITY + 10**11 - 1)
WISH = SiteWish("quarter_5", "elder", count=2, spacing_m=300)


@pytest.fixture(scope="module")
def quarter(module_database: Any) -> Iterator[tuple[Any, Quarter]]:
    """Seven elders at one door far from the only station, five near it, and a few spread out."""
    with module_database.session("jobs") as session:
        lay_ground(session, NOW)
        chance = np.random.default_rng(7)
        homes = [(118.7850, 32.0465)] * 7 + [WANG_HOME] * 5
        homes += [(chance.uniform(118.770, 118.792), chance.uniform(32.038, 32.049)) for _ in range(40)]
        people = {
            f"老人{n}": add_elder(session, NOW, f"老人{n}", home, STREET if n < 40 else NEIGHBOUR_STREET)
            for n, home in enumerate(homes)
        }
        station = (WANG_HOME[0] + 0.0003, WANG_HOME[1])
        sites = {"站": add_facility(session, "st", station, "service_station", ("convenience",), now=NOW)}
        session.commit()
        refresh_reach(session, NOW, CITY)
        session.commit()
    yield module_database, Quarter(people, sites)


@pytest.fixture
def session(quarter: tuple[Any, Quarter]) -> Iterator[Any]:
    with quarter[0].session("app") as opened:
        introduce(opened, CITY_OFFICER)
        yield opened


def rules_of(session: Any) -> Any:
    return rules_in_force(session, CITY, civil_date(NOW))


def test_every_gap_is_the_count_of_its_rows(session: Any) -> None:
    found = gaps_of(session, CITY_OFFICER, rules_of(session), "quarter_5", "elder")
    rows = session.connection().execute(
        text(
            "SELECT area_code / 1000 * 1000, count(*) FILTER (WHERE NOT within), count(*) FROM elder_reach"
            " WHERE tier_code = 'quarter_5' AND profile = 'elder' AND NOT in_margin GROUP BY 1"
        )
    )
    expected = {code: (left_out, total) for code, left_out, total in rows}
    assert {one.area_code: (one.left_out, one.total) for one in found.communities} == expected
    assert found.left_out == sum(left_out for left_out, _ in expected.values()) > 0
    counts = [one.left_out for one in found.communities]
    assert counts == sorted(counts, reverse=True)


def test_seven_elders_at_one_door_are_a_knot_and_a_knot_is_never_of_fewer_than_five(session: Any) -> None:
    found = gaps_of(session, CITY_OFFICER, rules_of(session), "quarter_5", "elder")
    assert found.knots and all(knot.left_out >= FEWEST for knot in found.knots)
    assert any(abs(knot.lon - 118.7850) < 0.003 and abs(knot.lat - 32.0465) < 0.003 for knot in found.knots)
    assert found.scattered == (found.left_out or 0) - sum(knot.left_out for knot in found.knots)
    assert len(gaps_as_geojson(found)["features"]) == len(found.knots)


def test_the_walk_to_the_nearest_facility_is_told_in_minutes_and_metres(session: Any) -> None:
    found = gaps_of(session, CITY_OFFICER, rules_of(session), "quarter_5", "elder")
    worst = found.communities[0]
    assert worst.minutes is not None and worst.metres is not None and worst.straight_m is not None
    assert worst.minutes > 5 and worst.metres == pytest.approx(worst.minutes * 60 * 0.8, rel=0.02)
    by_metres = gaps_of(session, CITY_OFFICER, rules_of(session), "quarter_5", "gb50180")
    assert all(one.minutes is None for one in by_metres.communities)


def test_an_office_is_told_of_its_own_area_only(quarter: tuple[Any, Quarter]) -> None:
    with quarter[0].session("app") as session:
        introduce(session, OFFICER)
        found = gaps_of(session, OFFICER, rules_of(session), "quarter_5", "elder", CITY)
        assert {one.area_code // 10**6 * 10**6 for one in found.communities} == {STREET}


def test_who_may_not_see_people_gets_no_small_figure(session: Any) -> None:
    looker = replace(CITY_OFFICER, role="administrator")
    found = gaps_of(session, looker, rules_of(session), "quarter_5", "elder")
    full = gaps_of(session, CITY_OFFICER, rules_of(session), "quarter_5", "elder")
    for one, whole in zip(
        sorted(found.communities, key=lambda one: one.area_code),
        sorted(full.communities, key=lambda one: one.area_code),
        strict=True,
    ):
        small = min(whole.left_out or 0, (whole.total or 0) - (whole.left_out or 0))
        if 0 < small < FEWEST:
            assert one.suppressed and one.left_out is one.total is None
        if not one.suppressed:
            assert one.left_out == whole.left_out


def test_somebody_without_an_area_has_no_gaps_to_see(session: Any) -> None:
    with pytest.raises(NoOfficeArea):
        gaps_of(session, Actor(1, "carer"), rules_of(session), "quarter_5", "elder")


def test_the_exact_answer_reaches_as_many_as_any_two_candidates(session: Any) -> None:
    prepared = prepare(session, NOW, CITY, CITY, replace(WISH, exact=True))
    assert 5 <= prepared.cover.candidate_count <= 300
    answer = describe(session, prepared, solve(prepared))
    every = combinations(range(prepared.cover.candidate_count), 2)
    assert answer.proven_optimal and answer.objective == max(prepared.cover.objective(two) for two in every)
    assert answer.reached_after == answer.reached_before + answer.objective
    assert sum(site.adds for site in answer.sites) == answer.objective


def test_what_an_answer_promises_is_what_coverage_counts_once_it_is_built(quarter: tuple[Any, Quarter]) -> None:
    database, _ = quarter
    with database.session("jobs") as session:
        answer = propose_sites(session, NOW, CITY, CITY, replace(WISH, exact=True))
        for number, site in enumerate(answer.sites):
            add_facility(session, f"new{number}", (site.lon, site.lat), "service_station", ("convenience",), now=NOW)
        refresh_reach(session, NOW, CITY)
        reached = session.connection().execute(
            text(
                "SELECT count(*) FROM elder_reach WHERE tier_code = 'quarter_5' AND profile = 'elder'"
                " AND within AND NOT in_margin"
            )
        ).scalar_one()  # fmt: skip
        session.rollback()
    assert reached == answer.reached_after > answer.reached_before


def test_a_candidate_reaches_a_door_exactly_when_the_walk_is_short_enough(session: Any) -> None:
    from services.circles.site_ground import pairs_of

    demand = demand_of(session, civil_date(NOW), CITY, CITY, WISH)
    candidates = candidates_of(session, CITY, demand, WISH)
    who = np.ones(len(demand.standing.trusted), dtype=bool)
    pairs = pairs_of(demand, candidates, who, demand.limit)
    found = set(zip(pairs.candidates.tolist(), pairs.places.tolist(), strict=True))
    from geo.walking import costs_at, walk_from

    graph = demand.ground.graph(demand.profile)
    assert graph is not None
    assert demand.standing.trusted.any(), "somebody must be judged by streets, or nothing is compared"
    for candidate in range(0, len(candidates.sites), 7):
        one = candidates.snaps.pick([candidate])
        table = walk_from(graph, candidates.snaps, candidate, demand.limit).dense(graph.node_count)
        costs = costs_at(graph, table, one, demand.standing.snaps)
        for place in np.flatnonzero(demand.standing.trusted).tolist():
            assert ((candidate, place) in found) == bool(costs[place] <= demand.limit)


def test_shorter_walks_fewest_sites_places_and_budgets_are_answered(session: Any) -> None:
    walks = propose_sites(session, NOW, CITY, CITY, replace(WISH, model="pmedian", exact=True))
    assert walks.proven_optimal and walks.mean_before is not None and walks.mean_after is not None
    assert walks.mean_after < walks.mean_before
    half = propose_sites(session, NOW, CITY, CITY, replace(WISH, model="lscp", share=0.9, exact=True))
    assert half.reached_after >= min(0.9 * half.total, half.total - half.beyond_all) - 1e-9
    assert half.objective == len(half.sites)
    room = propose_sites(session, NOW, CITY, CITY, replace(WISH, places=3, exact=True))
    assert room.objective <= 6 and room.reached_after == room.reached_before + room.objective
    places = tuple(CandidateSite(118.77 + 0.004 * n, 32.045, f"点{n}", cost_fen=100 * (n + 1)) for n in range(5))
    money = propose_sites(session, NOW, CITY, CITY, replace(WISH, candidates=places, budget_fen=300, exact=True))
    assert sum(site.cost_fen or 0 for site in money.sites) <= 300


def test_one_question_has_one_answer(session: Any) -> None:
    one = propose_sites(session, NOW, CITY, CITY, replace(WISH, exact=True))
    again = propose_sites(session, NOW, CITY, CITY, replace(WISH, exact=True))
    assert replace(one, seconds=0.0) == replace(again, seconds=0.0)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"count": 0}, "count"),
        ({"tier_code": "moon"}, "tier_code"),
        ({"budget_fen": 100}, "budget_fen"),
        ({"model": "lscp", "places": 3}, "model"),
        ({"spacing_m": 1}, "spacing_m"),
        ({"candidates": (CandidateSite(100.0, 30.0),), "model": "pmedian", "count": 0}, "count"),
    ],
)
def test_a_question_without_an_answer_is_refused_naming_the_field(
    session: Any, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(CannotSite) as refused:
        propose_sites(session, NOW, CITY, CITY, replace(WISH, **wrong))
    assert refused.value.facts["field"] == field


def test_a_wish_survives_being_kept() -> None:
    wish = replace(WISH, candidates=(CandidateSite(118.7, 32.0, "点", 5, 6),))
    assert SiteWish.from_json(wish.as_json()) == wish
