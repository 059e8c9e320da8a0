"""What happens by the calendar: each due hour or day is promised once, by a key in the outbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from services.clock import SHANGHAI
from services.outbox import enqueue
from services.oversight.chain import rows_wait
from services.oversight.counting import anything_touched
from services.oversight.webhook_sending import any_active
from services.unit_of_work import SYSTEM, unit_of_work
from workers.jobs import handlers


@dataclass(frozen=True)
class Periodic:
    """A job and the stamp of the period in which it is promised once; with `when`, only if there is something to do."""

    job: str
    stamp: Callable[[datetime], str]
    when: Callable[[Session], bool] | None = None


def hourly(now: datetime) -> str:
    """Stamp an hour in Shanghai."""
    return now.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H")


def every_ten_minutes(now: datetime) -> str:
    """Stamp ten minutes in Shanghai."""
    return now.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")[:-1]


def every_minute(now: datetime) -> str:
    """Stamp a minute in Shanghai."""
    return now.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")


def daily(now: datetime) -> str:
    """Stamp a day in Shanghai."""
    return now.astimezone(SHANGHAI).strftime("%Y-%m-%d")


def monthly(now: datetime) -> str:
    """Stamp a month in Shanghai."""
    return now.astimezone(SHANGHAI).strftime("%Y-%m")


def every_ten_seconds(now: datetime) -> str:
    """Stamp ten seconds in Shanghai."""
    return now.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M:%S")[:-1]


PERIODIC = (
    Periodic("oversight.count_touched", every_ten_seconds, anything_touched),
    Periodic("oversight.count_every_city", daily),
    Periodic("oversight.check_ledger", hourly),
    Periodic("audit.link", every_minute, rows_wait),
    Periodic("audit.check", hourly),
    Periodic("audit.seal_day", daily),
    Periodic("audit.seeds", daily),
    Periodic("audit.chase_reviews", hourly),
    Periodic("oversight.watch_events", hourly),
    Periodic("payments.reconcile", every_ten_minutes),
    Periodic("payments.reconcile_day", daily),
    Periodic("benefits.lapse_vouchers", daily),
    Periodic("benefits.issue_vouchers", daily),
    Periodic("settlement.draw_every_provider", daily),
    Periodic("orders.stop_for_departed", hourly),
    Periodic("orders.place_recurring", daily),
    Periodic("beds.snapshot", daily),
    Periodic("beds.watch_every_city", daily),
    Periodic("benefits.settle_every_elder", monthly),
    Periodic("benefits.warn_expiring", daily),
    Periodic("circles.refresh_every_city", daily),
    Periodic("circles.compute_access", daily),
    Periodic("circles.publish_every_city", monthly),
    Periodic("oversight.publish_every_city", monthly),
    Periodic("webhooks.look", every_ten_seconds, any_active),
    Periodic("timebank.seal_day", daily),
    Periodic("timebank.settle_month", monthly),
    Periodic("timebank.close_month", monthly),
    Periodic("volunteering.turn_every_month", monthly),
    Periodic("visits.refresh_duties", daily),
    Periodic("visits.alert_unvisited", daily),
    Periodic("visits.check_home_beds", monthly),
    Periodic("oversight.clear_past_periods", monthly),
    Periodic("visits.compute_every_credit", monthly),
    Periodic("directory.warn_certificates", daily),
    Periodic("supervision.warn_of_expiry", daily),
)


def promise_due() -> None:
    """Promise each periodic job of the current hour or day; a second call in the same period changes nothing."""
    known = {**handlers().inside, **handlers().outside}
    with unit_of_work(SYSTEM, login="jobs") as work:
        for periodic in PERIODIC:
            if periodic.job in known and (periodic.when is None or periodic.when(work.session)):
                key = f"{periodic.job}:{periodic.stamp(work.now)}"
                enqueue(work.session, work.now, periodic.job, {}, key=key)
