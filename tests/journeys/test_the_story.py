"""The whole story on real servers: web server, relay and worker as processes, in a small district of its own."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from sqlmodel import Session

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def small_district(database, redis_url, monkeypatch):
    """A district of 300 elders and two months, in demonstration mode."""
    from yl_databases import forget_settings

    from services.clock import read_now
    from services.unit_of_work import engine
    from workers.district.build import build_district

    monkeypatch.setenv("YINLING_DEMONSTRATION", "1")
    forget_settings()
    with Session(engine("setup"), expire_on_commit=False) as session, session.begin():
        build_district(session, read_now(session), elders=300, months=2)
    yield database
    forget_settings()


@pytest.mark.mission("DY-01", "DY-11", "DY-15", "DY-34", "DY-35", "TZ-16", "NG-01", "NG-13", "NG-12")
def test_the_story_runs_from_the_daughters_phone_to_the_time_bank(small_district, tmp_path):
    from workers.story.house import House
    from workers.story.plot import tell_story
    from workers.story.setting import draw_circles
    from workers.story.telling import Telling

    said = io.StringIO()
    port = free_port()
    telling = Telling(Console(file=said, width=200), f"http://127.0.0.1:{port}")
    coverage = draw_circles(telling)
    with House(port, log_folder=tmp_path) as house:
        try:
            facts = tell_story(telling, house.address)
        except Exception:
            logs = "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in tmp_path.glob("*.log"))
            raise AssertionError(f"{said.getvalue()}\n{logs}") from None
        processes = list(house._processes.values())
    assert all(process.poll() is not None for process in processes), "no orphan is left"
    assert telling.ok and len(telling.steps) >= 13
    assert set(coverage) and all({"elder", "gb50180"} <= set(by_profile) for by_profile in coverage.values())
    for by_profile in coverage.values():
        for one in by_profile.values():
            assert 0 <= one["reached"] <= one["straight_line"] <= one["total"], (
                "streets never reach further than a crow"
            )
    assert facts["ledger"].ok and facts["city_beds"]["nursing"] <= facts["city_beds"]["total"]
    with small_district.connect() as connection:
        told = connection.execute(
            "SELECT array_agg(DISTINCT template) FROM message WHERE subject_type = 'care_order' AND subject_id = %s "
            "AND EXISTS (SELECT FROM message_delivery AS d WHERE d.message_id = message.id AND d.receipt IS NOT NULL)",
            (facts["order"],),
        ).fetchone()
        left = connection.execute("SELECT count(*) FROM outbox WHERE state = 'failed'").fetchone()
        acts = connection.execute(
            "SELECT count(DISTINCT verb) FROM act WHERE for_person_id = %s AND by_right IS NOT NULL", (facts["wang"],)
        ).fetchone()
    assert left == (0,) and acts[0] >= 4
    steps = {
        "orders.placed", "matching.offered", "matching.expired", "matching.passed_on", "matching.accepted",
        "dispatch.assigned", "dispatch.your_job", "orders.served", "orders.confirmed",
    }  # fmt: skip
    assert steps <= set(told[0]), "each of these was told, and a carrier gave a receipt"
    for name in ("李敏", "陈芳", "周慧", "赵建国"):
        assert f"告知 {name}（" in said.getvalue(), "the story says who was told"


def test_a_step_that_fails_is_told_and_ends_with_one(small_district, tmp_path, monkeypatch):
    told = tmp_path / "told.json"
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = taken.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "-m", "workers.command_line", "run", "--story", "--port", str(port), "--json", str(told)],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    taken.close()
    assert done.returncode == 1
    steps = json.loads(told.read_text())["steps"]
    assert steps[-1]["ok"] is False and "api" in steps[-1]["name"]
    assert {step["ok"] for step in steps[:-1]} == {True}


@pytest.mark.broken_ledger  # the ledger is gone with the rest
def test_reset_refuses_a_database_with_real_people(small_district):
    from workers.story.setting import NotADemonstration, erase_demonstration

    with small_district.connect(autocommit=True) as connection:
        connection.execute("UPDATE person SET invented = false WHERE id = (SELECT min(id) FROM person)")
    with pytest.raises(NotADemonstration):
        erase_demonstration()
    with small_district.connect(autocommit=True) as connection:
        assert connection.execute("SELECT count(*) > 300 FROM person").fetchone() == (True,)
        connection.execute("UPDATE person SET invented = true")
    erase_demonstration()
    with small_district.connect(autocommit=True) as connection:
        assert connection.execute("SELECT to_regclass('public.person')").fetchone() == (None,)
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
