"""The month's accounts: what a provider is owed for verified work, locked when closed; fees paid in advance."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, words


class Settlement(SQLModel, table=True):
    """One provider's accounts of one month; once closed neither it nor its lines change (sql/355_settlement.sql)."""

    __tablename__ = "settlement"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="settlement_state_check"),
        CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL AND lines_hash IS NOT NULL)",
            name="settlement_closed_check",
        ),
        CheckConstraint("extract(day FROM month) = 1", name="settlement_month_check"),
        UniqueConstraint("provider_id", "month", name="settlement_one_a_month_key"),
    )
    id: int | None = own_id()
    provider_id: int = link("provider.id")
    area_code: int = area_code()
    month: date = Field(nullable=False)
    state: str = words(default="open")
    lines: int = number(default=0)
    government_fen: int = number(default=0)
    insurance_fen: int = number(default=0)
    voucher_fen: int = number(default=0)
    self_fen: int = number(default=0)
    lines_hash: str | None = words(optional=True)
    drawn_at: datetime = moment()
    closed_at: datetime | None = moment(optional=True)
    closed_by: int | None = link("person.id", optional=True)


class SettlementLine(SQLModel, table=True):
    """What one order (or one correction) adds to a provider's month, by payer, in fen; written once.

    `area_code` is the provider's, like the settlement's: a line names an order, never a person. A correction is
    a counter-line against `counters_id`, in the month that is open when it is found. Its contract and budget lines,
    where the service was bought (政府购买), are found by the database (sql/356_purchase.sql).
    """

    __tablename__ = "settlement_line"
    __table_args__ = (
        CheckConstraint("kind IN ('service', 'fee', 'correction')", name="settlement_line_kind_check"),
        CheckConstraint(
            "(kind = 'correction') = (counters_id IS NOT NULL AND reason IS NOT NULL)",
            name="settlement_line_correction_names_its_line_check",
        ),
        CheckConstraint(
            "kind = 'correction' OR (government_fen >= 0 AND insurance_fen >= 0 AND voucher_fen >= 0 AND self_fen >= 0)",
            name="settlement_line_not_negative_check",
        ),
        Index(
            "settlement_line_one_per_order_idx", "order_id", unique=True, postgresql_where=text("kind <> 'correction'")
        ),
        Index("settlement_line_settlement_idx", "settlement_id", "id"),
        Index("settlement_line_counters_idx", "counters_id"),
        Index("settlement_line_contract_idx", "contract_id", "id", postgresql_where=text("contract_id IS NOT NULL")),
    )
    id: int | None = own_id()
    settlement_id: int = link("settlement.id")
    provider_id: int = number()
    area_code: int = area_code()
    kind: str = words()
    order_id: int = link("care_order.id")
    visit_id: int | None = number(optional=True)
    service_code: str = words()
    service_day: date = Field(nullable=False)
    government_fen: int = number()
    insurance_fen: int = number(default=0)
    voucher_fen: int = number()
    self_fen: int = number()
    government_budget: str | None = words(optional=True)
    voucher_budget: str | None = words(optional=True)
    contract_id: int | None = link("purchase_contract.id", optional=True)
    government_budget_id: int | None = link("purchase_budget.id", optional=True)
    voucher_budget_id: int | None = link("purchase_budget.id", optional=True)
    payable_id: int | None = number(optional=True)
    counters_id: int | None = link("settlement_line.id", optional=True)
    reason: str | None = words(optional=True)
    entered_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()


class SettlementHold(SQLModel, table=True):
    """An order an office keeps out of the accounts while it is in dispute."""

    __tablename__ = "settlement_hold"
    __table_args__ = (
        CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="settlement_hold_released_check"),
        Index("settlement_hold_one_open_idx", "order_id", unique=True, postgresql_where=text("released_at IS NULL")),
    )
    id: int | None = own_id()
    order_id: int = link("care_order.id")
    provider_id: int = number()
    area_code: int = area_code()
    reason: str = words()
    held_at: datetime = moment()
    held_by: int = link("person.id")
    released_at: datetime | None = moment(optional=True)
    released_by: int | None = link("person.id", optional=True)


class PrepaidAccount(SQLModel, table=True):
    """What a resident has paid an institution in advance (预收费), of one kind, under the cap of its day.

    The balance changes by `prepaid_entry` only; the database refuses more than the cap and less than nothing.
    """

    __tablename__ = "prepaid_account"
    __table_args__ = (
        CheckConstraint("balance_fen BETWEEN 0 AND cap_fen", name="prepaid_account_cap_check"),
        CheckConstraint("monthly_fee_fen > 0 AND alert_fen BETWEEN 0 AND cap_fen", name="prepaid_account_fees_check"),
        CheckConstraint("(left_on IS NULL) = (refund_due_on IS NULL)", name="prepaid_account_left_check"),
        UniqueConstraint("provider_id", "elder_id", "kind_code", name="prepaid_account_one_of_a_kind_key"),
    )
    id: int | None = own_id()
    provider_id: int = link("provider.id")
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    kind_code: str = words()
    monthly_fee_fen: int = number()
    cap_fen: int = number()
    alert_fen: int = number()
    refund_days: int = number()
    balance_fen: int = number(default=0)
    rule_version: str = words()
    opened_at: datetime = moment()
    opened_by: int | None = number(optional=True)
    left_on: date | None = Field(default=None)
    refund_due_on: date | None = Field(default=None)


class PrepaidEntry(SQLModel, table=True):
    """Money paid in advance, used for a month's fee, or given back; written once, and moves the balance."""

    __tablename__ = "prepaid_entry"
    __table_args__ = (
        CheckConstraint("kind IN ('deposit', 'charge', 'refund')", name="prepaid_entry_kind_check"),
        CheckConstraint("amount_fen > 0", name="prepaid_entry_amount_check"),
        UniqueConstraint("account_id", "key", name="prepaid_entry_once_key"),
    )
    id: int | None = own_id()
    account_id: int = link("prepaid_account.id")
    elder_id: int = number()
    area_code: int = area_code()
    kind: str = words()
    amount_fen: int = number()
    balance_fen: int = number(default=0)
    happened_on: date = Field(nullable=False)
    note: str = words(default="")
    key: str = words()
    entered_by: int = link("person.id")
    recorded_at: datetime = moment()
