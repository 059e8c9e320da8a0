"""What must hold between two walks, whatever the streets are."""

import numpy as np
import pytest

from geo.circles import draw_circle
from geo.profiles import PROFILES
from geo.snap import Snapper, Snaps
from geo.walking import build_graph, nearest_at, nearest_origins, walk_from
from tests.geo.city_streets import CITIES, city_network, doors


@pytest.mark.parametrize("city", CITIES)
def test_a_new_facility_makes_no_home_farther_and_a_lost_one_none_nearer(city: str) -> None:
    network = city_network(city)
    graph, snapper = build_graph(network, PROFILES["elder"]), Snapper(network)
    facilities, homes = snapper.snap(*doors(city, 12, seed=21)), snapper.snap(*doors(city, 300, seed=22))
    before = np.full(len(homes), np.inf)
    for count in range(1, len(facilities) + 1):
        some = facilities.pick(np.arange(count))
        after = nearest_at(graph, nearest_origins(graph, some), some, homes).costs
        assert (after <= before).all()
        assert (after <= 900.0).sum() >= (before <= 900.0).sum()
        before = after
    assert np.isfinite(before).sum() > 100


@pytest.mark.parametrize("city", CITIES)
def test_a_slower_walker_gains_nothing(city: str) -> None:
    network = city_network(city)
    origins = Snapper(network, step_free=True).snap(*doors(city, 10, seed=23))
    for position in np.flatnonzero(origins.found):
        costs = [
            walk_from(build_graph(network, PROFILES[code]), origins, position, 900.0).dense(network.node_count)
            for code in ("planning", "elder", "frail")
        ]
        assert (costs[0] <= costs[1]).all() and (costs[1] <= costs[2]).all()
        lengths = [
            draw_circle(build_graph(network, PROFILES[code]), origins.pick([position]), 600.0)
            .pieces.length_m(network)
            .sum()
            for code in ("planning", "elder", "frail")
        ]
        assert lengths[0] >= lengths[1] >= lengths[2] > 0


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("code", sorted(PROFILES))
def test_a_few_steps_along_the_street_change_no_walk_by_more_than_those_steps(city: str, code: str) -> None:
    network, profile = city_network(city), PROFILES[code]
    graph = build_graph(network, profile)
    origins = Snapper(network, step_free=profile.step_free).snap(*doors(city, 15, seed=24))
    moves = np.random.default_rng(25).uniform(0.0, 1.0, len(origins))
    for position in np.flatnonzero(origins.found):
        here = origins.pick([position])
        there = Snaps(here.edge, moves[[position]], here.distance_m, here.lons, here.lats)
        steps = abs(float(moves[position] - here.fraction[0])) * graph.edge_cost[here.edge[0]]
        one = walk_from(graph, here, 0, np.inf).dense(graph.node_count)
        two = walk_from(graph, there, 0, np.inf).dense(graph.node_count)
        reached = np.isfinite(one)
        assert np.array_equal(reached, np.isfinite(two)) and reached.sum() > 2
        assert np.abs(one[reached] - two[reached]).max() <= steps + 1e-6
