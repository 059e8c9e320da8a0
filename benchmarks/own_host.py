"""A host of one's own on this machine: a network namespace behind one link, to be lost, cut off or slowed by a test."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SLOW = ("tbf", "rate", "12kbit", "burst", "2kb", "limit", "200000")
"""As over a very bad village line: some fifteen hundred bytes a second."""
LOSSY = ("netem", "delay", "60ms", "20ms", "loss", "5%")


class NoHost(RuntimeError):
    """This machine lets nobody make a host, or its kernel cannot shape a link so; the words say which."""


@dataclass
class OwnHost:
    """One host: `inside` are the words before a command that runs on it; `near` and `far` the ends of its link."""

    name: str
    address: str
    hub_address: str

    @property
    def inside(self) -> tuple[str, ...]:
        """Give the words before a command that shall run on this host."""
        return ("ip", "netns", "exec", self.name)

    @property
    def near(self) -> str:
        """Name our end of the link."""
        return f"{self.name}n"

    @property
    def far(self) -> str:
        """Name the host's end of the link."""
        return f"{self.name}f"

    def make(self) -> None:
        """Make the namespace and the link. Raises NoHost."""
        _ip("netns", "add", self.name)
        _ip("link", "add", self.near, "type", "veth", "peer", "name", self.far)
        _ip("link", "set", self.far, "netns", self.name)
        _ip("addr", "add", f"{self.hub_address}/24", "dev", self.near)
        _ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", self.far)
        _ip("-n", self.name, "link", "set", "lo", "up")
        _ip("-n", self.name, "link", "set", self.far, "up")
        self.join()

    def cut(self) -> None:
        """Pull the cable: nothing passes, and nobody is told."""
        _ip("link", "set", self.near, "down")

    def join(self) -> None:
        """Put the cable back."""
        _ip("link", "set", self.near, "up")

    def lose(self) -> None:
        """Lose the host: its cable is dead and every process of it is gone, in one stroke."""
        self.cut()
        for process in _ip("netns", "pids", self.name).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)

    def shape(self, *words: str) -> None:
        """Let both directions of the link be like this from now on; without words: as fast as they are.

        Raises NoHost when this machine's kernel has no such way to shape a link.
        """
        for where, end in (((), self.near), (("-n", self.name), self.far)):
            with contextlib.suppress(NoHost):
                _run("tc", *where, "qdisc", "del", "dev", end, "root")
            if words:
                _run("tc", *where, "qdisc", "add", "dev", end, "root", *words)

    def remove(self) -> None:
        """End what still runs there and take it away."""
        with contextlib.suppress(NoHost):
            self.lose()
        for words in (("link", "del", self.near), ("netns", "del", self.name)):
            with contextlib.suppress(NoHost):
                _ip(*words)


def _ip(*words: str) -> str:
    return _run("ip", *words)


def _run(*command: str) -> str:
    if os.geteuid() != 0 or not shutil.which(command[0]):
        raise NoHost(f"hosts need root and the program {command[0]} (Debian: iproute2)")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise NoHost(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def own_host() -> Iterator[OwnHost]:
    """Give a host of one's own behind a link; taken away afterwards. Raises NoHost."""
    number = os.getpid() % 250 + 1
    host = OwnHost(f"yl{number}", f"10.79.{number}.2", f"10.79.{number}.1")
    try:
        host.make()
        yield host
    finally:
        host.remove()
