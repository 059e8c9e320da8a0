"""Telling platforms above of public changes: intent, commit, call with no transaction open, answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from services.outbox import confirm
from services.oversight.webhook_calling import caller
from services.oversight.webhook_sending import JOB, begin_try, hear_answer, probe_message, promise_due
from services.oversight.webhooks import TEST_JOB
from services.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

log = structlog.get_logger("webhooks")


def look(work: UnitOfWork) -> None:
    """Promise a try for each platform that something waits for."""
    promise_due(work.session, work.now)


def deliver(outbox_id: int, args: dict[str, Any]) -> None:
    """Send one platform its next batch. Sent twice, the second finds its turn over."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        sent = begin_try(work.session, work.now, int(args["webhook_id"]), int(args["turn"]))
        if sent is None:
            confirm(work.session, work.now, outbox_id)
            return
    answer = caller().call(sent.url, sent.headers, sent.body)
    with unit_of_work(SYSTEM, login="jobs") as work:
        hear_answer(work.session, work.now, sent, answer)
        confirm(work.session, work.now, outbox_id)
    log.info("platform told", webhook_id=sent.webhook_id, changes=sent.changes, answer=answer.status, lost=answer.lost)


def test(outbox_id: int, args: dict[str, Any]) -> None:
    """Send one test message."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        sent = probe_message(work.session, work.now, int(args["webhook_id"]), outbox_id)
        if sent is None:
            confirm(work.session, work.now, outbox_id)
            return
    answer = caller().call(sent.url, sent.headers, sent.body)
    with unit_of_work(SYSTEM, login="jobs") as work:
        hear_answer(work.session, work.now, sent, answer)
        confirm(work.session, work.now, outbox_id)


HANDLERS: dict[str, Callable[..., None]] = {"webhooks.look": look}
OUTSIDE: dict[str, Callable[..., None]] = {JOB: deliver, TEST_JOB: test}
