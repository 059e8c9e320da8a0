"""How fast a budget is used, and when it will be gone. Pure; fen and civil days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

METHODS: dict[str, str] = {
    "open_tender": "公开招标",
    "invited_tender": "邀请招标",
    "negotiation": "竞争性磋商或谈判",
    "inquiry": "询价",
    "single_source": "单一来源",
    "framework": "框架协议",
}
"""How the provider was chosen (政府采购方式)."""
FUNDERS: dict[str, str] = {
    "national": "中央资金",
    "province": "省级资金",
    "city": "市级资金",
    "district": "区县资金",
    "welfare_lottery": "福彩公益金",
    "other": "其他资金",
}
RESULTS: dict[str, str] = {"accepted": "验收合格", "with_conditions": "整改后合格", "refused": "验收不合格"}
STATES: dict[str, str] = {"draft": "草稿", "in_force": "生效中", "ended": "提前终止", "dropped": "作废"}
HINDRANCES: dict[str, str] = {
    "over_contract_price": "公共资金超过合同单价",
    "no_budget": "合同没有对应年度和科目的预算",
    "budget_used_up": "合同的预算余额不足",
}
"""Why a delivery under a contract is not settled, as the database says it (sql/356_purchase.sql)."""


@dataclass(frozen=True)
class Burn:
    """How a budget stands on a day: shares between 0 and 1; `used_up_on` None when it lasts to its end."""

    left_fen: int
    share_spent: float
    share_of_time: float
    fen_a_day: float
    used_up_on: date | None


def burn(planned_fen: int, spent_fen: int, first_day: date, last_day: date, today: date) -> Burn:
    """Say how fast money is used: days from the first up to and with today, and the day it would be gone at that pace."""
    days = (last_day - first_day).days + 1
    passed = min(max((today - first_day).days + 1, 0), days)
    pace = spent_fen / passed if passed else 0.0
    left = planned_fen - spent_fen
    gone = None
    if left == 0:
        gone = min(today, last_day)
    elif pace and today < last_day and left / pace < (last_day - today).days:
        gone = today + timedelta(days=int(left / pace))
    return Burn(left, spent_fen / planned_fen, passed / days, pace, gone)


def year_within(year: int, first_day: date, last_day: date) -> tuple[date, date]:
    """Give the part of a budget year a contract runs in; the whole year where they do not meet."""
    begins, ends = max(first_day, date(year, 1, 1)), min(last_day, date(year, 12, 31))
    return (begins, ends) if begins <= ends else (date(year, 1, 1), date(year, 12, 31))


def fen_of(written: str) -> int | None:
    """Read an amount in yuan as people write it (12,000.50, 30元, 1.2万) as fen; None when it is no such amount."""
    words = written.strip().replace(",", "").replace("，", "").replace("￥", "").replace("¥", "")
    words, times = words.removesuffix("元"), 100
    if words.endswith("万"):
        words, times = words.removesuffix("万"), 1_000_000
    try:
        amount = Decimal(words) * times
    except InvalidOperation:
        return None
    whole = amount.is_finite() and amount == amount.to_integral_value() and 0 < amount < 10**13
    return int(amount) if whole else None
