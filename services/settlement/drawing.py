"""Draw a provider's month: a line for every order whose visit (or place, bath, meal) was verified, nothing for what is not, no line twice.

Drawing again adds only what has become settled meanwhile. What belongs to a month that is closed goes into the one
that is open; what changed after it was settled comes back as a counter-line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, case, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.benefits.tables import Entitlement, EntitlementUse
from services.benefits.voucher_tables import Voucher, VoucherUse
from services.cities.errors import NoRulesInForce, UnknownCity
from services.cities.pack import CityRules
from services.cities.queries import rules_in_force
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.directory.tables import Provider
from services.errors import NotFound
from services.orders.place_tables import PlaceEvidence
from services.orders.tables import CareOrder
from services.payments.tables import Payable, PaymentDispute
from services.settlement.purchase_draws import hindrance_of, lock_budgets
from services.settlement.rules import AMOUNTS, month_of, next_month
from services.settlement.tables import Settlement, SettlementHold, SettlementLine
from services.unit_of_work import SYSTEM
from services.visits.complaint_tables import Complaint
from services.visits.evidence_tables import VisitException
from services.visits.tables import Visit

settlements, lines, holds = table_of(Settlement), table_of(SettlementLine), table_of(SettlementHold)
_order, _visit, _payable, _dispute = table_of(CareOrder), table_of(Visit), table_of(Payable), table_of(PaymentDispute)
_complaint = table_of(Complaint)
_provider, _use, _right = table_of(Provider), table_of(EntitlementUse), table_of(Entitlement)
_at_place, _exception = table_of(PlaceEvidence), table_of(VisitException)
_voucher, _voucher_use = table_of(Voucher), table_of(VoucherUse)


@dataclass(frozen=True)
class HeldBack:
    """An order of the month that is not settled yet, and the first reason why, as a code of rules.HELD_WORDS."""

    order_id: int
    order_number: str
    service_code: str
    service_day: date
    price_fen: int
    reason: str
    hold_id: int | None


def draw_month(session: Session, now: datetime, provider_id: int, month: date) -> int:
    """Add what is settled of a provider's work up to the end of a month to its open accounts; gives the lines added.

    Work of the house; doing it again adds nothing twice (`settlement_line_one_per_order_idx`).
    """
    settlement = open_settlement(session, now, provider_id, month)
    before = civil_midnight(next_month(month))
    lock_budgets(session, provider_id)
    found = session.connection().execute(
        _settled(provider_id, before).where(~exists().where(lines.c.order_id == _order.c.id))
    ).all()  # fmt: skip
    rules: dict[tuple[int, date], CityRules | None] = {}
    added = 0
    for row in found:
        values = _line(row, settlement, now, _rules(session, rules, row))
        if hindrance_of(session, values) is not None:
            continue
        written = upsert(lines).values(values).on_conflict_do_nothing().returning(lines.c.id)
        added += session.connection().execute(written).first() is not None
    added += _counter_refunds(session, now, settlement)
    total(session, now, settlement.id)
    if added:
        facts = {"provider_id": provider_id, "month": str(settlement.month), "lines": added}
        subject = ("settlement", int(settlement.id))
        record_act(
            session, now, SYSTEM, "draw_settlement", area_code=settlement.area_code, subject=subject, facts=facts
        )
    return added


def open_settlement(session: Session, now: datetime, provider_id: int, month: date) -> Row[Any]:
    """Give a provider's accounts of a month, or of the first later month that is not closed, and lock them."""
    connection = session.connection()
    area_code = connection.execute(select(_provider.c.area_code).where(_provider.c.id == provider_id)).scalar()
    if area_code is None:
        raise NotFound(provider_id=provider_id)
    wanted = month_of(month)
    while True:
        row = upsert(settlements).values(
            provider_id=provider_id, area_code=area_code, month=wanted, state="open", drawn_at=now,
            lines=0, **dict.fromkeys(AMOUNTS, 0),
        )  # fmt: skip
        connection.execute(row.on_conflict_do_nothing(constraint="settlement_one_a_month_key"))
        found = connection.execute(
            select(settlements)
            .where(settlements.c.provider_id == provider_id, settlements.c.month == wanted)
            .with_for_update()
        ).one()
        if found.state == "open":
            return found
        wanted = next_month(wanted)


def held_back(session: Session, provider_id: int, month: date) -> list[HeldBack]:
    """Give a month's orders of a provider that were accepted and are not settled, each with why."""
    first, after = civil_midnight(month_of(month)), civil_midnight(next_month(month))
    rows = session.connection().execute(
        _with_facts(_reason().label("reason"), holds.c.id.label("hold_id"))
        .where(_order.c.provider_id == provider_id, _order.c.starts_at >= first, _order.c.starts_at < after)
        .where(_order.c.state.in_(("accepted", "assigned", "in_service", "served", "confirmed")))
        .where(~exists().where(lines.c.order_id == _order.c.id))
        .order_by(_order.c.starts_at, _order.c.id)
    )
    rules: dict[tuple[int, date], CityRules | None] = {}
    return [
        HeldBack(
            order_id=row.id,
            order_number=row.order_number,
            service_code=row.service_code,
            service_day=civil_date(row.starts_at),
            price_fen=row.price_fen,
            reason=_purchase_reason(session, row, _rules(session, rules, row)) if row.reason == "ready" else row.reason,
            hold_id=row.hold_id,
        )
        for row in rows.all()
    ]


def _purchase_reason(session: Session, row: Row[Any], rules: CityRules | None) -> str:
    return hindrance_of(session, {"provider_id": row.provider_id, **_draws(row, rules)}) or "ready"


def total(session: Session, now: datetime, settlement_id: int) -> None:
    """Add up an open month's lines."""
    sums = session.connection().execute(
        select(
            func.count().label("lines"),
            *[func.coalesce(func.sum(lines.c[name]), 0).label(name) for name in AMOUNTS],
        ).where(lines.c.settlement_id == settlement_id)
    ).one()  # fmt: skip
    values = {name: int(getattr(sums, name)) for name in ("lines", *AMOUNTS)}
    session.connection().execute(
        update(settlements).where(settlements.c.id == settlement_id).values(drawn_at=now, **values)
    )


def _with_facts(*more: Any) -> Any:
    """Select orders with their verified visit, payable, voucher and open hold."""
    verified = and_(
        _visit.c.order_id == _order.c.id, _visit.c.state == "finished", _visit.c.check_in_proof.is_not(None)
    )
    owed = and_(_payable.c.subject_type == "care_order", _payable.c.subject_id == _order.c.id)
    voucher = and_(_voucher_use.c.order_id == _order.c.id, _voucher_use.c.captured_fen > 0)
    return (
        select(
            _order,
            _visit.c.id.label("visit_id"),
            _payable.c.id.label("payable_id"),
            (_payable.c.captured_fen - _payable.c.refunded_fen).label("paid_fen"),
            _use.c.state.label("government_state"),
            _right.c.kind.label("right_kind"),
            (_right.c.payer == "insurance").label("insured"),
            func.coalesce(_voucher_use.c.captured_fen, 0).label("voucher_paid_fen"),
            _voucher.c.kind_code.label("voucher_kind"),
            *more,
        )
        .join(_visit, verified, isouter=True)
        .join(_at_place, _at_place.c.order_id == _order.c.id, isouter=True)
        .join(_payable, owed, isouter=True)
        .join(_use, _use.c.order_id == _order.c.id, isouter=True)
        .join(_right, _right.c.id == _use.c.entitlement_id, isouter=True)
        .join(_voucher_use, voucher, isouter=True)
        .join(_voucher, _voucher.c.id == _voucher_use.c.voucher_id, isouter=True)
        .join(holds, and_(holds.c.order_id == _order.c.id, holds.c.released_at.is_(None)), isouter=True)
    )


def _reason() -> Any:
    """Why an order is not settled: the first that applies; NULL when nothing stands in the way."""
    disputed = exists().where(_dispute.c.payable_id == _payable.c.id, _dispute.c.state != "won")
    return case(
        (holds.c.id.is_not(None), "held"),
        (_complained(), "complained"),
        (disputed, "disputed"),
        (_order.c.state != "confirmed", "not_confirmed"),
        (and_(_visit.c.id.is_(None), _at_place.c.id.is_(None)), "no_visit"),
        (_excepted("refused"), "exception_refused"),
        (_excepted(None), "exception_open"),
        (and_(_order.c.self_fen > 0, or_(_payable.c.id.is_(None), _payable.c.state != "captured")), "payment_open"),
        (and_(_order.c.government_fen > 0, func.coalesce(_use.c.state, "") != "spent"), "budget_open"),
        (_order.c.voucher_fen > func.coalesce(_voucher_use.c.captured_fen, 0), "voucher_open"),
        else_="ready",
    )


def _complained() -> Any:
    """A complaint about the order is not answered yet."""
    return exists().where(_complaint.c.order_id == _order.c.id, _complaint.c.state != "answered")


def _excepted(decision: str | None) -> Any:
    """Is a fact of the visit excepted, and refused (or decided by nobody yet)?"""
    decided = _exception.c.decision == decision if decision else _exception.c.decision.is_(None)
    return exists().where(_exception.c.visit_id == _visit.c.id, decided)


def _settled(provider_id: int, before: datetime) -> Any:
    """Orders that may be settled: verified, confirmed and paid, or cancelled with a fee that was taken."""
    taken = _payable.c.captured_fen > _payable.c.refunded_fen
    fee = and_(_order.c.state == "cancelled", taken, holds.c.id.is_(None), ~_complained())
    return (
        _with_facts()
        .where(_order.c.provider_id == provider_id, _order.c.starts_at < before)
        .where(or_(_reason() == "ready", fee))
        .order_by(_order.c.starts_at, _order.c.id)
    )


def _line(row: Row[Any], settlement: Row[Any], now: datetime, rules: CityRules | None) -> dict[str, Any]:
    return {
        "settlement_id": settlement.id,
        "provider_id": settlement.provider_id,
        "area_code": settlement.area_code,
        "kind": "service" if row.state == "confirmed" else "fee",
        "order_id": row.id,
        "visit_id": row.visit_id,
        **_draws(row, rules),
        "self_fen": int(row.paid_fen or 0),
        "payable_id": row.payable_id,
        "recorded_at": now,
    }


def _draws(row: Row[Any], rules: CityRules | None) -> dict[str, Any]:
    """What an order draws from public money, and from which budget lines."""
    done = row.state == "confirmed"
    budget = _budget_of_right(rules, row.right_kind) if done and row.government_fen and not row.insured else None
    return {
        "service_code": row.service_code,
        "service_day": civil_date(row.starts_at),
        "government_fen": row.government_fen if done and not row.insured else 0,
        "insurance_fen": row.government_fen if done and row.insured else 0,
        "voucher_fen": row.voucher_paid_fen if done else 0,
        "government_budget": budget,
        "voucher_budget": _budget(rules, row.voucher_kind) if done and row.voucher_paid_fen else None,
    }


def _counter_refunds(session: Session, now: datetime, settlement: Row[Any]) -> int:
    """Write a counter-line for what the elder's side got back after the order was settled."""
    settled = func.sum(lines.c.self_fen)
    rows = (
        session.connection()
        .execute(
            select(
                lines.c.order_id,
                func.min(lines.c.id).label("first_id"),
                lines.c.payable_id,
                (settled - (_payable.c.captured_fen - _payable.c.refunded_fen)).label("over_fen"),
                func.min(lines.c.service_day).label("service_day"),
                func.min(lines.c.service_code).label("service_code"),
            )
            .join(_payable, _payable.c.id == lines.c.payable_id)
            .where(lines.c.provider_id == settlement.provider_id)
            .group_by(lines.c.order_id, lines.c.payable_id, _payable.c.captured_fen, _payable.c.refunded_fen)
            .having(settled > _payable.c.captured_fen - _payable.c.refunded_fen)
        )
        .all()
    )
    for row in rows:
        counter = {
            "settlement_id": settlement.id, "provider_id": settlement.provider_id, "area_code": settlement.area_code,
            "kind": "correction", "order_id": row.order_id, "service_code": row.service_code,
            "service_day": row.service_day, "government_fen": 0, "insurance_fen": 0, "voucher_fen": 0, "self_fen": -int(row.over_fen),
            "payable_id": row.payable_id, "counters_id": row.first_id, "reason": "refunded", "recorded_at": now,
        }  # fmt: skip
        session.connection().execute(insert(lines).values(counter))
    return len(rows)


def _rules(session: Session, known: dict[tuple[int, date], CityRules | None], row: Row[Any]) -> CityRules | None:
    key = (row.area_code // 10**9 * 10**9, civil_date(row.starts_at))
    if key not in known:
        try:
            known[key] = rules_in_force(session, *key)
        except (NoRulesInForce, UnknownCity):
            known[key] = None
    return known[key]


def _budget(rules: CityRules | None, code: str | None) -> str | None:
    line = rules.money.budget_line(code) if rules is not None and code else None
    return line.number if line else None


def _budget_of_right(rules: CityRules | None, kind: str | None) -> str | None:
    if rules is None or kind is None:
        return None
    code = next((one.code for one in rules.subsidies if kind in (one.name_zh, one.code)), kind)
    return _budget(rules, code)


def providers_with_work(session: Session, since: date) -> list[int]:
    """Give the providers that had accepted orders from a civil day on."""
    query = select(_order.c.provider_id).where(
        _order.c.provider_id.is_not(None), _order.c.starts_at >= civil_midnight(since)
    )
    return sorted(session.connection().execute(query.distinct()).scalars())
