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
    "dispatch.rescheduled": Template(
        "时间改好了", "【银龄圈】{elder}的{service}改到{window}，单号{order_number}。来的人有变动会再告诉您。"
    ),
    "dispatch.rescheduled_for_provider": Template(
        "一单改了时间", "【银龄圈】单号{order_number}（{service}）改到{window}，请看派工台；做不了请退回。"
    ),
    "dispatch.given_back": Template(
        "机构来不了，正在另找",
        "【银龄圈】{provider}来不了{elder}的{service}（{window}，单号{order_number}），正在问下一家，接下就告诉您。",
    ),
    "dispatch.given_back_for_operator": Template(
        "有机构退单", "【银龄圈】{provider}退回了{elder}的{service}（{window}，单号{order_number}），正在另找，请留意。"
    ),
    "dispatch.replaced": Template(
        "对不起，换人马上到",
        "【银龄圈】对不起，原来的人没有按时到。{provider}已改派{carer}，马上到{elder}家做{service}，单号{order_number}。",
    ),
    "dispatch.apology": Template(
        "对不起，今天没有人来",
        "【银龄圈】对不起，{provider}没有按时到{elder}家，{service}（单号{order_number}）已取消，不收钱，券和补贴都退回。社区会打电话给您。",
    ),
    "dispatch.no_show_for_operator": Template(
        "上门的人没有来，请回电",
        "【银龄圈】{provider}没有人到{elder}家做{service}（{window}，单号{order_number}），已取消并退回，请回电道歉、另作安排。",
    ),
    "dispatch.no_show_for_provider": Template(
        "你们的人没有到", "【银龄圈】单号{order_number}（{service}，{window}）过了半小时没有人到门口，记一次失约。"
    ),
    "dispatch.carer_taken_off": Template(
        "请另派一位",
        "【银龄圈】单号{order_number}（{service}，{window}）原来的人在失信名单上，不能去了，请在派工台另派。",
    ),
    "dispatch.blacklist_visits": Template(
        "失信：有上门待决定",
        "【银龄圈】{provider}的失信记录涉及{count}次正在或将要进行的上门，请到“信用监管”逐一决定：照常、换人或取消。",
    ),
}
