"""A bureau's own lines become streets: fields mapped, systems converted, lines joined where they meet."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyogrio
import pytest
import shapely
from sqlalchemy import text

from geo.coordinates import from_wgs84
from geo.errors import UnreadableMap
from geo.lines_reader import guess_columns, plan_lines, read_lines
from geo.lines_words import LinesSource
from geo.network import Network, build_network
from geo.store import import_network

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LON, LAT = 118.78, 32.04
EAST, NORTH = 1 / 94_400.0, 1 / 110_900.0
ROWS = [
    ("主干路", "否", "否", "0", [(0, 0), (100, 0)]),
    ("人行道", "否", "否", "0", [(100, 0), (200, 0)]),
    ("台阶", "否", "否", "0", [(100, 0), (100, 50)]),
    ("内部道路", "是", "否", "0", [(200, 0), (200, 80)]),
    ("高速公路", "否", "否", "0", [(0, -40), (200, -40)]),
    ("人行天桥", "否", "否", "1", [(150, -60), (150, 60)]),
    ("支路", "否", "否", "0", [(50, -60), (50, 60)]),
    ("支路", "否", "否", "0", [(200.4, 0.0), (300, 0)]),
]


def lines(rows: list[Any] = ROWS) -> tuple[Any, dict[str, list[str]]]:
    shapes = [shapely.LineString([(LON + x * EAST, LAT + y * NORTH) for x, y in row[4]]) for row in rows]
    columns = ("道路类别", "内部", "有台阶", "层")
    return np.array(shapes), {name: [row[k] for row in rows] for k, name in enumerate(columns)}


def write(path: Path, *, crs: str | None = "EPSG:4326", to: str | None = None, **options: Any) -> Path:
    shapes, fields = lines()
    if to in ("gcj02", "bd09"):
        shapes = shapely.transform(shapes, lambda at: np.column_stack(from_wgs84(at[:, 0], at[:, 1], to)))
    elif to is not None:
        from pyproj import Transformer

        there = Transformer.from_crs("EPSG:4326", to, always_xy=True)
        shapes = shapely.transform(shapes, lambda at: np.column_stack(there.transform(at[:, 0], at[:, 1])))
    data = [np.array(values, dtype=object) for values in fields.values()]
    pyogrio.raw.write(path, shapely.to_wkb(shapes), data, list(fields), crs=crs, geometry_type="LineString", **options)
    return path


def network(path: Path, **how: Any) -> Network:
    return build_network(read_lines(path, LinesSource(**how)))


def kinds(found: Network) -> set[str]:
    return {found.class_names[kind] for kind in found.edge_class}


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson"])
def test_the_same_lines_are_the_same_streets_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"roads.{suffix}", **({"encoding": "GBK"} if suffix == "shp" else {}))
    found = network(path, crs="wgs84")
    assert kinds(found) == {"primary", "footway", "steps", "unclassified"}
    assert found.edge_length_m.sum() == pytest.approx(100 + 100 + 50 + 120 + 120 + 99.6, rel=0.01)
    assert found.edge_is_steps.sum() == 1


def test_a_zipped_shapefile_in_the_old_chinese_encoding_is_read(tmp_path: Path) -> None:
    write(tmp_path / "roads.shp", encoding="GBK")
    (tmp_path / "roads.cpg").unlink(missing_ok=True)
    with ZipFile(tmp_path / "roads.zip", "w") as parcel:
        for part in tmp_path.glob("roads.*"):
            if part.suffix != ".zip":
                parcel.write(part, part.name)
    plan = plan_lines(tmp_path / "roads.zip", LinesSource(crs="wgs84", encoding="GBK"))
    assert plan.columns["highway"] == "道路类别" and ("人行道", "footway", 1) in plan.classes
    assert "footway" in kinds(network(tmp_path / "roads.zip", crs="wgs84", encoding="GBK"))


@pytest.mark.parametrize("system", ["gcj02", "bd09", "EPSG:4549"])
def test_every_system_lands_where_the_streets_are(tmp_path: Path, system: str) -> None:
    straight = network(write(tmp_path / "a.gpkg"), crs="wgs84")
    shifted = network(write(tmp_path / "b.gpkg", to=system, crs=system if ":" in system else "EPSG:4326"), crs=system)
    assert np.allclose(np.sort(straight.node_lons), np.sort(shifted.node_lons), atol=1e-8)
    assert straight.edge_count == shifted.edge_count


def test_lines_meet_at_shared_points_and_with_a_tolerance_where_they_cross_on_one_level(tmp_path: Path) -> None:
    path = write(tmp_path / "roads.gpkg")
    apart, joined = network(path), network(path, tolerance_m=0.5)
    # shared points: main street, pavement, steps hang together; branch, bridge and the last street stand alone
    assert len(np.unique(apart.node_component)) == 4
    # the branch crosses the main street, the last street begins 0.4 m beside the pavement; the bridge passes above
    assert len(np.unique(joined.node_component)) == 2
    bridge = [e for e in range(joined.edge_count) if abs(joined.edge_length_m[e] - 120) < 1 and kinds(joined)]
    assert len(bridge) == 1
    assert joined.edge_length_m.sum() == pytest.approx(apart.edge_length_m.sum(), abs=2.0)


def test_residents_lanes_wait_behind_their_gate(tmp_path: Path) -> None:
    inner: list[Any] = []
    read_lines(write(tmp_path / "roads.gpkg"), LinesSource(), inner)
    assert [verdict.highway for _, verdict in inner] == ["service"]


def test_a_mapping_is_stronger_than_a_guess_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "roads.gpkg")
    mapped = network(
        path, columns={"highway": "道路类别"}, values={"highway": {"高速公路": "footway", "*": "motorway"}}
    )
    assert kinds(mapped) == {"footway"} and mapped.edge_length_m.sum() == pytest.approx(200, rel=0.01)
    with pytest.raises(UnreadableMap, match="没有这些列：class"):
        network(path, columns={"highway": "class"})
    with pytest.raises(UnreadableMap, match="不认识的字段：surface"):
        network(path, columns={"surface": "道路类别"})
    assert guess_columns(("FID", "fclass", "BRIDGE", "层")) == {"id": "FID", "highway": "fclass", "level": "层"}


def test_a_layer_must_be_chosen_where_there_are_several(tmp_path: Path) -> None:
    path = write(tmp_path / "city.gpkg", layer="walk")
    write(path, layer="bus", append=False)
    with pytest.raises(UnreadableMap, match="--layer"):
        network(path)
    assert network(path, layer="walk").edge_count > 0


def test_the_system_must_be_stated_unless_the_file_states_it(tmp_path: Path) -> None:
    bare = write(tmp_path / "roads.shp", crs=None, encoding="UTF-8")
    with pytest.raises(UnreadableMap, match="--crs"):
        network(bare)
    plain = tmp_path / "plain.geojson"
    line = {"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.01, LAT]]}
    feature = {"type": "Feature", "properties": {}, "geometry": line}
    plain.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(UnreadableMap, match="--crs"):
        network(plain)
    assert kinds(network(plain, crs="gcj02")) == {"road"}


def test_metres_taken_for_degrees_points_and_torn_files_are_refused_in_plain_words(tmp_path: Path) -> None:
    metres = write(tmp_path / "metres.gpkg", to="EPSG:4549", crs=None)
    with pytest.raises(UnreadableMap, match="以米为单位"):
        network(metres, crs="wgs84")
    points = tmp_path / "points.gpkg"
    pyogrio.raw.write(
        points, shapely.to_wkb(np.array([shapely.Point(LON, LAT)])), [], [], crs="EPSG:4326", geometry_type="Point"
    )
    with pytest.raises(UnreadableMap, match="没有线"):
        network(points)
    torn = tmp_path / "torn.gpkg"
    torn.write_bytes(write(tmp_path / "whole.gpkg").read_bytes()[:3000])
    empty = tmp_path / "empty.shp"
    empty.touch()
    words = tmp_path / "words.geojson"
    words.write_text("not a map")
    for path in (torn, empty, words, tmp_path / "none.gpkg"):
        with pytest.raises(UnreadableMap):
            network(path, crs="wgs84")


def test_the_same_lines_read_another_way_are_another_version(database: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "roads.gpkg")
    with database.session("jobs") as session:
        first = import_network(session, NOW, path, -5, "一", lines=LinesSource())
        same = import_network(session, NOW, path, -5, "一", lines=LinesSource())
        joined = import_network(session, NOW, path, -5, "二", lines=LinesSource(tolerance_m=0.5))
        assert (same.id, same.changed) == (first.id, False) and joined.id != first.id
        inner = session.connection().execute(
            text("SELECT count(*) FROM geo.inner_way WHERE version_id = :v"), {"v": first.id}
        )
        assert inner.scalar_one() == 1
