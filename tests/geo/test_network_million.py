"""A city of a million crossings goes from its file into the house and out again within 1 GiB of memory a process."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

ROOT = Path(__file__).resolve().parents[2]
GIB_KB = 1024 * 1024

DRAW = """
import sys
import numpy as np
import osmium


def draw(path: str, places: int, seed: int = 1) -> None:
    \"\"\"A grid bent by chance: mean edge 60 m, mean degree 2.7, every edge with one bend; streets of a few edges.\"\"\"
    chance = np.random.default_rng(seed)
    side = int(places ** 0.5)
    step = 60.0 / 111_320.0
    row, column = np.divmod(np.arange(side * side), side)
    lons = 118.0 + step * 1.17 * (column + chance.uniform(-0.2, 0.2, side * side))
    lats = 32.0 + step * (row + chance.uniform(-0.2, 0.2, side * side))
    here = np.arange(side * side)
    east, north = here[column < side - 1], here[row < side - 1]
    u, v = np.concatenate([east, north]), np.concatenate([east + 1, north + side])
    keep = chance.random(len(u)) < 1.35 * side * side / len(u)
    u, v = u[keep], v[keep]
    lons = np.concatenate([lons, (lons[u] + lons[v]) / 2 + chance.uniform(-5e-5, 5e-5, len(u))])
    lats = np.concatenate([lats, (lats[u] + lats[v]) / 2 + chance.uniform(-5e-5, 5e-5, len(u))])
    first, footway = side * side + 1, chance.random(len(u)) < 0.3
    with osmium.SimpleWriter(path, bufsz=2**20) as file:
        for number, place in enumerate(zip(lons.tolist(), lats.tolist(), strict=True), start=1):
            file.add_node(osmium.osm.mutable.Node(id=number, location=place))
        street: list[int] = []
        for k, (a, b) in enumerate(zip((u + 1).tolist(), (v + 1).tolist(), strict=True)):
            if street and (street[-1] != a or len(street) > 20):
                file.add_way(osmium.osm.mutable.Way(id=k, nodes=street, tags={"highway": kind}))
                street = []
            kind = kind if street else ("footway" if footway[k] else "residential")
            street += [first + k, b] if street else [a, first + k, b]
        file.add_way(osmium.osm.mutable.Way(id=len(u), nodes=street, tags={"highway": kind}))


draw(sys.argv[1], int(sys.argv[2]))
"""
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
    graph = walk_graph(session, active_version(session, int(sys.argv[3])), PROFILES["elder"])
    assert graph.node_count >= int(sys.argv[4]), graph.node_count
    middle = graph.node_count // 2 + 500
    reached = walk_bounded(*graph.arrays, np.array([middle]), np.array([0.0]), 900.0, graph.worktable())
    assert len(reached[0]) > 50
"""
COMMAND = """
import os, sys
argv = [sys.executable, "-m", "workers.command_line", *sys.argv[1:]]
_, status, used = os.wait4(os.posix_spawn(sys.executable, argv, os.environ), 0)
print()
print(used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Starts the command from a process that holds next to nothing: a child's ru_maxrss begins with its parent's."""


def peak_kb(program: str, *arguments: str) -> int:
    """Run a program in a process of its own; give the most memory it held, in KiB."""
    # not getrusage: a child's ru_maxrss begins with what its parent held when it was forked
    told = "\nprint(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))\n"
    command = [sys.executable, "-c", program + told, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout.split()[-1])


def command_peak_kb(*arguments: str) -> int:
    """Run `bin/yinling` with these words; give the most memory it held, in KiB."""
    command = [sys.executable, "-c", COMMAND, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return int(done.stdout.split()[-1])


def goes_through(database: Any, tmp_path: Path, crossings: int) -> dict[str, int]:
    """Draw a city into a file (a tenth of its points end up as bends), import it, build its graph, open it again."""
    file = tmp_path / "city.osm.pbf"
    subprocess.run([sys.executable, "-c", DRAW, str(file), str(int(1.1 * crossings))], check=True, timeout=3600)
    peaks = {"import": command_peak_kb("network", "import", str(file), "--city", "city", "--name", "n")}
    with database.session("jobs") as session:
        asked = "SELECT city_code, base_nodes, base_edges, report FROM geo.network_version WHERE active"
        ((city, nodes, edges, report),) = session.connection().execute(text(asked)).all()
    assert nodes >= crossings and 2.6 < 2 * edges / nodes < 2.9 and 50 < report["length_m"] / edges < 70
    url = database.url("jobs").render_as_string(hide_password=False)
    arguments = url, str(tmp_path / "networks"), str(city), str(crossings)
    peaks |= {"build": peak_kb(LOAD, *arguments), "open": peak_kb(LOAD, *arguments)}
    print({step: f"{kb / 1024:.0f} MiB" for step, kb in peaks.items()}, f"{nodes:,} crossings, {edges:,} streets")
    return peaks


@pytest.mark.drill
def test_a_city_of_forty_thousand_crossings_goes_in_and_out(database: Any, tmp_path: Path) -> None:
    peaks = goes_through(database, tmp_path, 40_000)
    assert max(peaks.values()) < GIB_KB / 2


@pytest.mark.drill
def test_a_million_crossings_of_a_file_are_imported_loaded_and_walked_within_a_gibibyte(
    database: Any, tmp_path: Path
) -> None:
    peaks = goes_through(database, tmp_path, 1_000_000)
    assert max(peaks.values()) <= GIB_KB, peaks
