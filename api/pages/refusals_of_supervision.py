"""What a person meets when the house refuses something about the supervision of institutions."""

from __future__ import annotations


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


REFUSALS_OF_SUPERVISION = (
    _("机构监管由本辖区的民政干部办理。"),
    _("只有本机构的派单员可以办理。"),
    _("有必填的内容没有写，或者写得太长。"),
    _("日期不对：不能早于开始的日子，也不能是还没到的日子。"),
    _("备案现在的状态不能走这一步；先备案，才能变更或注销。"),
    _("这个备案号已经用在别的机构上。"),
    _("这张等级证书已经登记过了。"),
    _("没有这张等级证书。"),
    _("这张等级证书已经撤销过了。"),
    _("没有这份评定申请，或者您无权查看。"),
    _("这家机构已经有一份评定申请在等答复。"),
    _("这份评定申请已经答复过了。"),
    _("请选备案的步骤。"),
    _("请填日期，例如 2026-11-23。"),
    _("请填一个整数。"),
)
