"""A private PostgreSQL with PostGIS and a private Redis: their place, their user, their start and stop.

Started as root they run as the system user `postgres`, who can enter neither /root nor, perhaps, this
checkout: the place is chosen by trying it as that user. A socket's path may have 107 bytes at most.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from house import packages
from house.ground import (
    CHECKOUT,
    LOCAL,
    Trouble,
    attempt,
    free_port,
    insist,
    is_listening,
    say,
    write_private,
)

_RECORD = LOCAL / "servers.json"
_SOCKET_BYTES = 107
_LOGIN = "yinling"
_TUNED = {
    "main": {"max_connections": "200", "shared_buffers": "256MB"},
    "tests": {
        "max_connections": "200",
        "shared_buffers": "256MB",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "min_wal_size": "32MB",
        "max_wal_size": "512MB",
    },
}
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 6 * 2**30
_ALWAYS = {"listen_addresses": "127.0.0.1", "timezone": "UTC", "jit": "off", "random_page_cost": "1.1"}


@dataclass
class Pair:
    """One private PostgreSQL and one private Redis, as recorded in .local/servers.json."""

    name: str
    folder: str
    sockets: str
    user: str
    password: str
    postgresql_port: int
    redis_port: int
    postgresql_bin: str = ""

    @property
    def database_url(self) -> str:
        """Give the address of the set-up login's own database."""
        return f"postgresql://{_LOGIN}:{self.password}@127.0.0.1:{self.postgresql_port}/{_LOGIN}"

    @property
    def redis_url(self) -> str:
        """Give the address of the private Redis, its password in it."""
        return f"redis://:{self.password}@127.0.0.1:{self.redis_port}/0"

    @property
    def data(self) -> Path:
        """Give PostgreSQL's data folder."""
        return Path(self.folder) / "postgresql"

    @property
    def runner(self) -> dict[str, int]:
        """Give uid and gid for `attempt`; empty when the servers run as ourselves."""
        if os.geteuid() != 0:
            return {}
        entry = pwd.getpwnam(self.user)
        return {"uid": entry.pw_uid, "gid": entry.pw_gid}


def start(name: str) -> tuple[Pair, bool]:
    """Start the pair unless it runs; give it and whether anything had to be started."""
    packages.install(packages.missing_servers(), "A private PostgreSQL with PostGIS and a private Redis")
    pair = recorded().get(name)
    if pair and _better_anew(pair):
        erase(name)
        pair = None
    pair = pair or _found(name)
    binaries = packages.postgresql_bin()
    if binaries is None:
        raise Trouble("PostgreSQL 15 or newer with PostGIS was not found even after installing it.")
    pair.postgresql_bin = _bin_for(pair, binaries)
    started = _start_postgresql(pair)
    return pair, _start_redis(pair) or started


def stop(name: str) -> bool:
    """Stop the pair cleanly, its data kept; tell whether it was running."""
    pair = recorded().get(name)
    if pair is None:
        return False
    was_up = False
    if _postmaster(pair):
        was_up = True
        control: list[str | Path] = [Path(pair.postgresql_bin) / "pg_ctl", "-D", pair.data]
        attempt([*control, "-m", "fast", "-w", "-t", "30", "stop"], cwd=pair.data, **pair.runner)
    pid = _redis_pid(pair)
    if pid:
        was_up = True
        os.kill(pid, signal.SIGTERM)
        until(lambda: _redis_pid(pair) is None, 10)
    return was_up


def erase(name: str) -> None:
    """Stop the pair and remove its data for good."""
    stop(name)
    kept = recorded()
    pair = kept.pop(name, None)
    if pair:
        shutil.rmtree(pair.folder, ignore_errors=True)
        shutil.rmtree(pair.sockets, ignore_errors=True)
        with contextlib.suppress(OSError):
            Path(pair.folder).parent.rmdir()
        _record(kept)


def recorded() -> dict[str, Pair]:
    """Read which pairs this checkout has."""
    if not _RECORD.exists():
        return {}
    return {name: Pair(**fields) for name, fields in json.loads(_RECORD.read_text()).items()}


def _record(pairs: dict[str, Pair]) -> None:
    write_private(_RECORD, json.dumps({name: asdict(pair) for name, pair in pairs.items()}, indent=2) + "\n")


def _remember(pair: Pair) -> None:
    _record({**recorded(), pair.name: pair})


def _found(name: str) -> Pair:
    """Choose place, user, ports and password once; they are kept from then on."""
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    pair = Pair(name, "", "", user, secrets.token_urlsafe(18), free_port(), free_port())
    pair.folder = str(_folder(pair))
    _set_aside(pair)
    pair.sockets = str(_sockets(pair))
    _remember(pair)
    return pair


def _set_aside(pair: Pair) -> None:
    """Make room where servers of this checkout stood whose record, and so their password, went with `.local/`.

    The tests' data are removed; anybody else's are kept under a name of their own, and the name is told.
    """
    left = [place for place in (pair.data, Path(pair.folder) / "redis") if place.exists()]
    for running, sign in ((_postmaster, signal.SIGINT), (_redis_pid, signal.SIGTERM)):
        pid = running(pair)
        if pid:
            os.kill(pid, sign)
            until(lambda running=running: running(pair) is None, 30)  # type: ignore[misc]
    for place in left:
        if pair.name == "tests":
            shutil.rmtree(place)
        else:
            place.rename(kept := place.with_name(f"{place.name}.left-{time.strftime('%Y%m%d-%H%M%S')}"))
            say(f"data of servers nobody has the password of any more are kept in {kept}")


def _in_memory(name: str) -> list[Path]:
    """Where the tests' databases, which nobody keeps, may live in memory: one is cloned there in a tenth of the time."""
    try:
        available = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
        room = min(int(available[1]) * 1024 if available else 0, shutil.disk_usage(_MEMORY).free)
    except OSError:
        return []
    return [_MEMORY / f"yinling-{CHECKOUT}"] if name == "tests" and room >= _ROOM_BYTES else []


def _better_anew(pair: Pair) -> bool:
    """Tell whether the tests' servers were in memory that is empty since, or are on disk though memory has room."""
    if pair.name != "tests" or _postmaster(pair):
        return False
    if Path(pair.folder).is_relative_to(_MEMORY):
        return not pair.data.is_dir()
    return bool(_in_memory(pair.name))


def _folder(pair: Pair) -> Path:
    for above in (
        *_in_memory(pair.name),
        LOCAL / "servers",
        Path(f"/var/lib/yinling-{CHECKOUT}"),
        Path(f"/var/tmp/yinling-{CHECKOUT}"),
    ):
        if _usable(above / pair.name, pair):
            return above / pair.name
    raise Trouble(f"The user {pair.user} can keep data neither in {LOCAL} nor in /var/lib nor in /var/tmp.")


def _sockets(pair: Pair) -> Path:
    for folder in (Path(pair.folder) / "s", Path(f"/tmp/yinling-{CHECKOUT}-{pair.name}")):
        if len(f"{folder}/.s.PGSQL.65535.lock".encode()) <= _SOCKET_BYTES and _usable(folder, pair):
            return folder
    raise Trouble("No folder with a path short enough for a unix socket could be made.")


def _usable(folder: Path, pair: Pair) -> bool:
    """Make a folder of the server's user and try, as that user, to write in it."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if pair.runner:
            os.chown(folder, pair.runner["uid"], pair.runner["gid"])
        elif folder.stat().st_uid != os.geteuid():
            return False
    except OSError:
        return False
    trial = ["/bin/sh", "-c", 'cd "$0" && : > try && rm try', folder]
    return attempt(trial, cwd=Path("/"), **pair.runner).returncode == 0


def _bin_for(pair: Pair, newest: Path) -> str:
    """Give the programs of the version that made the data, for data outlive an upgrade of the machine."""
    version_file = pair.data / "PG_VERSION"
    try:
        version = version_file.read_text().strip()
    except OSError:
        return str(newest)
    own = Path(f"/usr/lib/postgresql/{version}/bin")
    return str(own if (own / "postgres").exists() else newest)


def _postmaster(pair: Pair) -> int | None:
    """Give the pid of this pair's PostgreSQL, or None; a pid left by a crash does not count."""
    try:
        pid = int((pair.data / "postmaster.pid").read_text().split()[0])
        alive = Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
        return pid if alive and Path(f"/proc/{pid}/cwd").resolve() == pair.data.resolve() else None
    except (OSError, ValueError, IndexError):
        return None


def _start_postgresql(pair: Pair) -> bool:
    if _postmaster(pair) and _answers(pair):
        return False
    if not (pair.data / "PG_VERSION").exists():
        _make_cluster(pair)
    if not _postmaster(pair):
        (pair.data / "postmaster.pid").unlink(missing_ok=True)
        if is_listening(pair.postgresql_port):
            pair.postgresql_port = free_port()
    _remember(pair)
    chosen = {
        **_ALWAYS,
        **_TUNED[pair.name],
        "port": str(pair.postgresql_port),
        "unix_socket_directories": pair.sockets,
    }
    options = " ".join(f"-c {key}={value}" for key, value in chosen.items())
    log = Path(pair.folder) / "postgresql.log"
    command: list[str | Path] = [Path(pair.postgresql_bin) / "pg_ctl", "-D", pair.data, "-l", log]
    command += ["-w", "-t", "60", "-o", options, "start"]
    for _ in range(5):  # after a crash the last orphaned backend may hold the shared memory for a moment
        if attempt(command, cwd=pair.data, **pair.runner).returncode == 0:
            break
        time.sleep(1)
    if not until(lambda: _answers(pair), 20):
        end = attempt(["tail", "-n", "8", log]).stdout
        raise Trouble(f"The private PostgreSQL did not start; the end of {log}:\n{end}")
    _ensure_database(pair)
    return True


def _make_cluster(pair: Pair) -> None:
    say(f"founding a private PostgreSQL in {pair.folder}")
    shutil.rmtree(pair.data, ignore_errors=True)
    password_file = Path(pair.folder) / "password"
    write_private(password_file, pair.password + "\n")
    if pair.runner:
        os.chown(password_file, pair.runner["uid"], pair.runner["gid"])
    try:
        command = [Path(pair.postgresql_bin) / "initdb", "-D", pair.data, "-U", _LOGIN, "-A", "scram-sha-256"]
        command += ["--pwfile", password_file, "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
        command += ["--no-instructions"]
        command += ["--no-sync"] if pair.name == "tests" else []
        insist(command, "PostgreSQL's data folder could not be made", cwd=Path(pair.folder), **pair.runner)
    finally:
        password_file.unlink(missing_ok=True)


def query(pair: Pair, sql: str, database: str = "postgres") -> subprocess.CompletedProcess[str]:
    """Ask the private PostgreSQL one thing as the set-up login."""
    env = {"PGPASSWORD": pair.password, "PGCONNECT_TIMEOUT": "3", "PATH": os.environ.get("PATH", "/usr/bin")}
    where = ["-h", "127.0.0.1", "-p", str(pair.postgresql_port), "-U", _LOGIN, "-d", database]
    return attempt([Path(pair.postgresql_bin) / "psql", *where, "-XAtq", "-c", sql], env=env)


def _answers(pair: Pair) -> bool:
    return query(pair, "SELECT 1").stdout.strip() == "1"


def _ensure_database(pair: Pair) -> None:
    if query(pair, f"SELECT 1 FROM pg_database WHERE datname = '{_LOGIN}'").stdout.strip() != "1":
        made = query(pair, f"CREATE DATABASE {_LOGIN}")
        if made.returncode != 0:
            raise Trouble(f"The database {_LOGIN} could not be made: {made.stderr}")


def _redis_pid(pair: Pair) -> int | None:
    """Give the pid of this pair's Redis, or None; a pid left by a crash does not count."""
    try:
        pid = int((Path(pair.folder) / "redis.pid").read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        at_home = Path(f"/proc/{pid}/cwd").resolve() == (Path(pair.folder) / "redis").resolve()
        return pid if at_home and b"redis-server" in words else None
    except (OSError, ValueError):
        return None


def _start_redis(pair: Pair) -> bool:
    if _redis_pid(pair) and is_listening(pair.redis_port):
        return False
    if is_listening(pair.redis_port):
        pair.redis_port = free_port()
        _remember(pair)
    folder = Path(pair.folder)
    _usable(folder / "redis", pair)
    kept = "no" if pair.name == "tests" else "yes"
    lines = {
        "bind": "127.0.0.1",
        "port": pair.redis_port,
        "unixsocket": f"{pair.sockets}/redis.sock",
        "unixsocketperm": 700,
        "dir": folder / "redis",
        "pidfile": folder / "redis.pid",
        "logfile": folder / "redis.log",
        "daemonize": "yes",
        "databases": 64,
        "appendonly": kept,
        "save": '""',
        "requirepass": pair.password,
        "maxmemory-policy": "noeviction",
    }
    configuration = folder / "redis.conf"
    write_private(configuration, "".join(f"{key} {value}\n" for key, value in lines.items()))
    if pair.runner:
        os.chown(configuration, pair.runner["uid"], pair.runner["gid"])
    server = shutil.which("redis-server") or "/usr/bin/redis-server"
    insist([server, configuration], "The private Redis did not start", cwd=folder / "redis", **pair.runner)
    if not until(lambda: is_listening(pair.redis_port) and _redis_pid(pair) is not None, 10):
        raise Trouble(f"The private Redis did not answer; see {folder / 'redis.log'}")
    return True


def until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds; tell whether it came to hold."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
