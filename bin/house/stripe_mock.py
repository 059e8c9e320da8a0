"""stripe-mock, against which the Stripe gateway's requests are checked: given, Docker's, or built with Go."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from house.ground import LOCAL, attempt, die_with_parent, free_port, is_listening, say
from house.private import until
from house.servers import engine_answers

VERSION = "v0.203.0"
_IMAGE = f"stripe/stripe-mock:{VERSION}"
_OLDEST_GO = (1, 22)


@contextlib.contextmanager
def running() -> Iterator[tuple[str | None, str]]:
    """Give stripe-mock's address while the tests run, or None and why there is none."""
    given = os.environ.get("STRIPE_MOCK_URL")
    if given:
        yield given, ""
        return
    port = free_port()
    command, why = _command(port)
    if command is None:
        yield None, why
        return
    with (LOCAL / "stripe-mock.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent)
    try:
        up = until(lambda: is_listening(port) or server.poll() is not None, 30) and server.poll() is None
        yield ((f"http://127.0.0.1:{port}", "") if up else (None, "it did not start, see .local/stripe-mock.log"))
    finally:
        server.terminate()
        server.wait(timeout=15)


def _command(port: int) -> tuple[list[str] | None, str]:
    if engine_answers():
        address = f"127.0.0.1:{port}:12111"
        return ["docker", "run", "--rm", "--init", "-p", address, _IMAGE], ""
    program, why = _built()
    return ([str(program), "-http-addr", f"127.0.0.1:{port}"], "") if program else (None, why)


def _built() -> tuple[Path | None, str]:
    program = LOCAL / "go" / "bin" / VERSION / "stripe-mock"
    if program.exists():
        return program, ""
    go = shutil.which("go") or "/usr/local/go/bin/go"
    found = re.search(r"go(\d+)\.(\d+)", attempt([go, "version"]).stdout)
    if not found or (int(found[1]), int(found[2])) < _OLDEST_GO:
        return None, "needs a Docker engine, Go 1.22 or newer, or STRIPE_MOCK_URL"
    say(f"building stripe-mock {VERSION} with Go")
    env = {**os.environ, "GOBIN": str(program.parent), "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    built = attempt([go, "install", f"github.com/stripe/stripe-mock@{VERSION}"], env=env, seconds=600, cwd=LOCAL)
    return (program, "") if program.exists() else (None, f"go install failed: {built.stderr.strip()[-160:]}")
