"""What the pages of beds call things, in the reader's language."""

from __future__ import annotations

from typing import Any

from api.pages.languages import translate
from services.language import for_reader


def ownerships() -> list[tuple[str, str]]:
    """Give whose a home may be."""
    return [
        ("public", translate("公办")),
        ("public_run_privately", translate("公建民营")),
        ("private_non_profit", translate("民办非营利")),
        ("private", translate("民办营利")),
    ]


def flags() -> list[tuple[str, str]]:
    """Give what a bed may carry."""
    return [
        ("nursing", translate("护理型")),
        ("dementia", translate("认知症")),
        ("basic_guarantee", translate("保基本")),
    ]


def levels() -> list[tuple[str, str]]:
    """Give for whom a bed may be equipped."""
    return [
        ("self_care", translate("自理")),
        ("partial", translate("半自理")),
        ("full", translate("全护理")),
        ("special", translate("特护")),
    ]


def facts_counted() -> list[tuple[str, str]]:
    """Give what is counted of a home on a day."""
    return [
        ("total", translate("总床位")),
        ("nursing", translate("护理型")),
        ("dementia", translate("认知症")),
        ("occupied", translate("已入住")),
    ]


def sources() -> list[tuple[str, str]]:
    """Give who may say how many there are."""
    return [("home", translate("机构填报")), ("inspector", translate("检查核实")), ("register", translate("床位登记"))]


def why_here(entry: Any) -> str:
    """Explain a place on a waiting list: who stands before, and why."""
    if entry.jumped_at is not None:
        return translate("经两位工作人员批准，排在最前")
    parts = []
    if entry.put_first:
        parts.append(translate("经批准提前的 %(count)s 位") % {"count": entry.put_first})
    if entry.higher_class:
        parts.append(translate("优先类别的 %(count)s 位") % {"count": entry.higher_class})
    if entry.same_class:
        parts.append(translate("同类别里先申请的 %(count)s 位") % {"count": entry.same_class})
    return translate("前面有：%(who)s") % {"who": "、".join(parts)} if parts else translate("前面没有人")


def class_name(facts: dict[str, Any], code: str) -> str:
    """Give a class's name as the rules of the city call it."""
    return for_reader(str(facts.get("name_zh", code)), str(facts.get("name_en", code)))
