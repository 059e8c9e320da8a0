"""What counts as within a circle, in words and in numbers. Standard library only."""

from __future__ import annotations

MARGIN_M = 250.0
"""Homes nearer than this to the edge of the mapped streets are left out of every statistic."""

REACH_LIMIT_SECONDS = 1800.0
REACH_LIMIT_METRES = 1500.0
"""How far the reach table goes at least; further where a circle does."""

ESTIMATE_ZH = "估算"


def circle_limit(measure: str, minutes: int, distance_m: float) -> float:
    """How far an elder's circle goes: seconds for a speed profile, metres for a distance profile."""
    return float(distance_m) if measure == "metres" else 60.0 * minutes


def reach_limit(measure: str, tier_limits: list[float]) -> float:
    """How far the reach table must go to answer every circle and the matching."""
    floor = REACH_LIMIT_METRES if measure == "metres" else REACH_LIMIT_SECONDS
    return max([floor, *tier_limits])


def limit_text(measure: str, limit: float) -> str:
    """A circle's limit as people say it: 15分钟 or 1000米."""
    return f"{limit:.0f}米" if measure == "metres" else f"{limit / 60:g}分钟"


def definition_text(tier_name: str, profile_name: str, limit_zh: str, type_names: list[str]) -> str:
    """What a walking coverage of this circle says and what it does not, to be printed beside the number."""
    kinds = "、".join(type_names) if type_names else "（规则未规定任何设施类型）"
    return (
        f"{tier_name}步行覆盖：登记老年人中，沿步行路网到最近的合格设施不超过{limit_zh}者所占比例；"
        f"口径：{profile_name}；合格设施：{kinds}（须具备规定功能并在营业）。"
        f"各层级分别计算，上级设施不计入。"
        f"住所距路网图边缘不足{MARGIN_M:.0f}米者不计入，另列人数；附近300米内无可用道路者计为未覆盖并列出名单。"
    )


def share(part: int, whole: int) -> float | None:
    """The proportion, or None when there is nobody to count."""
    return part / whole if whole else None
