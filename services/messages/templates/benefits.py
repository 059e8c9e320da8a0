"""What an elder's side and her office are told about assessments and what follows from them."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "benefits.assessed": Template(
        "能力评估有结果了",
        "【银龄圈】{elder}的能力评估已由两位评估员签字或由评估机构出具，结果可在“我能享受什么”里查看。如有不同意见，可以在期限内申请复评。",
        waits_for_morning=True,
    ),
    "benefits.expiring": Template(
        "能力评估快到期了",
        "【银龄圈】{elder}的能力评估将于{until_on}到期。到期后按等级享受的补贴会停止，请尽早预约重新评估。",
        waits_for_morning=True,
    ),
    "benefits.expiring_office": Template(
        "有评估快到期",
        "【银龄圈】又有{count}位老人的能力评估60天内到期，最早{until_on}。名单在“评估”页，请安排重新评估。",
        waits_for_morning=True,
    ),
    "benefits.appealed": Template(
        "有人申请复评", "【银龄圈】{elder}一方对评估结果有不同意见，请安排另外两位评估员复评。"
    ),
}
