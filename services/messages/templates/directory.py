"""What providers, carers and officers are told of trust: certificates, credit levels, the blacklist, appeals."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "directory.certificate_ends": Template(
        "证书快到期",
        "【银龄圈】{carer}的证书{ends_on}到期，到期后不能再派有资格要求的单。请到“人员档案”更新。",
        waits_for_morning=True,
    ),
    "directory.credit_level": Template(
        "信用等级有变化",
        "【银龄圈】{provider}{month}的信用等级是{level}（{points}分）。依据和申诉在“信用与投诉”。",
        waits_for_morning=True,
    ),
    "directory.blacklisted": Template(
        "已列入失信名单", "【银龄圈】{provider}已被列入失信名单，从现在起不再派新单。理由和申诉在“信用与投诉”。"
    ),
    "directory.carer_blacklisted": Template(
        "已列入失信名单",
        "【银龄圈】{provider}的{carer}已被列入失信名单，从现在起不再派新的任务。理由和申诉在“信用与投诉”。",
    ),
    "directory.blacklisting_lifted": Template("失信记录已解除", "【银龄圈】{provider}的失信记录已解除，可以接单了。"),
    "directory.carer_blacklisting_lifted": Template(
        "失信记录已解除", "【银龄圈】{provider}的{carer}的失信记录已解除，可以派任务了。"
    ),
    "directory.appeal_filed": Template(
        "有机构申诉", "【银龄圈】{provider}提出了申诉，请到“信用监管”答复。", waits_for_morning=True
    ),
    "directory.appeal_granted": Template(
        "申诉成立", "【银龄圈】{provider}的申诉成立，结果在“信用与投诉”。", waits_for_morning=True
    ),
    "directory.appeal_refused": Template(
        "申诉不成立", "【银龄圈】{provider}的申诉不成立，理由在“信用与投诉”。", waits_for_morning=True
    ),
}
