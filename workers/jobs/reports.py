"""Making monthly reports: gathered in one look at the register, with progress told in transactions of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog

from services.errors import DomainError
from services.outbox import confirm
from services.oversight.report_gathering import Tell
from services.oversight.reports import JOB, fail_report, find_report, gather_report, keep_report, note_steps
from services.unit_of_work import SYSTEM, unit_of_work

log = structlog.get_logger("reports")
TELL_SECONDS = 1.0


def make_report(outbox_id: int, args: dict[str, Any]) -> None:
    """Make one report; sent twice it is made once."""
    report_id = int(args["report_id"])
    with unit_of_work(SYSTEM, login="jobs") as work:
        report = find_report(work.session, report_id)
        if report.state != "promised":
            confirm(work.session, work.now, outbox_id)
            return
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            content = gather_report(work.session, report, _teller(report_id))
    except DomainError as refused:
        with unit_of_work(SYSTEM, login="jobs") as work:
            fail_report(work.session, work.now, work.actor, report, refused.message_zh)
            confirm(work.session, work.now, outbox_id)
        log.warning("report refused", report_id=report_id, why=type(refused).__name__)
        return
    with unit_of_work(SYSTEM, login="jobs") as work:
        keep_report(work.session, work.now, work.actor, report, content)
        confirm(work.session, work.now, outbox_id)
    log.info("report made", report_id=report_id, area_code=report.area_code, month=report.month.isoformat())


def _teller(report_id: int) -> Tell:
    """Write progress at most once a second."""
    last = 0.0

    def tell(done: int, steps: int) -> None:
        nonlocal last
        if time.monotonic() - last < TELL_SECONDS:
            return
        last = time.monotonic()
        with unit_of_work(SYSTEM, login="jobs") as work:
            note_steps(work.session, report_id, done, steps)

    return tell


SECONDS = {JOB: 3_600}
"""A city's report asks every indicator of thirteen months."""

OUTSIDE: dict[str, Callable[..., None]] = {JOB: make_report}
