"""The containers' health checks tell a worker at work from one that is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]


def code_of(who: str) -> int:
    from typer import Typer

    from workers.commands.alive import command

    app = Typer()
    app.command()(command)
    return CliRunner().invoke(app, [who]).exit_code


def test_worker_and_relay_are_alive_while_they_run_and_not_before(database, redis_url):
    assert (code_of("worker"), code_of("relay")) == (1, 1)
    running = [
        subprocess.Popen([sys.executable, "-m", "workers.command_line", who], cwd=ROOT, env=dict(os.environ))
        for who in ("worker", "relay")
    ]
    try:
        deadline = time.monotonic() + 300
        while (code_of("worker"), code_of("relay")) != (0, 0):
            assert time.monotonic() < deadline, "no sign of life"
            time.sleep(0.3)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(120)
