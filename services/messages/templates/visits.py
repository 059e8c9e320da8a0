"""What people are told around a door: who comes, that she came, that nobody opened."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "visits.planned": Template(
        "有志愿者来",
        "【银龄圈】志愿者{person}将于{starts_at}来看{elder}。到门口请把“志愿服务”里的四位数字告诉来人，也可以扫门牌。",
        waits_for_morning=True,
    ),
    "visits.started": Template("已上门签到", "【银龄圈】{person}已于{happened_at}到{elder}家签到，服务开始。"),
    "visits.late": Template(
        "还没有签到", "【银龄圈】原定{starts_at}为{elder}上门的{person}还没有签到，请马上联系核实，必要时改派或另约。"
    ),
    "visits.no_answer": Template(
        "敲门无人应答",
        "【银龄圈】{elder}无人应答。请您负责：{action}。须在{due_at}前办结并登记结果，逾期将升级。无人应答不算探访。",
        rings=True,
    ),
    "visits.no_answer_family": Template(
        "联系不上老人", "【银龄圈】工作人员没有联系上{elder}。如果您知道老人在哪里，请尽快回电或拨打服务热线。"
    ),
    "visits.answered": Template("老人已联系上", "【银龄圈】{elder}已联系上，未应答记录已办结：{resolution}。"),
    "visits.risk": Template(
        "上门时发现情况",
        "【银龄圈】{person}上门时发现{elder}：{risk}。请您负责处理，{due_at}前写下办了什么，逾期会交给下一位。",
        rings=True,
    ),
    "visits.risk_family": Template(
        "上门时发现情况", "【银龄圈】今天上门时发现{elder}：{risk}。社区已有专人在处理，有了结果会告诉您。"
    ),
    "visits.risk_done": Template(
        "上门情况已处理", "【银龄圈】{elder}上门时发现的情况已经有人处理完了，详情见这次上门的记录。"
    ),
    "visits.month_alert": Template(
        "本月探访提醒", "【银龄圈】本月还有{unvisited}位特殊困难老年人没有探访（应访{due}位），请尽快安排。"
    ),
    "visits.task_given": Template(
        "请您去探访", "【银龄圈】请您在{due_on}前去看望{elder}，去过以后在“探访”里记下结果。", waits_for_morning=True
    ),
    "visits.month_alert_yours": Template(
        "本月探访提醒", "【银龄圈】您负责的老人里，本月还有{unvisited}位没有探访。名单在“探访”里，请尽快安排。"
    ),
}
