"""Months of accounts, their fingerprint, and why work is held back. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

HELD_WORDS: dict[str, str] = {
    "held": "有争议，民政已暂扣",
    "complained": "有投诉，答复以后再结算",
    "disputed": "付款人的银行提出争议",
    "not_confirmed": "老人一方还没有确认",
    "no_visit": "没有核实的上门或到场凭据",
    "exception_open": "上门的例外还没有人审",
    "exception_refused": "上门的例外没有通过",
    "payment_open": "自付部分还没有收到",
    "budget_open": "补贴还没有记账",
    "voucher_open": "券还没有核销",
    "over_contract_price": "公共资金超过合同单价",
    "no_budget": "合同没有对应年度和科目的预算",
    "budget_used_up": "合同的预算余额不足",
    "ready": "下次出账时计入",
}
"""Why an order is not in the accounts yet."""
AMOUNTS = ("government_fen", "insurance_fen", "voucher_fen", "self_fen")
"""Who pays a line: the government, long-term-care insurance (长护险), a voucher, the elder's side."""
HASHED = (
    "id", "kind", "order_id", "visit_id", "service_code", "service_day", "government_fen", "voucher_fen", "self_fen",
    "government_budget", "voucher_budget", "payable_id", "counters_id", "reason",
)  # fmt: skip


def month_of(on: date) -> date:
    """Give the first day of the month a civil day lies in."""
    return on.replace(day=1)


def next_month(on: date) -> date:
    """Give the first day of the following month."""
    return date(on.year + on.month // 12, on.month % 12 + 1, 1)


def month_before(on: date) -> date:
    """Give the first day of the month before."""
    first = month_of(on)
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)


def hash_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Give the fingerprint of a month's lines in their order: each line's hash takes in the one before.

    The insurance's part is taken in where there is one: months closed before it had a column keep their fingerprint.
    """
    head = "0" * 64
    for row in rows:
        told = {name: str(row[name]) for name in HASHED}
        if row["insurance_fen"]:
            told["insurance_fen"] = str(row["insurance_fen"])
        line = json.dumps(told, sort_keys=True, ensure_ascii=False)
        head = hashlib.sha256(f"{head}\n{line}".encode()).hexdigest()
    return head
