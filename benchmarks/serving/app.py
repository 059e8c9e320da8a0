"""The product's own application, served as `bin/run` serves it, with two more routes to measure it by.

`/bench/hello` is async and does nothing; `/bench/signed-in` opens the signed-in unit of work as every route does and
runs SELECT 1. Both pass the same middleware, dependencies and log as the product's routes. Only benchmarks serve this.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import text

from api.app import create_app as product
from api.deps import Work
from services.memory import settle_memory

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
_ONE = text("SELECT 1")


class Hello(BaseModel):
    """What both routes answer."""

    hello: str


async def say_hello() -> Hello:
    """Answer at once."""
    return Hello(hello="world")


def say_hello_signed_in(work: Work) -> Hello:
    """Sign in, open the unit of work, ask the database for 1."""
    return Hello(hello=str(work.session.connection().execute(_ONE).scalar_one()))


def create_app() -> FastAPI:
    """Build the product's application with the two routes."""
    app = product()
    app.add_api_route("/bench/hello", say_hello, response_model=Hello)
    app.add_api_route("/bench/signed-in", say_hello_signed_in, response_model=Hello)
    settle_memory()
    return app


@dataclass(frozen=True)
class Served:
    """A running server: where it listens, and how much processor time it has used."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """Seconds of processor time the server's process has used so far, in user and in system mode."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def served(environment: Mapping[str, str], log: Path) -> Iterator[Served]:
    """Serve in a process of its own, one worker, as `workers.command_line serve` does; stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = ["--factory", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "benchmarks.serving.app:create_app", *words],
            cwd=ROOT, env={**os.environ, **environment}, stdout=written, stderr=written,
        )  # fmt: skip
    try:
        _wait(process, port, log)
        yield Served(port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/bench/hello", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the server did not answer: {log.read_text(errors='replace')[-2000:]}")
