"""What the API shows of government purchase: contracts, prices, budget lines, what is left and what moved it. Money in fen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Method = Literal["open_tender", "invited_tender", "negotiation", "inquiry", "single_source", "framework"]
Funder = Literal["national", "province", "city", "district", "welfare_lottery", "other"]
Fen = Field(gt=0, le=10**13)


class ContractOut(BaseModel):
    """One contract with what its budget lines hold and have spent."""

    id: int
    contract_number: str
    title: str
    buyer: str
    area_code: int
    provider_id: int
    provider_name: str
    method: Method
    signed_on: date | None
    first_day: date
    last_day: date
    ceiling_fen: int
    state: Literal["draft", "in_force", "ended", "dropped"]
    ended_on: date | None
    end_reason: str | None
    planned_fen: int
    spent_fen: int


class PriceOut(BaseModel):
    """The most public money one delivery of a service may cost."""

    service_code: str
    unit_fen: int


class BudgetOut(BaseModel):
    """One year's money out of one budget line: what is left, and how fast it goes (shares between 0 and 1)."""

    id: int
    contract_id: int
    budget_year: int
    budget_number: str
    funder: Funder
    planned_fen: int
    spent_fen: int
    left_fen: int
    share_spent: float
    share_of_time: float
    fen_a_day: float
    used_up_on: date | None


class BudgetChangeOut(BaseModel):
    """One change of a budget line's money."""

    budget_id: int
    before_fen: int
    after_fen: int
    reason: str
    changed_at: datetime


class AcceptanceOut(BaseModel):
    """The office's word on what was delivered in a period."""

    id: int
    first_day: date
    last_day: date
    result: Literal["accepted", "with_conditions", "refused"]
    note: str
    settled_lines: int
    settled_fen: int
    accepted_at: datetime


class ContractDetailOut(ContractOut):
    """A contract with all that is written under it; `coming_fen`: orders taken and not settled yet."""

    prices: list[PriceOut]
    budgets: list[BudgetOut]
    changes: list[BudgetChangeOut]
    acceptances: list[AcceptanceOut]
    coming_fen: int
    coming_orders: int


class DrawnLineOut(BaseModel):
    """A settlement line that moved a budget line's money; its chain is at /settlement-lines/{id}/chain."""

    id: int
    kind: str
    order_id: int
    order_number: str | None
    service_code: str
    service_day: date
    month: date | None
    drawn_fen: int
    visit_id: int | None
    counters_id: int | None
    reason: str | None


class BudgetLinesOut(BaseModel):
    """A budget line and what moved its money; `lines_fen` is the sum over all lines and equals `spent_fen`."""

    budget: BudgetOut
    count: int
    lines_fen: int
    lines: list[DrawnLineOut]


class ContractWish(BaseModel):
    """A contract as it is read off the paper."""

    model_config = ConfigDict(extra="forbid")
    contract_number: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=200)
    buyer: str = Field(min_length=1, max_length=200)
    provider_id: int = Field(ge=1, le=2**62)
    method: Method
    first_day: date
    last_day: date
    ceiling_fen: int = Fen
    signed_on: date | None = None


class PriceWish(BaseModel):
    """A unit price."""

    model_config = ConfigDict(extra="forbid")
    unit_fen: int = Fen


class BudgetWish(BaseModel):
    """A year's money out of a budget line."""

    model_config = ConfigDict(extra="forbid")
    year: int = Field(ge=2000, le=2200)
    number: str = Field(min_length=1, max_length=60)
    funder: Funder
    planned_fen: int = Fen


class BudgetChangeWish(BaseModel):
    """What a budget line shall hold, and why."""

    model_config = ConfigDict(extra="forbid")
    planned_fen: int = Fen
    reason: str = Field(min_length=1, max_length=200)


class EndingWish(BaseModel):
    """The last day of a contract that ends early, and why."""

    model_config = ConfigDict(extra="forbid")
    ended_on: date
    reason: str = Field(min_length=1, max_length=200)


class WhyWish(BaseModel):
    """Why a draft is put away."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=200)


class AcceptanceWish(BaseModel):
    """The office's word on a period that is over."""

    model_config = ConfigDict(extra="forbid")
    first_day: date
    last_day: date
    result: Literal["accepted", "with_conditions", "refused"]
    note: str = Field(min_length=1, max_length=200)


class PurchaseNewOut(BaseModel):
    """The id of what was written."""

    id: int
