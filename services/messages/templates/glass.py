"""What people are told when an elder's record was opened in an emergency, and what came of it."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "glass.opened": Template(
        "资料被紧急查看",
        "【银龄圈】因紧急情况，工作人员查看了{elder}的资料。24小时内会有另一位工作人员核实是否应当，结果再告诉您。",
        waits_for_morning=True,
    ),
    "glass.to_judge": Template(
        "紧急查看待复核",
        "【银龄圈】{elder}的资料被紧急查看，请在{due_at}前到“紧急查看”页复核是否应当。",
    ),
    "glass.justified": Template(
        "紧急查看已核实",
        "【银龄圈】对{elder}资料的紧急查看已经核实：情况属实，查看应当。",
        waits_for_morning=True,
    ),
    "glass.not_justified": Template(
        "紧急查看已核实",
        "【银龄圈】对{elder}资料的紧急查看已经核实：查看不应当，已经处理查看的人。您可以向民政部门投诉。",
        waits_for_morning=True,
    ),
    "glass.barred": Template(
        "紧急查看已停用",
        "【银龄圈】您的一次紧急查看经复核不应当，到{until_on}为止不能再紧急查看。不同意可以向上级申诉。",
        waits_for_morning=True,
    ),
    "glass.overdue": Template(
        "紧急查看逾期未复核",
        "【银龄圈】{elder}的资料被紧急查看已满24小时，还没有人复核，请督办。",
        waits_for_morning=True,
    ),
    "audit.chain_broken": Template(
        "办事记录对不上",
        "【银龄圈】办事记录的链复核不符，第一处在{first_bad}。请停止改动，保全现场，按docs/audit.md处理。",
    ),
}
