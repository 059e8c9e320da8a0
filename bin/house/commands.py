"""The commands of bin/: run, yinling, test, bench, stop."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from house import environment, private, servers, testing
from house.ground import ROOT, Trouble, attempt, die_with_parent, say


def perform(command: str, words: list[str]) -> int:
    """Do one command; give its exit code."""
    doing: dict[str, Callable[[list[str]], int]] = {
        "run": run,
        "yinling": yinling,
        "test": testing.test,
        "bench": bench,
        "stop": stop,
    }
    return doing[command](words)


def run(words: list[str]) -> int:
    """Set up, then hand over to the living district; on the way out stop every server we started."""
    python = environment.prepare()
    given = servers.provide("main")
    try:
        env = servers.environment(given)
        environment.warm_kernels(env)
        env["YINLING_DEMONSTRATION"] = "true"
        return attend([python, "-P", "-m", "workers.command_line", "run", *words], env)
    finally:
        given.leave(stop=given.started)


def yinling(words: list[str]) -> int:
    """Become the product's command line; private servers that had to be started are left running."""
    python = environment.prepare()
    given = servers.provide("main")
    env = servers.environment(given)
    os.execve(python, [str(python), "-P", "-m", "workers.command_line", *words], env)


def bench(words: list[str]) -> int:
    """Measure, on the tests' own PostgreSQL and Redis."""
    python = environment.prepare()
    given = servers.provide("tests")
    try:
        env = servers.environment(given) | {"YINLING_COMMIT": _commit()}
        environment.warm_kernels(env)
        return attend([python, "-m", "benchmarks.harness", *words], env, cwd=ROOT)
    finally:
        given.leave(stop=given.started)


def stop(words: list[str]) -> int:
    """Stop this checkout's private servers; with --erase remove their data too."""
    if set(words) - {"--erase"}:
        raise Trouble("bin/stop [--erase]")
    for name in ("main", "tests"):
        if "--erase" in words:
            private.erase(name)
        elif private.stop(name):
            say(f"stopped the private servers ({name})")
    return 0


def attend(command: list[str | Path], env: dict[str, str], cwd: Path | None = None) -> int:
    """Run a command in a session of its own, pass each signal on once, and leave no orphan behind."""
    child = subprocess.Popen(
        [str(word) for word in command], env=env, cwd=cwd, start_new_session=True, preexec_fn=die_with_parent
    )

    def pass_on(number: int, _frame: object) -> None:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM if number == signal.SIGHUP else number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    code = child.wait()
    _end_group(child.pid)
    return code if code >= 0 else 128 - code


def _end_group(group: int) -> None:
    """End what the child left in its own session, politely first."""
    for number, seconds in ((signal.SIGTERM, 8.0), (signal.SIGKILL, 2.0)):
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            return
        private.until(lambda: not _group_lives(group), seconds)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _commit() -> str:
    return attempt(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"]).stdout.strip() or "unknown"
