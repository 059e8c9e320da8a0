"""Carrying promised jobs from the outbox to RQ, at least once, and mending what RQ alone forgets.

RQ 3.0 leaves a job `started` for minutes when worker and work-horse are killed together; so every 30 s the
registries are cleaned, and an outbox row that nobody confirmed and whose job waits no more is sent again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from redis import Redis
from rq import Queue, Retry
from rq.exceptions import DuplicateJobError
from rq.registry import StartedJobRegistry
from sqlalchemy import Connection, text

from services.outbox import REQUEST
from services.settings import settings
from services.unit_of_work import SYSTEM, unit_of_work
from workers.jobs import handlers
from workers.schedule import promise_due

log = structlog.get_logger("relay")
MOST_SENDS = 12
RELAY_BEAT = "yinling:relay:beat"

_UNCONFIRMED = text(
    """
    SELECT id, sends FROM outbox
    WHERE state = 'sent' AND sent_at < clock_timestamp() - make_interval(secs => :resend)
      AND sent_at < clock_timestamp() - make_interval(secs => :resend * least(sends, 10))
    ORDER BY sent_at LIMIT :most_rows FOR UPDATE SKIP LOCKED
    """
)
_STILL_WAITING = text("UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY(:rows)")
_CLAIM = text(
    """
    WITH due AS (
      SELECT id FROM outbox WHERE state = 'waiting' AND not_before <= :now
      ORDER BY not_before, id LIMIT :most_rows FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox AS o SET state = 'sent', sends = sends + 1, sent_at = clock_timestamp()
    FROM (SELECT id FROM due UNION ALL SELECT unnest(CAST(:lost AS bigint[]))) AS chosen
    WHERE o.id = chosen.id
    RETURNING o.id, o.sends, o.job, o.not_before, jsonb_exists(o.args, :request) AS awaited
    """
)
MOST_ROWS = 200
_GIVE_UP = text(
    "UPDATE outbox SET state = 'failed' WHERE state = 'sent' AND sends >= :most "
    "AND sent_at < clock_timestamp() - make_interval(secs => :resend * 10) RETURNING id, job, last_error"
)


def connection() -> Redis:
    """Give a Redis connection for RQ."""
    return Redis.from_url(settings().redis_url)


def queue(redis: Redis, *, awaited: bool = False) -> Queue:
    """Give the queue of what the calendar promised, or the one of what follows from somebody's request (`awaited`).

    A worker takes from the second first: whoever ordered, signed in or rings at a door does not wait behind a month's
    accounts or a morning's reminders. A job promised by a request's job counts as the request's (services/outbox.py).
    """
    name = settings().queue_name
    return Queue(f"{name}:awaited" if awaited else name, connection=redis)


def job_id(outbox_id: int, sends: int) -> str:
    """Name the RQ job of a row's n-th sending."""
    return f"outbox-{outbox_id}-{sends}"


def _find_lost(connected: Connection, redis: Redis) -> list[int]:
    """Find the rows whose last sending is neither confirmed nor waiting for a worker any more.

    Under load a job may wait in RQ's queue for longer than a row waits for its confirmation. Such a row is not sent
    again and its sending is not counted: else the queue would fill with repetitions and the row would be set aside
    before any worker had tried it. A job that was taken and not finished, or that Redis forgot, is sent again.
    """
    resend = settings().outbox_resend_seconds
    rows = connected.execute(_UNCONFIRMED, {"resend": resend, "most_rows": MOST_ROWS}).all()
    if not rows:
        return []
    queued = {name for awaited in (True, False) for name in queue(redis, awaited=awaited).get_job_ids()}
    waiting = [row.id for row in rows if job_id(row.id, row.sends) in queued]
    if waiting:
        connected.execute(_STILL_WAITING, {"rows": waiting})
    return [row.id for row in rows if job_id(row.id, row.sends) not in queued and row.sends < MOST_SENDS]


def relay_once(redis: Redis) -> int:
    """Send the due rows, those due longest first; gives how many, at most 200 new ones and 200 lost ones.

    By when they were due and not by when they were promised: a timer of this morning comes before what somebody
    promised a moment ago. Rows are marked first: a crash in between means sending again.
    """
    with unit_of_work(SYSTEM, login="jobs") as work:
        connected = work.session.connection()
        rows = connected.execute(
            _CLAIM,
            {
                "now": work.now,
                "most_rows": MOST_ROWS,
                "lost": _find_lost(connected, redis),
                "request": REQUEST,
            },
        ).all()
    for row in sorted(rows, key=lambda one: (one.not_before, one.id)):
        try:
            queue(redis, awaited=row.awaited).enqueue_call(
                "workers.performing.perform_in_worker",
                args=(row.id,),
                job_id=job_id(row.id, row.sends),
                retry=Retry(max=2),
                timeout=handlers().seconds_for(row.job, settings().job_timeout_seconds),
                result_ttl=60,
                failure_ttl=3600,
                unique=True,
            )
        except DuplicateJobError:
            log.info("already queued", outbox_id=row.id)
    return len(rows)


def mend(redis: Redis) -> None:
    """Clean RQ's registry of started jobs, and set aside rows that failed too often, loudly."""
    for awaited in (True, False):
        StartedJobRegistry(queue=queue(redis, awaited=awaited)).cleanup()
    with unit_of_work(SYSTEM, login="jobs") as work:
        for row in work.session.connection().execute(
            _GIVE_UP, {"most": MOST_SENDS, "resend": settings().outbox_resend_seconds}
        ):
            log.error("job set aside", outbox_id=row.id, job=row.job, last_error=row.last_error)


def relay_forever(stopped: Callable[[], bool]) -> None:
    """Relay until `stopped()`; survives a lost database or Redis by waiting and trying again."""
    redis = connection()
    last_mend = 0.0
    while not stopped():
        try:
            if time.monotonic() - last_mend > settings().registry_cleanup_seconds:
                redis.set(RELAY_BEAT, "1", ex=int(settings().registry_cleanup_seconds * 3) + 30)
                mend(redis)
                promise_due()
                last_mend = time.monotonic()
            if relay_once(redis) == 0:
                time.sleep(settings().relay_poll_seconds)
        except Exception as error:
            log.warning("relay waits", error=repr(error)[:300])
            time.sleep(1.0)
