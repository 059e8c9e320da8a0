"""What counts as within a circle, in words and in numbers. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

MARGIN_M = 250.0
"""Homes nearer than this to the edge of the mapped streets are left out of every statistic."""

REACH_LIMIT_SECONDS = 1800.0
REACH_LIMIT_METRES = 1500.0
"""How far the reach table goes at least; further where a circle does."""

ESTIMATE_ZH = "估算"
AREA_ZH = "按区域"

WALK, ESTIMATE, AREA = "walk", "estimate", "area"
"""How a place is judged: along its streets, by straight line x detour, or by what its area owns."""


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


def limit_text_en(measure: str, limit: float) -> str:
    """The same in English: 15 minutes or 1000 m."""
    return f"{limit:.0f} m" if measure == "metres" else f"{limit / 60:g} minutes"


WHO_ZH = {
    "elders": "登记老年人",
    "compounds": "各小区估计的老年人",
    "population": "人口栅格估计的老年人",
}
WHO_EN = {
    "elders": "registered elders",
    "compounds": "the elders estimated to live in each compound",
    "population": "the elders estimated by the population grid",
}


@dataclass(frozen=True)
class Said:
    """What a definition names: circle, way of walking, limit in words, kinds of facility, and how it is judged."""

    tier_name: str
    profile_name: str
    limit: str
    kinds: list[str]
    detour: float
    upper_tiers: bool
    source: str = "elders"


def definition_text(said: Said) -> str:
    """What a walking coverage of this circle says and what it does not, to be printed beside the number."""
    kinds = "、".join(said.kinds) if said.kinds else "（规则未规定任何设施类型）"
    upper = "按本市规则，上级设施计入。" if said.upper_tiers else "各层级分别计算，上级设施不计入。"
    return (
        f"{said.tier_name}步行覆盖：{WHO_ZH[said.source]}中，沿步行路网到最近的合格设施不超过{said.limit}者所占比例；"
        f"口径：{said.profile_name}；合格设施：{kinds}（须具备规定功能并在营业）。{upper}"
        f"没有路网或路网可信度低的社区，按直线距离×{said.detour:g}估算，并标注“{ESTIMATE_ZH}”；"
        f"规则不按分钟计的地区，看所在区域是否拥有合格设施。"
        f"住所距路网图边缘不足{MARGIN_M:.0f}米者不计入，另列人数；附近300米内无可用道路者计为未覆盖并列出名单。"
    )


def definition_text_en(said: Said) -> str:
    """The same in English."""
    kinds = ", ".join(said.kinds) if said.kinds else "(the rules name no kind of facility)"
    upper = (
        "By this city's rules facilities of upper circles count."
        if said.upper_tiers
        else "Each circle is counted apart; facilities of an upper circle do not count."
    )
    return (
        f"{said.tier_name}, walking coverage: the share of {WHO_EN[said.source]} whose nearest qualified facility"
        f" is no more than {said.limit} away along the streets; way of walking: {said.profile_name}; qualified:"
        f" {kinds} (open, with every required function). {upper} Communities without a street map, or with one that"
        f" cannot be trusted, are estimated by the straight line times {said.detour:g} and labelled as estimates;"
        f" where the rules do not count in minutes, it matters whether the area owns a qualified facility."
        f" Homes within {MARGIN_M:.0f} m of the map's edge are left out and listed apart;"
        f" homes without a usable street within 300 m count as not covered and are listed."
    )


def share(part: float, whole: float) -> float | None:
    """The proportion, or None when there is nobody to count."""
    return part / whole if whole else None
