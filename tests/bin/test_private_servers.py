"""The private PostgreSQL and Redis: found once, kept through a crash, quick the second time, gone when stopped."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def house():
    sys.path.insert(0, str(ROOT / "bin"))
    try:
        yield importlib.import_module("house.private")
    finally:
        sys.path.remove(str(ROOT / "bin"))


@pytest.fixture
def private(house, tmp_path, monkeypatch):
    if house.packages.missing_servers():
        pytest.skip("private servers: PostgreSQL with PostGIS and redis-server are not installed here")
    monkeypatch.setattr(house, "LOCAL", tmp_path)
    monkeypatch.setattr(house, "_RECORD", tmp_path / "servers.json")
    monkeypatch.setattr(house, "CHECKOUT", f"test{os.getpid()}")
    yield house
    house.erase("main")
    assert not list(Path("/var/lib").glob(f"yinling-test{os.getpid()}"))


def test_data_survives_a_crash_and_the_ports_stay(private):
    pair, started = private.start("main")
    assert started and private.query(pair, "CREATE TABLE kept AS SELECT 7 AS n").returncode == 0
    again, started_again = private.start("main")
    assert not started_again and again == pair

    os.kill(private._postmaster(pair), signal.SIGKILL)
    os.kill(private._redis_pid(pair), signal.SIGKILL)
    assert private.until(lambda: private._postmaster(pair) is None and private._redis_pid(pair) is None, 10)
    revived, started = private.start("main")
    assert started and revived.postgresql_port == pair.postgresql_port
    assert private.query(revived, "SELECT n FROM kept").stdout.strip() == "7"

    assert private.stop("main") and not private.stop("main")
    assert not private.is_listening(revived.postgresql_port) and not private.is_listening(revived.redis_port)


def test_servers_whose_record_was_deleted_make_room_and_lose_nothing(private, tmp_path):
    """Somebody removes .local/ while the servers run, or a new checkout takes an old one's place."""
    lost, _ = private.start("main")
    assert private.query(lost, "CREATE TABLE kept AS SELECT 7 AS n").returncode == 0
    (tmp_path / "servers.json").unlink()

    pair, started = private.start("main")
    assert started and pair.folder == lost.folder and pair.password != lost.password
    assert private.query(pair, "SELECT 1").stdout.strip() == "1"
    assert "does not exist" in private.query(pair, "SELECT n FROM kept").stderr
    assert private.query(lost, "SELECT 1").returncode != 0, "the old server has stopped"
    (kept,) = Path(pair.folder).glob("postgresql.left-*")
    assert (kept / "PG_VERSION").exists() and len(list(Path(pair.folder).glob("redis.left-*"))) == 1


def test_the_tests_servers_left_by_a_deleted_checkout_are_removed(private, tmp_path):
    lost, _ = private.start("tests")
    (tmp_path / "servers.json").unlink()
    try:
        pair, started = private.start("tests")
        assert started and pair.folder == lost.folder and private.query(pair, "SELECT 1").stdout.strip() == "1"
        assert not list(Path(pair.folder).glob("*.left-*"))
    finally:
        private.erase("tests")


def test_a_pid_file_that_names_a_stranger_does_not_count(private):
    pair, _ = private.start("main")
    private.stop("main")
    (pair.data / "postmaster.pid").write_text(f"{os.getpid()}\n{pair.data}\n")
    assert private._postmaster(pair) is None
    assert private.start("main")[1]


def test_nobody_without_the_password_gets_in(private):
    pair, _ = private.start("main")
    pair.password = "guessed"
    assert "password authentication failed" in private.query(pair, "SELECT 1").stderr


def test_the_socket_path_is_short_enough(private, tmp_path, monkeypatch):
    deep = tmp_path / ("a-long-name-" * 8)
    deep.mkdir(mode=0o755)
    monkeypatch.setattr(private, "LOCAL", deep)
    pair, _ = private.start("main")
    assert len(f"{pair.sockets}/.s.PGSQL.{pair.postgresql_port}.lock".encode()) <= 107
    assert Path(pair.sockets, f".s.PGSQL.{pair.postgresql_port}").is_socket()


def test_who_may_not_install_is_told_the_packages(house, monkeypatch):
    monkeypatch.setattr(house.packages, "may_install", lambda: None)
    with pytest.raises(house.Trouble, match=r"apt-get install postgresql postgresql-15-postgis-3 redis-server"):
        house.packages.install(["postgresql", "redis-server"], "A private PostgreSQL")


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL"])
def test_half_an_address_is_refused_by_name(house, monkeypatch, missing):
    servers = importlib.import_module("house.servers")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere")
    monkeypatch.setenv("REDIS_URL", "redis://somewhere")
    monkeypatch.delenv(missing)
    with pytest.raises(house.Trouble, match=f"{missing} is missing"):
        servers.provide("main")


def test_given_addresses_are_used_as_they_are(house, monkeypatch):
    servers = importlib.import_module("house.servers")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/x")
    monkeypatch.setenv("REDIS_URL", "redis://somewhere/1")
    given = servers.provide("main")
    assert (given.kind, given.database_url, given.redis_url) == (
        "given",
        "postgresql://somewhere/x",
        "redis://somewhere/1",
    )


def test_without_an_engine_docker_is_left_alone_quickly(house, monkeypatch):
    servers = importlib.import_module("house.servers")
    monkeypatch.setenv("YINLING_DOCKER", "no")
    assert not servers.engine_answers()
    monkeypatch.delenv("YINLING_DOCKER")
    monkeypatch.setenv("PATH", str(Path(shutil.which("true") or "/bin/true").parent / "nothing-here"))
    assert not servers.engine_answers()


def test_the_tests_databases_live_in_memory_where_it_has_room(private, tmp_path, monkeypatch):
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(private, "_usable", lambda folder, _: folder.mkdir(parents=True, exist_ok=True) or True)
    monkeypatch.setattr(private, "_MEMORY", memory)
    monkeypatch.setattr(private, "_ROOM_BYTES", 1)
    pair = private._found("tests")
    assert Path(pair.folder).is_relative_to(memory)
    assert not Path(private._found("main").folder).is_relative_to(memory)
    pair.data.mkdir()
    assert not private._better_anew(pair), "they stand where they should"
    shutil.rmtree(pair.folder)
    assert private._better_anew(pair), "the machine was started anew, and its memory is empty"

    monkeypatch.setattr(private, "_ROOM_BYTES", 2**60)
    on_disk = private._found("tests")
    assert Path(on_disk.folder) == tmp_path / "servers" / "tests" and not private._better_anew(on_disk)
    monkeypatch.setattr(private, "_ROOM_BYTES", 1)
    assert private._better_anew(on_disk), "there is room in memory now"
    for name in ("tests", "main"):
        private.erase(name)
