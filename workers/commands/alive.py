"""Is a worker, or the relay, at work? For the containers' health checks."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated, Literal

import typer
from rich.console import Console
from rq import Worker

from services.unit_of_work import SYSTEM, unit_of_work
from workers.relay import RELAY_BEAT, connection

LONGEST_SILENCE = timedelta(minutes=3)
"""An idle RQ worker with a TTL of 20 s beats every few seconds; a job may take up to its timeout of 120 s."""


def command(who: Annotated[Literal["worker", "relay"], typer.Argument(help="worker 或 relay")]) -> None:
    """End with 0 when a worker, or the relay, has shown a sign of life lately, else with 1."""
    redis = connection()
    if who == "relay":
        alive = redis.get(RELAY_BEAT) is not None
    else:
        with unit_of_work(SYSTEM, login="jobs") as work:
            moment = work.session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        beats = [worker.last_heartbeat for worker in Worker.all(connection=redis)]
        alive = any(beat is not None and moment - beat.astimezone(UTC) < LONGEST_SILENCE for beat in beats)
    Console().print(f"{who}: {'在工作 (alive)' if alive else '没有动静 (silent)'}")
    raise typer.Exit(0 if alive else 1)
