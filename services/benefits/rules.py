"""Who pays which part of a price. Whole fen only; the parts always add up to the price.

Rounded by the floor rule (services/benefits/rounding.py): public money never pays more than its percentage;
the elder's part is what remains. Government's purchase comes first, a voucher then pays of what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Right:
    """A right to government money for one service as it stands on a day: percent of the price, fen left."""

    entitlement_id: int
    kind: str
    government_percent: int
    month_left_fen: int


@dataclass(frozen=True)
class Split:
    """How a price is shared: `government_fen + voucher_fen + self_fen` is the price. `reasons` say why, in Chinese."""

    government_fen: int
    self_fen: int
    entitlement_id: int | None
    reasons: tuple[str, ...]
    voucher_fen: int = 0
    voucher_id: int | None = None


def government_share_fen(price_fen: int, percent: int, month_left_fen: int) -> int:
    """Give what government pays of a price, in fen: its percentage rounded down, never more than is left.

    Raises ValueError for a negative price or a percentage outside 0-100.
    """
    if price_fen < 0 or not 0 <= percent <= 100:
        raise ValueError(f"no such price or share: {price_fen} fen, {percent} %")
    return min(price_fen * percent // 100, max(0, month_left_fen))


def split(price_fen: int, rights: list[Right]) -> Split:
    """Share a price between government and elder under the one right that helps the elder most.

    Equal help goes to the older right (the smaller id), so that the answer never depends on row order.
    """
    shares = [
        (government_share_fen(price_fen, right.government_percent, right.month_left_fen), right) for right in rights
    ]
    if not shares:
        return Split(0, price_fen, None, ("没有适用于这项服务的政府补贴，全部自付",))
    share, best = max(shares, key=lambda pair: (pair[0], -pair[1].entitlement_id))
    if share == 0:
        return Split(0, price_fen, None, (_why_nothing(price_fen, best),))
    reasons = [f"{best.kind}：政府付{best.government_percent}%"]
    if share < price_fen * best.government_percent // 100:
        reasons.append(f"本月补贴只剩{yuan(best.month_left_fen)}，超出部分自付")
    return Split(share, price_fen - share, best.entitlement_id, tuple(reasons))


def first_of_month(on: date) -> date:
    """Give the day that names the month whose cap an order uses: the month of the service, not of the click."""
    return on.replace(day=1)


def yuan(amount_fen: int) -> str:
    """Write fen as people read money: 8800 becomes 88元, 8850 becomes 88.5元."""
    whole, rest = divmod(amount_fen, 100)
    return f"{whole}元" if rest == 0 else f"{whole}.{rest:02d}".rstrip("0") + "元"


def _why_nothing(price_fen: int, right: Right) -> str:
    if price_fen == 0:
        return "这项服务不收费"
    if right.government_percent == 0:
        return f"{right.kind}：这项服务政府不补贴"
    if right.month_left_fen <= 0:
        return f"{right.kind}：本月补贴已经用完，全部自付"
    return f"{right.kind}：补贴不足一分钱，全部自付"
