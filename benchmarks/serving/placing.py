"""Placing orders in a process of its own, as fast as its clients can, for some seconds: what a benchmark's child does."""

from __future__ import annotations

import os
import random
import threading
import time
from datetime import UTC, datetime, timedelta

from services.clock import SHANGHAI
from services.orders.actions import place_order
from services.unit_of_work import Actor, unit_of_work

DAYS, HOURS = 13, (7, 9, 11, 13, 15, 17)


def wishes_of(elders: list[int], providers: dict[str, list[int]], seed: int, many: int) -> list[dict[str, object]]:
    """Give wishes of which no two are of one elder at one time; half of them name a provider."""
    chance = random.Random(seed)
    today = datetime.now(UTC).astimezone(SHANGHAI)
    codes = sorted(providers)
    slots = [(day, hour) for day in range(2, DAYS) for hour in HOURS]
    drawn = chance.sample(range(len(elders) * len(slots)), many)
    wishes: list[dict[str, object]] = []
    for number in drawn:
        elder, (day, hour) = elders[number // len(slots)], slots[number % len(slots)]
        start = (today + timedelta(days=day)).replace(hour=hour, minute=0, second=0, microsecond=0)
        code = chance.choice(codes)
        wishes.append({
            "elder_id": elder, "service_code": code, "starts_at": start, "ends_at": start + timedelta(hours=2),
            "chosen_provider_id": chance.choice(providers[code]) if number % 2 else None, "channel": "web", "note": None,
        })  # fmt: skip
    return wishes


def place_for_seconds(
    database_url: str, wishes: list[dict[str, object]], threads: int, seconds: float, begin_at: float
) -> list[float]:
    """Place these wishes with so many threads until the time is over; gives the seconds each order took.

    Each elder orders for herself; every rule, guard, act and promised job as in use. `begin_at`: a moment of
    time.time() at which all processes begin together.
    """
    os.environ["DATABASE_URL"] = database_url
    spent: list[list[float]] = [[] for _ in range(threads)]
    with unit_of_work(Actor(person_id=None, role="nobody")):
        pass  # a connection and the modules are there before the clock runs

    def client(number: int) -> None:
        for place in range(number, len(wishes), threads):
            start = time.perf_counter()
            if time.time() > begin_at + seconds:
                return
            wish = wishes[place]
            actor = Actor(person_id=int(str(wish["elder_id"])), role="elder", roles=("elder",))
            with unit_of_work(actor) as work:
                key = f"bench-{os.getpid()}-{begin_at}-{place}"
                place_order(work.session, work.now, actor, idempotency_key=key, **wish)  # type: ignore[arg-type]
            spent[number].append(time.perf_counter() - start)
        raise RuntimeError("there were not enough wishes for the time")

    time.sleep(max(0.0, begin_at - time.time()))
    running = [threading.Thread(target=client, args=(number,)) for number in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    return [second for each in spent for second in each]
