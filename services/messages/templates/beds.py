"""What an elder's side, a home and an office are told of beds: an offer with its time, an answer, beds that are short."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "beds.offered": Template(
        "轮到床位了",
        "【银龄圈】{elder}轮到{facility}的床位了。请在{until_at}前到“床位轮候”答复；过期就轮到下一位。",
    ),
    "beds.accepted": Template("接受了床位", "【银龄圈】{elder}接受了床位，请安排入住。"),
    "beds.declined": Template(
        "没有接受床位", "【银龄圈】{elder}没有接受床位，可以通知下一位。", waits_for_morning=True
    ),
    "beds.withdrawn": Template(
        "床位通知已撤回",
        "【银龄圈】给{elder}的床位通知已撤回，排队的位置不变。详情请问机构或街道。",
        waits_for_morning=True,
    ),
    "beds.passed": Template(
        "床位通知已过期", "【银龄圈】{elder}的床位通知已过期，床位会留给下一位。", waits_for_morning=True
    ),
    "beds.unassessed": Template(
        "紧急入住没有评估",
        "【银龄圈】{elder}紧急入住{facility}，到{until_on}仍没有有效的能力评估，请尽快安排。",
        waits_for_morning=True,
    ),
    "beds.short": Template(
        "护理型床位有缺口",
        "【银龄圈】护理型床位占比{percent}%，离目标{target}%还差：{homes}家机构缺{beds}张，期限{due_on}。"
        "照现在的走势，到期大约{forecast}%。请看“床位”。",
        waits_for_morning=True,
    ),
}
