"""Peers as child processes: started once, told to walk, ended at the end of the run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.peers.install import PYTHON

CHILD = Path(__file__).with_name("child.py")
FOLDER = Path(__file__).resolve().parents[2] / ".local" / "bench"


class Peer:
    """One engine that walks twenty circles per call; `missing` says why it does not."""

    def __init__(self, kind: str, *words: str) -> None:
        self.kind = kind
        self.missing = ""
        self._process: subprocess.Popen[str] | None = None
        self._log = FOLDER / f"{kind}.log"
        if not PYTHON.exists():
            self.missing = "not installed: bin/bench --peers"
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = [str(PYTHON), str(CHILD), kind, *words]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log.open("w"), text=True
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            self.end()
            told = self._log.read_text(encoding="utf-8").strip().splitlines()
            self.missing = told[-1] if told else "did not start"

    def walk(self) -> Any:
        """Walk all circles once; the size of each answer."""
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("walk\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """Close the child's ears, which ends it."""
        if self._process is not None and self._process.poll() is None:
            self._process.communicate()
