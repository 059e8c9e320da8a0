"""What a government buys from a provider (政府购买服务): contracts, unit prices, budget lines, acceptance."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, words


class PurchaseContract(SQLModel, table=True):
    """One contract of an office with one provider: from when until when, and at most how much, in fen.

    `area_code` is the buyer's. Prices and budgets are written while it is a draft; in force, budgets only move within
    the ceiling (sql/356_purchase.sql). A contract that is ended early covers the days up to `ended_on`.
    """

    __tablename__ = "purchase_contract"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'in_force', 'ended', 'dropped')", name="purchase_contract_state_check"),
        CheckConstraint(
            "method IN ('open_tender', 'invited_tender', 'negotiation', 'inquiry', 'single_source', 'framework')",
            name="purchase_contract_method_check",
        ),
        CheckConstraint("last_day >= first_day AND ceiling_fen > 0", name="purchase_contract_terms_check"),
        CheckConstraint(
            "(state = 'ended') = (ended_on IS NOT NULL) AND (ended_on IS NULL OR ended_on BETWEEN first_day AND last_day)",
            name="purchase_contract_ended_check",
        ),
        UniqueConstraint("area_code", "contract_number", name="purchase_contract_number_key"),
    )
    id: int | None = own_id()
    contract_number: str = words()
    title: str = words()
    buyer: str = words()
    area_code: int = area_code()
    provider_id: int = link("provider.id", index=True)
    method: str = words()
    signed_on: date | None = Field(default=None)
    first_day: date = Field(nullable=False)
    last_day: date = Field(nullable=False)
    ceiling_fen: int = number()
    state: str = words(default="draft")
    ended_on: date | None = Field(default=None)
    end_reason: str | None = words(optional=True)
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()


class PurchasePrice(SQLModel, table=True):
    """The most public money one delivery of one service may cost under a contract, in fen."""

    __tablename__ = "purchase_price"
    __table_args__ = (
        CheckConstraint("unit_fen > 0", name="purchase_price_unit_check"),
        UniqueConstraint("contract_id", "service_code", name="purchase_price_one_key"),
    )
    id: int | None = own_id()
    contract_id: int = link("purchase_contract.id")
    area_code: int = area_code()
    provider_id: int = number()
    service_code: str = words()
    unit_fen: int = number()


class PurchaseBudget(SQLModel, table=True):
    """One year's money of a contract out of one budget line of the finance bureau, in fen.

    `spent_fen` follows the settlement lines and nothing else; the database refuses more than `planned_fen`.
    """

    __tablename__ = "purchase_budget"
    __table_args__ = (
        CheckConstraint("spent_fen BETWEEN 0 AND planned_fen", name="purchase_budget_not_overspent_check"),
        CheckConstraint("planned_fen > 0", name="purchase_budget_planned_check"),
        CheckConstraint("budget_year BETWEEN 2000 AND 2200", name="purchase_budget_year_check"),
        CheckConstraint(
            "funder IN ('national', 'province', 'city', 'district', 'welfare_lottery', 'other')",
            name="purchase_budget_funder_check",
        ),
        UniqueConstraint("contract_id", "budget_year", "budget_number", name="purchase_budget_one_key"),
    )
    id: int | None = own_id()
    contract_id: int = link("purchase_contract.id")
    area_code: int = area_code()
    provider_id: int = number()
    budget_year: int = number()
    budget_number: str = words()
    funder: str = words()
    planned_fen: int = number()
    spent_fen: int = number(default=0)


class PurchaseBudgetChange(SQLModel, table=True):
    """One change of a budget line's money, with its reason; written once."""

    __tablename__ = "purchase_budget_change"
    id: int | None = own_id()
    budget_id: int = link("purchase_budget.id", index=True)
    area_code: int = area_code()
    provider_id: int = number()
    before_fen: int = number()
    after_fen: int = number()
    reason: str = words()
    changed_by: int | None = link("person.id", optional=True)
    changed_at: datetime = moment()


class PurchaseAcceptance(SQLModel, table=True):
    """An office's word on what was delivered under a contract in a period (验收); written once."""

    __tablename__ = "purchase_acceptance"
    __table_args__ = (
        CheckConstraint(
            "result IN ('accepted', 'with_conditions', 'refused')", name="purchase_acceptance_result_check"
        ),
        CheckConstraint("last_day >= first_day", name="purchase_acceptance_period_check"),
    )
    id: int | None = own_id()
    contract_id: int = link("purchase_contract.id", index=True)
    area_code: int = area_code()
    provider_id: int = number()
    first_day: date = Field(nullable=False)
    last_day: date = Field(nullable=False)
    result: str = words()
    note: str = words()
    settled_lines: int = number()
    settled_fen: int = number()
    accepted_by: int | None = link("person.id", optional=True)
    accepted_at: datetime = moment()
