"""The RQ worker: takes ids from the queues and does the jobs behind them, each in a forked work-horse."""

from __future__ import annotations

from redis import Redis
from rq import Worker

from services.memory import settle_memory
from services.settings import settings
from services.unit_of_work import forget_engines
from workers.jobs import handlers
from workers.relay import connection, queue


def work_forever(burst: bool = False) -> None:
    """Work until a signal; with `burst`, until the queue is empty. Handlers are imported before forking."""
    handlers()
    settle_memory()
    forget_engines()
    worker_on(connection()).work(burst=burst, logging_level="WARNING")


def worker_on(redis: Redis) -> Worker:
    """Give a worker that takes what somebody waits for first, then what the calendar promised."""
    queues = [queue(redis, awaited=True), queue(redis)]
    return Worker(queues, connection=redis, worker_ttl=settings().worker_ttl_seconds)
