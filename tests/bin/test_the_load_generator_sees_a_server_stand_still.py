"""Whoever measures latency must see a server that stands still: requests are timed from when they were due (open loop)."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from benchmarks.serving.load import Answers, ask, at_once, at_rate

SPAN, STALL, RATE = 1.5, 0.3, 300.0
"""A fifth of the time the server stands still, as 2 s in 10 s."""


@pytest.fixture
def port() -> Iterator[int]:
    """A server in a thread that answers at once, but stands still for a while once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    loop, began = asyncio.new_event_loop(), [0.0]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            began[0] = began[0] or time.monotonic()
            if 0.5 <= time.monotonic() - began[0] < 0.5 + STALL:
                time.sleep(0.5 + STALL - (time.monotonic() - began[0]))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async def serve() -> asyncio.Server:
        return await asyncio.start_server(answer, "127.0.0.1", number)

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serve(), loop).result(10)
    yield number
    time.sleep(0.05)
    loop.call_soon_threadsafe(server.close)
    time.sleep(0.05)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def elsewhere(ask_it: Callable[..., Answers], *words: Any, **facts: Any) -> Answers:
    """Ask from a thread of its own: a browser's test of this process may still have its loop in the main one."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(ask_it, *words, **facts).result()


def test_at_a_stated_rate_the_standstill_is_in_the_quantiles(port: int) -> None:
    answers = elsewhere(at_rate, port, [ask("GET", "/")], per_second=RATE, seconds=SPAN)
    assert answers.statuses == {200: int(RATE * SPAN)}
    assert answers.quantile_ms(0.9) > STALL / 3 * 1e3, "one in five waits, half of them more than half of it"
    assert answers.quantile_ms(0.99) > STALL * 0.8 * 1e3


def test_clients_that_wait_for_each_other_do_not_see_it(port: int) -> None:
    """The twin: asked one after the other, two clients tell of two slow answers among thousands."""
    answers = elsewhere(at_once, port, [ask("GET", "/")], clients=2, seconds=SPAN)
    assert sum(seconds > STALL / 3 for seconds in answers.seconds) <= 2 < len(answers.seconds) / 50
