"""Workers on two hosts that share nothing but the two addresses and the key fill one city's reach table together."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rq import Worker
from sqlalchemy import text

from services.circles.actions import refresh_reach
from services.circles.filling import plan_filling
from services.unit_of_work import SYSTEM, unit_of_work
from tests.services.circles.quarter import CITY, add_elder, add_facility, lay_ground
from workers import relay

DOORS = 16
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "YINLING_SECRET_KEY")


def eventually(check: Callable[[], bool], seconds: float = 240.0) -> None:
    """Wait until something is true; fail loudly when it is not in time."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


class Host:
    """A machine of its own: an empty environment but the addresses, an empty folder, two worker processes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        environment = {name: os.environ[name] for name in ADDRESSES}
        command = [sys.executable, "-m", "workers.command_line", "worker"]
        self.workers = [subprocess.Popen(command, cwd=folder, env=environment) for _ in range(2)]

    def made(self) -> set[str]:
        """The folders of streets and graphs this host made."""
        return {entry.name for entry in (self.folder / ".local" / "networks").glob("*") if entry.is_dir()}


@pytest.fixture
def hosts(redis_url: str, database: Any, tmp_path: Path) -> Iterator[list[Host]]:
    """Two hosts whose workers are listening."""
    started = [Host(tmp_path / name) for name in ("one", "other")]
    try:
        eventually(lambda: len(Worker.all(connection=relay.connection())) == 4)
        yield started
    finally:
        for process in (worker for host in started for worker in host.workers):
            process.terminate()
        for process in (worker for host in started for worker in host.workers):
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def reach(session: Any) -> set[tuple[Any, ...]]:
    rows = session.connection().execute(
        text("SELECT profile, node_id, facility_id, round(cost::numeric, 6) FROM reach")
    )
    return {tuple(row) for row in rows}


def settle(now: Any) -> set[tuple[Any, ...]]:
    """A city with elders and facilities; gives its reach as one process computes it, and clears it."""
    chance = np.random.default_rng(5)
    with unit_of_work(SYSTEM, login="jobs") as work:
        lay_ground(work.session, now)
        for number in range(20):
            add_elder(
                work.session, now, f"老人{number}", (chance.uniform(118.766, 118.794), chance.uniform(32.036, 32.050))
            )
        for number in range(DOORS):
            place = chance.uniform(118.766, 118.794), chance.uniform(32.036, 32.050)
            add_facility(work.session, f"F{number}", place, "community_station", ("meal",), now=now)
        refresh_reach(work.session, work.now, CITY)
        alone = reach(work.session)
        work.session.connection().execute(text("DELETE FROM reach"))
    return alone


@pytest.mark.drill
def test_two_hosts_that_share_only_two_addresses_fill_one_citys_reach_together(hosts: list[Host], now: Any) -> None:
    alone = settle(now)
    with unit_of_work(SYSTEM, login="jobs") as work:
        fill = plan_filling(work.session, work.now, CITY, per_part=1)
    redis = relay.connection()

    def finished() -> bool:
        relay.relay_once(redis)
        with unit_of_work(SYSTEM, login="jobs") as work:
            done = text("SELECT finished_at IS NOT NULL FROM reach_fill WHERE id = :fill")
            return bool(work.session.connection().execute(done, {"fill": fill}).scalar_one())

    eventually(finished)
    with unit_of_work(SYSTEM, login="jobs") as work:
        assert reach(work.session) == alone and len(alone) > 1000
        parts = text("SELECT count(*), count(DISTINCT done_by) FROM reach_part WHERE fill_id = :fill")
        assert work.session.connection().execute(parts, {"fill": fill}).one()[0] == DOORS
        runs = work.session.connection().execute(text("SELECT count(*) FROM elder_reach")).scalar_one()
        assert runs > 0
    made = [host.made() for host in hosts]
    assert made[0] and made[1], "each host built its own files of the streets"
    assert all(len(names) == 3 for names in made), "the streets and one graph for each of the two profiles"
