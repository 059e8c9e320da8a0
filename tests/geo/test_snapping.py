"""From the door to the street: the nearest edge of a part of the network one can live in."""

import numpy as np
import pytest
import shapely

from geo.network import Network, build_network, geodesic_m
from geo.osm_reader import Way
from geo.snap import Snapper, local_plane
from geo.walkability import Walkable
from tests.geo.city_streets import CITIES, city_network, doors

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


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("step_free", (False, True))
def test_every_door_meets_the_street_that_a_search_through_all_of_them_finds(city: str, step_free: bool) -> None:
    network = city_network(city)
    snapper = Snapper(network, step_free=step_free)
    lons, lats = doors(city, 60, seed=6)
    lons, lats = np.append(lons, [np.nan, lons[0] + 40.0, lons[1]]), np.append(lats, [lats[0], lats[0], 90.0])
    snaps = snapper.snap(lons, lats)
    to_plane, _ = local_plane(float(np.median(network.node_lons)), float(np.median(network.node_lats)))
    lines = shapely.transform(
        network.lines()[snapper.usable_edges], lambda x, y: to_plane.transform(x, y), interleaved=False
    )
    assert 30 <= snaps.found.sum() <= 60
    for k, (x, y) in enumerate(zip(*to_plane.transform(lons, lats), strict=True)):
        if not np.isfinite(x) or not np.isfinite(y):
            assert not snaps.found[k]
            continue
        metres = shapely.distance(lines, shapely.Point(x, y))
        assert snaps.found[k] == (metres.min() <= 300.0)
        if snaps.found[k]:
            mine = np.flatnonzero(snapper.usable_edges == snaps.edge[k])[0]
            assert metres[mine] == pytest.approx(metres.min(), abs=1e-6)
            assert snaps.distance_m[k] == pytest.approx(metres.min(), abs=0.05)
            foot = shapely.Point(*to_plane.transform(snaps.lons[k], snaps.lats[k]))
            place = shapely.line_interpolate_point(lines[mine], snaps.fraction[k], normalized=True)
            assert shapely.distance(foot, lines[mine]) < 1e-3 and shapely.distance(foot, place) < 0.1


def test_doors_far_apart_are_found_in_a_sparse_province() -> None:
    far = [way(k, [(2 * k, 900_000.0 * k, 0.0), (2 * k + 1, 900_000.0 * k + 50_000.0, 40_000.0)]) for k in range(2)]
    network = build_network([*far, way(9, [(1, 50_000.0, 40_000.0), (2, 900_000.0, 0.0)])])
    lons = (network.shape_lons[:-1] + network.shape_lons[1:]) / 2
    lats = (network.shape_lats[:-1] + network.shape_lats[1:]) / 2
    inside = (np.diff(network.shape_edge) == 0) & (network.edge_length_m[network.shape_edge[:-1]] < 100_000.0)
    snaps = Snapper(network).snap(lons[inside], lats[inside])
    assert len(snaps) == 2 and snaps.found.all() and (snaps.distance_m < 100.0).all()
    assert snaps.fraction == pytest.approx(0.5, abs=0.01)
