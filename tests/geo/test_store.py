"""A city's streets in PostGIS: the same file twice, a newer one, a torn one, an older one put back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from geo.errors import NoNetwork, UnreadableMap
from geo.osm_reader import read_ways
from geo.rows import read_inner_ways
from geo.store import activate_version, active_version, import_network, load_network
from geo.tiles import circle_tile, network_tile
from tests.geo.city_streets import FILES, city_network

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CITY = 320100000000000


def counts(session: Any) -> tuple[int, ...]:
    names = ("network_version", "network_node", "network_edge")
    return tuple(session.connection().execute(text(f"SELECT count(*) FROM geo.{name}")).scalar_one() for name in names)


def test_streets_come_back_as_they_were_stored(database: Any) -> None:
    with database.session("jobs") as session:
        stored = import_network(session, NOW, FILES["helsinki"], CITY, "测试")
        session.commit()
        found, original = load_network(session, stored), city_network("helsinki")
    for name in ("node_osm_ids", "node_lons", "edge_u", "edge_v", "edge_length_m", "shape_osm_ids", "shape_lats"):
        assert np.array_equal(getattr(found, name), getattr(original, name)), name
    assert [found.class_names[k] for k in found.edge_class] == [original.class_names[k] for k in original.edge_class]
    assert np.array_equal(found.edge_is_steps, original.edge_is_steps)
    assert np.array_equal(found.node_component, original.node_component)


def test_what_bars_wheels_comes_back_too_on_streets_and_on_inner_lanes(database: Any, tmp_path: Path) -> None:
    path = tmp_path / "lanes.osm"
    nodes = "".join(f'<node id="{k}" lon="118.7{k}" lat="32.0"/>' for k in (1, 2, 3, 4))
    told = {1: ("1", "2", "no", "yes"), 2: ("2", "3", "limited", "yes"), 3: ("3", "4", "no", "private")}
    ways = "".join(
        f'<way id="{k}"><nd ref="{a}"/><nd ref="{b}"/><tag k="highway" v="service"/><tag k="wheelchair" v="{wheels}"/>'
        f'<tag k="access" v="{access}"/></way>'
        for k, (a, b, wheels, access) in told.items()
    )
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{nodes}{ways}</osm>')
    with database.session("jobs") as session:
        stored = import_network(session, NOW, path, CITY, "测试")
        session.commit()
        found = load_network(session, stored)
        assert dict(zip(found.edge_way_ids.tolist(), found.edge_no_wheels.tolist(), strict=True)) == {1: True, 2: False}
        assert [lane.no_wheels for _, lane in read_inner_ways(session, stored.id)] == [True]


def test_the_same_file_again_changes_nothing_and_a_new_one_replaces_it(database: Any) -> None:
    with database.session("jobs") as session:
        first = import_network(session, NOW, FILES["nanjing"], CITY, "一")
        before = counts(session)
        again = import_network(session, NOW, FILES["nanjing"], CITY, "二")
        assert (again.id, again.name, again.changed, counts(session)) == (first.id, "一", False, before)
        newer = import_network(session, NOW, FILES["helsinki"], CITY, "三")
        assert newer.changed and active_version(session, CITY).id == newer.id != first.id
        back = activate_version(session, first.id)
        assert back.changed and active_version(session, CITY).id == first.id
        session.commit()
        active = session.connection().execute(text("SELECT count(*) FROM geo.network_version WHERE active"))
        assert active.scalar_one() == 1


@pytest.mark.parametrize("across", [False, True])
def test_an_import_tells_from_the_first_street_on_how_many_there_will_be(database: Any, across: bool) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    with database.session("jobs") as session:
        stored = import_network(
            session, NOW, FILES["helsinki"], CITY, "一",
            lambda stage, done, total: told.setdefault(stage, []).append((done, total)), across=across,
        )  # fmt: skip
    assert list(told) == ["read", "join", "nodes", "edges"]
    for stage, steps in told.items():
        total = steps[-1][1]
        assert steps == sorted(steps) and steps[-1] == (total, total), stage
        assert {of for _, of in steps} == {total} and total > 0, stage
    runs = sum(1 for _ in read_ways(FILES["helsinki"]))  # of ways whose points are in the file
    assert len(told["read"]) > 3 and runs <= told["read"][-1][0] < 1.05 * runs
    assert told["nodes"][-1][0] == stored.base_nodes and told["edges"][-1][0] == stored.base_edges


def test_a_torn_file_leaves_the_old_streets_in_place(database: Any, tmp_path: Path) -> None:
    torn = tmp_path / "torn.osm.pbf"
    torn.write_bytes(FILES["helsinki"].read_bytes()[:300_000])
    with database.session("jobs") as session:
        first = import_network(session, NOW, FILES["nanjing"], CITY, "一")
        session.commit()
        before = counts(session)
        with pytest.raises(UnreadableMap):
            import_network(session, NOW, torn, CITY, "二")
        session.rollback()
        assert active_version(session, CITY).id == first.id and counts(session) == before
        with pytest.raises(NoNetwork):
            active_version(session, 370500000000000)


def test_streets_and_circles_are_drawn_as_vector_tiles(database: Any) -> None:
    square = {"type": "Polygon", "coordinates": [[[118.77, 32.03], [118.79, 32.03], [118.79, 32.05], [118.77, 32.03]]]}
    with database.session("jobs") as session:
        stored = import_network(session, NOW, FILES["nanjing"], CITY, "一")
        near, far = (network_tile(session, stored.id, z, x, y) for z, x, y in ((14, 13597, 6651), (12, 3399, 1662)))
        assert b"residential" in near and b"primary" in far and b"residential" not in far
        assert network_tile(session, stored.id, 5, 26, 12) == b""
        assert network_tile(session, stored.id, 14, 0, 0) == b""
        assert b"minutes" in circle_tile(session, {"5": square}, 14, 13597, 6651)
