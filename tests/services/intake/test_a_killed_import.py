"""kill -9 in the middle of `bin/yinling import` and `network import`: nothing is half loaded, and the next one loads all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
STREETS = ROOT / "sample_data" / "osm" / "nanjing_xuanwu_2021-06.osm.xml.gz"
GATE = 4_712
SITES = 40
COUNTED = (
    "facility", "facility_change", "import_run", "import_row", "act", "outbox", "geo.network_version",
    "geo.network_node", "geo.network_edge", "geo.inner_way", "geo.area_confidence",
)  # fmt: skip


def eventually(check: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until something is true; fail loudly when it is not in time."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def sites(folder: Path) -> Path:
    """Draw up a list of forty sites and one row that waits for a place."""
    file = folder / "sites.csv"
    rows = [f"助餐点{n},senior_canteen,路{n}号,{118.752 + n / 1000:.3f},32.015" for n in range(SITES)]
    file.write_text(
        "\n".join(["设施名称,设施类型,详细地址,经度,纬度", *rows, "无处可寻,senior_canteen,,,"]), encoding="utf-8"
    )
    return file


def command(kind: str, folder: Path) -> list[str]:
    """Give the words of the command a person types."""
    start = [sys.executable, "-m", "workers.command_line"]
    if kind == "list":
        return [*start, "import", "facilities", str(sites(folder)), "--city", "nanjing_demo", "--crs", "wgs84", "--yes"]
    return [*start, "network", "import", str(STREETS), "--city", "nanjing_demo", "--name", "玄武"]


@pytest.mark.parametrize(
    ("kind", "table", "in_the_middle"),
    [("list", "facility", f"NEW.name = '助餐点{SITES // 2}'"), ("network", "geo.network_edge", "NEW.id = 300")],
)
def test_a_killed_import_leaves_nothing_and_the_same_command_then_loads_everything(
    city: Any, database: Any, tmp_path: Path, kind: str, table: str, in_the_middle: str
) -> None:
    look = database.connect("setup", autocommit=True)

    def counts() -> dict[str, int]:
        return {name: look.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in COUNTED}

    def backends(state: str) -> int:
        asked = f"SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND query LIKE %s AND {state}"
        return int(look.execute(asked, (database.name, f"%{table}%")).fetchone()[0])

    look.execute(
        f"""
        CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NEW; END $$;
        CREATE TRIGGER wait_at_the_gate BEFORE INSERT ON {table} FOR EACH ROW WHEN ({in_the_middle})
        EXECUTE FUNCTION wait_at_the_gate();
        """
    )
    before = counts()
    gatekeeper = database.connect("setup")
    gatekeeper.execute("SELECT pg_advisory_xact_lock(%s)", (GATE,))
    importer = subprocess.Popen(command(kind, tmp_path), cwd=ROOT, stdout=subprocess.DEVNULL, env=dict(os.environ))
    try:
        eventually(lambda: backends("wait_event_type = 'Lock'") == 1)
    finally:
        importer.send_signal(signal.SIGKILL)
        importer.wait(timeout=60)
    gatekeeper.rollback()
    gatekeeper.close()
    eventually(lambda: backends("pid <> pg_backend_pid() AND state <> 'idle'") == 0)
    assert counts() == before

    done = subprocess.run(command(kind, tmp_path), cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    after = counts()
    look.close()
    if kind == "list":
        assert after["facility"] == SITES and after["import_run"] == 1 and after["import_row"] == 1
    else:
        assert after["geo.network_version"] == 1 and after["geo.network_edge"] > 700 and after["geo.network_node"] > 500
    assert after["act"] > before["act"] and after["outbox"] == before["outbox"] + 1
