"""An officer opens a gate or marks a wall, and the streets follow."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from sqlalchemy import text

from geo.gates import Gate, apply_gates, fingerprint
from geo.network import Network, build_network
from geo.osm_reader import Way
from geo.osm_streets import Kept
from geo.profiles import PROFILES
from geo.store import active_version, gate_effects, import_network, load_network, save_network, settle_gates, walk_graph
from geo.walkability import Walkable
from tests.geo.city_streets import FILES, city_network

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CITY = 320100000000000
METRE = 1 / 111_320.0
STREET, LANE = Walkable("residential", False, False), Walkable("service", False, False)


def drawn(way_id: int, points: list[tuple[int, float, float]], kind: Walkable = STREET) -> Kept:
    """A way by its points (number, metres east, metres north) near the equator, where a degree is a degree."""
    ids, east, north = zip(*points, strict=True)
    return Way(way_id, np.array(ids), np.array(east) * METRE, np.array(north) * METRE, {}), kind


def two_rows() -> tuple[Network, list[Kept]]:
    """Two parallel streets 20 m apart, joined only 600 m to the west; between them lanes for residents."""
    streets = build_network(
        [
            drawn(1, [(1, -600, 0), (2, 0, 0), (3, 300, 0)]),
            drawn(2, [(11, -600, 20), (12, 0, 20), (13, 300, 20)]),
            drawn(3, [(1, -600, 0), (11, -600, 20)]),
            drawn(4, [(2, 0, 0), (4, 0, -50)]),
            drawn(5, [(12, 0, 20), (14, 0, 70)]),
        ]
    )
    inner = [drawn(7, [(3, 300, 0), (31, 330, 0), (32, 360, 60)], LANE), drawn(8, [(32, 360, 60), (33, 400, 60)], LANE)]
    return streets, inner


def metres(network: Network, a: tuple[float, float], b: tuple[float, float]) -> float:
    """The walk between the crossings nearest to two places, by scipy."""
    ends = [int(np.argmin(np.hypot(network.node_lons / METRE - x, network.node_lats / METRE - y))) for x, y in (a, b)]
    weights = np.maximum(network.edge_length_m, 1e-9)
    table = coo_array((weights, (network.edge_u, network.edge_v)), shape=(network.node_count,) * 2)
    return float(dijkstra(table.tocsr(), directed=False, indices=ends[0])[ends[1]])


def test_a_gate_opens_the_way_through_between_two_streets() -> None:
    streets, inner = two_rows()
    assert metres(streets, (0, 0), (0, 20)) == pytest.approx(1220, rel=0.01)
    laid = apply_gates(streets, inner, [Gate(5, "gate", 50 * METRE, 9 * METRE)])
    assert laid.effects[0].state == "opens" and set(laid.effects[0].way_ids) == {1, 2}
    assert metres(laid.network, (0, 0), (0, 20)) == pytest.approx(120, rel=0.01)
    assert "gate" in laid.network.class_names and laid.network.edge_count == streets.edge_count + 3


def test_a_gate_where_one_can_walk_anyway_or_where_nothing_is_near_does_nothing_and_says_so() -> None:
    streets, inner = two_rows()
    beside = Gate(1, "gate", -598 * METRE, 5 * METRE)
    nowhere = Gate(2, "gate", 0.0, 300 * METRE)
    laid = apply_gates(streets, inner, [beside, nowhere])
    assert [effect.state for effect in laid.effects] == ["no_other_side", "no_street"]
    assert laid.network.edge_count == streets.edge_count and len(laid.changed) == 0


@pytest.mark.parametrize(("east", "state"), [(-571, "no_other_side"), (-569, "opens")])
def test_a_detour_of_three_times_as_far_and_twenty_metres_is_no_reason_for_a_gate(east: float, state: str) -> None:
    streets, inner = two_rows()  # 20 m across: 80 m on foot are bearable, 29 m west to the joint and back are 78
    assert apply_gates(streets, inner, [Gate(1, "gate", east * METRE, 9.9 * METRE)]).effects[0].state == state


def test_a_barrier_parts_a_street_and_its_two_sides_no_longer_meet() -> None:
    streets, inner = two_rows()
    laid = apply_gates(streets, inner, [Gate(1, "barrier", 100 * METRE, 4 * METRE)])
    assert laid.effects[0].state == "bars" and laid.changed.size == 1
    assert metres(laid.network, (0, 0), (300, 0)) == np.inf
    assert metres(laid.network, (-600, 0), (0, 0)) == pytest.approx(600, rel=0.01)
    assert laid.network.edge_length_m.sum() == pytest.approx(streets.edge_length_m.sum(), rel=1e-6)


def test_a_barrier_at_a_crossing_bars_one_street_only() -> None:
    cross = build_network([drawn(1, [(1, -100, 0), (2, 0, 0), (3, 100, 0)]), drawn(2, [(2, 0, 0), (4, 0, 100)])])
    laid = apply_gates(cross, [], [Gate(1, "barrier", 0.0, 0.0)])
    assert laid.effects[0].state == "bars" and len(laid.changed) == 1
    ends = [(-100, 0), (100, 0), (0, 100)]
    reached = [
        np.isfinite(metres(laid.network, a, b)) for a, b in ((ends[0], ends[1]), (ends[0], ends[2]), (ends[1], ends[2]))
    ]
    assert reached.count(True) == 1 and laid.network.edge_count == cross.edge_count


def test_residents_lanes_join_the_streets_through_a_gate_and_only_there() -> None:
    streets, inner = two_rows()
    laid = apply_gates(streets, inner, [Gate(4, "gate", 302 * METRE, 1 * METRE)])
    assert laid.effects[0].state == "opens" and 7 in laid.effects[0].way_ids
    assert metres(laid.network, (300, 0), (400, 60)) == pytest.approx(30 + np.hypot(30, 60) + 40, abs=3)
    assert {7, 8} <= set(laid.network.edge_way_ids.tolist())
    assert not {7, 8} & set(
        apply_gates(streets, inner, [Gate(5, "gate", 50 * METRE, 9 * METRE)]).network.edge_way_ids.tolist()
    )


def test_a_gate_through_an_officers_own_barrier_opens_it_again() -> None:
    streets, inner = two_rows()
    barrier, gate = Gate(1, "barrier", 100 * METRE, 0.0), Gate(2, "gate", 100 * METRE, 0.0)
    laid = apply_gates(streets, inner, [gate, barrier])
    assert [effect.state for effect in laid.effects] == ["bars", "opens"]
    assert metres(laid.network, (0, 0), (300, 0)) == pytest.approx(300, rel=0.01)


def test_gates_are_laid_alike_whatever_order_they_come_in() -> None:
    streets = city_network("helsinki")
    chance = np.random.default_rng(3)
    picks = chance.choice(streets.node_count, 40, replace=False)
    gates = [
        Gate(k, "gate" if k % 2 else "barrier", float(streets.node_lons[at]) + 1e-4, float(streets.node_lats[at]))
        for k, at in enumerate(picks, start=1)
    ]
    one, other = apply_gates(streets, [], gates), apply_gates(streets, [], gates[::-1])
    assert fingerprint(gates) == fingerprint(gates[::-1]) != fingerprint(gates[:-1])
    assert one.effects == other.effects
    for name in ("node_lons", "edge_u", "edge_v", "edge_length_m", "shape_lons", "shape_osm_ids", "shape_offsets"):
        assert np.array_equal(getattr(one.network, name), getattr(other.network, name)), name
    kept = np.setdiff1d(np.arange(streets.edge_count), one.changed)
    assert np.array_equal(one.network.edge_u[kept], streets.edge_u[kept])
    ends = one.network.shape_offsets[1:] - 1
    assert np.allclose(one.network.shape_lons[ends], one.network.node_lons[one.network.edge_v])
    assert np.allclose(
        one.network.shape_lats[one.network.shape_offsets[:-1]], one.network.node_lats[one.network.edge_u]
    )


def add(session: Any, kind: str, lon: float, lat: float) -> int:
    return session.connection().execute(
        text(
            "INSERT INTO geo.network_gate (city_code, area_code, kind, geom, given_lon, given_lat, given_crs, reason,"
            " valid_from) VALUES (:city, :city, :kind, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :lon, :lat, 'wgs84',"
            " '测试', :now) RETURNING id"
        ),
        {"city": CITY, "kind": kind, "lon": lon, "lat": lat, "now": NOW},
    ).scalar_one()  # fmt: skip


def stored_edges(session: Any, version_id: int) -> list[tuple[Any, ...]]:
    rows = session.connection().execute(
        text(
            "SELECT id, u, v, way_id, length_m, highway, is_steps, osm_node_ids, ST_AsText(geom) FROM geo.network_edge"
            " WHERE version_id = :id ORDER BY id"
        ),
        {"id": version_id},
    )
    return [tuple(row) for row in rows]


def test_the_stored_streets_follow_the_gates_and_come_back_when_they_are_taken_away(database: Any) -> None:
    with database.session("jobs") as session:
        stored = import_network(session, NOW, FILES["nanjing"], CITY, "一")
        before, drawn_streets = stored_edges(session, stored.id), load_network(session, stored)
        at = int(np.argmax(drawn_streets.edge_length_m))
        middle = drawn_streets.shape_offsets[at]
        lon, lat = (
            float(values[middle : middle + 2].mean()) for values in (drawn_streets.shape_lons, drawn_streets.shape_lats)
        )
        number = add(session, "barrier", lon, lat)
        followed = load_network(session, stored)
        assert followed.edge_count == drawn_streets.edge_count + 1
        assert gate_effects(session, stored)[number].state == "bars"
        assert settle_gates(session, stored)
        rows = stored_edges(session, stored.id)
        assert [row[1] for row in rows] == followed.edge_u.tolist() and len(rows) == followed.edge_count
        assert np.allclose([row[4] for row in rows], followed.edge_length_m)
        graph = walk_graph(session, stored, PROFILES["elder"])
        assert graph.node_count == followed.node_count == drawn_streets.node_count + 2
        session.connection().execute(text("UPDATE geo.network_gate SET removed_at = valid_from"))

        again = active_version(session, CITY)
        assert (again.gate_revision, again.settled_gates) == (2, fingerprint([Gate(number, "barrier", lon, lat)]))
        assert settle_gates(session, again)
        assert stored_edges(session, stored.id) == before
        assert load_network(session, again).edge_count == drawn_streets.edge_count


def test_gates_outlive_a_new_map_and_a_restored_old_one(database: Any) -> None:
    streets, _ = two_rows()
    with database.session("jobs") as session:
        old = save_network(session, NOW, streets, CITY, "旧", "old", "old")
        add(session, "gate", 50 * METRE, 9 * METRE)
        assert load_network(session, old).edge_count == streets.edge_count + 3
        new = save_network(session, NOW, streets, CITY, "新", "new", "new")
        assert new.id != old.id and load_network(session, new).edge_count == streets.edge_count + 3
        assert (old.gate_revision, new.revision) == (0, f"{new.id}.1")
