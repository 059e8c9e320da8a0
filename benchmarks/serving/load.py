"""Asking a server over HTTP, as many clients at once or at a stated rate, and how long each answer took.

A raw asyncio client: one connection a client, kept open, answers told apart by their Content-Length. At a stated
rate a request is timed from when it was due, not from when a free client sent it, so that a server that stands
still is seen to do so (trust: open loop).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ask:
    """One request, written out once: method, path, the asker's token, and what is sent as JSON."""

    raw: bytes


def ask(
    method: str, path: str, token: str | None = None, body: object = None, headers: dict[str, str] | None = None
) -> Ask:
    """Write a request for any number of sendings."""
    sent = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *([f"Authorization: Bearer {token}"] if token else [])]
    lines += ["Content-Type: application/json", f"Content-Length: {len(sent)}"] if sent else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return Ask("\r\n".join([*lines, "", ""]).encode() + sent)


@dataclass
class Answers:
    """What came back in a round: seconds an answer, statuses counted, and how long the round took."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    spent: float = 0.0
    first_bad: str = ""

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.spent

    def quantile_ms(self, part: float) -> float:
        """Milliseconds within which this part of the answers came."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * part))] * 1e3

    @property
    def median_ms(self) -> float:
        """Milliseconds of the median answer."""
        return statistics.median(self.seconds) * 1e3


def at_once(port: int, asks: Iterable[Ask], *, clients: int, seconds: float) -> Answers:
    """Let `clients` ask one after the other for some seconds: how much the server carries (closed loop)."""
    return asyncio.run(_at_once(port, itertools.cycle(asks), clients, seconds))


def at_rate(port: int, asks: Iterable[Ask], *, per_second: float, seconds: float, clients: int = 64) -> Answers:
    """Ask at a stated rate, each timed from its intended start (open loop)."""
    return asyncio.run(_at_rate(port, itertools.cycle(asks), per_second, seconds, clients))


async def _at_once(port: int, asks: Iterator[Ask], clients: int, seconds: float) -> Answers:
    answers = Answers()
    began = time.perf_counter()

    async def client() -> None:
        line = await _Line.open(port)
        while (start := time.perf_counter()) < began + seconds:
            status, body = await line.send(next(asks))
            _note(answers, status, body, time.perf_counter() - start)
        line.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    answers.spent = time.perf_counter() - began
    return answers


async def _at_rate(port: int, asks: Iterator[Ask], per_second: float, seconds: float, clients: int) -> Answers:
    answers, due = Answers(), asyncio.Queue[float | None]()
    began = time.perf_counter()

    async def client() -> None:
        line = await _Line.open(port)
        while (intended := await due.get()) is not None:
            status, body = await line.send(next(asks))
            _note(answers, status, body, time.perf_counter() - intended)
        line.close()

    working = [asyncio.create_task(client()) for _ in range(clients)]
    for number in range(int(per_second * seconds)):
        intended = began + number / per_second
        if (early := intended - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        due.put_nowait(intended)
    for _ in working:
        due.put_nowait(None)
    await asyncio.gather(*working)
    answers.spent = time.perf_counter() - began
    return answers


def _note(answers: Answers, status: int, body: bytes, seconds: float) -> None:
    answers.seconds.append(seconds)
    answers.statuses[status] = answers.statuses.get(status, 0) + 1
    if status >= 400 and not answers.first_bad:
        answers.first_bad = body.decode(errors="replace")[:500]


class _Line:
    """One kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> _Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, what: Ask) -> tuple[int, bytes]:
        self._writer.write(what.raw)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        place = lowered.find(b"content-length:")
        length = int(lowered[place + 15 : lowered.index(b"\r\n", place)]) if place >= 0 else 0
        body = await self._reader.readexactly(length) if length else b""
        return int(head[9:12]), body

    def close(self) -> None:
        self._writer.close()
