"""What institutions and officers are told of supervision."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "supervision.graded": Template(
        "机构等级已登记",
        "【银龄圈】{facility}的机构等级登记为{grade}级，证书到{ends_on}。",
        waits_for_morning=True,
    ),
    "supervision.grade_asked": Template(
        "有机构申请评定等级", "【银龄圈】{facility}申请评定机构等级，请到“机构监管”办理。", waits_for_morning=True
    ),
    "supervision.grade_refused": Template(
        "评定申请有了答复", "【银龄圈】{facility}的等级评定申请没有通过，理由在“监管事项”。", waits_for_morning=True
    ),
    "supervision.grade_ends": Template(
        "等级证书快到期",
        "【银龄圈】{facility}的{grade}级证书{ends_on}到期，请提前在“监管事项”申请复评。",
        waits_for_morning=True,
    ),
    "supervision.inspected": Template(
        "检查结果已公布",
        "【银龄圈】{facility}的检查结果已经公布，{failed}项不合格，请到“监管事项”查看。",
        waits_for_morning=True,
    ),
    "supervision.certificate_ends": Template(
        "证照快到期", "【银龄圈】{facility}的{paper}{ends_on}到期，请尽快换证。", waits_for_morning=True
    ),
    "supervision.certificate_ends_soon": Template(
        "有机构证照快到期", "【银龄圈】{facility}的{paper}{ends_on}到期。", waits_for_morning=True
    ),
    "supervision.grade_ends_soon": Template(
        "有机构等级快到期", "【银龄圈】{facility}的{grade}级证书{ends_on}到期。", waits_for_morning=True
    ),
}
