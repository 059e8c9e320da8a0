"""Making monthly reports, with progress told in transactions of their own, and publishing what is open to everybody."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import structlog

from services.clock import civil_date
from services.errors import DomainError
from services.outbox import confirm, enqueue
from services.oversight.counting import cities_counted
from services.oversight.open_sums import publish_open_sums
from services.oversight.report_gathering import Tell
from services.oversight.reports import JOB, fail_report, find_report, gather_report, keep_report, note_steps
from services.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

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


def publish_every_city(work: UnitOfWork) -> None:
    """Once a month: each city's indicators of the month that is over are promised to be published."""
    last = civil_date(work.now).replace(day=1) - timedelta(days=1)
    for city_code in cities_counted(work.session, last):
        key = f"oversight.publish_city:{city_code}:{last:%Y-%m}"
        facts = {"city_code": city_code, "month": f"{last:%Y-%m}-01"}
        enqueue(work.session, work.now, "oversight.publish_city", facts, key=key)


def publish_city(work: UnitOfWork, city_code: int, month: str) -> None:
    """Publish one city's indicators of a month, small counts withheld; published once they stay."""
    published = publish_open_sums(work.session, work.now, SYSTEM, city_code, date.fromisoformat(month))
    log.info("published" if published else "nothing to publish", city_code=city_code, month=month)


SECONDS = {JOB: 3_600, "oversight.publish_city": 1_800}
"""A city's report asks every indicator of thirteen months."""

HANDLERS: dict[str, Callable[..., None]] = {
    "oversight.publish_every_city": publish_every_city,
    "oversight.publish_city": publish_city,
}

OUTSIDE: dict[str, Callable[..., None]] = {JOB: make_report}
