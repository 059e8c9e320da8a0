"""On which days an order comes again: a rule of RFC 5545 (python-dateutil), holidays and left-out days taken off."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr

from services.errors import Invalid

ALLOWED = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH", "WKST"})
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY"})
LONGEST_RULE = 200
_SHAPE = re.compile(r"[A-Z]+=[A-Z0-9,+\-]+(;[A-Z]+=[A-Z0-9,+\-]+)*")


def check_rule(rule: str) -> str:
    """Give a rule as it is kept, such as FREQ=WEEKLY;BYDAY=TU,FR. Raises Invalid(field) for what no elder means."""
    tidy = rule.strip().upper().removeprefix("RRULE:")
    parts = dict(part.split("=", 1) for part in tidy.split(";")) if _SHAPE.fullmatch(tidy) else {}
    wrong = not parts or len(tidy) > LONGEST_RULE or set(parts) - ALLOWED or parts.get("FREQ") not in FREQUENCIES
    interval = parts.get("INTERVAL", "1") if parts else "1"
    wrong = wrong or not interval.isdigit() or int(interval) < 1  # with 0 no day would ever come
    if not wrong:
        try:
            wrong = next(iter(rrulestr(tidy, dtstart=datetime(2026, 1, 1))), None) is None and "UNTIL" not in parts
        except (ValueError, TypeError, OverflowError):
            wrong = True
    if wrong:
        raise Invalid("重复的规则看不懂，请重新选择。", field="rule", example="FREQ=WEEKLY;BYDAY=TU,FR")
    return tidy


def days_of(
    rule: str, first_day: date, last_day: date | None, since: date, until: date, leave_out: Collection[date] = ()
) -> list[date]:
    """Give the days of a rule from `since` to `until`, both included, without those left out, in order."""
    begin = datetime.combine(first_day, time())
    if last_day is not None:
        until = min(until, last_day)
    found = rrulestr(rule, dtstart=begin).between(
        datetime.combine(since, time()) - timedelta(seconds=1), datetime.combine(until, time(23, 59, 59)), inc=True
    )
    return [moment.date() for moment in found if moment.date() not in leave_out]
