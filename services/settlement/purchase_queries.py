"""Contracts as an office or the provider itself reads them: what is left, how fast it goes, and the lines behind each fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, case, func, or_, select, text
from sqlmodel import Session

from services.catalogue.tables import ServiceItem
from services.columns import table_of
from services.directory.tables import Provider
from services.orders.tables import CareOrder
from services.settlement.purchase_errors import ContractNotFound
from services.settlement.purchase_rules import Burn, burn, year_within
from services.settlement.purchasing import acceptances, budgets, changes, contracts, prices
from services.settlement.tables import Settlement, SettlementLine

_service = table_of(ServiceItem)
_provider, _lines, _order, _month = (
    table_of(Provider),
    table_of(SettlementLine),
    table_of(CareOrder),
    table_of(Settlement),
)
_OPEN_ORDERS = text(
    "SELECT coalesce(sum(o.government_fen), 0)::bigint AS fen, count(*) AS orders FROM care_order o"
    " WHERE o.provider_id = :provider AND o.government_fen > 0"
    " AND o.state IN ('accepted', 'assigned', 'in_service', 'served', 'confirmed')"
    " AND contract_covering(o.provider_id, o.service_code, (o.starts_at AT TIME ZONE 'Asia/Shanghai')::date) = :contract"
    " AND NOT EXISTS (SELECT FROM settlement_line l WHERE l.order_id = o.id)"
)


@dataclass(frozen=True)
class BudgetStanding:
    """A budget line with what is left of it and how fast it goes."""

    row: Row[Any]
    burn: Burn

    @property
    def id(self) -> int:
        """The budget line's id."""
        return int(self.row.id)


@dataclass(frozen=True)
class ContractStanding:
    """A contract with its provider's name, sums in fen and, for one asked by id, everything written under it.

    `coming_fen`: the government's part of orders taken and not settled yet, as far as the reader may see them.
    """

    row: Row[Any]
    planned_fen: int
    spent_fen: int
    prices: list[Row[Any]]
    budgets: list[BudgetStanding]
    changes: list[Row[Any]]
    acceptances: list[Row[Any]]
    coming_fen: int = 0
    coming_orders: int = 0


def list_contracts(session: Session, *, state: str | None = None, limit: int = 500) -> list[Row[Any]]:
    """Give the contracts the asking person may see with provider, planned and spent fen; the newest term first."""
    sums = (
        select(
            budgets.c.contract_id,
            func.sum(budgets.c.planned_fen).label("planned_fen"),
            func.sum(budgets.c.spent_fen).label("spent_fen"),
        )
        .group_by(budgets.c.contract_id)
        .subquery()
    )
    query = (
        select(
            contracts,
            _provider.c.name.label("provider_name"),
            func.coalesce(sums.c.planned_fen, 0).label("planned_fen"),
            func.coalesce(sums.c.spent_fen, 0).label("spent_fen"),
        )
        .join(_provider, _provider.c.id == contracts.c.provider_id)
        .join(sums, sums.c.contract_id == contracts.c.id, isouter=True)
        .order_by(contracts.c.first_day.desc(), contracts.c.contract_number)
        .limit(limit)
    )
    if state is not None:
        query = query.where(contracts.c.state == state)
    return list(session.connection().execute(query))


def contract_standing(session: Session, contract_id: int, today: date) -> ContractStanding:
    """Give one contract with its prices, budgets, changes and acceptances. Raises ContractNotFound."""
    connection = session.connection()
    query = select(contracts, _provider.c.name.label("provider_name")).join(
        _provider, _provider.c.id == contracts.c.provider_id
    )
    row = connection.execute(query.where(contracts.c.id == contract_id)).first()
    if row is None:
        raise ContractNotFound(contract_id=contract_id)
    held = connection.execute(
        select(budgets)
        .where(budgets.c.contract_id == contract_id)
        .order_by(budgets.c.budget_year, budgets.c.budget_number)
    ).all()
    coming = connection.execute(_OPEN_ORDERS, {"provider": row.provider_id, "contract": contract_id}).one()
    ids = [one.id for one in held]
    return ContractStanding(
        row=row,
        planned_fen=sum(one.planned_fen for one in held),
        spent_fen=sum(one.spent_fen for one in held),
        prices=list(connection.execute(select(prices).where(prices.c.contract_id == contract_id).order_by(prices.c.service_code))),
        budgets=[BudgetStanding(one, _burn(one, row, today)) for one in held],
        changes=list(connection.execute(select(changes).where(changes.c.budget_id.in_(ids)).order_by(changes.c.id))),
        acceptances=list(
            connection.execute(
                select(acceptances).where(acceptances.c.contract_id == contract_id).order_by(acceptances.c.id)
            )
        ),
        coming_fen=int(coming.fen),
        coming_orders=int(coming.orders),
    )  # fmt: skip


def budget_standing(session: Session, budget_id: int, today: date) -> tuple[BudgetStanding, Row[Any]]:
    """Give one budget line and its contract. Raises ContractNotFound."""
    row = session.connection().execute(select(budgets).where(budgets.c.id == budget_id)).first()
    if row is None:
        raise ContractNotFound(budget_id=budget_id)
    contract = contract_standing(session, row.contract_id, today)
    return next(one for one in contract.budgets if one.id == budget_id), contract.row


def lines_of_budget(session: Session, budget_id: int, limit: int = 20_000, after: int = 0) -> list[Row[Any]]:
    """Give the settlement lines that moved a budget line's money, in the order they were written.

    `drawn_fen` is what each drew from this line; a correction draws less than nothing. Their sum is `spent_fen`.
    """
    query = (
        select(
            _lines,
            _order.c.order_number,
            _month.c.month,
            _month.c.state.label("month_state"),
            _drawn(budget_id).label("drawn_fen"),
        )
        .join(_order, _order.c.id == _lines.c.order_id, isouter=True)
        .join(_month, _month.c.id == _lines.c.settlement_id, isouter=True)
        .where(or_(_lines.c.government_budget_id == budget_id, _lines.c.voucher_budget_id == budget_id))
        .order_by(_lines.c.id)
        .limit(limit)
        .offset(after)
    )
    return list(session.connection().execute(query))


def count_lines_of_budget(session: Session, budget_id: int) -> tuple[int, int]:
    """Give how many lines moved a budget line's money and their sum in fen."""
    query = select(func.count(), func.coalesce(func.sum(_drawn(budget_id)), 0)).where(
        or_(_lines.c.government_budget_id == budget_id, _lines.c.voucher_budget_id == budget_id)
    )
    lines, fen = session.connection().execute(query).one()
    return int(lines), int(fen)


def services_to_buy(session: Session) -> list[tuple[str, str]]:
    """Give every service of the catalogue as (code, name), for a contract's prices."""
    query = select(_service.c.code, _service.c.name_zh).order_by(_service.c.code)
    return [(row.code, row.name_zh) for row in session.connection().execute(query)]


def purchase_of_line(session: Session, line: Row[Any]) -> tuple[Row[Any] | None, list[Row[Any]]]:
    """Give the contract and the budget lines behind a settlement line, as far as the reader may see them."""
    if line.contract_id is None:
        return None, []
    connection = session.connection()
    contract = connection.execute(select(contracts).where(contracts.c.id == line.contract_id)).first()
    ids = [one for one in (line.government_budget_id, line.voucher_budget_id) if one is not None]
    return contract, list(connection.execute(select(budgets).where(budgets.c.id.in_(ids)).order_by(budgets.c.id)))


def _drawn(budget_id: int) -> Any:
    government = case((_lines.c.government_budget_id == budget_id, _lines.c.government_fen), else_=0)
    return government + case((_lines.c.voucher_budget_id == budget_id, _lines.c.voucher_fen), else_=0)


def _burn(budget: Row[Any], contract: Row[Any], today: date) -> Burn:
    first, last = year_within(budget.budget_year, contract.first_day, contract.ended_on or contract.last_day)
    return burn(budget.planned_fen, budget.spent_fen, first, last, today)
