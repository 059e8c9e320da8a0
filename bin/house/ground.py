"""Where the checkout stands on this machine, and how set-up speaks to the person at the keyboard."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
CHECKOUT = hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]
"""A short name for this checkout, for what cannot live inside it."""


_BEGAN = time.monotonic()


class Trouble(Exception):
    """Something the person at the keyboard can mend; printed without a traceback."""


def say(text: str) -> None:
    """Tell what set-up is doing, on standard error, so that a command's own output stays clean."""
    print(f"· {time.monotonic() - _BEGAN:5.1f} s  {text}", file=sys.stderr, flush=True)


def attempt(
    command: Sequence[str | Path],
    *,
    seconds: float = 1800,
    env: Mapping[str, str] | None = None,
    uid: int | None = None,
    gid: int | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with its output in .local/setup.log; give its result, whatever it was."""
    LOCAL.mkdir(exist_ok=True)
    as_whom = {} if uid is None else {"user": uid, "group": gid, "extra_groups": []}
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            **as_whom,  # type: ignore[call-overload]
        )
    except FileNotFoundError as missing:
        return subprocess.CompletedProcess(list(map(str, command)), 127, "", str(missing))
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(list(map(str, command)), 124, "", f"no answer within {seconds:.0f} s")
    with (LOCAL / "setup.log").open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(map(str, command))}\n{done.stdout}{done.stderr}→ {done.returncode}\n")
    return done


def insist(command: Sequence[str | Path], why: str, **how: object) -> str:
    """Run a command that must succeed; give its output. Raises Trouble with the end of what it said."""
    done = attempt(command, **how)  # type: ignore[arg-type]
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise Trouble(f"{why} ({Path(str(command[0])).name} ended with {done.returncode}):\n{said}")
    return done.stdout


def free_port() -> int:
    """Give a TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def is_listening(port: int) -> bool:
    """Tell whether something accepts connections on a loopback port."""
    with socket.socket() as caller:
        caller.settimeout(0.5)
        return caller.connect_ex(("127.0.0.1", port)) == 0


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


@contextlib.contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Hold a lock of this checkout, so that two commands started together do not set up twice."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def die_with_parent() -> None:
    """Ask the kernel (Linux) to end this process when the one that started it is gone."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGTERM)
