"""The audit's words on a page, in the language of who reads it."""

from __future__ import annotations

from api.pages.languages import SOURCE_LANGUAGE, current_language, translate
from services.oversight.audit_draws import POPULATIONS
from services.oversight.audit_rules import Rule
from services.oversight.case_checks import Check


def _reads_chinese() -> bool:
    return current_language.get() == SOURCE_LANGUAGE


def rule_words(rule: Rule) -> str:
    """Say what a rule looks for."""
    return rule.zh if _reads_chinese() else rule.en


def check_words(check: Check) -> str:
    """Say what a check holds."""
    return check.text_zh if _reads_chinese() else check.text_en


def population_words() -> list[tuple[str, str]]:
    """Give the populations to choose from."""
    return [(one.code, one.title_zh if _reads_chinese() else one.title_en) for one in POPULATIONS.values()]


def part_words(population: str) -> list[tuple[str, str]]:
    """Give what a population may be divided by."""
    known = {
        "provider": translate("机构"),
        "street": translate("街道"),
        "service": translate("服务"),
        "proof": translate("签到凭据"),
        "kind": translate("权益种类"),
        "role": translate("查看人的角色"),
    }
    return [(code, known[code]) for code in POPULATIONS[population].parts]


def stage_words() -> dict[str, str]:
    """Give the stations of a case."""
    return {
        "elder": translate("老人"),
        "assessment": translate("能力评估"),
        "entitlement": translate("享受权益"),
        "order": translate("订单"),
        "offer": translate("派单"),
        "visit": translate("上门凭据"),
        "judged": translate("评价和投诉"),
        "voucher": translate("消费券"),
        "settlement": translate("结算"),
        "payment": translate("付款"),
        "act": translate("办事记录"),
    }


def kind_words() -> dict[str, str]:
    """Give the kinds of emergency."""
    return {
        "life": translate("生命危险"),
        "missing": translate("走失"),
        "disaster": translate("灾害、事故"),
        "other": translate("其他紧急情况"),
    }
