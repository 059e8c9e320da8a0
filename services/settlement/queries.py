"""Accounts as an officer, an auditor or the provider itself reads them, and the chain behind each line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from services.benefits.tables import Entitlement, EntitlementUse
from services.benefits.voucher_queries import uses_of_order
from services.catalogue.queries import services_by_code
from services.cities.errors import NoRulesInForce, UnknownCity
from services.cities.pack import BudgetLine
from services.cities.queries import rules_in_force
from services.columns import table_of
from services.directory.tables import Provider
from services.errors import NotAllowed
from services.orders.place_evidence import proof_of_order
from services.orders.tables import CareOrder
from services.payments.queries import history
from services.payments.refunds import payment_disputes
from services.payments.tables import Payable, PayableRefund
from services.settlement.drawing import lines, settlements
from services.settlement.errors import SettlementNotFound
from services.settlement.purchase_queries import purchase_of_line
from services.settlement.rules import hash_lines
from services.unit_of_work import Actor
from services.visits.tables import Visit

_provider, _order, _visit = table_of(Provider), table_of(CareOrder), table_of(Visit)
_payable, _refund = table_of(Payable), table_of(PayableRefund)
_use, _right = table_of(EntitlementUse), table_of(Entitlement)


@dataclass(frozen=True)
class Chain:
    """From a budget line to an order to its evidence to its payment; a link the reader may not see is None.

    `intact`: the month's lines still have the fingerprint they were closed with (None while it is open).
    """

    line: Row[Any]
    service_name: str
    settlement: Row[Any]
    intact: bool | None
    corrections: list[Row[Any]]
    budgets: list[BudgetLine]
    contract: Row[Any] | None
    contract_budgets: list[Row[Any]]
    order: Row[Any] | None
    government: Row[Any] | None
    vouchers: list[Any]
    visit: Row[Any] | None
    at_place: Row[Any] | None
    payable: Row[Any] | None
    steps: list[Row[Any]]
    refunds: list[Row[Any]]
    disputes: list[Row[Any]]


def check_reader(actor: Actor) -> None:
    """Refuse who is neither an officer or auditor of an area nor a provider's dispatcher. Raises NotAllowed."""
    office = actor.has_role("officer", "auditor") and actor.area_lo is not None
    if not office and not (actor.has_role("dispatcher") and actor.provider_id is not None):
        raise NotAllowed("结算由民政干部、审计员和机构自己查看。")


def list_settlements(
    session: Session, *, provider_id: int | None = None, month: date | None = None, limit: int = 200
) -> list[Row[Any]]:
    """Give the accounts the asking person may see, newest month first, with the provider's name."""
    query = select(settlements, _provider.c.name.label("provider_name")).join(
        _provider, _provider.c.id == settlements.c.provider_id
    )
    if provider_id is not None:
        query = query.where(settlements.c.provider_id == provider_id)
    if month is not None:
        query = query.where(settlements.c.month == month)
    return list(session.connection().execute(query.order_by(settlements.c.month.desc(), _provider.c.name).limit(limit)))


def find_settlement(session: Session, settlement_id: int) -> Row[Any]:
    """Give one month's accounts with the provider's name. Raises SettlementNotFound."""
    query = select(settlements, _provider.c.name.label("provider_name")).join(
        _provider, _provider.c.id == settlements.c.provider_id
    )
    found = session.connection().execute(query.where(settlements.c.id == settlement_id)).one_or_none()
    if found is None:
        raise SettlementNotFound(settlement_id=settlement_id)
    return found


def lines_of(session: Session, settlement_id: int) -> list[Row[Any]]:
    """Give a month's lines in the order they were written, with their orders' numbers."""
    query = select(lines, _order.c.order_number).join(_order, _order.c.id == lines.c.order_id, isouter=True)
    return list(session.connection().execute(query.where(lines.c.settlement_id == settlement_id).order_by(lines.c.id)))


def spent_by_budget(session: Session, settlement_id: int) -> list[tuple[str, int]]:
    """Give what a month draws from each budget line, in fen; "" for what has no line."""
    sums: dict[str, int] = {}
    for row in lines_of(session, settlement_id):
        for budget, fen in ((row.government_budget, row.government_fen), (row.voucher_budget, row.voucher_fen)):
            if fen:
                sums[budget or ""] = sums.get(budget or "", 0) + int(fen)
    return sorted(sums.items())


def chain_of(session: Session, line_id: int) -> Chain:
    """Give the chain behind a line, as far as the asking person may see it. Raises SettlementNotFound."""
    connection = session.connection()
    line = connection.execute(select(lines).where(lines.c.id == line_id)).one_or_none()
    if line is None:
        raise SettlementNotFound(line_id=line_id)
    settlement = find_settlement(session, line.settlement_id)
    order = connection.execute(select(_order).where(_order.c.id == line.order_id)).one_or_none()
    payable = connection.execute(select(_payable).where(_payable.c.id == line.payable_id)).one_or_none()
    services = services_by_code(session, {line.service_code})
    government = connection.execute(
        select(_use, _right.c.kind, _right.c.ground, _right.c.payer)
        .join(_right, _right.c.id == _use.c.entitlement_id)
        .where(_use.c.order_id == line.order_id)
    ).one_or_none()
    contract, contract_budgets = purchase_of_line(session, line)
    return Chain(
        line=line,
        service_name=services[line.service_code].title if line.service_code in services else line.service_code,
        settlement=settlement,
        intact=is_intact(session, settlement),
        corrections=list(connection.execute(select(lines).where(lines.c.counters_id == line.id).order_by(lines.c.id))),
        budgets=_budgets(session, line),
        contract=contract,
        contract_budgets=contract_budgets,
        order=order,
        government=government,
        vouchers=uses_of_order(session, line.order_id),
        visit=connection.execute(select(_visit).where(_visit.c.id == line.visit_id)).one_or_none(),
        at_place=proof_of_order(session, line.order_id),
        payable=payable,
        steps=history(session, payable.id) if payable is not None else [],
        refunds=_of_payable(session, _refund, line.payable_id),
        disputes=_of_payable(session, payment_disputes, line.payable_id),
    )


def is_intact(session: Session, settlement: Row[Any]) -> bool | None:
    """Tell whether a closed month's lines still have the fingerprint it was closed with; None while open."""
    if settlement.state != "closed":
        return None
    rows = session.connection().execute(
        select(lines).where(lines.c.settlement_id == settlement.id).order_by(lines.c.id)
    )
    return bool(hash_lines(row._asdict() for row in rows) == settlement.lines_hash)


def _of_payable(session: Session, table: Any, payable_id: int | None) -> list[Row[Any]]:
    if payable_id is None:
        return []
    query = select(table).where(table.c.payable_id == payable_id).order_by(table.c.id)
    return list(session.connection().execute(query))


def _budgets(session: Session, line: Row[Any]) -> list[BudgetLine]:
    numbers = {line.government_budget, line.voucher_budget} - {None}
    try:
        rules = rules_in_force(session, line.area_code, line.service_day)
    except (NoRulesInForce, UnknownCity):
        return []
    return [one for one in rules.money.budget_lines if one.number in numbers]
