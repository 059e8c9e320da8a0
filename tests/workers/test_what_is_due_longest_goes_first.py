"""The relay sends what has been due longest, whenever it was promised; and finds it by an index, however much waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.outbox import enqueue
from services.unit_of_work import SYSTEM, unit_of_work
from workers import relay
from workers.worker import worker_on


def promise(late: dict[str, float]) -> None:
    """Promise jobs by key, in this order, each due so many seconds from now."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        for key, seconds in late.items():
            due = work.now + timedelta(seconds=seconds)
            enqueue(work.session, work.now, "oversight.check_ledger", {}, key=key, not_before=due)


def sent(database: Any, *, awaited: bool = False) -> list[str]:
    """Give the keys of one queue in the order in which the workers will get them."""
    with database.connect("setup") as connection:
        keys = {str(row[0]): row[1] for row in connection.execute("SELECT id, key FROM outbox").fetchall()}
    return [keys[name.split("-")[1]] for name in relay.queue(relay.connection(), awaited=awaited).job_ids]


def test_jobs_go_by_when_they_were_due_not_by_when_they_were_promised(
    database: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise({"a moment ago": -1, "this morning": -7200, "tomorrow": 86400, "an hour ago": -3600})
    monkeypatch.setattr(relay, "MOST_ROWS", 2)
    assert relay.relay_once(relay.connection()) == 2
    assert sent(database) == ["this morning", "an hour ago"]
    assert relay.relay_once(relay.connection()) == 1 and relay.relay_once(relay.connection()) == 0
    assert sent(database) == ["this morning", "an hour ago", "a moment ago"]


def test_what_follows_from_a_request_passes_by_what_the_calendar_promised(database: Any, redis_url: str) -> None:
    promise({"a month's accounts": -7200, "a reminder": -3600})
    with unit_of_work(SYSTEM, login="jobs") as work:
        work.session.info["request_id"] = "a-request"
        for key in ("her sign-in", "her order"):
            enqueue(work.session, work.now, "oversight.check_ledger", {}, key=key)
    redis = relay.connection()
    assert relay.relay_once(redis) == 4
    assert [sent(database, awaited=one) for one in (True, False)] == [
        ["her sign-in", "her order"], ["a month's accounts", "a reminder"],
    ]  # fmt: skip
    worker = worker_on(redis)
    taken = [worker.dequeue_job_and_maintain_ttl(timeout=None)[0].id for _ in range(4)]
    with database.connect("setup") as connection:
        keys = {str(row[0]): row[1] for row in connection.execute("SELECT id, key FROM outbox").fetchall()}
    assert [keys[name.split("-")[1]] for name in taken][:2] == ["her sign-in", "her order"]


def test_the_relay_finds_what_is_due_among_much_that_waits_by_an_index(database: Any) -> None:
    with database.connect("setup") as connection:
        connection.execute(
            "INSERT INTO outbox (job, args, not_before, created_at, state, sends, sent_at, confirmed_at)"
            " SELECT 'x', '{}', now() + make_interval(mins => n - 30), now(), s.state, 1,"
            " CASE WHEN s.state <> 'waiting' THEN now() END, CASE WHEN s.state = 'done' THEN now() END"
            " FROM generate_series(1, 2000) AS n CROSS JOIN unnest('{waiting}'::text[] || array_fill('done'::text, '{12}')) AS s (state)"
        )
        connection.execute("ANALYZE outbox")
        claim = relay._CLAIM.text.replace(":now", "now()").replace(":lost", "'{}'").replace(":request", "'x'")
        unconfirmed = relay._UNCONFIRMED.text.replace("=> :resend", "=> 60").replace(":resend *", "60 *")
        asked = [words.replace(":most_rows", "200") for words in (claim, unconfirmed)]
        plan = "\n".join(
            row[0] for words in asked for row in connection.execute(f"EXPLAIN (COSTS OFF) {words}").fetchall()
        )
        assert "outbox_due_idx" in plan and "outbox_sent_idx" in plan
        assert "Seq Scan on outbox" not in plan
        connection.rollback()
