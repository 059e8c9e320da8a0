"""An order's life: its states, where it may be cancelled, which times can be wished, how its number reads.

The steps are those of the table order_step (sql/211_order_steps.sql), which holds them whoever writes (docs/orders.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.orders.errors import BadTime, KeyMissing

SHANGHAI = ZoneInfo("Asia/Shanghai")

STEPS: dict[str, tuple[str, ...]] = {
    "placed": ("offering", "accepted", "unfilled", "cancelled"),
    "offering": ("accepted", "unfilled", "cancelled"),
    "unfilled": ("offering", "cancelled"),
    "accepted": ("assigned", "in_service", "offering", "unfilled", "cancelled"),
    "assigned": ("in_service", "accepted", "offering", "cancelled"),
    "in_service": ("served", "cancelled"),
    "served": ("confirmed",),
    "confirmed": (),
    "cancelled": (),
}
"""Which state may follow which; `confirmed` and `cancelled` are never left."""

MAY_BE_CANCELLED_IN = frozenset({"placed", "offering", "unfilled", "accepted", "assigned"})
"""Where the elder's side may cancel. The only place that says so."""

OFFICE_MAY_ALSO_CANCEL_IN = frozenset({"in_service"})
"""Where only the office (operator, officer, advisor) may: a carer stands at the door, somebody must answer for it."""

OPEN_FOR_OFFERS_IN = frozenset({"placed", "offering", "unfilled"})
LIVE_STATES = ("placed", "offering", "accepted", "assigned", "in_service", "served", "confirmed")
"""States in which a second order for the same window is a duplicate."""

CANCEL_REASONS: dict[str, str] = {
    "not_needed": "不需要了",
    "other_time": "想换个时间",
    "not_at_home": "到时候不在家",
    "hospital": "住院了",
    "wrong_order": "订错了",
    "other": "其他原因",
}
HOUSE_REASONS: dict[str, str] = {
    "blacklisted": "机构或上门的人被列入失信名单",
    "departed": "老人已离世或迁出",
    "not_come": "没有来",
    "carer_did_not_come": "上门的人没有来",
}
"""Why the house itself ends an order."""
AHEAD_DAYS = 60
LONGEST_HOURS = 12


def may_be_cancelled(state: str, ground: str) -> bool:
    """Tell whether an order in a state may be cancelled by somebody acting on a ground (self, proxy:, office:)."""
    by_office = ground.startswith("office:") or ground == "house"
    return state in MAY_BE_CANCELLED_IN or (by_office and state in OFFICE_MAY_ALSO_CANCEL_IN)


def order_number(on: date, order_id: int) -> str:
    """Give the number an elder reads over the phone: day, running number, check digit, as in 261126-00042-7.

    The check digit is Luhn's, so that one misheard digit or two swapped neighbours are noticed.
    """
    digits = f"{on:%y%m%d}{order_id:05d}"
    return f"{on:%y%m%d}-{order_id:05d}-{_luhn(digits)}"


def is_order_number(text: str) -> bool:
    """Tell whether a number as heard over the phone has a right check digit."""
    digits = text.replace("-", "").replace(" ", "")
    return digits.isascii() and digits.isdigit() and len(digits) >= 12 and _luhn(digits[:-1]) == int(digits[-1])


def check_key(key: str) -> None:
    """Refuse an idempotency key too short to be unique or too long to keep. Raises KeyMissing."""
    if not 8 <= len(key.strip()) <= 200:
        raise KeyMissing(field="idempotency_key")


def check_aware(**moments: datetime) -> None:
    """Refuse a time without its zone (nine o'clock where?) or of no believable year. Raises BadTime(field)."""
    for field, moment in moments.items():
        if moment.tzinfo is None or moment.utcoffset() is None:
            raise BadTime("时间必须带时区，例如 2026-11-26T09:00:00+08:00。", field=field)
        if not 2000 <= moment.year <= 2200:
            raise BadTime("没有这个日期，请检查年份。", field=field)


def check_window(now: datetime, starts_at: datetime, ends_at: datetime) -> None:
    """Refuse a window that is past, backwards, too long or too far off.

    Raises BadTime(field, ...). All three moments are aware.
    """
    if starts_at <= now:
        raise BadTime("预约的时间已经过去了，请选以后的时间。", field="starts_at", starts_at=starts_at.isoformat())
    if ends_at <= starts_at:
        raise BadTime("结束时间要晚于开始时间。", field="ends_at")
    if ends_at - starts_at > timedelta(hours=LONGEST_HOURS):
        raise BadTime(f"一次预约不能超过{LONGEST_HOURS}小时。", field="ends_at", longest_hours=LONGEST_HOURS)
    if starts_at - now > timedelta(days=AHEAD_DAYS):
        raise BadTime(f"最多提前{AHEAD_DAYS}天预约。", field="starts_at", ahead_days=AHEAD_DAYS)


def check_long_enough(starts_at: datetime, ends_at: datetime, minutes: int) -> None:
    """Refuse a window shorter than the service's minutes. Raises BadTime(field, minutes)."""
    if ends_at - starts_at < timedelta(minutes=minutes):
        raise BadTime(f"这项服务要{minutes}分钟，请把时间选长一些。", field="ends_at", minutes=minutes)


def is_open(weekdays: Sequence[str], from_hour: int, to_hour: int, starts_at: datetime, ends_at: datetime) -> bool:
    """Tell whether a window lies within a provider's working hours (Shanghai wall clock, end excluded).

    `weekdays` are ISO numbers "1".."7"; an empty list means every day. A line of 0-24 hours may run past
    midnight when it works on both days.
    """
    start, end = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    last = end - timedelta(microseconds=1)
    if weekdays and not {str(start.isoweekday()), str(last.isoweekday())} <= set(weekdays):
        return False
    if (from_hour, to_hour) == (0, 24):
        return True
    opens = start.replace(hour=from_hour, minute=0, second=0, microsecond=0)
    return opens <= start and end <= opens + timedelta(hours=to_hour - from_hour)


def hash_wish(wish: dict[str, object]) -> bytes:
    """Give 32 bytes that say whether two requests under one key wish the same."""
    return hashlib.sha256(json.dumps(wish, sort_keys=True, ensure_ascii=False).encode()).digest()


def _luhn(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10
