"""What a person meets when the house refuses something about counts of people, reports and open data."""

from __future__ import annotations


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


REFUSALS_OF_OPEN = (
    _("请核对人口种类、日期、人数和出处。"),
    _("请选是哪种人口。"),
    _("统计日期要在1990年以后、今天以前。"),
    _("人数要大于0。"),
    _("请写明数字出自哪里（不超过300字）。"),
    _("请写明为什么撤下（不超过500字）。"),
    _("没有这个人口数，或者已经撤下了。"),
    _("同一天、同一出处的这个数已经登记过了。"),
    _("人口数由本辖区的民政干部登记。"),
)
