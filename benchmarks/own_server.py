"""A PostgreSQL of one's own: durable for a benchmark, to be killed by a test. Founded in a folder, not as root."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, make_url

from benchmarks.own_host import OwnHost

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def missing() -> str | None:
    """Say why there can be no private server here, or None."""
    if not BINARIES:
        return "no PostgreSQL programs under /usr/lib/postgresql: the server cannot be killed here"
    if os.geteuid() == 0:
        with contextlib.suppress(KeyError):
            return None if pwd.getpwnam("postgres") else None
        return "root without a user postgres: PostgreSQL refuses to run here"
    return None


@dataclass
class OwnServer:
    """One cluster on a free port. Its address changes with nothing; `crash()` ends every process of it with -9."""

    folder: Path
    port: int
    options: dict[str, str]
    address: str = "127.0.0.1"
    before: tuple[str, ...] = ()
    """Words before every program of it: on which host, as whom."""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> URL:
        """Give the set-up login's address."""
        return make_url(f"postgresql+psycopg://yinling@{self.address}:{self.port}/postgres")

    @property
    def dsn(self) -> str:
        """Give the same for psycopg."""
        return f"postgresql://yinling@{self.address}:{self.port}/postgres"

    def found(self) -> None:
        """Make the data folder and start."""
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "yinling", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
            "--no-instructions",
        )  # fmt: skip
        if self.address != "127.0.0.1":
            with (self.folder / "data" / "pg_hba.conf").open("a") as file:
                file.write("host all all samenet trust\n")
        self.start()

    def start(self) -> None:
        """Start, also after a crash."""
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        chosen = {"port": str(self.port), "listen_addresses": self.address, "unix_socket_directories": str(self.folder)}
        chosen |= {"shared_buffers": "64MB", "max_connections": "60"} | self.options
        words = " ".join(f"-c {name}={value}" for name, value in chosen.items())
        data, log = str(self.folder / "data"), str(self.folder / "log")
        for _ in range(10):  # the last orphan of a crash may hold the shared memory for a moment
            if self._run("pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-o", words, "start", must=False) == 0:
                return
            time.sleep(0.5)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def crash(self) -> None:
        """kill -9: the postmaster first, then every process it had started."""
        self.send(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the postmaster and to every process it has started, in that order."""
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for process in (postmaster, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def give_room(self, room_mb: int) -> None:
        """Let a server on a disk of its own have this much room."""
        subprocess.run(["mount", "-o", f"remount,size={room_mb}m", str(self.folder)], check=True)

    def close(self) -> None:
        """Stop and remove everything."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop", must=False)
        if self.folder.is_mount():
            subprocess.run(["umount", "-l", str(self.folder)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str, must: bool = True) -> int:
        options: dict[str, Any] = {"env": os.environ | self.environment}
        if os.geteuid() == 0 and not self.before:
            runner = pwd.getpwnam("postgres")
            options |= {"user": runner.pw_uid, "group": runner.pw_gid, "extra_groups": []}
        command = [*self.before, str(BINARIES[-1].parent / program), *words]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=must, **options
        )
        return int(done.returncode)


class NoDisk(RuntimeError):
    """This machine lets nobody mount a small disk."""


def own_server(
    room_mb: int | None = None,
    host: OwnHost | None = None,
    environment: dict[str, str] | None = None,
    **options: str,
) -> OwnServer:
    """Found a server with these settings; durable unless they say otherwise. The caller closes it.

    `room_mb`: on a disk of its own of this size. Raises NoDisk where none can be mounted.
    `host`: on that host of the hub, reachable over its link alone. `environment`: for its processes, besides ours.
    """
    folder = Path(tempfile.mkdtemp(prefix="yl-own-pg-", dir="/var/tmp"))
    if room_mb is not None:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={room_mb}m", "tmpfs", str(folder)]
        if subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode:
            folder.rmdir()
            raise NoDisk(str(folder))
    if os.geteuid() == 0:
        runner = pwd.getpwnam("postgres")
        os.chown(folder, runner.pw_uid, runner.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = OwnServer(folder, port, options, environment=environment or {})
    if host is not None:
        as_whom = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups")
        server.address, server.before = host.address, (*host.inside, *as_whom)
    try:
        server.found()
        with psycopg.connect(server.dsn) as connection:
            connection.execute("SELECT 1")
    except BaseException:
        server.close()
        raise
    return server
