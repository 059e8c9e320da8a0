"""Ctrl-C on bin/run reaches the product once and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ATTEND = """
import os, sys
sys.path.insert(0, sys.argv[1])
from house import commands
sys.exit(commands.attend([sys.executable, "-c", sys.argv[2]], dict(os.environ)))
"""
PRODUCT = """
import os, signal, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
signal.signal(signal.SIGTERM, lambda *_: heard.append(2))
print(worker.pid, flush=True)
while not heard:
    time.sleep(0.02)
time.sleep(0.3)
print(heard, flush=True)
sys.exit(7)
"""


def gone(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return True
    return state == "Z"


@pytest.mark.parametrize(("number", "heard"), [(signal.SIGINT, "[1]"), (signal.SIGTERM, "[2]"), (signal.SIGHUP, "[2]")])
def test_a_signal_is_passed_on_once_and_workers_do_not_outlive_the_run(number, heard):
    command = [sys.executable, "-c", ATTEND, str(ROOT / "bin"), PRODUCT]
    keeper = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    worker = int(keeper.stdout.readline())
    keeper.send_signal(number)
    said, _ = keeper.communicate(timeout=300)
    assert (said.strip(), keeper.returncode) == (heard, 7)
    assert gone(worker)
