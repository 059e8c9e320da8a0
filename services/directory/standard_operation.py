"""Lists of standard operation (标准化运行): what a site is asked, item by item, and when it passes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Checklist:
    """One list: its name, for which facility types it is made, and its items by code."""

    name_zh: str
    facility_types: frozenset[str]
    items: Mapping[str, str]


CHECKLISTS: dict[str, Checklist] = {
    "happiness_home_v1": Checklist(
        "农村幸福院标准化运行检查（第1版）",
        frozenset({"happiness_home"}),
        {
            "sign": "挂牌，公布开放时间和联系电话",
            "keeper": "有专人管理，名单上墙",
            "open_five_days": "每周开放不少于5天",
            "meals": "提供助餐或定期配餐",
            "activities": "近三个月有活动记录",
            "records": "有老人名册和服务记录",
            "fire": "消防设施完好，通道畅通",
            "food": "食品留样、健康证齐全（不供餐的填是）",
            "hygiene": "环境整洁，厕所可用",
            "funding": "有运行经费来源，账目公开",
        },
    ),
    "standard_centre_v1": Checklist(
        "养老服务中心标准化运行检查（第1版）",
        frozenset({"community_centre", "street_centre", "regional_rural_centre", "care_home", "support_home"}),
        {
            "licence": "登记或备案有效",
            "staff": "人员配备达到标准，持证上岗",
            "functions": "规定的功能全部开放",
            "prices": "服务项目和价格公开",
            "plans": "老人有服务计划并按计划服务",
            "records": "服务记录完整可查",
            "fire": "消防验收或备案合格，定期演练",
            "food": "食品安全合格",
            "complaints": "投诉有登记、有答复",
            "emergency": "有应急预案和值班",
        },
    ),
}
"""The lists this house knows; they are the house's own reading of the plans' 标准化, which print no list."""


def passed(checklist: str, answers: Mapping[str, bool]) -> bool:
    """A site passes when every item of the list is answered with yes."""
    return all(answers.get(code) is True for code in CHECKLISTS[checklist].items)


def lists_for(type_code: str) -> list[str]:
    """Give the lists made for a facility type; all where none is."""
    own = [code for code, one in CHECKLISTS.items() if type_code in one.facility_types]
    return own or list(CHECKLISTS)
