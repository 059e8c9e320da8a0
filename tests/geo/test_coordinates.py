"""An elder's door stays where it is, whichever map its coordinates came from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coordinates import CRS_NAMES, EAST, NORTH, SOUTH, WEST, from_wgs84, to_wgs84
from geo.errors import UnknownCrs
from geo.network import geodesic_m

inside = st.tuples(st.floats(WEST, EAST), st.floats(SOUTH, NORTH))
at_the_border = st.one_of(
    st.tuples(st.sampled_from([WEST, EAST]), st.floats(SOUTH, NORTH)),
    st.tuples(st.floats(WEST, EAST), st.sampled_from([SOUTH, NORTH])),
)
outside = st.one_of(
    st.tuples(st.floats(-180.0, 71.0), st.floats(-80.0, 80.0)),
    st.tuples(st.floats(139.0, 180.0), st.floats(-80.0, 80.0)),
    st.tuples(st.floats(73.0, 137.0), st.floats(57.0, 80.0)),
    st.tuples(st.floats(73.0, 137.0), st.floats(-80.0, 0.0)),
)


@settings(max_examples=500, deadline=None)
@given(inside | at_the_border, st.sampled_from(CRS_NAMES))
def test_a_door_in_china_comes_back_within_a_hundredth_of_a_millimetre(place: tuple[float, float], crs: str) -> None:
    lon, lat = to_wgs84(*from_wgs84(*place, crs), crs)
    assert geodesic_m(place[0], place[1], lon, lat) < 1e-5


@given(outside, st.sampled_from(CRS_NAMES))
def test_outside_china_every_system_is_the_same(place: tuple[float, float], crs: str) -> None:
    assert from_wgs84(*place, crs) == place
    assert to_wgs84(*place, crs) == place


def test_a_whole_grid_of_china_comes_back_in_every_system() -> None:
    lons, lats = (a.ravel() for a in np.meshgrid(np.linspace(WEST, EAST, 400), np.linspace(SOUTH, NORTH, 400)))
    for crs in CRS_NAMES:
        lon, lat = to_wgs84(*from_wgs84(lons, lats, crs), crs)
        assert geodesic_m(lons, lats, lon, lat).max() < 1e-5


def test_the_published_example_points_are_met() -> None:
    assert from_wgs84(116.404, 39.915, "gcj02") == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-12)
    gcj = to_wgs84(116.404, 39.915, "gcj02")
    assert from_wgs84(*gcj, "bd09") == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-9)


def test_skipping_the_conversion_would_move_a_door_in_nanjing_by_half_a_kilometre() -> None:
    moved = from_wgs84(118.79, 32.045, "gcj02")
    assert 400 < geodesic_m(118.79, 32.045, *moved) < 600


def test_many_doors_are_converted_at_once_and_nothing_else_changes() -> None:
    lons, lats = np.array([118.79, 24.94]), np.array([32.045, 60.17])
    moved = from_wgs84(lons, lats, "bd09")
    assert moved[0].shape == (2,) and moved[0][1] == lons[1] and lons[0] == 118.79
    assert (moved[0][0], moved[1][0]) == from_wgs84(118.79, 32.045, "bd09")


def test_an_unknown_system_is_refused_and_the_four_are_named() -> None:
    with pytest.raises(UnknownCrs) as refused:
        to_wgs84(118.79, 32.045, "epsg:4326")
    assert refused.value.known == ("wgs84", "gcj02", "bd09", "cgcs2000")
    assert all(name in str(refused.value) for name in CRS_NAMES)
