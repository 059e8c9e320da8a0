"""From the door to the street: the nearest edge of a part of the network one can live in."""

import numpy as np
import pytest

from geo.network import Network, build_network, geodesic_m
from geo.osm_reader import Way
from geo.snap import Snapper
from geo.walkability import Walkable
from tests.geo.city_streets import city_network, doors

DEGREE = 0.001 / float(geodesic_m(118.0, 32.0, 118.001, 32.0))
NORTH = 0.001 / float(geodesic_m(118.0, 32.0, 118.0, 32.001))


def way(way_id: int, points: list[tuple[int, float, float]]) -> tuple[Way, Walkable]:
    """A street through (id, metres east, metres north) of (118, 32)."""
    ids, east, north = zip(*points, strict=True)
    lons, lats = 118.0 + np.array(east) * DEGREE, 32.0 + np.array(north) * NORTH
    return Way(way_id, np.array(ids), lons, lats, {}), Walkable("residential", False, False)


def town_and_yard() -> Network:
    """Sixty crossings in a line, and a yard of one lane, 20 m from the door, that the map does not join."""
    line = [way(k, [(k, 100.0 * k, 0.0), (k + 1, 100.0 * (k + 1), 0.0)]) for k in range(60)]
    return build_network([*line, way(99, [(900, 480.0, 80.0), (901, 520.0, 80.0)])])


def test_a_yard_that_the_map_does_not_join_catches_nobody() -> None:
    network = town_and_yard()
    snaps = Snapper(network).snap(118.0 + 500 * DEGREE, 32.0 + 60 * NORTH)
    assert network.edge_way_ids[snaps.edge[0]] != 99
    assert snaps.distance_m[0] == pytest.approx(60.0, abs=0.01)


def test_a_door_in_the_middle_of_a_long_street_meets_the_street_and_not_its_corner() -> None:
    network = build_network([way(1, [(1, 0.0, 0.0), (2, 250.0, 0.0), (3, 500.0, 0.0)])])
    snaps = Snapper(network).snap(118.0 + 125 * DEGREE, 32.0 + 30 * NORTH)
    assert snaps.fraction[0] == pytest.approx(0.25, abs=1e-5)
    assert snaps.distance_m[0] == pytest.approx(30.0, abs=0.01)
    assert geodesic_m(snaps.lons[0], snaps.lats[0], 118.0 + 125 * DEGREE, 32.0) < 0.05


def test_beyond_three_hundred_metres_a_door_is_unsnapped_but_listed() -> None:
    snapper = Snapper(town_and_yard())
    snaps = snapper.snap([118.0 + 300 * DEGREE] * 3, [32.0 - metres * NORTH for metres in (299.0, 301.0, 5000.0)])
    assert snaps.found.tolist() == [True, False, False]
    assert np.isinf(snaps.distance_m[1:]).all()


def test_nobody_at_all_may_be_snapped() -> None:
    assert len(Snapper(town_and_yard()).snap(np.zeros(0), np.zeros(0))) == 0


@pytest.mark.parametrize("city", ("nanjing", "helsinki"))
def test_no_other_usable_street_is_nearer(city: str) -> None:
    network = city_network(city)
    lons, lats = doors(city, 40, seed=5)
    snaps = Snapper(network).snap(lons, lats)
    usable = network.usable_component[network.edge_component][network.shape_edge]
    for k in np.flatnonzero(snaps.found):
        points = geodesic_m(
            np.full(usable.sum(), lons[k]),
            np.full(usable.sum(), lats[k]),
            network.shape_lons[usable],
            network.shape_lats[usable],
        )
        assert snaps.distance_m[k] <= points.min() + 1e-3
    assert network.usable_component[network.edge_component[snaps.edge[snaps.found]]].all()
