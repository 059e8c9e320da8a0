"""What a city decides about volunteers' hours: how they are counted, kept, given away and honoured.

All amounts are ledger minutes unless a name says otherwise; a coin is `coin_minutes` of them. Every scheme seen
in China is a value here, never a branch in code; what a scheme leaves open is marked assumed in its pack.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from services.cities.pack_care import VisitWho
from services.cities.pack_part import Called, Code, Part

Kin = Literal["self", "spouse", "direct_relative", "friend", "hardship_elder"]


class ServicePrice(Part):
    """What one service is worth where a coin is not an hour: ledger minutes an hour served, or a whole job."""

    service: Code
    unit: Literal["hour", "job"] = "hour"
    minutes: int = Field(gt=0, le=100_000)


class GuaranteePolicy(Part):
    """The reserve that pays a professional when no volunteer is free `before_hours` before an elder's booking."""

    before_hours: int = Field(ge=0, le=240)
    reserve_minutes: int = Field(gt=0)
    source: Code


class StartPolicy(Part):
    """Minutes given once to key elders when they join, from a purse that must hold them first."""

    minutes: int = Field(gt=0)
    fund: Literal["pool", "issuance"] = "pool"
    who: tuple[VisitWho, ...] = Field(min_length=1)
    source: Code


class SignalPolicy(Part):
    """From when on a pattern in volunteers' hours is worth an officer's question; it never decides anything.

    Two who serve each other `pair_sessions` times each way; doors over `near_m` apart reached faster than
    `fastest_kmh`; `same_place_sessions` check-ins at one and the same point; `burst_minutes` and `burst_percent`
    of a month within its `last_days` days.
    """

    pair_sessions: int = Field(default=3, ge=1)
    near_m: int = Field(default=500, ge=0)
    fastest_kmh: int = Field(default=60, ge=1, le=1000)
    same_place_sessions: int = Field(default=4, ge=2)
    last_days: int = Field(default=3, ge=1, le=28)
    burst_minutes: int = Field(default=240, ge=1)
    burst_percent: int = Field(default=60, ge=1, le=100)


class TimebankPolicy(Called):
    """How volunteers' minutes are counted, kept and given back; amounts in minutes."""

    coin_minutes: int = Field(gt=0)
    cap_minutes: int | None = Field(gt=0)
    overflow: Literal["donation_pool", "honours", "refuse"]
    rounding: Literal["exact", "down", "nearest"]
    rounding_minutes: int = Field(gt=0)
    minimum_session_minutes: int = Field(ge=0)
    daily_cap_minutes: int = Field(gt=0, le=1440)
    daily_overflow: Literal["refuse", "donation_pool", "honours"] = "refuse"
    auto_confirm_hours: int = Field(gt=0)
    callback_percent: int = Field(default=0, ge=0, le=100)
    volunteer_min_age: int = Field(ge=0)
    minor_min_age: int | None = Field(default=None, ge=6, le=17)
    redeem_age: int = Field(ge=0)
    redeem_age_hardship: int = Field(ge=0)
    redeem_least_minutes: int = Field(default=0, ge=0)
    redeem_for: tuple[Kin, ...] = ("self", "spouse", "direct_relative")
    relative_min_age: int = Field(default=60, ge=0)
    cooling_off_days: int = Field(default=0, ge=0, le=366)
    gift_to: tuple[Literal["spouse", "direct_relative", "friend", "hardship_elder", "pool"], ...]
    own_relatives_earn: bool = False
    groups_donate_only: bool = True
    cash: Literal[False] = False
    monthly_grant_minutes: int = Field(ge=0)
    grant_fund: Literal["pool", "issuance"] = "issuance"
    grant_who: tuple[VisitWho, ...] = ()
    start: StartPolicy | None = None
    expiry_months: int | None = Field(default=None, gt=0, le=600)
    prices: tuple[ServicePrice, ...] = ()
    guarantee: GuaranteePolicy | None = None
    inheritance: Literal["heir", "pool"] = "heir"
    moving_away: Literal["keep", "pool"] = "keep"
    moving_district: Literal["follow", "keep"] = "follow"
    bank_level: Literal["city", "district"] = "city"
    between_most_minutes: int | None = Field(default=None, gt=0)
    signals: SignalPolicy = SignalPolicy()
    source: Code
    assumed: tuple[Code, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> TimebankPolicy:
        if self.cap_minutes is not None and self.cap_minutes < self.daily_cap_minutes:
            raise ValueError("总上限不得小于每日上限 / the cap is below the daily cap")
        if self.minor_min_age is not None and self.minor_min_age >= self.volunteer_min_age:
            raise ValueError("minor_min_age须小于volunteer_min_age / minor_min_age lies below volunteer_min_age")
        unknown = sorted(set(self.assumed) - set(type(self).model_fields))
        if unknown:
            raise ValueError(f"assumed中没有这些项：{unknown} / assumed names no fields of the policy: {unknown}")
        twice = [price.service for price in self.prices]
        if len(twice) != len(set(twice)):
            raise ValueError("同一服务不得有两个价格 / one price a service")
        return self

    def price_of(self, service: str) -> ServicePrice | None:
        """Give the price of a service where the list names it; None: an hour is an hour."""
        return next((price for price in self.prices if price.service == service), None)
