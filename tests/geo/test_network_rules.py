"""Barriers, squares, inner lanes and stairs: what an elder meets on her way, from small drawn maps."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo.network import Network, read_network
from geo.osm_streets import walked_ways
from geo.profiles import PROFILES
from geo.report import report_network
from geo.walkability import RULES, judge_barrier, judge_inner_way, judge_way
from geo.walking import build_graph

EAST = 1e-5
HEAD, TAIL = '<?xml version="1.0"?><osm version="0.6">', "</osm>"


def town(
    tmp_path: Path,
    places: dict[int, tuple[float, float]],
    ways: dict[int, tuple[list[int], str]],
    points: dict[int, str] | None = None,
    more: str = "",
) -> Path:
    """A map near the equator: places in steps of 1e-5 degrees (1.1 m), ways and points with `key=value` tags."""

    def tags(told: str) -> str:
        pairs = (pair.split("=") for pair in told.split())
        return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in pairs)

    nodes = "".join(
        f'<node id="{k}" lon="{x * EAST:.7f}" lat="{y * EAST:.7f}">{tags((points or {}).get(k, ""))}</node>'
        for k, (x, y) in places.items()
    )
    drawn = "".join(
        f'<way id="{k}">{"".join(f"""<nd ref="{ref}"/>""" for ref in refs)}{tags(told)}</way>'
        for k, (refs, told) in ways.items()
    )
    path = tmp_path / "town.osm"
    path.write_text(HEAD + nodes + drawn + more + TAIL)
    return path


def steps(network: Network, start: int, end: int, profile: str = "planning") -> float:
    """The shortest walk between two map points that are crossings, in steps of the map; inf when there is none."""
    graph = build_graph(network, PROFILES[profile])
    shortest: dict[tuple[int, int], float] = {}
    for u, v, cost in zip(network.edge_u, network.edge_v, graph.edge_cost, strict=True):
        if np.isfinite(cost):
            ends = (int(min(u, v)), int(max(u, v)))
            shortest[ends] = min(shortest.get(ends, np.inf), max(float(cost) * PROFILES[profile].speed_mps, 1e-9))
    places = np.array(list(shortest)).T
    table = coo_array((list(shortest.values()), (places[0], places[1])), shape=(network.node_count,) * 2)
    found = dijkstra(table.tocsr(), directed=False, indices=np.flatnonzero(network.node_osm_ids == start)).min(axis=0)
    return float(found[network.node_osm_ids == end].min() / (111_319.49 * EAST))


LANE = {1: (0, 0), 2: (50, 0), 3: (100, 0)}


@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        ("barrier=gate", "pass"),
        ("barrier=gate access=private", "closed"),
        ("barrier=gate access=private foot=yes", "pass"),
        ("barrier=gate locked=yes", "closed"),
        ("barrier=bollard", "pass"),
        ("barrier=bollard wheelchair=no", "no_wheels"),
        ("barrier=kissing_gate", "no_wheels"),
        ("barrier=kissing_gate wheelchair=yes", "pass"),
        ("barrier=stile foot=no", "closed"),
        ("barrier=wall", "closed"),
        ("barrier=never_heard_of", "pass"),
    ],
)
def test_barriers_are_judged(tags: str, verdict: str) -> None:
    assert judge_barrier(dict(pair.split("=") for pair in tags.split())) == verdict


@pytest.mark.parametrize(
    ("barrier", "walker", "wheels"),
    [("barrier=gate", 100, 100), ("barrier=wall", np.inf, np.inf), ("barrier=stile", 100, np.inf)],
)
def test_a_barrier_on_a_lane_parts_it_for_whom_it_bars(
    tmp_path: Path, barrier: str, walker: float, wheels: float
) -> None:
    network = read_network(town(tmp_path, LANE, {9: ([1, 2, 3], "highway=service")}, {2: barrier}))
    assert steps(network, 1, 3) == pytest.approx(walker, rel=0.01)
    assert steps(network, 1, 3, "wheelchair") == pytest.approx(wheels, rel=0.01)
    if barrier != "barrier=gate":
        assert steps(network, 1, 2) == pytest.approx(50, rel=0.01)
    assert report_network(network).length_m == pytest.approx(111, abs=1)


def test_a_gate_drawn_on_the_street_bars_the_lane_and_not_the_street(tmp_path: Path) -> None:
    places = LANE | {4: (50, 40)}
    ways = {9: ([1, 2, 3], "highway=residential"), 10: ([2, 4], "highway=service")}
    network = read_network(town(tmp_path, places, ways, {2: "barrier=gate access=private"}))
    assert steps(network, 1, 3) == pytest.approx(100, rel=0.01)
    assert steps(network, 1, 4) == np.inf


def test_a_gate_where_two_lanes_end_parts_them(tmp_path: Path) -> None:
    ways = {9: ([1, 2], "highway=service"), 10: ([2, 3], "highway=service")}
    shut = read_network(town(tmp_path, LANE, ways, {2: "barrier=gate access=no"}))
    assert steps(shut, 1, 3) == np.inf
    turnstile = read_network(town(tmp_path, LANE, ways, {2: "barrier=turnstile"}))
    assert steps(turnstile, 1, 3) == pytest.approx(100, rel=0.01)
    assert steps(turnstile, 1, 3, "wheelchair") == np.inf


SQUARE = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (-50, 0), 6: (150, 100), 7: (50, 50), 8: (50, 48)}
INTO = {21: ([5, 1], "highway=footway"), 22: ([3, 6], "highway=residential")}


@pytest.mark.parametrize(("area", "across"), [("area=yes", 100 * 2**0.5), ("lit=yes", 200)])
def test_a_square_is_walked_straight_across_and_a_loop_street_is_not(tmp_path: Path, area: str, across: float) -> None:
    ways = INTO | {9: ([1, 2, 3, 4, 1], f"highway=pedestrian {area}")}
    network = read_network(town(tmp_path, SQUARE, ways), across=True)
    assert steps(network, 5, 6) == pytest.approx(50 + across + 50, rel=0.01)
    by_outline = list(walked_ways(town(tmp_path, SQUARE, ways)))
    assert len(by_outline) == 3


def test_a_line_across_a_square_goes_round_its_pond(tmp_path: Path) -> None:
    places = SQUARE | {11: (30, 30), 12: (70, 30), 13: (70, 70), 14: (30, 70)}
    ways = INTO | {31: ([1, 2, 3, 4, 1], "source=survey"), 32: ([11, 12, 13, 14, 11], "natural=water")}
    relation = (
        '<relation id="77"><member type="way" ref="31" role="outer"/><member type="way" ref="32" role="inner"/>'
        '<tag k="type" v="multipolygon"/><tag k="highway" v="pedestrian"/></relation>'
    )
    network = read_network(town(tmp_path, places, ways, more=relation), across=True)
    assert steps(network, 5, 6) == pytest.approx(50 + 200 + 50, rel=0.01)
    assert -77 in network.edge_way_ids.tolist()


def test_a_path_that_ends_within_a_square_leads_on_unless_it_lies_below(tmp_path: Path) -> None:
    outline = {9: ([1, 2, 3, 4, 1], "highway=pedestrian area=yes")}
    joined = read_network(town(tmp_path, SQUARE, INTO | outline | {23: ([7, 8], "highway=steps")}), across=True)
    assert steps(joined, 5, 7) == pytest.approx(50 + 50 * 2**0.5, rel=0.025)
    below = read_network(town(tmp_path, SQUARE, INTO | outline | {23: ([7, 8], "highway=steps layer=-1")}), across=True)
    assert steps(below, 5, 7) == np.inf


def test_indoor_corridors_and_stairs_with_a_ramp_are_walked_and_ferries_are_not() -> None:
    corridor = judge_way({"indoor": "corridor"})
    assert corridor is not None and corridor.highway == "corridor" and corridor.is_footway
    stairs, ramp = judge_way({"highway": "steps"}), judge_way({"highway": "steps", "ramp:wheelchair": "yes"})
    assert stairs is not None and ramp is not None and (stairs.is_steps, ramp.is_steps) == (True, False)
    assert judge_way({"route": "ferry", "foot": "designated"}) is None


def test_a_residents_lane_is_no_street_but_is_remembered(tmp_path: Path) -> None:
    tags = {"highway": "service", "access": "private"}
    assert judge_way(tags) is None and judge_inner_way(tags) is not None
    assert judge_inner_way({"highway": "service", "access": "no"}) is None
    assert judge_inner_way({"highway": "motorway", "access": "private"}) is None
    inner: list = []  # type: ignore[type-arg]
    ways = {9: ([1, 2], "highway=residential"), 10: ([2, 3], "highway=service access=private")}
    network = read_network(town(tmp_path, LANE, ways), None, inner)
    assert network.edge_way_ids.tolist() == [9] and [way.way_id for way, _ in inner] == [10]


@pytest.mark.parametrize(
    ("tags", "walker", "wheels"),
    [
        ("highway=footway wheelchair=no", 60, np.inf),
        ("highway=footway wheelchair=limited", 60, 60),
        ("highway=path wheelchair=yes", 60, 60),
        ("highway=steps wheelchair=no", 90, np.inf),
        ("highway=steps wheelchair=limited", 90, np.inf),
        ("highway=steps wheelchair=designated", 60, 60),
        ("highway=steps conveying=forward", 90, np.inf),
    ],
)
def test_a_way_said_to_bar_wheels_is_refused_to_them_and_dearer_to_nobody(
    tmp_path: Path, tags: str, walker: float, wheels: float
) -> None:
    places = {1: (0, 0), 2: (60, 0), 3: (60, 60), 4: (0, 60)}
    around = {9: ([1, 4, 3, 2], "highway=residential"), 10: ([1, 2], tags)}
    network = read_network(town(tmp_path, places, around))
    assert steps(network, 1, 2, "planning") == pytest.approx(60, rel=0.01)
    assert steps(network, 1, 2, "elder") == pytest.approx(walker, rel=0.01)
    assert steps(network, 1, 2, "wheelchair") == pytest.approx(min(wheels, 180), rel=0.01)
    assert judge_inner_way({**dict(pair.split("=") for pair in tags.split()), "access": "private"}) is not None


@pytest.mark.parametrize(
    ("tags", "walked"),
    [
        ("oneway:foot=yes", False),
        ("oneway:foot=-1", False),
        ("foot:backward=no", False),
        ("foot:forward=no", False),
        ("oneway:foot=no", True),
        ("foot:backward=yes", True),
        ("oneway=yes", True),
    ],
)
def test_what_is_walked_one_way_only_is_no_street_because_she_must_come_home(
    tmp_path: Path, tags: str, walked: bool
) -> None:
    places = {1: (0, 0), 2: (60, 0), 3: (60, 60), 4: (0, 60)}
    ways = {9: ([1, 4, 3, 2], "highway=residential"), 10: ([1, 2], f"highway=footway {tags}")}
    network = read_network(town(tmp_path, places, ways))
    there, back = steps(network, 1, 2), steps(network, 2, 1)
    assert there == back == pytest.approx(60 if walked else 180, rel=0.01)


RING = {1: (0, 0), 2: (80, 0), 3: (80, 8), 4: (0, 8), 5: (0, 4), 6: (80, 4)}


@pytest.mark.parametrize(
    ("outline", "metres"),
    [
        ("area:highway=residential", 80),
        ("area:highway=footway man_made=pier", 80),
        ("highway=residential area:highway=residential", 80),
        ("highway=service area=yes area:highway=service", 80),
        ("highway=pedestrian area=yes area:highway=pedestrian", 80 + 176),
        ("highway=residential area:highway=residential area=no", 80 + 176),
        ("highway=residential junction=circular", 80 + 176),
    ],
)
def test_a_street_drawn_as_a_surface_is_walked_along_its_middle_line_only(
    tmp_path: Path, outline: str, metres: float
) -> None:
    ways = {9: ([5, 6], "highway=residential"), 10: ([1, 2, 3, 4, 1], outline)}
    found = report_network(read_network(town(tmp_path, RING, ways))).length_m
    assert found == pytest.approx(metres * 1.113, abs=2)


def test_a_surface_drawn_open_is_a_line_and_is_walked(tmp_path: Path) -> None:
    ways = {9: ([5, 6], "highway=residential area:highway=residential")}
    assert read_network(town(tmp_path, RING, ways)).edge_way_ids.tolist() == [9]


def test_every_tag_the_table_names_is_really_judged() -> None:
    for rule in RULES:
        for value in rule.values:
            if rule.topic == "one_way":
                key, said = value.split("=")
                assert (judge_way({"highway": "footway", key: said}) is None) == (rule.verdict == "refuse"), value
            if rule.topic == "wheelchair":
                judged = judge_way({"highway": "footway", "wheelchair": value})
                assert judged is not None and judged.no_wheels == (rule.verdict == "no_wheels"), value


def test_every_rule_has_a_reason_and_a_source_and_no_value_is_judged_twice() -> None:
    assert all(rule.why and rule.source for rule in RULES)
    for topic in {rule.topic for rule in RULES}:
        values = [value for rule in RULES if rule.topic == topic for value in rule.values]
        assert len(values) == len(set(values)), topic
