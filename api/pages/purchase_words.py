"""What government purchase is called on pages: how a provider was chosen, where money comes from, how a contract stands."""

from __future__ import annotations

from collections.abc import Mapping

from api.pages.languages import translate
from services.settlement.purchase_rules import FUNDERS, METHODS, RESULTS, STATES


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


_MARKED = (
    _("公开招标"), _("邀请招标"), _("竞争性磋商或谈判"), _("询价"), _("单一来源"), _("框架协议"), _("中央资金"), _("省级资金"),
    _("市级资金"), _("区县资金"), _("福彩公益金"), _("其他资金"), _("验收合格"), _("整改后合格"), _("验收不合格"), _("草稿"),
    _("生效中"), _("提前终止"), _("作废"),
)  # fmt: skip
METHOD_CHOICES, FUNDER_CHOICES, RESULT_CHOICES = METHODS, FUNDERS, RESULTS


def chosen(words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give codes with their words in the reader's language, as a form's choices."""
    return [(code, translate(word)) for code, word in words.items()]


def state_words(state: str) -> str:
    """Say how a contract stands."""
    return translate(STATES[state])
