"""The processes of one installation, as a supervisor keeps them: what is killed is started again."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
from rq import Worker

from workers import relay

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class House:
    """The processes of one installation; whatever is killed is started again, as a supervisor does."""

    def __init__(self, log: Path) -> None:
        self.ports = [free_port(), free_port()]
        serve = [["serve", "--port", str(port)] for port in self.ports]
        self.words = {
            "api-1": serve[0],
            "api-2": serve[1],
            "worker-1": ["worker"],
            "worker-2": ["worker"],
            "relay": ["relay"],
        }
        self.log = log
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.kills: Counter[str] = Counter()
        for name in self.words:
            self.start(name)

    def start(self, name: str) -> None:
        with self.log.open("ab") as written:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "workers.command_line", *self.words[name]],
                cwd=ROOT,
                stdout=written,
                stderr=written,
            )

    def kill(self, name: str) -> None:
        """kill -9 a process and, of a worker, the work-horse that does a job at this moment; then start it again."""
        process = self.running[name]
        listed = subprocess.run(
            ["ps", "--ppid", str(process.pid), "-o", "pid="], capture_output=True, text=True, check=False
        )
        for pid in [process.pid, *map(int, listed.stdout.split())]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(30)
        self.kills[name] += 1
        self.start(name)

    def wait_until_it_answers(self) -> None:
        for port in self.ports:
            eventually(lambda port=port: answers(port), 300)

    def wait_until_workers_listen(self) -> None:
        """Wait until the workers that run now, and not those killed, have told Redis that they are there."""
        redis = relay.connection()

        def listen() -> bool:
            running = {self.running[name].pid for name in self.words if name.startswith("worker")}
            return running <= {worker.pid for worker in Worker.all(connection=redis)}

        eventually(listen, 300)

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def eventually(check: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
