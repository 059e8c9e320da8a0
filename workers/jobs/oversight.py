"""Jobs of the oversight room: the house checks its own books and counts what the plans measure it by."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from services.clock import civil_date
from services.messages.actions import tell
from services.outbox import enqueue
from services.oversight.actions import check_ledger
from services.oversight.alerting import pass_on, watch_city
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
        if report.changed:
            key = f"oversight.watch:{report.city_code}:{work.now:%Y-%m-%dT%H:%M}"[:-1]
            args = {"city_code": report.city_code, "kinds": ["indicator_beyond", "beds_short"]}
            enqueue(work.session, work.now, "oversight.watch", args, key=key)
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
    key = f"oversight.watch:{city_code}:{civil_date(work.now):%Y-%m-%d}"
    enqueue(work.session, work.now, "oversight.watch", {"city_code": city_code}, key=key)


def watch_one_city(work: UnitOfWork, city_code: int, kinds: list[str] | None = None) -> None:
    """Judge what is watched over a city, after its nightly count or after events; tell whoever is in charge."""
    log.info("watched", city_code=city_code, **watch_city(work.session, work.now, city_code, kinds))


def watch_what_happened(work: UnitOfWork) -> None:
    """Once an hour: whether too much of one kind happened, anywhere."""
    for city_code in cities_counted(work.session, civil_date(work.now)):
        watch_one_city(work, city_code, ["events_many"])


def pass_alert_on(work: UnitOfWork, alert_id: int, from_step: int) -> None:
    """Hand an alert nobody took to the next person."""
    pass_on(work.session, work.now, alert_id, from_step)


HANDLERS: dict[str, Callable[..., None]] = {
    "oversight.check_ledger": check_books,
    "oversight.count_touched": count_what_events_touched,
    "oversight.count_every_city": count_every_city,
    "oversight.count_city": count_one_city,
    "oversight.watch": watch_one_city,
    "oversight.watch_events": watch_what_happened,
    "oversight.pass_on_alert": pass_alert_on,
}
