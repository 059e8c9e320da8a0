"""What an office is told of fees paid in advance."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "settlement.prepaid_alert": Template(
        "预收费快到上限",
        "【银龄圈】{provider}向{elder}预收的费用已有{amount}，快到上限。请到“预收费”查看。",
        waits_for_morning=True,
    ),
}
