"""The checks on one case: each says what it looked at and whether it holds; None where there was nothing to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlmodel import Session

from services.clock import civil_date
from services.settlement.queries import find_settlement, is_intact

Row: TypeAlias = Mapping[str, Any]
One: TypeAlias = Mapping[str, Row | None]
Many: TypeAlias = Mapping[str, Sequence[Row]]
TEXTS = {
    "adds_up": ("全价等于各方之和", "the price is the sum of its parts"),
    "entitled_that_day": ("服务那天权益有效", "the entitlement held on the day of service"),
    "rule_of_that_day": ("按那天有效的规则判定", "decided by the rule in force on its day"),
    "assessed_that_day": ("服务那天评估有效", "the assessment held on the day of service"),
    "accepted_first": ("先接单，后派人，再上门", "accepted, then assigned, then visited"),
    "six_facts": ("签到、签退和凭据齐全", "check-in, check-out and proof are complete"),
    "written_in_time": ("签到当天就记下了", "check-in was recorded on its day"),
    "one_place": ("上门的人没有同时在别家", "the visitor was in no other home at the time"),
    "alive": ("服务时老人在世", "the elder was alive"),
    "exceptions_decided": ("例外都有人审过", "every exception was decided"),
    "voucher_once": ("券没有重复使用", "no voucher was used twice"),
    "settled_as_ordered": ("结算金额与订单一致", "the settled amounts are the order's"),
    "settlement_intact": ("当月账没有被改过", "the month's accounts are unchanged"),
    "paid_as_owed": ("扣款等于应付", "what was taken is what was owed"),
    "rated_by_receiver": ("评价不是机构自己的人写的", "no rating by the provider's own people"),
}
"""What each check says when it holds, in Chinese and English."""


@dataclass(frozen=True)
class Check:
    """One check: its code, its sentence, whether it holds (None: nothing to hold), and what was seen."""

    code: str
    text_zh: str
    text_en: str
    ok: bool | None
    seen: str = ""


def check_case(session: Session, order: Row, one: One, many: Many) -> list[Check]:
    """Run every check on what was read of a case; in the order of TEXTS."""
    found = {
        **_rights(order, one), **_work(order, one, many), **_money(session, order, one, many),
    }  # fmt: skip
    return [
        Check(code, zh, en, *_seen(found.get(code)))
        for code, (zh, en) in TEXTS.items()
    ]  # fmt: skip


def _seen(result: tuple[bool | None, str] | bool | None) -> tuple[bool | None, str]:
    return result if isinstance(result, tuple) else (result, "")


def _rights(order: Row, one: One) -> dict[str, tuple[bool | None, str] | bool | None]:
    day = civil_date(order["starts_at"])
    right, rule, assessment, elder = (one[name] for name in ("entitlement", "rule", "assessment", "elder"))
    parts = order["government_fen"] + order["voucher_fen"] + order["self_fen"]
    paid = order["government_fen"] > 0
    return {
        "adds_up": (parts == order["price_fen"], f"{parts} / {order['price_fen']}"),
        "entitled_that_day": (day in right["during"], str(right["during"])) if right is not None else (False if paid else None),
        "rule_of_that_day": (civil_date(right["recorded_at"]) in rule["during"] or day in rule["during"], str(rule["during"]))
        if right is not None and rule is not None
        else None,
        "assessed_that_day": (assessment is not None, str(day)) if paid else None,
        "alive": (elder["died_on"] is None or elder["died_on"] >= day, "") if elder is not None else None,
    }  # fmt: skip


def _work(order: Row, one: One, many: Many) -> dict[str, tuple[bool | None, str] | bool | None]:
    visit, served = one["visit"], order["state"] in ("served", "confirmed")
    accepted = [row["answered_at"] for row in many["offers"] if row["state"] == "accepted" and row["answered_at"]]
    assigned = [row["assigned_at"] for row in many["assignments"] if row["state"] != "cancelled"]
    came = visit["checked_in_at"] if visit is not None else None
    steps = [moments[-1] for moments in (accepted, assigned, [came] if came else []) if moments]
    complete = visit is not None and bool(
        visit["checked_in_at"] and visit["checked_out_at"] and visit["check_in_proof"]
    )
    in_time = None
    if came is not None and visit is not None and visit["check_in_recorded_at"] is not None:
        in_time = civil_date(came) == civil_date(visit["check_in_recorded_at"])
    return {
        "accepted_first": (steps == sorted(steps), "") if len(steps) > 1 else None,
        "six_facts": (complete or bool(many["places"])) if served else None,
        "written_in_time": in_time,
        "one_place": (not many["elsewhere"], "、".join(f"visit {row['id']}" for row in many["elsewhere"])) if came else None,
        "exceptions_decided": all(row["decision"] for row in many["exceptions"]) if many["exceptions"] else None,
        "rated_by_receiver": not many["own_raters"] if one["rating"] is not None else None,
    }  # fmt: skip


def _money(session: Session, order: Row, one: One, many: Many) -> dict[str, tuple[bool | None, str] | bool | None]:
    line, payable = one["line"], one["payable"]
    captured = {use["id"]: 0 for use in many["voucher_uses"]}
    for move in many["moves"]:
        if move["kind"] == "capture":
            captured[move["use_id"]] += move["amount_fen"]
    twice = [use["id"] for use in many["voucher_uses"] if captured[use["id"]] > use["amount_fen"]]
    same = None
    if line is not None and not many["corrections"] and line["kind"] == "service":
        government = line["government_fen"] + line["insurance_fen"]
        same = (government, line["voucher_fen"]) == (order["government_fen"], order["voucher_fen"])
    intact = is_intact(session, find_settlement(session, line["settlement_id"])) if line is not None else None
    taken = None
    if payable is not None and payable["state"] == "captured":
        taken = payable["captured_fen"] == (payable["capture_fen"] or payable["amount_fen"])
    return {
        "voucher_once": (not twice, "、".join(map(str, twice))) if many["voucher_uses"] else None,
        "settled_as_ordered": same,
        "settlement_intact": intact,
        "paid_as_owed": taken,
    }  # fmt: skip
