"""Files of streets on a host: made once, shared, never half there, thrown away when old."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import geo.files as files
from geo.files import graph_name, keep_arrays, keep_files_in, keep_graph, make_room, network_name
from geo.profiles import PROFILES
from geo.store import import_network, load_network, walk_graph
from geo.walking import build_graph
from tests.geo.city_streets import FILES, city_network

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Any:
    before = list(files._chosen)
    keep_files_in(tmp_path / "networks")
    yield tmp_path / "networks"
    files._chosen[:] = before


def test_arrays_come_back_as_they_were_and_are_mapped_not_read(folder: Path) -> None:
    made = []

    def build() -> dict[str, Any]:
        made.append(1)
        return {"a": np.arange(100_000), "none": np.zeros(0, dtype=np.int32), "names": ("x", "y"), "count": 3}

    for _ in range(2):
        found = keep_arrays("one", build)
        assert np.array_equal(found["a"], np.arange(100_000)) and found["none"].dtype == np.int32
        assert (found["names"], found["count"]) == (("x", "y"), 3)
    assert made == [1] and isinstance(found["a"].base, np.memmap) and found["a"].flags.writeable
    found["a"][0] = 77
    assert keep_arrays("one", build)["a"][0] == 0, "a mistaken write stays in the process that made it"


def test_a_torn_folder_is_thrown_away_and_made_again(folder: Path) -> None:
    keep_arrays("one", lambda: {"a": np.arange(1000)})
    (folder / "one" / "a.npy").write_bytes(b"torn")
    assert keep_arrays("one", lambda: {"a": np.arange(5)})["a"].tolist() == [0, 1, 2, 3, 4]


def test_a_disk_that_takes_nothing_costs_memory_and_not_the_circle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    keep_files_in(tmp_path / "file" / "networks")
    assert keep_arrays("one", lambda: {"a": np.arange(3)})["a"].tolist() == [0, 1, 2]


def test_many_builders_at_once_end_with_one_whole_folder(folder: Path) -> None:
    def work(number: int) -> int:
        return int(keep_arrays("one", lambda: {"a": np.full(200_000, number)})["a"].sum() // 200_000)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(16)))
    assert len({keep_arrays("one", dict)["a"][0]}) == 1 and set(found) <= set(range(16))
    assert [entry.name for entry in folder.iterdir() if entry.is_dir()] == ["one"]


def test_the_longest_unused_goes_when_the_folder_is_full_but_never_what_is_in_use(folder: Path) -> None:
    for age, name in enumerate(("new", "middle", "old")):
        keep_arrays(name, lambda: {"a": np.zeros(10_000)})
        mark = folder / name / "facts.json"
        at = mark.stat().st_mtime - 1000 * age
        os.utime(mark, (at, at))
    assert make_room(folder, keep_bytes=200_000) == ["old"]
    assert make_room(folder, keep_bytes=0) == ["middle"]
    assert make_room(folder, keep_bytes=0) == [] and (folder / "new").exists()


def test_a_graph_keeps_whatever_arrays_it_has_and_each_speed_its_own_folder() -> None:
    streets = city_network("helsinki")
    elder, slower = PROFILES["elder"], type(PROFILES["elder"])("elder", "慢", "seconds", 0.5, 1.5)
    name = network_name("some-key", "")
    assert len({graph_name(name, profile) for profile in (elder, slower, PROFILES["frail"])}) == 3
    kept = keep_graph(graph_name(name, elder), streets, elder, lambda: build_graph(streets, elder))
    again = keep_graph(graph_name(name, elder), streets, elder, lambda: pytest.fail("built twice"))
    built = build_graph(streets, elder)
    for graph in (kept, again):
        for column in ("indptr", "indices", "weights", "edge_cost"):
            assert np.array_equal(getattr(graph, column), getattr(built, column)), column


READER = """
import sys
from pathlib import Path
from geo.files import keep_files_in
from geo.profiles import PROFILES
from geo.store import active_version, walk_graph
from sqlalchemy import create_engine
from sqlmodel import Session
keep_files_in(Path(sys.argv[1]))
with Session(create_engine(sys.argv[2])) as session:
    graph = walk_graph(session, active_version(session, -9), PROFILES["elder"])
    print(graph.node_count, round(float(graph.weights.sum()), 6))
"""


def test_processes_that_open_a_city_at_once_see_the_same_streets(database: Any, folder: Path) -> None:
    with database.session("jobs") as session:
        stored = import_network(session, NOW, FILES["nanjing"], -9, "一")
        session.commit()
        url = database.url("jobs").render_as_string(hide_password=False)
        command = [sys.executable, "-c", READER, str(folder), url]
        root = Path(__file__).resolve().parents[2]
        readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(3)]
        told = {reader.communicate(timeout=120)[0] for reader in readers}
        graph = walk_graph(session, stored, PROFILES["elder"])
        assert told == {f"{graph.node_count} {round(float(graph.weights.sum()), 6)}\n"}
        assert isinstance(load_network(session, stored).edge_u.base, np.memmap)
    assert len([entry for entry in folder.iterdir() if entry.is_dir()]) == 2
