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
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

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

    @property
    def url(self) -> URL:
        """Give the set-up login's address."""
        return make_url(f"postgresql+psycopg://yinling@127.0.0.1:{self.port}/postgres")

    @property
    def dsn(self) -> str:
        """Give the same for psycopg."""
        return f"postgresql://yinling@127.0.0.1:{self.port}/postgres"

    def found(self) -> None:
        """Make the data folder and start."""
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "yinling", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
            "--no-instructions",
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start, also after a crash."""
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        chosen = {"port": str(self.port), "listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder)}
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
        options = {}
        if os.geteuid() == 0:
            runner = pwd.getpwnam("postgres")
            options = {"user": runner.pw_uid, "group": runner.pw_gid, "extra_groups": []}
        command = [str(BINARIES[-1].parent / program), *words]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=must, **options
        )  # type: ignore[call-overload]
        return int(done.returncode)


class NoDisk(RuntimeError):
    """This machine lets nobody mount a small disk."""


def own_server(room_mb: int | None = None, **options: str) -> OwnServer:
    """Found a server with these settings; durable unless they say otherwise. The caller closes it.

    `room_mb`: on a disk of its own of this size. Raises NoDisk where none can be mounted.
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
    server = OwnServer(folder, port, options)
    try:
        server.found()
        with psycopg.connect(server.dsn) as connection:
            connection.execute("SELECT 1")
    except BaseException:
        server.close()
        raise
    return server
