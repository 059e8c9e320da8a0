"""Standards, assessments, entitlement and home care beds over HTTP: money in fen, times in minutes, levels with their scheme."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class BasicServiceOut(BaseModel):
    """One line of the basic-service list: exactly the five public fields (项目、对象、方式、标准、支出责任主体)."""

    service_item: str
    recipients: str
    provision: str
    standard: str
    payer: str


class StandardOut(BaseModel):
    """One version of one service item in one city; `end_day` is the first day it no longer holds."""

    code: str
    version: int
    kind: str
    name_zh: str
    name_en: str
    content: str
    content_en: str
    minutes: int | None
    unit: str
    required_skills: list[str]
    acceptance: str
    acceptance_en: str
    price_fen: int | None
    price_ceiling_fen: int | None
    notice_minutes: int
    cut_off_days: int
    cut_off_minute: int | None
    area_codes: list[int]
    orderable: bool
    basic: bool
    recipients: str
    provision: str
    standard: str
    payer: str
    first_day: date
    end_day: date | None
    source: str
    assumed: bool
    reason: str


class StandardChangesIn(BaseModel):
    """What the next version says otherwise; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    content: str | None = Field(default=None, min_length=1, max_length=1000)
    minutes: int | None = Field(default=None, gt=0, le=10_000)
    acceptance: str | None = Field(default=None, min_length=1, max_length=1000)
    price_fen: int | None = Field(default=None, ge=0, le=10**9)
    price_ceiling_fen: int | None = Field(default=None, ge=0, le=10**9)
    notice_minutes: int | None = Field(default=None, ge=0, le=100_000)
    cut_off_days: int | None = Field(default=None, ge=0, le=30)
    cut_off_minute: int | None = Field(default=None, ge=0, le=1439)
    recipients: str | None = Field(default=None, min_length=1, max_length=1000)
    provision: str | None = Field(default=None, min_length=1, max_length=1000)
    standard: str | None = Field(default=None, min_length=1, max_length=1000)
    payer: str | None = Field(default=None, min_length=1, max_length=1000)


class NextVersionIn(BaseModel):
    """A next version of an item; `lower_lines` brings providers' prices down to a lower ceiling at once."""

    model_config = ConfigDict(extra="forbid")
    city: str = Field(max_length=40)
    valid_from: date
    reason: str = Field(min_length=1, max_length=300)
    changes: StandardChangesIn = Field(default_factory=StandardChangesIn)
    lower_lines: bool = False


class VersionOut(BaseModel):
    """The number of the version that was published."""

    version: int


class SchemeOut(BaseModel):
    """An assessment scheme as data: groups, items, answers, levels, raising rules, and what is assumed."""

    code: str
    version: str
    document: dict[str, Any]


class AssessmentIn(BaseModel):
    """An assessment as the first assessor writes it; `level` and certificate only where the scheme stands on a paper."""

    model_config = ConfigDict(extra="forbid")
    scheme: str = Field(default="gbt42195-2022", pattern=r"^[a-z0-9][a-z0-9._-]{2,39}$")
    assessed_on: date
    answers: dict[str, int] = Field(default_factory=dict, max_length=100)
    raised_by: list[str] = Field(default_factory=list, max_length=20)
    note: str = Field(default="", max_length=1000)
    reason: Literal["initial", "periodic", "immediate", "appeal"] = "initial"
    appeal_id: int | None = Field(default=None, ge=1, le=2**62)
    level: int | None = Field(default=None, ge=0, le=9)
    certificate_number: str = Field(default="", max_length=100)
    issued_by: str = Field(default="", max_length=100)


class WrittenOut(BaseModel):
    """The id of what was written."""

    id: int


class WhyIn(BaseModel):
    """A reason in words."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1000)


class AssessmentOut(BaseModel):
    """An assessment; the level is one of `scheme` and of no other."""

    id: int
    scheme: str
    level: int
    level_zh: str
    level_en: str
    reason: str
    state: str
    assessed_on: date
    valid_until: date
    holds: bool
    certificate_number: str | None
    issued_by: str | None
    appeal_id: int | None
    appeal_state: str | None
    appeal_until: date | None
    assessors: list[dict[str, str]]
    answers: dict[str, int]
    raised_by: list[str]
    sums: dict[str, int]
    points: int | None
    note: str


class RuleOut(BaseModel):
    """One version of an entitlement rule that was tried."""

    code: str
    version: int
    name_zh: str
    name_en: str
    gives: str
    service_codes: list[str]
    percent: int
    co_payment_percent: int
    monthly_cap_fen: int | None
    monthly_minutes: int | None
    monthly_fen: int | None
    payer: str
    scheme: str | None
    source: str
    assumed: bool


class TriedOut(BaseModel):
    """What came of a rule (given, not_met, displaced, not_in_force), and why, in Chinese."""

    outcome: str
    reasons: list[str]
    rule: RuleOut


class DecisionOut(BaseModel):
    """Everything an elder is entitled to on a day, with every rule that was tried."""

    on: date
    tried: list[TriedOut]


class OwedIn(BaseModel):
    """One line of a home care bed's service list."""

    model_config = ConfigDict(extra="forbid")
    service_code: str = Field(pattern=r"^[a-z0-9_]{1,60}$")
    times: int = Field(ge=1, le=62)
    every: Literal["week", "month"]
    minutes: int = Field(gt=0, le=1440)


class HomeBedIn(BaseModel):
    """A signed contract; fen a month, the parts add up to the price."""

    model_config = ConfigDict(extra="forbid")
    provider_id: int = Field(ge=1, le=2**62)
    contract_number: str = Field(min_length=1, max_length=60)
    first_day: date
    last_day: date
    signed_on: date
    signed_by: int = Field(ge=1, le=2**62)
    monthly_price_fen: int = Field(ge=0, le=10**9)
    government_fen: int = Field(ge=0, le=10**9)
    family_fen: int = Field(ge=0, le=10**9)
    services: list[OwedIn] = Field(min_length=1, max_length=30)
    care_plan: str = Field(default="", max_length=4000)
    devices: list[str] = Field(default_factory=list, max_length=30)


class HomeBedEndIn(BaseModel):
    """The last day of a contract that ends early, and why."""

    model_config = ConfigDict(extra="forbid")
    last_day: date
    reason: str = Field(min_length=1, max_length=300)


class OwedOut(BaseModel):
    """One line of the service list."""

    service_code: str
    times: int
    every: str
    minutes: int


class HomeBedOut(BaseModel):
    """A home care bed with its list; counted apart from institutions' beds."""

    id: int
    elder_id: int
    elder_name: str
    provider_id: int
    contract_number: str
    first_day: date
    last_day: date
    signed_on: date
    by_right: str
    monthly_price_fen: int
    government_fen: int
    family_fen: int
    devices: list[str]
    ended_on: date | None
    end_reason: str | None
    active: bool
    services: list[OwedOut]


class DeliveryOut(BaseModel):
    """What one line owed in a month and what finished visits delivered."""

    id: int
    month: date
    service_code: str
    owed: int
    delivered: int
    delivered_minutes: int
    missing: int
    note: str | None
