"""Which streets are kept, where they are cut, and how far the map is trusted."""

import numpy as np
import pytest

from geo.errors import UnreadableMap
from geo.network import build_network, read_network
from geo.osm_reader import Way, read_buildings
from geo.report import report_network
from geo.walkability import Walkable, judge_way
from tests.geo.city_streets import FILES, city_network


@pytest.mark.parametrize(
    ("tags", "walked"),
    [
        ({"highway": "footway"}, True),
        ({"highway": "footway", "access": "private"}, False),
        ({"highway": "service", "access": "private", "foot": "yes"}, True),
        ({"highway": "residential", "foot": "no"}, False),
        ({"highway": "motorway"}, False),
        ({"highway": "trunk"}, False),
        ({"highway": "trunk", "sidewalk": "both"}, True),
        ({"highway": "trunk", "sidewalk": "separate"}, False),
        ({"highway": "primary", "motorroad": "yes"}, False),
        ({"highway": "cycleway"}, False),
        ({"highway": "cycleway", "foot": "designated"}, True),
        ({"highway": "construction"}, False),
        ({"route": "ferry", "foot": "yes"}, False),
        ({"highway": "corridor", "indoor": "yes"}, True),
        ({"railway": "platform"}, True),
        ({"building": "yes"}, False),
    ],
)
def test_an_elder_walks_where_she_may(tags: dict[str, str], walked: bool) -> None:
    assert (judge_way(tags) is not None) == walked


def test_stairs_are_known_as_stairs() -> None:
    verdict = judge_way({"highway": "steps"})
    assert verdict is not None and verdict.is_steps and verdict.is_footway


def test_streets_are_cut_where_they_meet_and_only_there() -> None:
    def drawn(way_id: int, ids: list[int]) -> tuple[Way, Walkable]:
        lons = 118.0 + 0.001 * np.array(ids)
        return Way(way_id, np.array(ids), lons, np.full(len(ids), 32.0), {}), Walkable("footway", False, True)

    network = build_network([drawn(1, [1, 2, 3, 4]), drawn(2, [3, 9]), drawn(3, [20, 21, 22, 20])])
    assert network.node_osm_ids.tolist() == [1, 3, 4, 9, 20]
    assert sorted(network.edge_way_ids.tolist()) == [1, 1, 2, 3]
    assert network.node_component.tolist() == [0, 0, 0, 0, 1]
    loop = int(np.flatnonzero(network.edge_way_ids == 3)[0])
    assert network.edge_u[loop] == network.edge_v[loop] and network.edge_length_m[loop] > 100


def test_the_two_cities_are_read_whole_and_judged() -> None:
    nanjing, helsinki = report_network(city_network("nanjing")), report_network(city_network("helsinki"))
    assert (nanjing.nodes, nanjing.edges, helsinki.nodes, helsinki.edges) == (609, 776, 3864, 5427)
    assert nanjing.confidence == "low" and "13%" in nanjing.confidence_reasons[0]
    assert helsinki.confidence == "high" and helsinki.confidence_reasons == []


def test_the_houses_of_nanjing_are_read() -> None:
    houses = read_buildings(FILES["nanjing"])
    assert len(houses) == 1277
    assert all(house.polygon.is_valid and house.polygon.area > 0 and "building" in house.tags for house in houses)


def test_a_torn_or_empty_or_missing_map_is_refused_by_name(tmp_path) -> None:  # type: ignore[no-untyped-def]
    torn = tmp_path / "torn.osm.pbf"
    torn.write_bytes(FILES["helsinki"].read_bytes()[:200_000])
    empty = tmp_path / "empty.osm"
    empty.write_text('<osm version="0.6"><node id="1" lat="1" lon="1"/></osm>')
    words = tmp_path / "words.osm.pbf"
    words.write_text("not a map")
    for path in (torn, empty, words, tmp_path / "none.osm"):
        with pytest.raises(UnreadableMap) as refused:
            read_network(path)
        assert refused.value.file_name == path.name
