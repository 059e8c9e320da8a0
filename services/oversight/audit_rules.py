"""The auditor's rules: what must never be found in an area's books, each looked for over a period, with the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

MOST_SHOWN = 50


@dataclass(frozen=True)
class Rule:
    """One thing that must not be: what it says in two languages, and the SQL that finds (case's order id, row, words)."""

    code: str
    zh: str
    en: str
    found: str


@dataclass(frozen=True)
class Found:
    """A rule with the rows that break it: (order id or None, table, row id, words)."""

    rule: Rule
    rows: list[tuple[int | None, str, int, str]]


_DAY = "({0} AT TIME ZONE 'Asia/Shanghai')::date BETWEEN :first AND :last"
RULES: tuple[Rule, ...] = (
    Rule(
        "two_homes", "同一个人同一时间在两位老人家里", "the same helper in two homes at once",
        "SELECT a.order_id, 'visit' AS source, a.id, to_char(a.checked_in_at AT TIME ZONE 'Asia/Shanghai', 'MM-DD HH24:MI') AS words"
        " FROM visit a JOIN visit b ON b.visitor_id = a.visitor_id AND b.elder_id <> a.elder_id AND b.id <> a.id"
        " AND tstzrange(a.checked_in_at, a.checked_out_at) && tstzrange(b.checked_in_at, b.checked_out_at)"
        " WHERE a.state = 'finished' AND b.state = 'finished' AND a.area_code BETWEEN :lo AND :hi AND "
        + _DAY.format("a.checked_in_at"),
    ),
    Rule(
        "voucher_twice", "同一张券在同一单里用了超过预留的钱", "a voucher captured for more than was reserved",
        "SELECT u.order_id, 'voucher_use' AS source, u.id, sum(m.amount_fen)::text AS words FROM voucher_use u"
        " JOIN voucher_move m ON m.use_id = u.id AND m.kind = 'capture' WHERE u.area_code BETWEEN :lo AND :hi"
        " AND u.service_day BETWEEN :first AND :last GROUP BY u.id HAVING sum(m.amount_fen) > u.amount_fen",
    ),
    Rule(
        "after_death", "老人去世以后还有上门", "a visit after the elder's death",
        "SELECT v.order_id, 'visit' AS source, v.id, p.died_on::text AS words FROM visit v JOIN person p ON p.id = v.elder_id"
        " WHERE (v.checked_in_at AT TIME ZONE 'Asia/Shanghai')::date > p.died_on AND v.area_code BETWEEN :lo AND :hi AND "
        + _DAY.format("v.checked_in_at"),
    ),
    Rule(
        "paid_without_leaving", "没有签退也没有到场凭据却结算了", "settled without check-out or proof at the place",
        "SELECT l.order_id, 'settlement_line' AS source, l.id, l.service_day::text AS words FROM settlement_line l"
        " JOIN care_order o ON o.id = l.order_id LEFT JOIN visit v ON v.order_id = l.order_id AND v.state = 'finished'"
        " WHERE l.kind = 'service' AND v.checked_out_at IS NULL AND NOT EXISTS (SELECT FROM place_evidence e"
        " WHERE e.order_id = l.order_id) AND NOT EXISTS (SELECT FROM settlement_line c WHERE c.counters_id = l.id)"
        " AND l.area_code BETWEEN :lo AND :hi AND l.service_day BETWEEN :first AND :last",
    ),
    Rule(
        "rated_by_provider", "机构自己的人给自己评分", "a rating from the provider's own people",
        "SELECT r.order_id, 'rating' AS source, r.id, r.by_right AS words FROM rating r WHERE r.area_code BETWEEN :lo AND :hi AND "
        + _DAY.format("r.rated_at")
        + " AND (EXISTS (SELECT FROM carer c WHERE c.person_id = r.rated_by AND c.provider_id = r.provider_id) OR EXISTS"
        " (SELECT FROM role_grant g WHERE g.person_id = r.rated_by AND g.provider_id = r.provider_id AND g.revoked_at IS NULL))",
    ),
    Rule(
        "paid_not_entitled", "财政出了钱却没有对应的权益", "government paid without an entitlement",
        "SELECT o.id, 'care_order' AS source, o.id, o.government_fen::text AS words FROM care_order o WHERE o.government_fen > 0"
        " AND o.state IN ('served', 'confirmed') AND NOT EXISTS (SELECT FROM entitlement_use u WHERE u.order_id = o.id"
        " AND u.state <> 'released') AND o.area_code BETWEEN :lo AND :hi AND " + _DAY.format("o.starts_at"),
    ),
    Rule(
        "split_differs", "结算的财政金额和订单不一样", "the settled government part is not the order's",
        "SELECT l.order_id, 'settlement_line' AS source, l.id, (l.government_fen + l.insurance_fen - o.government_fen)::text AS words"
        " FROM settlement_line l JOIN care_order o ON o.id = l.order_id WHERE l.kind = 'service'"
        " AND l.government_fen + l.insurance_fen <> o.government_fen AND NOT EXISTS (SELECT FROM settlement_line c"
        " WHERE c.counters_id = l.id) AND l.area_code BETWEEN :lo AND :hi AND l.service_day BETWEEN :first AND :last",
    ),
    Rule(
        "glass_not_judged", "紧急查看超过 24 小时没有人复核", "an emergency opening nobody judged in 24 hours",
        "SELECT NULL::bigint AS order_id, 'break_glass' AS source, g.id, g.kind AS words FROM break_glass g"
        " WHERE g.escalated_at IS NOT NULL AND g.area_code BETWEEN :lo AND :hi AND " + _DAY.format("g.asked_at"),
    ),
)  # fmt: skip


def run_rules(session: Session, lo: int, hi: int, first: date, last: date) -> list[Found]:
    """Look for every rule over a period (civil days in Shanghai, both included) in what the acting office sees."""
    asked: dict[str, Any] = {"lo": lo, "hi": hi, "first": first, "last": last}
    found = []
    for rule in RULES:
        rows = session.connection().execute(text(f"{rule.found} ORDER BY 3 LIMIT {MOST_SHOWN}"), asked)  # noqa: S608
        found.append(Found(rule, [(row[0], row[1], row[2], row[3] or "") for row in rows]))
    return found
