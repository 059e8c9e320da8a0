"""A city of a million crossings goes in and out within 1 GiB of memory a process."""

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GIB_KB = 1024 * 1024

MAKE = """
import sys
import numpy as np
import numpy.typing as npt
from geo.network import Network, geodesic_m, number_components


def million(nodes: int, seed: int = 1) -> Network:
    \"\"\"A grid bent by chance: mean edge 60 m, mean degree 2.7, every edge with one bend.\"\"\"
    chance = np.random.default_rng(seed)
    side = int(nodes ** 0.5)
    step = 60.0 / 111_320.0
    row, column = np.divmod(np.arange(side * side), side)
    lons = 118.0 + step * 1.17 * (column + chance.uniform(-0.2, 0.2, side * side))
    lats = 32.0 + step * (row + chance.uniform(-0.2, 0.2, side * side))
    here = np.arange(side * side)
    east, north = here[column < side - 1], here[row < side - 1]
    u, v = np.concatenate([east, north]), np.concatenate([east + 1, north + side])
    keep = chance.random(len(u)) < 1.35 * side * side / len(u)
    u, v = u[keep].astype(np.int32), v[keep].astype(np.int32)
    edges = len(u)
    ids = np.empty((edges, 3), dtype=np.int64)
    ids[:, 0], ids[:, 1], ids[:, 2] = u + 1, np.arange(edges) + 10_000_000, v + 1
    shape_lons, shape_lats = np.empty((edges, 3)), np.empty((edges, 3))
    for places, bent in ((lons, shape_lons), (lats, shape_lats)):
        bent[:, 0], bent[:, 2] = places[u], places[v]
        bent[:, 1] = (places[u] + places[v]) / 2 + chance.uniform(-5e-5, 5e-5, edges)
    length = sum(
        geodesic_m(shape_lons[:, k], shape_lats[:, k], shape_lons[:, k + 1], shape_lats[:, k + 1]) for k in (0, 1)
    )
    return Network(
        node_osm_ids=here.astype(np.int64) + 1, node_lons=lons, node_lats=lats,
        node_component=number_components(side * side, u, v), edge_u=u, edge_v=v,
        edge_way_ids=np.arange(edges, dtype=np.int64), edge_length_m=np.asarray(length),
        edge_class=(chance.random(edges) < 0.3).astype(np.int32), class_names=("footway", "residential"),
        edge_is_steps=np.zeros(edges, dtype=bool), edge_no_wheels=np.zeros(edges, dtype=bool),
        edge_is_footway=chance.random(edges) < 0.3,
        shape_offsets=np.arange(0, 3 * edges + 1, 3, dtype=np.int64), shape_osm_ids=ids.ravel(),
        shape_lons=shape_lons.ravel(), shape_lats=shape_lats.ravel(),
    )
"""
STORE = (
    MAKE
    + """
from datetime import UTC, datetime
from sqlalchemy import create_engine
from sqlmodel import Session
from geo.store import save_network

with Session(create_engine(sys.argv[1])) as session:
    stored = save_network(session, datetime(2026, 11, 24, tzinfo=UTC), million(int(sys.argv[3])), -1, "m", "m", "m")
    session.commit()
    degree = 2 * stored.base_edges / stored.base_nodes
    assert 2.6 < degree < 2.8 and 50 < stored.report["length_m"] / stored.base_edges < 70, (degree, stored.report)
"""
)
LOAD = """
import sys
from pathlib import Path
from sqlalchemy import create_engine
from sqlmodel import Session
from geo.files import keep_files_in
from geo.profiles import PROFILES
from geo.store import active_version, walk_graph
from geo.kernels import walk_bounded
import numpy as np

keep_files_in(Path(sys.argv[2]))
with Session(create_engine(sys.argv[1])) as session:
    graph = walk_graph(session, active_version(session, -1), PROFILES["elder"])
    assert abs(graph.node_count - int(sys.argv[3])) < 2000
    middle = graph.node_count // 2 + 500
    reached = walk_bounded(*graph.arrays, np.array([middle]), np.array([0.0]), 900.0, graph.worktable())
    assert len(reached[0]) > 50
"""


def peak_kb(program: str, *arguments: str) -> int:
    """Run a program in a process of its own; give the most memory it held, in KiB."""
    # not getrusage: a child's ru_maxrss begins with what its parent held when it was forked
    told = "\nprint(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))\n"
    command = [sys.executable, "-c", program + told, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout.split()[-1])


def goes_through(database: Any, tmp_path: Path, nodes: int) -> dict[str, int]:
    url = database.url("jobs").render_as_string(hide_password=False)
    arguments = url, str(tmp_path / "networks"), str(nodes)
    peaks = {"store": peak_kb(STORE, *arguments), "build": peak_kb(LOAD, *arguments), "open": peak_kb(LOAD, *arguments)}
    print({step: f"{kb / 1024:.0f} MiB" for step, kb in peaks.items()}, resource.getpagesize())
    return peaks


def test_a_city_of_forty_thousand_crossings_goes_in_and_out(database: Any, tmp_path: Path) -> None:
    peaks = goes_through(database, tmp_path, 40_000)
    assert max(peaks.values()) < GIB_KB / 2


@pytest.mark.drill
def test_a_million_crossings_are_stored_loaded_and_walked_within_a_gibibyte(database: Any, tmp_path: Path) -> None:
    peaks = goes_through(database, tmp_path, 1_000_000)
    assert max(peaks.values()) <= GIB_KB, peaks
