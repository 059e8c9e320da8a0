"""Which times a page proposes for a service: plain windows of the coming week, nothing to spin or type."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.catalogue.queries import Service
from services.clock import civil_date, civil_midnight

Window = tuple[datetime, datetime]
DAYS_AHEAD = 7
MEAL_HOURS = (11, 17)
USUAL_HOURS = (9, 14, 16)
NOTICE = timedelta(hours=2)
URGENT_NOTICE = timedelta(minutes=15)
LATEST_HOUR = 20


def length_of(service: Service) -> timedelta:
    """Give how long a window for a service is: its minutes in whole hours, rounded up."""
    return timedelta(hours=max(1, -(-service.minutes // 60)))


def windows(service: Service, now: datetime) -> list[Window]:
    """Give the windows of the next seven days, soonest first, in UTC; an urgent service can begin within the hour."""
    length = length_of(service)
    found = _soon(now, length) if service.urgency == "urgent" else []
    hours = MEAL_HOURS if service.category == "meals" else USUAL_HOURS
    today = civil_midnight(civil_date(now))
    for ahead in range(DAYS_AHEAD + 1):
        for hour in hours:
            start = today + timedelta(days=ahead, hours=hour)
            if start >= now + NOTICE and start + length <= today + timedelta(days=ahead, hours=LATEST_HOUR):
                found.append((start, start + length))
    return found


def _soon(now: datetime, length: timedelta) -> list[Window]:
    half_hour = 1800
    first = now + URGENT_NOTICE
    start = datetime.fromtimestamp(-(-first.timestamp() // half_hour) * half_hour, tz=now.tzinfo)
    return [(start + timedelta(hours=n), start + timedelta(hours=n) + length) for n in range(2)]
