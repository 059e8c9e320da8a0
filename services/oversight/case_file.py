"""One case followed from eligibility to payment: every fact with its source and fingerprint, every missing link a gap.

Read with the eyes of whoever asks (row-level security), names masked; an auditor's reading is an act (api/audit_notes.py).
A fact's fingerprint is the SHA-256 of its row as read: JSON with sorted keys, values as text, `NULL` left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.clock import civil_date
from services.errors import NotFound
from services.oversight.case_checks import Check, check_case
from services.oversight.case_words import MOVES_ZH, PROOFS_ZH, STATES_ZH, STEPS_ZH
from services.oversight.chain import links_of
from services.people.privacy import mask_name

STAGES = {
    "elder": "老人", "assessment": "能力评估", "entitlement": "享受权益", "order": "订单", "offer": "派单", "visit": "上门凭据",
    "judged": "评价和投诉", "voucher": "消费券", "settlement": "结算", "payment": "付款", "act": "办事记录",
}  # fmt: skip
"""The stations of a case in order, as people read them."""


@dataclass(frozen=True)
class Fact:
    """One fact of a case: its station, what it says, when, from which row, that row's fingerprint, where to see it."""

    stage: str
    title: str
    words: str
    when: datetime | date | None
    source: str
    fingerprint: str
    link: str = ""
    chained: str = ""
    """The district and number of its link in the audit chain, for acts."""


@dataclass(frozen=True)
class CaseFile:
    """A case: its order, service day, facts in order, gaps in words, and the checks that were run."""

    order_id: int
    order_number: str
    service_day: date
    area_code: int
    facts: list[Fact]
    gaps: list[tuple[str, str]]
    """(station, what is missing)."""
    checks: list[Check]

    @property
    def failed(self) -> int:
        """How many checks did not hold."""
        return sum(1 for one in self.checks if one.ok is False)


@dataclass
class Rows:
    """Everything read of a case, by what it is; a single row or None, or a list."""

    order: Mapping[str, Any]
    one: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    many: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)


_ONE = {
    "elder": "SELECT e.person_id AS id, p.full_name, p.area_code, p.died_on, e.living, e.care_level, e.groups, e.registered_on"
    " FROM elder e JOIN person p ON p.id = e.person_id WHERE e.person_id = :elder",
    "assessment": "SELECT id, scheme, scheme_version, level, state, assessed_on, valid_until, certificate_number, assessor_id,"
    " second_assessor_id, signed_at, recorded_at FROM assessment WHERE elder_id = :elder AND state = 'signed'"
    " AND :day BETWEEN assessed_on AND valid_until ORDER BY assessed_on DESC, id DESC LIMIT 1",
    "use": "SELECT * FROM entitlement_use WHERE order_id = :order",
    "entitlement": "SELECT e.* FROM entitlement e JOIN entitlement_use u ON u.entitlement_id = e.id WHERE u.order_id = :order",
    "rule": "SELECT r.id, r.code, r.version, r.name_zh, r.during, r.percent, r.source, r.loaded_at FROM entitlement_rule r"
    " JOIN entitlement e ON e.rule_id = r.id JOIN entitlement_use u ON u.entitlement_id = e.id WHERE u.order_id = :order",
    "visit": "SELECT id, visitor_id, elder_id, state, planned_start, planned_end, checked_in_at, check_in_recorded_at,"
    " check_in_proof, checked_out_at, check_out_recorded_at, tasks_done, confirmed_at, confirmed_by FROM visit"
    " WHERE order_id = :order AND state <> 'cancelled'",
    "rating": "SELECT id, face, rated_by, by_right, by_call, rated_at, provider_id FROM rating WHERE order_id = :order",
    "line": "SELECT * FROM settlement_line WHERE order_id = :order AND kind <> 'correction'",
    "payable": "SELECT * FROM payable WHERE subject_type = 'care_order' AND subject_id = :order",
    "doubt": "SELECT visit_id AS id, points, reasons, formula_version, judged_at, looked_at FROM visit_doubt d"
    " WHERE d.visit_id = (SELECT id FROM visit WHERE order_id = :order AND state <> 'cancelled')",
}
_MANY = {
    "events": "SELECT id, kind, happened_at, actor_id, facts, state_after FROM order_event WHERE order_id = :order ORDER BY id",
    "offers": "SELECT o.id, o.state, o.rank, o.offered_at, o.answered_at, o.decline_reason, o.provider_id, p.name FROM offer o"
    " JOIN provider p ON p.id = o.provider_id WHERE o.order_id = :order ORDER BY o.id",
    "assignments": "SELECT id, carer_id, provider_id, state, during, assigned_at FROM assignment WHERE order_id = :order ORDER BY id",
    "places": "SELECT id, proof, note, on_day, happened_at, recorded_at, recorded_by FROM place_evidence WHERE order_id = :order"
    " ORDER BY id",
    "exceptions": "SELECT x.id, x.fact, x.reason_code, x.note, x.raised_by, x.raised_at, x.decision, x.decided_by, x.decided_at"
    " FROM visit_exception x JOIN visit v ON v.id = x.visit_id WHERE v.order_id = :order ORDER BY x.id",
    "photos": "SELECT h.id, h.shows, h.recorded_at, a.sha256 FROM visit_photo h JOIN visit v ON v.id = h.visit_id"
    " JOIN attachment a ON a.id = h.attachment_id WHERE v.order_id = :order ORDER BY h.id",
    "complaints": "SELECT id, complaint_number, subject, state, outcome, filed_at, closed_at FROM complaint WHERE order_id = :order"
    " ORDER BY id",
    "voucher_uses": "SELECT u.*, w.kind_name_zh, w.rule_version FROM voucher_use u JOIN voucher w ON w.id = u.voucher_id"
    " WHERE u.order_id = :order ORDER BY u.id",
    "moves": "SELECT m.* FROM voucher_move m JOIN voucher_use u ON u.id = m.use_id WHERE u.order_id = :order ORDER BY m.id",
    "corrections": "SELECT c.* FROM settlement_line c JOIN settlement_line l ON l.id = c.counters_id WHERE l.order_id = :order"
    " ORDER BY c.id",
    "settlements": "SELECT s.* FROM settlement s JOIN settlement_line l ON l.settlement_id = s.id WHERE l.order_id = :order"
    " AND l.kind <> 'correction'",
    "steps": "SELECT e.* FROM payment_event e JOIN payable p ON p.id = e.payable_id WHERE p.subject_type = 'care_order'"
    " AND p.subject_id = :order ORDER BY e.id",
    "refunds": "SELECT r.* FROM payable_refund r JOIN payable p ON p.id = r.payable_id WHERE p.subject_type = 'care_order'"
    " AND p.subject_id = :order ORDER BY r.id",
    "elsewhere": "SELECT b.id, b.checked_in_at, b.checked_out_at FROM visit a JOIN visit b ON b.visitor_id = a.visitor_id"
    " AND b.id <> a.id AND b.elder_id <> a.elder_id AND b.state = 'finished' AND tstzrange(a.checked_in_at, a.checked_out_at)"
    " && tstzrange(b.checked_in_at, b.checked_out_at) WHERE a.order_id = :order AND a.checked_in_at IS NOT NULL",
    "own_raters": "SELECT r.id FROM rating r WHERE r.order_id = :order AND EXISTS (SELECT FROM carer c"
    " WHERE c.person_id = r.rated_by AND c.provider_id = r.provider_id)",
    "acts": "SELECT * FROM act WHERE (subject_type, subject_id) IN (SELECT 'care_order', :order"
    " UNION ALL SELECT 'visit', id FROM visit WHERE order_id = :order UNION ALL SELECT 'payable', id FROM payable"
    " WHERE subject_type = 'care_order' AND subject_id = :order) ORDER BY id",
}  # fmt: skip


def fingerprint(row: Mapping[str, Any]) -> str:
    """Give the SHA-256 of a row as read: JSON with sorted keys, values as text, NULL left out."""
    plain = {
        name: value.hex() if isinstance(value, bytes) else str(value) for name, value in row.items() if value is not None
    }  # fmt: skip
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read_case(session: Session, order_id: int) -> Rows:
    """Read everything about an order that the acting person may see. Raises NotFound."""
    run = session.connection().execute
    found = run(text("SELECT * FROM care_order WHERE id = :order"), {"order": order_id}).one_or_none()
    if found is None:
        raise NotFound(order_id=order_id)
    order = found._asdict()
    asked = {"order": order_id, "elder": order["elder_id"], "day": civil_date(order["starts_at"])}
    rows = Rows(order)
    for name, query in _ONE.items():
        given = {key: value for key, value in asked.items() if f":{key}" in query}
        row = run(text(query), given).first()
        rows.one[name] = row._asdict() if row is not None else None
    for name, query in _MANY.items():
        rows.many[name] = [row._asdict() for row in run(text(query), {"order": order_id})]
    return rows


def follow_case(session: Session, order_id: int) -> CaseFile:
    """Follow one order from who was entitled to who paid, as far as the acting person may see. Raises NotFound."""
    rows = read_case(session, order_id)
    facts = [*_before(rows), *_ordered(rows), *_done(rows), *_money(rows), *_acts(session, rows)]
    return CaseFile(
        order_id=order_id, order_number=rows.order["order_number"], service_day=civil_date(rows.order["starts_at"]),
        area_code=rows.order["area_code"], facts=facts, gaps=_gaps(rows), checks=check_case(session, rows.order, rows.one, rows.many),
    )  # fmt: skip


def _fact(stage: str, title: str, words: str, when: Any, source: str, row: Mapping[str, Any], link: str = "") -> Fact:
    return Fact(stage, title, words, when, f"{source} {row['id']}", fingerprint(row), link)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d} 元"


def _before(rows: Rows) -> list[Fact]:
    facts = []
    elder, assessment, right, rule = (rows.one[name] for name in ("elder", "assessment", "entitlement", "rule"))
    if elder is not None:
        words = f"{mask_name(elder['full_name'])}，护理等级 {elder['care_level'] if elder['care_level'] is not None else '未评'}"
        facts.append(_fact("elder", "登记在册", words, elder["registered_on"], "elder", elder))
    if assessment is not None:
        words = f"{assessment['scheme']} {assessment['scheme_version'] or ''} {assessment['level']} 级，有效到 {assessment['valid_until']}"
        link = f"/officer/assessments/{assessment['id']}"
        facts.append(
            _fact("assessment", "当日有效的评估", words, assessment["assessed_on"], "assessment", assessment, link)
        )
    if rule is not None:
        words = f"{rule['name_zh']} 第 {rule['version']} 版（{rule['code']}），{rule['source']}"
        facts.append(_fact("entitlement", "所依规则", words, rule["loaded_at"], "entitlement_rule", rule))
    if right is not None:
        words = f"{right['kind']}：{right['ground']}，付 {right['government_percent']}%"
        facts.append(_fact("entitlement", "判定", words, right["recorded_at"], "entitlement", right))
    use = rows.one["use"]
    if use is not None:
        words = f"{use['month']:%Y-%m} 用 {_yuan(use['amount_fen'])}（{STATES_ZH.get(use['state'], use['state'])}）"
        facts.append(_fact("entitlement", "用掉的额度", words, use["recorded_at"], "entitlement_use", use))
    return facts


def _ordered(rows: Rows) -> list[Fact]:
    order = rows.order
    words = (
        f"{order['order_number']}，{order['service_code']}，全价 {_yuan(order['price_fen'])} = 政府 {_yuan(order['government_fen'])}"
        f" + 券 {_yuan(order['voucher_fen'])} + 自付 {_yuan(order['self_fen'])}"
    )
    facts = [_fact("order", "下单", words, order["placed_at"], "care_order", order, f"/orders/{order['id']}")]
    for event in rows.many["events"]:
        facts.append(
            _fact("order", STEPS_ZH.get(event["kind"], event["kind"]), "", event["happened_at"], "order_event", event)
        )
    for offer in rows.many["offers"]:
        words = f"{offer['name']}: {STATES_ZH.get(offer['state'], offer['state'])}" + (
            f"（{offer['decline_reason']}）" if offer["decline_reason"] else ""
        )
        facts.append(_fact("offer", "派给机构", words, offer["offered_at"], "offer", offer))
    for one in rows.many["assignments"]:
        facts.append(
            _fact(
                "offer",
                "派人",
                f"护理员 {one['carer_id']} 号: {STATES_ZH.get(one['state'], one['state'])}",
                one["assigned_at"],
                "assignment",
                one,
            )
        )
    return facts


def _done(rows: Rows) -> list[Fact]:
    facts, visit = [], rows.one["visit"]
    if visit is not None:
        link = f"/visits/{visit['id']}"
        if visit["checked_in_at"] is not None:
            facts.append(
                _fact(
                    "visit",
                    "签到",
                    PROOFS_ZH.get(visit["check_in_proof"], visit["check_in_proof"]),
                    visit["checked_in_at"],
                    "visit",
                    visit,
                    link,
                )
            )
        if visit["checked_out_at"] is not None:
            done = "、".join(visit["tasks_done"]) or "未勾选项目"
            facts.append(_fact("visit", "签退", done, visit["checked_out_at"], "visit", visit, link))
        if visit["confirmed_at"] is not None:
            facts.append(_fact("visit", "老人一方确认", "", visit["confirmed_at"], "visit", visit, link))
    for place in rows.many["places"]:
        facts.append(_fact("visit", "到场凭据", place["proof"], place["happened_at"], "place_evidence", place))
    for one in rows.many["exceptions"]:
        words = f"{one['fact']}: {one['note']}（{one['decision'] or '未审'}）"
        facts.append(_fact("visit", "例外", words, one["raised_at"], "visit_exception", one))
    for photo in rows.many["photos"]:
        words = f"{photo['shows']}，文件 SHA-256 {_hex(photo['sha256'])}"
        facts.append(_fact("visit", "照片", words, photo["recorded_at"], "visit_photo", photo))
    return facts + _judged(rows)


def _judged(rows: Rows) -> list[Fact]:
    facts, doubt, rating = [], rows.one["doubt"], rows.one["rating"]
    if doubt is not None:
        words = f"疑点 {doubt['points']} 分，公式第 {doubt['formula_version']} 版"
        facts.append(_fact("visit", "疑点", words, doubt["judged_at"], "visit_doubt", doubt))
    if rating is not None:
        words = f"{rating['face']} 分，{'电话回访' if rating['by_call'] else rating['by_right']}"
        facts.append(_fact("judged", "评价", words, rating["rated_at"], "rating", rating))
    for one in rows.many["complaints"]:
        words = f"{one['complaint_number']}: {one['outcome'] or one['state']}"
        facts.append(
            _fact("judged", "投诉", words, one["filed_at"], "complaint", one, f"/officer/complaints/{one['id']}")
        )
    return facts


def _hex(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value or "")


def _money(rows: Rows) -> list[Fact]:
    facts = []
    for use in rows.many["voucher_uses"]:
        words = f"{use['kind_name_zh']}（{use['rule_version']}）：预留 {_yuan(use['amount_fen'])}，用 {_yuan(use['captured_fen'])}"
        facts.append(_fact("voucher", "券", words, use["recorded_at"], "voucher_use", use))
    for move in rows.many["moves"]:
        words = f"{MOVES_ZH.get(move['kind'], move['kind'])} {_yuan(move['amount_fen'])}"
        facts.append(_fact("voucher", "券的流水", words, move["recorded_at"], "voucher_move", move))
    line = rows.one["line"]
    if line is not None:
        words = (
            f"政府 {_yuan(line['government_fen'])}，长护险 {_yuan(line['insurance_fen'])}，券 {_yuan(line['voucher_fen'])}，"
            f"自付 {_yuan(line['self_fen'])}，科目 {line['government_budget'] or '无'}"
        )
        link = f"/officer/money/lines/{line['id']}"
        facts.append(_fact("settlement", "结算明细", words, line["recorded_at"], "settlement_line", line, link))
    for one in rows.many["corrections"]:
        facts.append(_fact("settlement", "冲回", one["reason"] or "", one["recorded_at"], "settlement_line", one))
    for one in rows.many["settlements"]:
        words = f"{one['month']:%Y-%m}，{'已关账' if one['state'] == 'closed' else '未关账'}，指纹 {one['lines_hash'] or '无'}"
        link = f"/officer/money/months/{one['id']}"
        facts.append(_fact("settlement", "当月账", words, one["closed_at"] or one["drawn_at"], "settlement", one, link))
    payable = rows.one["payable"]
    if payable is not None:
        words = f"应付 {_yuan(payable['amount_fen'])}，已扣 {_yuan(payable['captured_fen'])}，已退 {_yuan(payable['refunded_fen'])}"
        facts.append(_fact("payment", "自付款", words, payable["created_at"], "payable", payable))
    for step in rows.many["steps"]:
        facts.append(
            _fact(
                "payment",
                STEPS_ZH.get(step["kind"], step["kind"]),
                step["gateway"],
                step["happened_at"],
                "payment_event",
                step,
            )
        )
    for one in rows.many["refunds"]:
        words = f"{_yuan(one['amount_fen'])}（{one['state']}）"
        facts.append(_fact("payment", "退款", words, one["created_at"], "payable_refund", one))
    return facts


def _acts(session: Session, rows: Rows) -> list[Fact]:
    acts = rows.many["acts"]
    links = links_of(session, "act", [act["id"] for act in acts])
    facts = []
    for act in acts:
        link = links.get(act["id"])
        who = f"{act['actor_role']} {act['actor_id'] or ''}".strip()
        facts.append(
            Fact(
                "act", act["verb"], f"{who}，凭 {act['by_right']}", act["happened_at"], f"act {act['id']}",
                bytes(link.hash).hex() if link is not None else fingerprint(act),
                chained=f"{link.chain_code} / {link.seq}" if link is not None else "",
            )
        )  # fmt: skip
    return facts


def _gaps(rows: Rows) -> list[tuple[str, str]]:
    """Say what a case of this kind ought to have and has not."""
    order, one, many = rows.order, rows.one, rows.many
    paid, served = order["government_fen"] > 0, order["state"] in ("served", "confirmed")
    proved = bool(many["places"]) or (one["visit"] is not None and one["visit"]["checked_in_at"] is not None)
    left = bool(many["places"]) or (one["visit"] is not None and one["visit"]["checked_out_at"] is not None)
    missing = (
        ("elder", "没有老人的登记，或者不在您的辖区", one["elder"] is None),
        ("assessment", "服务那天没有有效的能力评估", one["assessment"] is None and paid),
        ("entitlement", "财政出了钱，没有用掉的额度", one["use"] is None and paid and served),
        ("entitlement", "权益是手工给的，没有规则版本", one["entitlement"] is not None and one["rule"] is None),
        ("order", "没有订单的经过", not many["events"]),
        ("offer", "没有机构接单的记录", served and not any(row["state"] == "accepted" for row in many["offers"])),
        ("visit", "没有签到，也没有到场凭据", served and not proved),
        ("visit", "没有签退", served and proved and not left),
        ("judged", "没有评价，也没有电话回访", order["state"] == "confirmed" and one["rating"] is None),
        ("voucher", "券付了钱，没有券的流水", order["voucher_fen"] > 0 and served and not many["moves"]),
        ("settlement", "做完了，还没有进结算", served and one["line"] is None),
        ("payment", "有自付，没有付款记录", order["self_fen"] > 0 and served and one["payable"] is None),
        ("act", "办事记录里没有这一单", not many["acts"]),
    )
    return [(stage, words) for stage, words, lacks in missing if lacks]
