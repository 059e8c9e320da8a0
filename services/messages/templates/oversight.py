"""What an office is told when the house finds something wrong with its own figures."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "oversight.counts_differ": Template(
        "指标复核有出入",
        "【银龄圈】{day}的指标全量复核与日常计数相差{rows}行，请在“指标”页查看并核实原因。",
        waits_for_morning=True,
    ),
}
