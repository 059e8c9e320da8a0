"""What an office is told of its figures, and what people are told about their own data."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "oversight.counts_differ": Template(
        "指标复核有出入",
        "【银龄圈】{day}的指标全量复核与日常计数相差{rows}行，请在“指标”页查看并核实原因。",
        waits_for_morning=True,
    ),
    "oversight.alert": Template(
        "请您处理一条提醒",
        "【银龄圈】提醒：{alert}。请在{due_at}前打开“提醒”，点“知道了”或写下办了什么，逾期会交给下一位。",
        waits_for_morning=True,
    ),
    "oversight.alert_urgent": Template(
        "急：请马上处理提醒",
        "【银龄圈】急：{alert}。请在{due_at}前打开“提醒”，点“知道了”或写下办了什么，逾期会交给下一位。",
        rings=True,
    ),
    "oversight.webhook_paused": Template(
        "数据推送停了",
        "【银龄圈】第{number}号数据推送连续{failures}次没有送到，已经暂停。请联系对方平台，修好后在“数据推送”里点“继续”，不会漏数据。",
        waits_for_morning=True,
    ),
    "oversight.copy_ready": Template(
        "您的资料副本好了",
        "【银龄圈】您要的资料副本已经备好，三十天内可在“我的资料保护”里取走，或请社区打印。",
        waits_for_morning=True,
    ),
    "oversight.erasure_asked": Template(
        "有人申请注销", "【银龄圈】{elder}申请注销在银龄圈的资料，请在{due_on}前答复。", waits_for_morning=True
    ),
    "oversight.erasure_refused": Template(
        "注销申请的答复",
        "【银龄圈】您的注销申请没有通过：{reason}。不同意可以向上级民政部门申诉。",
        waits_for_morning=True,
    ),
}
