"""What a person meets when the house refuses something about gaps, answers and where a provider goes."""

from __future__ import annotations


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


REFUSALS_OF_GAPS = (
    _("答复快慢由本辖区的工作人员和机构调度员查看。"),
    _("请写今天以后、十五年以内的日期。"),
    _("这个地方没有这样的缺口，不用定办法。"),
    _("没有这个办法。"),
    _("这个办法已经撤回了。"),
)
