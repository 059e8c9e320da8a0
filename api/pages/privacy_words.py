"""Fields, purposes and rights of readings in the reader's words."""

from __future__ import annotations

from typing import Any

from api.pages.languages import translate
from api.pages.roles import ROLE_WORDS
from services.people.disclosing import CHOICES, Reading


def field_words() -> dict[str, str]:
    """Give the sealed fields as a page calls them."""
    return {
        "phone": translate("手机号"),
        "id_number": translate("身份证号"),
        "address": translate("住址"),
        "health": translate("健康情况"),
        "emergency_phone": translate("紧急联系电话"),
    }


def purpose_words() -> dict[str, str]:
    """Give what a field may be read for, as a page says it."""
    return {
        "visit": translate("上门服务"),
        "contact": translate("探访联系"),
        "call_back": translate("电话回访"),
        "order_check": translate("下单前核对"),
        "emergency": translate("紧急情况"),
        "identity": translate("核对身份"),
        "correction": translate("更正资料"),
        "complaint": translate("处理投诉"),
        "own": translate("本人查看"),
        "copy": translate("本人索取副本"),
        "other": translate("其他（写明原因）"),
    }


def purposes_to_choose() -> list[tuple[str, str]]:
    """Give (code, words) of the purposes somebody may choose from."""
    words = purpose_words()
    return [(code, words[code]) for code in CHOICES]


def state_words() -> dict[str, str]:
    """Give how a request for erasure stands."""
    return {
        "asked": translate("等答复"),
        "approved": translate("已同意，正在清除"),
        "refused": translate("没有同意"),
        "withdrawn": translate("已撤回"),
        "done": translate("已清除"),
    }


def reading_line(one: Reading) -> dict[str, Any]:
    """Give one reading as a page shows it."""
    role = "系统" if one.reader_role == "system" else ROLE_WORDS.get(one.reader_role, one.reader_role)
    return {
        "at": one.happened_at,
        "name": one.reader_name,
        "role": role,
        "person_id": one.person_id,
        "person_name": one.person_name,
        "field": field_words()[one.field],
        "purpose": purpose_words()[one.purpose],
        "reason": one.reason,
    }
