"""Torn and wrong files, and an import that is killed: the old streets stay, and the next import works."""

import bz2
import gzip
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from geo.errors import UnreadableMap
from geo.network import read_network
from geo.store import active_version, import_network, restore_previous
from tests.geo.city_streets import FILES

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CITY = 320100000000000
ROOT = Path(__file__).resolve().parents[2]


def plain_xml() -> bytes:
    return gzip.decompress(FILES["nanjing"].read_bytes())


@pytest.mark.parametrize("ending", [".osm", ".xml", ".osm.gz", ".xml.gz", ".osm.bz2", ".osm.pbf"])
def test_every_form_of_the_same_map_gives_the_same_streets(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"nanjing{ending}"
    if ending == ".osm.pbf":
        import osmium

        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(str(FILES["nanjing"])):
                writer.add(item)
    else:
        pack = {".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)
        path.write_bytes(pack(plain_xml()))
    found = read_network(path)
    assert (found.node_count, found.edge_count) == (609, 776)


def test_squares_by_their_outline_are_another_reading_of_the_same_file(database: Any) -> None:
    with database.session("jobs") as session:
        across = import_network(session, NOW, FILES["helsinki"], CITY, "一", across=True)
        outline = import_network(session, NOW, FILES["helsinki"], CITY, "二")
        assert outline.id != across.id and outline.base_edges < across.base_edges
        assert "square" in across.report["length_m_by_class"] and "square" not in outline.report["length_m_by_class"]


def osm(nodes: str, ways: str = "") -> bytes:
    return f'<?xml version="1.0"?><osm version="0.6">{nodes}{ways}</osm>'.encode()


WAY = '<way id="9"><nd ref="1"/><nd ref="2"/><tag k="highway" v="{kind}"/></way>'
NODES = '<node id="1" lon="118.7" lat="32.0"/><node id="2" lon="118.8" lat="32.0"/>'
METRES = '<node id="1" lon="668123.5" lat="3545123.2"/><node id="2" lon="668223.5" lat="3545123.2"/>'
WRONG = {
    "empty.osm.pbf": (b"", "空的"),
    "torn.osm.pbf": (FILES["helsinki"].read_bytes()[:200_000], "不完整"),
    "torn.osm.gz": (FILES["nanjing"].read_bytes()[:60_000], "不完整"),
    "torn.osm": (plain_xml()[:200_000], "不完整"),
    "letter.osm.pbf": (b"Dear officer, please find the map attached.", "不是 OpenStreetMap"),
    "photo.jpg": (b"\xff\xd8\xff\xe0" + bytes(1000), "认不出格式"),
    "nothing.osm": (osm(""), "没有道路"),
    "points.osm": (osm(NODES), "没有道路"),
    "motorways.osm": (osm(NODES, WAY.format(kind="motorway")), "没有可步行"),
    "metres.osm": (osm(METRES, WAY.format(kind="footway")), "以米为单位"),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_file_is_refused_in_plain_words(tmp_path: Path, name: str) -> None:
    content, words = WRONG[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableMap, match=words) as refused:
        read_network(path)
    assert refused.value.file_name == name


def counts(session: Any) -> tuple[int, ...]:
    tables = ("network_version", "network_node", "network_edge", "inner_way", "area_confidence")
    return tuple(session.connection().execute(text(f"SELECT count(*) FROM geo.{name}")).scalar_one() for name in tables)


def test_wrong_files_leave_the_old_streets_in_place(database: Any, tmp_path: Path) -> None:
    with database.session("jobs") as session:
        first = import_network(session, NOW, FILES["nanjing"], CITY, "一")
        session.commit()
        before = counts(session)
        for name, (content, _) in WRONG.items():
            path = tmp_path / name
            path.write_bytes(content)
            with pytest.raises(UnreadableMap):
                import_network(session, NOW, path, CITY, "二")
            session.rollback()
        assert active_version(session, CITY).id == first.id and counts(session) == before


IMPORTER = """
import sys, time
from datetime import UTC, datetime
from geo.store import import_network
from sqlalchemy import create_engine
from sqlmodel import Session

def tell(stage, done, total):
    if stage == sys.argv[3]:
        print("here", flush=True)
        time.sleep(300)

with Session(create_engine(sys.argv[1])) as session:
    import_network(session, datetime.now(UTC), sys.argv[2], 320100000000000, "two", tell)
    session.commit()
"""


@pytest.mark.parametrize("stage", ["read", "nodes", "edges"])
def test_a_killed_import_leaves_nothing_half_loaded_and_the_next_one_works(database: Any, stage: str) -> None:
    with database.session("jobs") as session:
        first = import_network(session, NOW, FILES["nanjing"], CITY, "一")
        session.commit()
        before = counts(session)
        url = database.url("jobs").render_as_string(hide_password=False)
        command = [sys.executable, "-c", IMPORTER, url, str(FILES["helsinki"]), stage]
        importer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert importer.stdout is not None and importer.stdout.readline() == "here\n"
        os.kill(importer.pid, signal.SIGKILL)
        importer.wait()
        importer.stdout.close()
        # the next import waits for the dead one's lock, which its server process gives up when it finds nobody there
        second = import_network(session, NOW, FILES["helsinki"], CITY, "二")
        versions = session.connection().execute(text("SELECT name FROM geo.network_version ORDER BY id")).scalars()
        assert list(versions) == ["一", "二"]
        assert counts(session)[1] == before[1] + second.base_nodes and second.changed
        assert restore_previous(session, CITY).id == first.id
        assert (restored := active_version(session, CITY)).id == first.id and restored.name == "一"
