"""A server is killed, frozen, or its disk filled under load: nothing acknowledged is lost.

Every promise has a twin that must fail: the same damage to a server that lacks what keeps the promise.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks import own_server
from tests.timebank.bank import NANJING, open_bank
from tests.timebank.load import Load
from tests.timebank.test_races import posted

ROOT = Path(__file__).resolve().parents[2]


def kill_it(server: own_server.OwnServer, load: Load) -> None:
    """End every process of the server at once, and start it again."""
    server.crash()
    settle(load)
    server.start()


def freeze_it(server: own_server.OwnServer, load: Load) -> None:
    """Stop the server's processes in the middle of their work, for longer than a statement may take."""
    for _ in range(8):
        server.send(signal.SIGSTOP)
        time.sleep(1.0)
        server.send(signal.SIGCONT)
        time.sleep(0.3)
        if load.unknown:
            break
    settle(load)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("ALTER DATABASE postgres RESET statement_timeout")


def fill_its_disk(server: own_server.OwnServer, load: Load) -> None:
    """Leave no byte on the server's disk: it panics and stays down until there is room, and is started by hand."""
    ballast = server.folder / "ballast"
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65536))
            file.flush()
    for _ in range(100):
        try:
            with psycopg.connect(server.dsn, autocommit=True, connect_timeout=2) as connection:
                connection.execute("SELECT pg_switch_wal()")
        except psycopg.Error:
            break
        time.sleep(0.1)
    settle(load)
    time.sleep(3.0)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.dsn, connect_timeout=2)
    server.give_room(600)
    ballast.unlink()
    server.start()


def settle(load: Load) -> None:
    """Wait until every writer has noticed, and leave no connection of before."""
    load.stopped.set()
    for writer in load.writers:
        writer.result()
    for engine in (load.bank.app, load.bank.jobs, load.bank.setup):
        engine.dispose()


def damage_under_load(
    damage: Callable[[own_server.OwnServer, Load], None], room_mb: int | None = None, **options: str
) -> tuple[Load, set[str]]:
    """Load a private server, damage it, let it come back; give the log and what is stored before any retry."""
    reason = own_server.missing()
    if reason:
        pytest.skip(reason)
    statement_timeout = options.pop("statement_timeout", None)
    try:
        server = own_server.own_server(room_mb, **options)
    except own_server.NoDisk:
        pytest.skip("no small disk can be mounted here: it cannot be filled")
    try:
        environment = os.environ | {"DATABASE_URL": server.url.render_as_string(hide_password=False)}
        program = "from services.migrating import upgrade; upgrade()"
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True, capture_output=True)

        class Where:
            @staticmethod
            def url(login: str) -> Any:
                return server.url

        if statement_timeout is not None:
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                connection.execute(f"ALTER DATABASE postgres SET statement_timeout = '{statement_timeout}'")
        load = Load(open_bank(Where(), NANJING))
        with ThreadPoolExecutor(4) as pool:
            load.writers = [pool.submit(load.write, number) for number in range(4)]
            time.sleep(2.0)
            damage(server, load)
        stored = load.stored()
        load.ask_again()
        assert load.stored() == stored | load.unknown
        assert load.bank.verify().ok
        assert posted(load.bank, load.bank.club) == len(load.stored())
        load.bank.close()
        return load, stored
    finally:
        server.close()


LAZY = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
"""A server that answers before its log is written."""
SMALL = {"min_wal_size": "32MB", "max_wal_size": "48MB"}


@pytest.mark.drill
def test_a_frozen_server_makes_timeouts_fire_and_nothing_is_lost_or_doubled() -> None:
    load, stored = damage_under_load(freeze_it, statement_timeout="500ms")
    assert load.acknowledged and load.unknown, "no timeout fired: the test shows nothing"
    assert load.acknowledged <= stored


@pytest.mark.drill
def test_the_twin_without_a_timeout_waits_as_long_as_the_server_is_frozen() -> None:
    load, stored = damage_under_load(freeze_it)
    assert load.acknowledged == stored and not load.unknown
    print("twin: frozen without a timeout, nobody was told")


@pytest.mark.drill
def test_a_full_disk_stops_the_server_and_loses_nothing_that_was_acknowledged() -> None:
    load, stored = damage_under_load(fill_its_disk, 220, **SMALL)
    assert len(load.acknowledged) > 20 and load.unknown
    assert load.acknowledged <= stored
    print(f"disk full: lost 0 of {len(load.acknowledged)} acknowledged")


@pytest.mark.drill
def test_the_twin_whose_log_is_lazy_loses_on_a_full_disk() -> None:
    load, stored = damage_under_load(fill_its_disk, 220, **SMALL, **LAZY)
    lost = load.acknowledged - stored
    assert lost
    print(f"twin: disk full, lost {len(lost)} of {len(load.acknowledged)} acknowledged")


@pytest.mark.drill
def test_kill_9_of_the_database_loses_nothing_that_was_acknowledged() -> None:
    load, stored = damage_under_load(kill_it)
    assert len(load.acknowledged) > 20 and load.unknown
    assert load.acknowledged <= stored
    print(f"kill -9: lost 0 of {len(load.acknowledged)} acknowledged, {len(load.unknown)} unknown, each there once")


@pytest.mark.drill
def test_the_twin_that_answers_before_the_log_is_written_loses_what_it_acknowledged() -> None:
    load, stored = damage_under_load(kill_it, **LAZY)
    lost = load.acknowledged - stored
    assert lost
    print(f"twin: lost {len(lost)} of {len(load.acknowledged)} acknowledged")
