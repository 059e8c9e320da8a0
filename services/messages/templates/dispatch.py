"""What people are told about who comes to the door."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "dispatch.assigned": Template(
        "上门的人安排好了",
        "【银龄圈】{elder}的{service}由{provider}的{carer}上门，{window}，单号{order_number}。到门口请把“订单”里的四位数字告诉来人，也可以扫门牌。",
        waits_for_morning=True,
    ),
    "dispatch.reassigned": Template(
        "换了一位上门的人",
        "【银龄圈】{elder}的{service}（{window}，单号{order_number}）改由{provider}的{carer}上门，四位数字也换了新的，请看“订单”。",
    ),
    "dispatch.your_job": Template(
        "有新的上门任务", "【银龄圈】您有新任务：{window}到{elder}家，{service}，单号{order_number}。"
    ),
    "dispatch.taken_off": Template("一个任务取消了", "【银龄圈】{window}的{service}（单号{order_number}）不用您去了。"),
}
