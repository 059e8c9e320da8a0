"""The outline of a circle claims no street that is out of reach."""

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from geo.circles import draw_circle, shrink
from geo.polygons import circle_polygon, piece_lines, unreached_pieces
from geo.profiles import PROFILES
from geo.snap import Snapper, local_plane
from geo.walking import build_graph
from tests.geo.city_streets import CITIES, city_network, doors


@pytest.mark.parametrize("city", CITIES)
def test_an_outline_holds_the_reached_streets_and_hardly_any_other(city: str) -> None:
    network = city_network(city)
    graph, origins = (
        build_graph(network, PROFILES["elder"]),
        Snapper(network).snap(*doors(city, 4 if city == "helsinki" else 8, seed=3)),
    )
    assert origins.found.sum() >= 3
    for position in np.flatnonzero(origins.found):
        to_plane, _ = local_plane(float(origins.lons[position]), float(origins.lats[position]))
        whole = draw_circle(graph, origins.pick([position]), 900.0)
        for limit in (300.0, 900.0):
            circle = shrink(whole, limit)
            outline = shape(circle_polygon(circle))
            assert outline.is_valid
            plane = shapely.transform(outline, lambda x, y, t=to_plane: t.transform(x, y), interleaved=False)
            reached = piece_lines(network, circle.pieces, to_plane.transform)
            beyond = piece_lines(network, unreached_pieces(circle), to_plane.transform)
            inside = shapely.length(shapely.intersection(reached, plane)).sum()
            claimed = shapely.length(shapely.intersection(beyond, plane)).sum()
            assert inside >= 0.99 * shapely.length(reached).sum()
            assert claimed <= 0.01 * (inside + claimed)


def test_reached_and_unreached_pieces_make_up_the_whole_network() -> None:
    network = city_network("helsinki")
    graph, origins = build_graph(network, PROFILES["elder"]), Snapper(network).snap(*doors("helsinki", 1))
    circle = draw_circle(graph, origins.pick([0]), 500.0)
    whole = circle.pieces.length_m(network).sum() + unreached_pieces(circle).length_m(network).sum()
    assert whole == pytest.approx(network.edge_length_m.sum(), rel=1e-9)
    assert 0 < circle.pieces.length_m(network).sum() < whole


def test_a_smaller_circle_of_the_same_door_is_the_one_drawn_anew() -> None:
    network = city_network("nanjing")
    graph, origins = build_graph(network, PROFILES["planning"]), Snapper(network).snap(*doors("nanjing", 1))
    small, anew = shrink(draw_circle(graph, origins, 900.0), 300.0), draw_circle(graph, origins, 300.0)
    assert np.array_equal(small.node_costs, anew.node_costs)
    assert np.allclose(small.pieces.length_m(network).sum(), anew.pieces.length_m(network).sum())
