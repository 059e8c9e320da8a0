"""How facts are written on a page: money in yuan, times as an elder says them, shares in per cent.

Every function takes stored values (fen, minutes, metres, UTC datetimes) and gives text in the
language of the page. Civil dates and clock times are those of Asia/Shanghai.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from api.pages.house_words import parts_of, said
from api.pages.languages import current_language, translate

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = frozenset({"provider", "carer", "free", "who", "elder", "name", "city", "file", "detail"})
"""The parts of a sentence that are names; any other part must be said in the reader's language."""
HAN = re.compile(r"[\u3400-\u9fff]")
WEEKDAYS_ZH = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _chinese() -> bool:
    return current_language.get().startswith("zh")


def _civil(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time on a page must carry its zone")
    return moment.astimezone(SHANGHAI)


def yuan(amount_fen: int) -> str:
    """Write a price as it is said at the door: 800 fen is 8 元, 850 fen is 8.50 元."""
    whole, cents = divmod(abs(amount_fen), 100)
    sign = "-" if amount_fen < 0 else ""
    figure = f"{sign}{whole:,}" if cents == 0 else f"{sign}{whole:,}.{cents:02d}"
    return f"{figure} 元" if _chinese() else f"¥{figure}"


def day(value: date | datetime) -> str:
    """Write a civil day with its weekday: 11月26日 星期四."""
    when = _civil(value) if isinstance(value, datetime) else value
    if _chinese():
        return f"{when.month}月{when.day}日 {WEEKDAYS_ZH[when.weekday()]}"
    return f"{WEEKDAYS_EN[when.weekday()]} {when.day} {MONTHS_EN[when.month - 1]}"


def full_date(value: date | datetime) -> str:
    """Write a date with its year, for desks and statements: 2026-11-26."""
    when = _civil(value) if isinstance(value, datetime) else value
    return f"{when.year:04d}-{when.month:02d}-{when.day:02d}"


def month_day(value: date | datetime) -> str:
    """Write a date shortly where the year stands elsewhere: 11-26."""
    return full_date(value)[5:]


def clock(moment: datetime) -> str:
    """Write the time of day in Shanghai, 24 hours: 9:05."""
    when = _civil(moment)
    return f"{when.hour}:{when.minute:02d}"


def spoken_clock(moment: datetime) -> str:
    """Write the time of day as an elder says it: 上午9点, 下午2点半, 下午3点20分."""
    when = _civil(moment)
    if not _chinese():
        return f"{when.hour % 12 or 12}:{when.minute:02d} {'am' if when.hour < 12 else 'pm'}"
    part = "早上" if when.hour < 8 else "上午" if when.hour < 12 else "下午" if when.hour < 18 else "晚上"
    hour = when.hour if when.hour <= 12 else when.hour - 12
    rest = {0: "", 30: "半"}.get(when.minute, f"{when.minute}分")
    return f"{part}{hour}点{rest}"


def slot(start: datetime, end: datetime) -> str:
    """Write a window on one day: 11月26日 星期四 上午9点到11点."""
    first, last = spoken_clock(start), spoken_clock(end)
    if _chinese() and first[:2] == last[:2]:
        last = last[2:]
    return f"{day(start)} {first}到{last}" if _chinese() else f"{day(start)}, {first} to {last}"


def moment(value: datetime) -> str:
    """Write a day and a clock time: 11月26日 星期四 9:05."""
    return f"{day(value)} {clock(value)}"


def day_and_clock(value: datetime) -> str:
    """Write a day and time shortly for tables: 11-26 09:05."""
    when = _civil(value)
    return f"{when.month:02d}-{when.day:02d} {when.hour:02d}:{when.minute:02d}"


def machine_time(value: datetime) -> str:
    """Write the time for a `datetime` attribute, with its offset."""
    return _civil(value).isoformat(timespec="minutes")


def walk(travel_seconds: int | float) -> str:
    """Write a walk in whole minutes, rounded up: 330 seconds is 走路 6 分钟."""
    minutes = max(1, -(-int(travel_seconds) // 60))
    return translate("走路 %(minutes)s 分钟") % {"minutes": minutes}


def duration(minutes: int) -> str:
    """Write minutes of service as hours and minutes: 90 is 1 小时 30 分钟."""
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else ""
    names = (" 小时", " 分钟", " ") if _chinese() else (" h", " min", " ")
    parts = [f"{hours}{names[0]}"] * bool(hours) + [f"{rest}{names[1]}"] * bool(rest or not hours)
    return sign + " ".join(parts)


def percent(share: float, digits: int = 1) -> str:
    """Write a share of one in per cent, half rounded up: 0.532 is 53.2%."""
    step = Decimal(1).scaleb(-digits)
    return f"{(Decimal(str(share)) * 100).quantize(step, rounding=ROUND_HALF_UP)}%"


def number(value: int | float) -> str:
    """Write a count with thousands separated: 6,000."""
    return f"{value:,}"


def tel(phone: str) -> str:
    """Give the digits of a phone number for a `tel:` link."""
    return "".join(sign for sign in phone if sign.isdigit() or sign == "+")


def as_written(words: Any) -> Any:
    """Leave a name, an address or somebody's own words as they were written, and say to a screen reader which they are.

    On an English page Chinese words are marked as Chinese; anything else passes unchanged.
    """
    if _chinese() or not isinstance(words, str) or not HAN.search(words):
        return words
    return Markup('<span lang="zh-CN">{}</span>').format(words)


def said_on_page(sentence: str) -> str:
    """Say a sentence of the services to the reader; names inside it stay as written and are marked so."""
    told, read = said(sentence), parts_of(sentence)
    if _chinese() or read is None or not HAN.search(told):
        return told
    return Markup(translate(read[0])) % {name: _part(name, words) for name, words in read[1].items()}


def _part(name: str, words: str) -> Any:
    told = said_on_page(words)
    return as_written(words) if told == words and name in NAMES else told


def language_of(words: Any) -> str:
    """Give the attribute that says of an element's own words that they stay Chinese on an English page."""
    return Markup(' lang="zh-CN"') if not _chinese() and HAN.search(str(words)) else ""


FILTERS: dict[str, Callable[..., Any]] = {
    "yuan": yuan, "day": day, "full_date": full_date, "month_day": month_day, "clock": clock, "spoken_clock": spoken_clock, "slot": slot,
    "moment": moment, "day_and_clock": day_and_clock, "machine_time": machine_time, "walk": walk,
    "duration": duration, "percent": percent, "number": number, "tel": tel, "said": said_on_page,
    "as_written": as_written,
    "language_of": language_of,
}  # fmt: skip
