"""Until when a service can still be ordered: notice before the start, and a cut-off on the civil day."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))
"""Asia/Shanghai has had no daylight saving since 1991."""


def latest_order_moment(
    starts_at: datetime, notice_minutes: int, cut_off_days: int = 0, cut_off_minute: int | None = None
) -> datetime:
    """Give the last moment at which a service starting then may be ordered, aware.

    `notice_minutes` before the start, and not after `cut_off_minute` (minute of the Shanghai day, 570 is 9:30) of
    the day `cut_off_days` before it: lunch at noon is ordered by half past nine. Raises ValueError for a naive start.
    """
    if starts_at.tzinfo is None:
        raise ValueError("the start must carry its zone")
    latest = starts_at - timedelta(minutes=notice_minutes)
    if cut_off_minute is None:
        return latest
    day = starts_at.astimezone(SHANGHAI).date() - timedelta(days=cut_off_days)
    cut_off = datetime.combine(day, time(), tzinfo=SHANGHAI) + timedelta(minutes=cut_off_minute)
    return min(latest, cut_off)


def lies_in(area_code: int, area_codes: list[int] | tuple[int, ...]) -> bool:
    """Tell whether an area of 15 digits lies in any of some areas; no areas named means everywhere."""
    return not area_codes or any(code <= area_code < code + _width(code) for code in area_codes)


def _width(code: int) -> int:
    for width in (10**13, 10**11, 10**9, 10**6, 10**3):
        if code % width == 0:
            return width
    return 1
