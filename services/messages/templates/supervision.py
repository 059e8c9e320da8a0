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
    "supervision.incident": Template(
        "有机构报告事故", "【银龄圈】{facility}报告了一起事故（{incident_number}），请到“机构监管”查看。"
    ),
    "supervision.incident_late": Template(
        "有机构迟报事故", "【银龄圈】{facility}报告了一起事故（{incident_number}），已超过规定的报告时限。"
    ),
    "supervision.case_opened": Template(
        "有监管案件要答复", "【银龄圈】{provider}有一个监管案件（{case_number}），请在{answer_at}以前到“监管事项”答复。"
    ),
    "supervision.case_answered": Template(
        "监管案件有了答复", "【银龄圈】监管案件{case_number}有了机构的答复。", waits_for_morning=True
    ),
    "supervision.case_overdue": Template(
        "监管案件逾期没有答复",
        "【银龄圈】{provider}没有按期答复监管案件{case_number}，可以直接作出决定。",
        waits_for_morning=True,
    ),
    "supervision.case_decided": Template(
        "监管案件有了决定",
        "【银龄圈】{provider}的监管案件{case_number}有了决定，请到“监管事项”查看。",
        waits_for_morning=True,
    ),
    "supervision.case_closed": Template(
        "监管案件已办结", "【银龄圈】{provider}的监管案件{case_number}已办结。", waits_for_morning=True
    ),
    "supervision.grade_ends_soon": Template(
        "有机构等级快到期", "【银龄圈】{facility}的{grade}级证书{ends_on}到期。", waits_for_morning=True
    ),
}
