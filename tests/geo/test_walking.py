"""Exact seconds on real streets, with scipy as the oracle."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.answer import answer_circles
from geo.circles import draw_circle
from geo.cores import nearest_on_cores
from geo.network import Network, build_network, geodesic_m
from geo.osm_reader import Way
from geo.profiles import PROFILES
from geo.snap import Snapper, Snaps
from geo.walkability import Walkable
from geo.walking import (
    WalkGraph,
    build_graph,
    costs_at,
    nearest_at,
    nearest_origins,
    seeds,
    walk_from,
    walk_from_each,
)
from tests.geo.city_streets import CITIES, city_network, doors, metres_from


def scipy_costs(graph: WalkGraph, origins: Snaps, position: int, limit: float) -> np.ndarray:
    """Costs from a door by scipy: the door is one more node with an arc to each end of its street."""
    tails = np.repeat(np.arange(graph.node_count), np.diff(graph.indptr))
    ends, starts = seeds(graph, origins.pick([position]))
    tails = np.concatenate([tails, np.full(2, graph.node_count)])
    heads = np.concatenate([graph.indices, ends])
    costs = np.concatenate([graph.weights, starts])
    order = np.lexsort((costs, heads, tails))  # of parallel streets the least, or scipy would add them up
    tails, heads, costs = tails[order], heads[order], costs[order]
    first = np.ones(len(tails), dtype=bool)
    first[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
    shape = (graph.node_count + 1, graph.node_count + 1)
    table = csr_array((costs[first], (tails[first], heads[first])), shape=shape)
    return np.asarray(dijkstra(table, indices=graph.node_count, limit=limit)[:-1])


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("code", sorted(PROFILES))
def test_the_kernel_finds_what_scipy_finds_to_the_last_bit(city: str, code: str) -> None:
    network, profile = city_network(city), PROFILES[code]
    graph, snapper = build_graph(network, profile), Snapper(network, step_free=profile.step_free)
    origins = snapper.snap(*doors(city, 60))
    limit = 1000.0 if profile.measure == "metres" else 900.0
    assert origins.found.sum() >= 20
    for position in np.flatnonzero(origins.found):
        oracle = scipy_costs(graph, origins, position, limit)
        assert np.array_equal(walk_from(graph, origins, position, limit).dense(graph.node_count), oracle)
    unlimited = scipy_costs(graph, origins, position, np.inf)
    assert np.array_equal(walk_from(graph, origins, position, np.inf).dense(graph.node_count), unlimited)


@pytest.mark.parametrize("city", CITIES)
def test_many_facilities_at_once_are_the_least_of_scipys_walks_however_the_city_is_shared(city: str) -> None:
    network = city_network(city)
    graph = build_graph(network, PROFILES["elder"])
    facilities = Snapper(network).snap(*doors(city, 25, seed=4))
    facilities = facilities.pick(facilities.found)
    oracle = np.min([scipy_costs(graph, facilities, k, np.inf) for k in range(len(facilities))], axis=0)
    assert np.array_equal(nearest_origins(graph, facilities).costs, oracle)
    nodes, costs = seeds(graph, facilities)
    whose = np.repeat(np.arange(len(facilities)), 2)
    for limit in (np.finfo(np.float64).max, 400.0):
        shared = nearest_on_cores(graph.arrays, nodes, costs, whose, limit, tile=64, cores=3, worth_a_core=100)
        assert np.array_equal(shared[0], np.where(oracle <= limit, oracle, np.inf))
        named = shared[1][np.isfinite(shared[0])]
        single = [walk_from(graph, facilities, k, np.inf).dense(graph.node_count) for k in range(len(facilities))]
        assert np.array_equal(np.array(single)[named, np.flatnonzero(np.isfinite(shared[0]))], oracle[oracle <= limit])


@pytest.mark.parametrize("city", CITIES)
def test_every_point_of_the_map_has_the_seconds_of_an_independent_walk(city: str) -> None:
    network = city_network(city)
    graph, snapper = build_graph(network, PROFILES["planning"]), Snapper(network)
    for lon, lat in zip(*doors(city, 4, seed=11), strict=True):
        origin = snapper.snap(lon, lat)
        if not origin.found[0]:
            continue
        answer = answer_circles(graph, snapper, lon, lat, [15], outlines=False)
        oracle = metres_from(city, beside(network, origin))
        expected = {osm_id: metres for osm_id, metres in oracle.items() if metres <= 900.0}
        found = {node["osm_id"]: node["seconds"] for node in answer["nodes"]}
        near_limit = {osm_id for osm_id, metres in oracle.items() if abs(metres - 900.0) < 1e-3}
        assert set(found) ^ set(expected) <= near_limit
        assert max(abs(found[osm_id] - expected[osm_id]) for osm_id in set(found) & set(expected)) < 1e-3


def beside(network: Network, origin: Snaps) -> dict[int, float]:
    """The map points on both sides of a snapped place, with the metres from the door."""
    edge = int(origin.edge[0])
    first, last = network.shape_offsets[edge], network.shape_offsets[edge + 1]
    along = network.shape_along_m[first:last]
    place = float(origin.fraction[0]) * network.edge_length_m[edge]
    after = min(max(int(np.searchsorted(along, place)), 1), len(along) - 1)
    walk = float(origin.distance_m[0])
    ids = network.shape_osm_ids[first:last]
    return {
        int(ids[k]): walk
        + float(
            geodesic_m(origin.lons[0], origin.lats[0], network.shape_lons[first + k], network.shape_lats[first + k])
        )
        for k in (after - 1, after)
    }


def test_two_doors_in_one_street_are_joined_along_it_and_not_by_its_ends() -> None:
    network = street_of(1000.0)
    graph, snapper = build_graph(network, PROFILES["elder"]), Snapper(network)
    metre = 1.0 / float(geodesic_m(118.0, 32.0, 118.001, 32.0)) * 0.001
    origin = snapper.snap(118.0 + 400 * metre, 32.0)
    door = snapper.snap(118.0 + 460 * metre, 32.0)
    table = walk_from(graph, origin, 0, 60.0).dense(graph.node_count)
    assert not np.isfinite(table).any(), "neither end of the street is within a minute"
    assert costs_at(graph, table, origin, door)[0] == pytest.approx(60 / 0.8, abs=0.05)
    circle = draw_circle(graph, origin, 60.0)
    reached = sorted((float(a), float(b)) for a, b in zip(circle.pieces.start, circle.pieces.end, strict=True))
    assert [end for _, end in reached] == pytest.approx([0.352, 0.448], abs=1e-4)


def street_of(length_m: float) -> Network:
    east = 118.0 + 0.001 * length_m / float(geodesic_m(118.0, 32.0, 118.001, 32.0))
    way = Way(1, np.array([1, 2]), np.array([118.0, east]), np.array([32.0, 32.0]), {})
    return build_network([(way, Walkable("residential", False, False))])


def test_the_nearest_facility_of_all_doors_is_the_least_of_single_walks() -> None:
    network = city_network("helsinki")
    graph, snapper = build_graph(network, PROFILES["elder"]), Snapper(network)
    facilities, homes = snapper.snap(*doors("helsinki", 30, seed=1)), snapper.snap(*doors("helsinki", 200, seed=2))
    nearest = nearest_at(graph, nearest_origins(graph, facilities), facilities, homes)
    single = np.array(
        [
            costs_at(graph, walk_from(graph, facilities, k, np.inf).dense(graph.node_count), one, homes)
            for k, one in ((k, facilities.pick([k])) for k in range(len(facilities)))
        ]
    )
    assert np.allclose(nearest.costs, single.min(axis=0), rtol=0, atol=1e-9)
    chosen = single[nearest.origins, np.arange(len(homes))]
    assert np.allclose(chosen, single.min(axis=0), rtol=0, atol=1e-9)


def test_the_table_of_all_walks_holds_the_single_walks() -> None:
    network = city_network("nanjing")
    graph = build_graph(network, PROFILES["gb50180"])
    facilities = Snapper(network).snap(*doors("nanjing", 20, seed=3))
    rows = walk_from_each(graph, facilities, 1000.0)
    for k in range(len(facilities)):
        alone = walk_from(graph, facilities, k, 1000.0)
        assert np.array_equal(rows.nodes[rows.origins == k], alone.nodes)
        assert np.array_equal(rows.costs[rows.origins == k], alone.costs)


def test_a_slower_elder_never_gains_and_a_wheelchair_takes_no_stairs() -> None:
    network = city_network("helsinki")
    origins = Snapper(network, step_free=True).snap(*doors("helsinki", 5))
    tables = {
        code: walk_from(build_graph(network, PROFILES[code]), origins, 0, 900.0).dense(network.node_count)
        for code in ("planning", "elder", "frail", "wheelchair")
    }
    assert (tables["planning"] <= tables["elder"]).all() and (tables["elder"] <= tables["frail"]).all()
    rolled = draw_circle(build_graph(network, PROFILES["wheelchair"]), origins.pick([0]), 900.0)
    assert len(rolled.pieces) > 50 and not network.edge_is_steps[rolled.pieces.edge].any()


def test_pieces_of_streets_end_where_the_time_is_up_and_cover_nothing_twice() -> None:
    network = city_network("helsinki")
    graph = build_graph(network, PROFILES["elder"])
    origins = Snapper(network).snap(*doors("helsinki", 5))
    circle = draw_circle(graph, origins.pick([0]), 400.0)
    pieces = circle.pieces
    assert (pieces.costs <= 400.0 + 1e-6).all() and (np.abs(pieces.end - pieces.start) > 1e-9).all()
    width = np.bincount(pieces.edge, np.abs(pieces.end - pieces.start), minlength=network.edge_count)
    assert width.max() <= 1.0 + 1e-9
    both = np.isfinite(circle.node_costs[network.edge_u]) & np.isfinite(circle.node_costs[network.edge_v])
    slack = circle.node_costs[network.edge_u] + graph.edge_cost + circle.node_costs[network.edge_v] <= 800.0
    assert np.allclose(width[both & slack], 1.0)


def test_an_unsnapped_door_reaches_nothing_and_stays_in_the_list() -> None:
    network = city_network("nanjing")
    graph = build_graph(network, PROFILES["elder"])
    homes = Snapper(network).snap([118.78, 119.5], [32.04, 32.5])
    assert homes.found.tolist() == [True, False] and len(homes) == 2
    assert len(walk_from(graph, homes, 1, 900.0).nodes) == 0
    facilities = Snapper(network).snap([118.779], [32.041])
    assert np.isinf(nearest_at(graph, nearest_origins(graph, facilities), facilities, homes).costs[1])
