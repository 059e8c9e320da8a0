"""What people are told of a complaint: its number and its clock, never its words."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "visits.complaint_received": Template(
        "投诉已收到", "【银龄圈】您的投诉已收到，编号{complaint_number}，{acknowledge_at}前有人受理，{due_at}前答复。"
    ),
    "visits.complaint_acknowledged": Template(
        "投诉已受理", "【银龄圈】您的投诉（编号{complaint_number}）已有人受理，{due_at}前答复。", waits_for_morning=True
    ),
    "visits.complaint_answered": Template(
        "投诉已答复",
        "【银龄圈】您的投诉（编号{complaint_number}）已答复，请看“投诉”；不满意可以重新提出一次。",
        waits_for_morning=True,
    ),
    "visits.complaint_owner": Template(
        "有投诉归您办",
        "【银龄圈】投诉{complaint_number}（{provider}）由您办理，{acknowledge_at}前受理，{due_at}前答复。",
        waits_for_morning=True,
    ),
    "visits.complaint_for_provider": Template(
        "有人投诉，请说明情况",
        "【银龄圈】{provider}被投诉，编号{complaint_number}，请到“信用与投诉”说明情况。",
        waits_for_morning=True,
    ),
    "visits.complaint_statement": Template(
        "机构已说明情况",
        "【银龄圈】{provider}对投诉{complaint_number}作了说明，请在{due_at}前答复。",
        waits_for_morning=True,
    ),
    "visits.complaint_answered_for_provider": Template(
        "投诉已有结论", "【银龄圈】投诉{complaint_number}已有结论，请看“信用与投诉”。", waits_for_morning=True
    ),
    "visits.complaint_overdue": Template(
        "投诉超时", "【银龄圈】投诉{complaint_number}（{provider}）已超过时限，已转上一级督办，请马上办理。"
    ),
}
