"""The living house: web server, worker and relay as processes of ours, none of which outlives us."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1


class HouseDidNotStand(RuntimeError):
    """A process of the house ended or did not answer in time; the message names it and its log."""


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class House:
    """Start the processes, wait until they answer, stop them all at the end (`with House(8000) as house:`)."""

    def __init__(self, port: int, *, host: str = "127.0.0.1", workers: int = 1, log_folder: Path | None = None) -> None:
        self.address = f"http://{host}:{port}"
        self.log_folder = log_folder or ROOT / ".local" / "log"
        commands = {"api": ["serve", "--host", host, "--port", str(port)], "relay": ["relay"]}
        commands |= {f"worker-{number}": ["worker"] for number in range(1, workers + 1)}
        self._commands = commands
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> House:
        self.log_folder.mkdir(parents=True, exist_ok=True)
        try:
            for name, words in self._commands.items():
                log = (self.log_folder / f"{name}.log").open("ab")
                self._processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "workers.command_line", *words],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
                log.close()
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_until_ready(self, seconds: float = 90.0) -> None:
        """Wait until the web server can serve; raises HouseDidNotStand."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise HouseDidNotStand(f"{self.address}/readyz 没有应答，日志在 {self.log_folder}/api.log")

    def check(self) -> None:
        """Raise HouseDidNotStand when one of the processes has ended."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise HouseDidNotStand(f"{name} 已退出（{process.returncode}），日志在 {self.log_folder}/{name}.log")

    def stop(self, seconds: float = 15.0) -> None:
        """End every process: politely, and those that do not listen by force."""
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + seconds
        for process in self._processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        self._processes.clear()
