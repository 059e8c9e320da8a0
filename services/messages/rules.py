"""When a phone may ring, and which rung of the ladder comes next. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(7, 0)
_SHANGHAI = timezone(timedelta(hours=8))  # China keeps one time without daylight saving since 1991

LADDER = ("wechat", "sms", "call", "person")
"""Subscribe message, then SMS, then a call that reads the text out, then a person who calls or knocks."""


def earliest_ring(now: datetime, *, waits_for_morning: bool) -> datetime:
    """Give the moment from which an elder's phone may ring: now, or 7:00 Shanghai time if it can wait.

    `now` is aware; the result is UTC. Quiet hours are 21:00 to 7:00.
    """
    local = now.astimezone(_SHANGHAI)
    if not waits_for_morning or QUIET_UNTIL <= local.time() < QUIET_FROM:
        return now
    morning = local.replace(hour=QUIET_UNTIL.hour, minute=0, second=0, microsecond=0)
    if local.time() >= QUIET_FROM:
        morning += timedelta(days=1)
    return morning.astimezone(UTC)


def rungs(*, wechat: bool, phone: bool, rings: bool = False) -> tuple[str, ...]:
    """Give the rungs to climb for somebody who can, or cannot, be reached over WeChat and by phone.

    `rings`: the message is urgent enough for a phone to ring, and a voice carrier is there.
    """
    can = {"wechat": wechat, "sms": phone, "call": phone and rings, "person": True}
    return tuple(rung for rung in LADDER if can[rung])
