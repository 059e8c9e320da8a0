"""What the API shows of a provider's accounts, the chain behind a line, and fees paid in advance. Money in fen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class SettlementOut(BaseModel):
    """One provider's accounts of one month."""

    id: int
    provider_id: int
    provider_name: str
    month: date
    state: str
    lines: int
    government_fen: int
    insurance_fen: int
    voucher_fen: int
    self_fen: int
    lines_hash: str | None
    closed_at: datetime | None


class LineOut(BaseModel):
    """One order, fee or correction in the accounts."""

    id: int
    kind: str
    order_id: int
    order_number: str | None
    service_code: str
    service_day: date
    government_fen: int
    insurance_fen: int
    voucher_fen: int
    self_fen: int
    government_budget: str | None
    voucher_budget: str | None
    visit_id: int | None
    payable_id: int | None
    counters_id: int | None
    reason: str | None


class HeldBackOut(BaseModel):
    """An order of the month that is not settled, and why."""

    order_id: int
    order_number: str
    service_code: str
    service_day: date
    price_fen: int
    reason: str


class SettlementDetailOut(SettlementOut):
    """Accounts with their lines, what is held back, and what each budget line pays."""

    intact: bool | None
    rows: list[LineOut]
    held_back: list[HeldBackOut]
    budgets: dict[str, int]


class ChainOut(BaseModel):
    """From the budget line to the order to its evidence to its payment; what the reader may not see is null."""

    line_id: int
    settlement_id: int
    month: date
    intact: bool | None
    budgets: list[dict[str, str]]
    contract: dict[str, Any] | None
    contract_budgets: list[dict[str, Any]]
    order: dict[str, Any] | None
    government: dict[str, Any] | None
    vouchers: list[dict[str, Any]]
    visit: dict[str, Any] | None
    payment: dict[str, Any] | None
    refunds: list[dict[str, Any]]
    disputes: list[dict[str, Any]]
    corrections: list[int]


class ReasonWish(BaseModel):
    """Why an order is held back or a line corrected."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=200)


class ClosedOut(BaseModel):
    """A closed month's fingerprint."""

    settlement_id: int
    lines_hash: str


class NewOut(BaseModel):
    """The id of what was written."""

    id: int


class PrepaidOut(BaseModel):
    """What a resident has paid an institution in advance, of one kind."""

    id: int
    provider_id: int
    elder_id: int
    kind_code: str
    monthly_fee_fen: int
    cap_fen: int
    alert_fen: int
    balance_fen: int
    left_on: date | None
    refund_due_on: date | None


class PrepaidWish(BaseModel):
    """A resident's account with an institution."""

    model_config = ConfigDict(extra="forbid")
    elder_id: int = Field(ge=1, le=2**62)
    provider_id: int = Field(ge=1, le=2**62)
    kind_code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    monthly_fee_fen: int = Field(gt=0, le=10_000_000)


class EntryWish(BaseModel):
    """Money paid in advance, used, or given back."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["deposit", "charge", "refund"]
    amount_fen: int = Field(gt=0, le=10**9)
    happened_on: date
    key: str = Field(min_length=4, max_length=100)
    note: str = Field(default="", max_length=200)


class EntryOut(BaseModel):
    """Where an entry leaves the account."""

    entry_id: int
    balance_fen: int
    cap_fen: int
    alert: bool


class LeavingWish(BaseModel):
    """The day a resident left."""

    model_config = ConfigDict(extra="forbid")
    left_on: date


class LeavingOut(BaseModel):
    """By when what is left goes back."""

    refund_due_on: date
