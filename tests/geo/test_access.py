"""Access that minds capacity: against the definition written out, and what must hold whatever the city."""

import numpy as np
import pytest

from geo.access import FAST_DECAY, SLOW_DECAY, Pairs, band_weights, floating_catchment, nearest_with_room, pairs_within
from geo.profiles import PROFILES
from geo.snap import Snapper
from geo.walking import build_graph, costs_at, walk_from
from tests.geo.city_streets import city_network, doors

BANDS = np.array([600.0, 1200.0, 1800.0])
WEIGHTS = np.array(SLOW_DECAY)


def made_up(seed: int, doors: int = 7, places: int = 40) -> tuple[Pairs, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    cost = chance.uniform(0, 3000, (doors, places))
    origin, point = np.nonzero(cost <= 1800)
    return (
        Pairs(origin, point, cost[origin, point]),
        chance.integers(0, 30, doors) * 1.0,
        chance.integers(0, 9, places) * 1.0,
    )


def test_the_weights_are_those_of_the_paper_and_bands_hold_their_upper_end() -> None:
    assert SLOW_DECAY == (1.0, 0.68, 0.22) and FAST_DECAY == (1.0, 0.42, 0.09)
    costs = np.array([0.0, 600.0, 600.1, 1200.0, 1800.0, 1800.1, np.inf])
    assert band_weights(costs, BANDS, WEIGHTS).tolist() == [1.0, 1.0, 0.68, 0.68, 0.22, 0.0, 0.0]


@pytest.mark.parametrize("seed", range(5))
def test_both_steps_are_what_the_definition_says(seed: int) -> None:
    pairs, capacity, people = made_up(seed)
    found = floating_catchment(pairs, capacity, people, BANDS, WEIGHTS)
    near = {(int(o), int(p)): c for o, p, c in zip(pairs.origin, pairs.point, pairs.cost, strict=True)}

    def weight(cost: float) -> float:
        return 1.0 if cost <= 600 else 0.68 if cost <= 1200 else 0.22

    for door, holds in enumerate(capacity):
        demand = sum(people[p] * weight(c) for (o, p), c in near.items() if o == door)
        assert found.demand[door] == pytest.approx(demand)
        assert np.isnan(found.ratio[door]) if demand == 0 else found.ratio[door] == pytest.approx(holds / demand)
    for place in range(len(people)):
        access = sum(found.ratio[o] * weight(c) for (o, p), c in near.items() if p == place and found.demand[o] > 0)
        assert found.access[place] == pytest.approx(access)


@pytest.mark.parametrize("seed", range(5))
def test_capacity_is_shared_out_completely_and_more_of_it_harms_nobody(seed: int) -> None:
    pairs, capacity, people = made_up(seed)
    found = floating_catchment(pairs, capacity, people, BANDS, WEIGHTS)
    assert (found.access * people).sum() == pytest.approx(capacity[found.demand > 0].sum())
    more = floating_catchment(pairs, capacity + np.eye(len(capacity))[2] * 5, people, BANDS, WEIGHTS)
    assert (more.access >= found.access - 1e-12).all()
    crowd = people.copy()
    crowd[3] += 50
    assert (floating_catchment(pairs, capacity, crowd, BANDS, WEIGHTS).access <= found.access + 1e-12).all()


def test_the_nearest_with_room_passes_by_the_full_one() -> None:
    pairs = Pairs(np.array([0, 1, 2, 2]), np.array([0, 0, 0, 1]), np.array([100.0, 200.0, 300.0, 50.0]))
    costs, doors = nearest_with_room(pairs, np.array([0.0, 3.0, 1.0]), 3)
    assert costs.tolist() == [200.0, 50.0, np.inf] and doors.tolist() == [1, 2, -1]


def test_every_pair_is_the_exact_walk() -> None:
    network = city_network("helsinki")
    graph, snapper = build_graph(network, PROFILES["elder"]), Snapper(network)
    sites, homes = snapper.snap(*doors("helsinki", 12, seed=1)), snapper.snap(*doors("helsinki", 300, seed=2))
    pairs = pairs_within(graph, sites, homes, 900.0)
    assert len(set(zip(pairs.origin.tolist(), pairs.point.tolist(), strict=True))) == len(pairs.cost) > 50
    for door in range(12):
        table = walk_from(graph, sites, door, np.inf).dense(graph.node_count)
        exact = costs_at(graph, table, sites.pick([door]), homes)
        mine = pairs.origin == door
        assert pairs.point[mine].tolist() == np.flatnonzero(exact <= 900.0).tolist()
        assert pairs.cost[mine] == pytest.approx(exact[exact <= 900.0])
