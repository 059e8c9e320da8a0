"""Jobs of the oversight room: the house checks its own books and counts what the plans measure it by."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from services.clock import civil_date
from services.messages.actions import tell
from services.outbox import enqueue
from services.oversight.actions import check_ledger
from services.oversight.counting import check_counts, cities_counted, count_city, count_touched
from services.unit_of_work import UnitOfWork

log = structlog.get_logger("oversight")


def check_books(work: UnitOfWork) -> None:
    """Recompute the time bank and keep the result for the officers' desks."""
    if not check_ledger(work.session, work.now):
        log.error("the time bank does not verify; bin/yinling timebank verify names the first bad row")


def count_what_events_touched(work: UnitOfWork) -> None:
    """Count the rows that events named since the last time."""
    for report in count_touched(work.session, work.now):
        log.info("counted", city_code=report.city_code, measures=report.measures, changed=report.changed)


def count_every_city(work: UnitOfWork) -> None:
    """Once a night: each city that adopted rules is recounted beside the events' counts, then rolled on to the new day."""
    for city_code in cities_counted(work.session, civil_date(work.now)):
        key = f"oversight.count_city:{city_code}:{civil_date(work.now):%Y-%m-%d}"
        enqueue(work.session, work.now, "oversight.count_city", {"city_code": city_code}, key=key)


def count_one_city(work: UnitOfWork, city_code: int) -> None:
    """Check yesterday's counts against a full recount, tell the auditors of a difference, then count today in full."""
    count_touched(work.session, work.now)
    report = check_counts(work.session, work.now, city_code)
    if report.differences:
        log.error(
            "counts differ from a recount", city_code=city_code, differences=report.differences, first=report.first
        )
        tell(
            work.session,
            work.now,
            audience={"office": {"role": "auditor", "area_code": city_code}},
            template="oversight.counts_differ",
            facts={"rows": report.differences, "day": report.day.isoformat()},
            area_code=city_code,
            key=f"oversight.counts_differ:{city_code}:{report.day.isoformat()}",
        )
    count_city(work.session, work.now, city_code)


HANDLERS: dict[str, Callable[..., None]] = {
    "oversight.check_ledger": check_books,
    "oversight.count_touched": count_what_events_touched,
    "oversight.count_every_city": count_every_city,
    "oversight.count_city": count_one_city,
}
