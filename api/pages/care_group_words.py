"""The groups of elders in difficulty, ends of duties and visit outcomes, in words people use."""

from __future__ import annotations

from api.pages.languages import translate
from services.language import listed


def group_words() -> dict[str, str]:
    """Give the six groups of the 2022 national guidance and those a city adds, in words."""
    return {
        "alone": translate("独居"),
        "empty_nest": translate("空巢"),
        "left_behind": translate("留守"),
        "disabled": translate("失能"),
        "severe_disability": translate("重残"),
        "family_planning_special": translate("计划生育特殊家庭"),
        "dementia": translate("失智"),
        "extreme_hardship": translate("特困"),
        "critical_illness": translate("大病"),
    }


def groups_in_words(groups: list[str] | tuple[str, ...]) -> str:
    """Say which groups an elder belongs to; a group without words stays as it is."""
    known = group_words()
    return listed([known.get(code, code) for code in groups])


def ending_words() -> dict[str, str]:
    """Give why a duty ended, in words."""
    return {
        "died": translate("已去世"),
        "moved": translate("搬走了"),
        "institution": translate("住进养老机构"),
        "no_longer_in_group": translate("不再属于探访对象"),
        "class_changed": translate("探访类别变了"),
        "grid_changed": translate("网格变了"),
    }


def task_state_words() -> dict[str, str]:
    """Give how a visit task stands, in words."""
    return {
        "open": translate("待探访"),
        "seen": translate("已见到"),
        "missed": translate("过期没见到"),
        "dropped": translate("不用去了"),
    }
