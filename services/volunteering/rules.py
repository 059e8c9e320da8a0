"""From served time to credited minutes, and from saved minutes to help, by the city's own policy.

Pure; all amounts in whole ledger minutes. Nothing here knows a person or a row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

LONGEST_NEED_HOURS = 24
_NUMBERS = re.compile(r"\d{3,}|\d+\s*(?:号|栋|幢|室|单元)|[一二三四五六七八九十百]+(?:号|栋|幢|室|单元)")
SPOUSE = ("spouse", "配偶", "丈夫", "妻子", "老伴", "爱人", "老公", "老婆")
DIRECT = (
    "daughter", "son", "grandchild", "daughter_in_law", "son_in_law", "parent",
    "父亲", "母亲", "爸爸", "妈妈", "儿子", "女儿", "祖父", "祖母", "爷爷", "奶奶", "外公", "外婆", "姥姥", "姥爷",
    "孙子", "孙女", "外孙", "外孙女", "公公", "婆婆", "岳父", "岳母", "儿媳", "女婿",
)  # fmt: skip
HARDSHIP = ("low_income", "extreme_hardship")


class Price(Protocol):
    """What a service is worth where a coin is not an hour."""

    @property
    def unit(self) -> str: ...
    @property
    def minutes(self) -> int: ...


class Policy(Protocol):
    """The part of a city's time-bank policy that turns service into minutes."""

    @property
    def rounding(self) -> str: ...
    @property
    def rounding_minutes(self) -> int: ...
    @property
    def minimum_session_minutes(self) -> int: ...
    @property
    def daily_cap_minutes(self) -> int: ...


class RedeemPolicy(Protocol):
    """The part of a city's time-bank policy that says who may spend minutes, and on whom."""

    @property
    def redeem_age(self) -> int: ...
    @property
    def redeem_age_hardship(self) -> int: ...
    @property
    def redeem_for(self) -> tuple[str, ...]: ...
    @property
    def relative_min_age(self) -> int: ...
    @property
    def redeem_least_minutes(self) -> int: ...


@dataclass(frozen=True)
class Credit:
    """What a session earns; `reason` says why nothing, or less than served, is credited.

    `over_minutes`: what the day's cap cut off, for the pool or for honours as the city decides.
    """

    service_minutes: int
    credit_minutes: int
    reason: str | None
    over_minutes: int = 0


@dataclass(frozen=True)
class Movement:
    """One movement of an account: minutes in are positive, out negative; `at` is when it was recorded."""

    at: datetime
    minutes: int


def served_minutes(arrived: datetime, left: datetime) -> int:
    """Give the whole minutes between arrival and leaving."""
    return int((left - arrived).total_seconds() // 60)


def credit_of(policy: Policy, service_minutes: int, credited_today: int, price: Price | None = None) -> Credit:
    """Give the minutes a session earns: none below the minimum, rounded, priced, never above the day's cap.

    `credited_today`: minutes already credited on that Shanghai day. Rounding `exact` keeps minutes, `down`
    and `nearest` go to multiples of `rounding_minutes` of service (a half goes up); the price comes after.
    """
    if service_minutes < max(1, policy.minimum_session_minutes):
        return Credit(service_minutes, 0, "too_short")
    worth = priced_minutes(price, rounded_minutes(policy, service_minutes))
    room = max(0, policy.daily_cap_minutes - credited_today)
    if worth == 0:
        return Credit(service_minutes, 0, "too_short")
    if room < worth:
        return Credit(service_minutes, room, "daily_cap", worth - room)
    return Credit(service_minutes, worth, None)


def rounded_minutes(policy: Policy, service_minutes: int) -> int:
    """Round served minutes as the city does."""
    step = policy.rounding_minutes
    return {
        "exact": service_minutes,
        "down": service_minutes // step * step,
        "nearest": (service_minutes + step // 2) // step * step,
    }[policy.rounding]


def priced_minutes(price: Price | None, minutes: int) -> int:
    """Give what a service of so many minutes is worth in ledger minutes; parts of a minute are dropped."""
    if price is None or minutes == 0:
        return minutes
    return price.minutes if price.unit == "job" else minutes * price.minutes // 60


def relation_of(words: str, ground: str) -> str:
    """Give the kinship the policies speak of from the words of a proxy: spouse, direct_relative or friend."""
    plain = words.strip()
    if plain in SPOUSE:
        return "spouse"
    return "direct_relative" if ground == "family" and plain in DIRECT else "friend"


def redeem_refusal(
    policy: RedeemPolicy,
    *,
    relation: str,
    payer_age: int | None,
    elder_age: int | None,
    elder_groups: Iterable[str],
    saved_minutes: int,
    granted: bool = False,
) -> str | None:
    """Say why these hours may not be spent on this elder, or None.

    One who spends on herself must have the age (hardship: the lower one); a relative must be old enough, whatever
    the age of who saved. Granted hours are for the elder herself, at any age. Answers: relation, too_young,
    relative_too_young, too_little.
    """  # fmt: skip
    if granted:
        return None if relation == "self" else "relation"
    hardship = any(group in HARDSHIP for group in elder_groups)
    allowed = relation in policy.redeem_for or (hardship and "hardship_elder" in policy.redeem_for)
    if not allowed:
        return "relation"
    least = policy.redeem_age_hardship if hardship else policy.redeem_age
    if relation == "self" and (payer_age is None or payer_age < least):
        return "too_young"
    if relation != "self" and (elder_age is None or elder_age < policy.relative_min_age):
        return "relative_too_young"
    return "too_little" if saved_minutes < policy.redeem_least_minutes else None


def expired_minutes(movements: Sequence[Movement], cutoff: datetime) -> int:
    """Give how many of the minutes that came in before `cutoff` are still unspent: the oldest are spent first."""
    came = sum(one.minutes for one in movements if one.minutes > 0 and one.at < cutoff)
    went = -sum(one.minutes for one in movements if one.minutes < 0)
    return max(0, came - went)


def months_before(day: date, months: int) -> date:
    """Give the day so many months earlier, the month's last day where it is shorter."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    lengths = (
        31,
        29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28,
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    )
    return date(year, month + 1, min(day.day, lengths[month]))


def is_sampled(number: int, percent: int) -> bool:
    """Tell whether a session is called back: always the same answer, about `percent` of all, in no visible order."""
    return int.from_bytes(hashlib.sha256(f"call-back {number}".encode()).digest()[:4]) % 100 < percent


def shows_too_much(title: str, full_name: str) -> bool:
    """Tell whether a board's title would give away a name, a phone number or a door."""
    return full_name in title or bool(_NUMBERS.search(title))
