"""kill -9 of worker and work-horse at each step of a job, and a relay that died half way: exactly one effect."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from services.outbox import enqueue
from services.unit_of_work import SYSTEM, unit_of_work
from workers import relay

ROOT = Path(__file__).resolve().parents[2]
GATE = 4_711


def eventually(check: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait until something is true; fail loudly when it is not in time."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def effects(database) -> Iterator[psycopg.Connection]:
    """Count the effects of jobs: each confirmation writes one row in the job's own transaction, behind a gate."""
    connection = database.connect("setup", autocommit=True)
    connection.execute(
        f"""
        CREATE TABLE effect (outbox_id bigint);
        GRANT INSERT ON effect TO yinling_jobs;
        CREATE FUNCTION note_effect() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO effect VALUES (NEW.id);
          PERFORM pg_advisory_xact_lock({GATE});
          RETURN NEW;
        END $$;
        CREATE TRIGGER note_effect BEFORE UPDATE ON outbox FOR EACH ROW
          WHEN (NEW.state = 'done' AND OLD.state <> 'done') EXECUTE FUNCTION note_effect();
        """
    )
    yield connection
    connection.close()


class Worker:
    """A real worker process with its work-horses, killed as a power cut would."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workers.command_line", "worker"],
            cwd=ROOT,
            env=dict(os.environ),
            start_new_session=True,
        )

    def kill_all(self) -> None:
        """kill -9 the worker and its work-horse, which leads a process group of its own."""
        listed = subprocess.run(
            ["ps", "--ppid", str(self.process.pid), "-o", "pid="], capture_output=True, text=True, check=False
        )
        for pid in [self.process.pid, *map(int, listed.stdout.split())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(timeout=60)


@pytest.fixture
def workers() -> Iterator[Callable[[], Worker]]:
    """Start real workers; whatever still lives at the end of the test is killed."""
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker())
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.kill_all()


def promise() -> int:
    """Promise one job and give its row's id."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        enqueue(work.session, work.now, "oversight.check_ledger", {})
    with unit_of_work(SYSTEM, login="jobs") as work:
        return int(work.session.connection().exec_driver_sql("SELECT max(id) FROM outbox").scalar_one())


def waiting_at(database, text: str) -> bool:
    """Tell whether some backend of this database waits for a lock in a statement with this text."""
    with database.connect("setup", autocommit=True) as look:
        found = look.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock' AND query LIKE %s",
            (database.name, f"%{text}%"),
        ).fetchone()
    return found is not None and found[0] > 0


@pytest.mark.parametrize("step", ["before the effect", "after the effect, before its commit"])
def test_a_job_whose_worker_is_killed_has_exactly_one_effect(
    database, redis_url, effects, workers, override_settings, step
):
    override_settings(outbox_resend_seconds=0.5, worker_ttl_seconds=20, job_timeout_seconds=60)
    outbox_id = promise()
    blocker = database.connect("setup")
    if step == "before the effect":
        blocker.execute("SELECT FROM outbox WHERE id = %s FOR UPDATE", (outbox_id,))
    else:
        blocker.execute("SELECT pg_advisory_xact_lock(%s)", (GATE,))
    # the relay marks the row first; with the row locked by the blocker it must be sent by hand
    redis = relay.connection()
    if step == "before the effect":
        relay.queue(redis).enqueue_call(
            "workers.performing.perform_in_worker", args=(outbox_id,), job_id="first", timeout=60
        )
    else:
        relay.relay_once(redis)
    first = workers()
    eventually(lambda: waiting_at(database, "outbox"))
    first.kill_all()
    blocker.rollback()
    assert effects.execute("SELECT count(*) FROM effect").fetchone() == (0,)

    workers()

    def mended() -> bool:
        relay.mend(redis)
        relay.relay_once(redis)
        return effects.execute("SELECT state FROM outbox WHERE id = %s", (outbox_id,)).fetchone() == ("done",)

    eventually(mended, seconds=150)
    time.sleep(1.5)
    relay.relay_once(redis)
    assert effects.execute("SELECT count(*) FROM effect WHERE outbox_id = %s", (outbox_id,)).fetchone() == (1,)
    blocker.close()


def test_a_row_marked_sent_by_a_relay_that_died_is_sent_again(database, redis_url, effects, override_settings):
    override_settings(outbox_resend_seconds=0.2)
    outbox_id = promise()
    effects.execute(
        "UPDATE outbox SET state = 'sent', sends = 1, sent_at = clock_timestamp() WHERE id = %s", (outbox_id,)
    )
    redis = relay.connection()
    eventually(lambda: relay.relay_once(redis) == 1, seconds=10)
    assert relay.queue(redis).job_ids == [f"outbox-{outbox_id}-2"]


def test_a_row_whose_job_still_waits_in_the_queue_is_neither_sent_again_nor_counted(
    database, redis_url, effects, override_settings
):
    override_settings(outbox_resend_seconds=0.01)
    outbox_id = promise()
    redis = relay.connection()
    assert relay.relay_once(redis) == 1
    for _ in range(20):
        time.sleep(0.02)
        assert relay.relay_once(redis) == 0
        relay.mend(redis)
    row = effects.execute("SELECT state, sends FROM outbox WHERE id = %s", (outbox_id,)).fetchone()
    assert row == ("sent", 1), "nobody had time to try it"
    assert relay.queue(redis).job_ids == [f"outbox-{outbox_id}-1"]
    relay.queue(redis).empty()
    eventually(lambda: relay.relay_once(redis) == 1, seconds=10)
    assert relay.queue(redis).job_ids == [f"outbox-{outbox_id}-2"], "what Redis forgot is sent again"


def test_the_same_row_done_by_two_workers_at_once_has_one_effect(database, redis_url, effects):
    from concurrent.futures import ThreadPoolExecutor

    from workers.performing import perform

    outbox_id = promise()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(perform, [outbox_id] * 8))
    assert effects.execute("SELECT count(*) FROM effect WHERE outbox_id = %s", (outbox_id,)).fetchone() == (1,)


def test_a_job_that_fails_for_good_is_set_aside_loudly_and_never_lost(database, redis_url, effects, override_settings):
    override_settings(outbox_resend_seconds=0.01)
    with unit_of_work(SYSTEM, login="jobs") as work:
        enqueue(work.session, work.now, "no.such_job", {})
    effects.execute("UPDATE outbox SET state = 'sent', sends = 12, sent_at = clock_timestamp() - interval '1 hour'")
    relay.mend(relay.connection())
    assert effects.execute("SELECT state FROM outbox").fetchone() == ("failed",)


@pytest.mark.drill
def test_with_production_timers_a_killed_job_has_its_effect_within_150_seconds(database, redis_url, effects, workers):
    outbox_id = promise()
    gate = database.connect("setup")
    gate.execute("SELECT pg_advisory_xact_lock(%s)", (GATE,))
    redis = relay.connection()
    relay.relay_once(redis)
    first = workers()
    eventually(lambda: waiting_at(database, "outbox"))
    first.kill_all()
    gate.rollback()
    workers()
    begun = time.monotonic()
    stopped = False
    from threading import Thread

    loop = Thread(target=relay.relay_forever, args=(lambda: stopped,), daemon=True)
    loop.start()
    eventually(
        lambda: effects.execute("SELECT state FROM outbox WHERE id = %s", (outbox_id,)).fetchone() == ("done",),
        seconds=150,
    )
    stopped = True
    loop.join(10)
    print(f"effect after {time.monotonic() - begun:.0f} s with production timers")
    assert effects.execute("SELECT count(*) FROM effect WHERE outbox_id = %s", (outbox_id,)).fetchone() == (1,)
    gate.close()
