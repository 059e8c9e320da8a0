"""What a city decides about care: assessment, vouchers, subsidies, visits, timers.

Money in fen, minutes in minutes, shares in percent.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from services.cities.pack_part import Called, Code, Named, Part, Percent


class CareLevel(Called):
    """One level of the assessment scheme, by points (both bounds included)."""

    level: int = Field(ge=0, le=9)
    lowest_points: int = Field(ge=0)
    highest_points: int = Field(ge=0)


class CareScheme(Part):
    """How an elder's ability is assessed, and for how long the result holds."""

    code: str = Field(min_length=1)
    maximum_points: int = Field(gt=0)
    valid_months: int = Field(gt=0)
    levels: tuple[CareLevel, ...]
    source: Code


class Group(Named):
    """A group of elders in special difficulty (特殊困难老年人)."""

    source: Code


class VoucherKind(Named):
    """A voucher: who may hold it, for what and where, how much of a bill it pays, and when it lapses.

    `cap_fen` is its face value a period; `per_order_cap_fen` the most of it for one order. `providers` are the
    codes of the providers that take it (none named: every provider). `mirrored`: issued and counted elsewhere.
    """

    issuer: Literal["national", "province", "city", "district"]
    mirrored: bool = False
    period: Literal["month", "quarter", "year"]
    deduct_percent: Percent
    cap_fen: int = Field(gt=0)
    exclusivity_group: Code
    places: tuple[Literal["home", "community", "institution", "neighbour"], ...]
    service_groups: tuple[Code, ...]
    groups: tuple[Code, ...] = ()
    min_age: int = Field(ge=0, le=120)
    min_care_level: int = Field(ge=0, le=9)
    per_order_cap_fen: int | None = Field(default=None, gt=0)
    single_use: bool = False
    providers: tuple[str, ...] = ()
    lapses_at_period_end: bool = True
    valid_from: date
    valid_to: date | None = None
    source: Code


class Subsidy(Named):
    """The share of a service's price that government pays for some elders, up to a monthly cap."""

    groups: tuple[Code, ...] = ()
    min_age: int = Field(default=60, ge=0, le=120)
    min_care_level: int = Field(default=0, ge=0, le=9)
    service_groups: tuple[Code, ...]
    government_percent: Percent
    monthly_cap_fen: int = Field(gt=0)
    source: Code


class VisitWho(Part):
    """Who falls into a visit class: old enough, able little enough, and of any of the groups."""

    min_age: int = Field(default=60, ge=0, le=120)
    min_care_level: int = Field(default=0, ge=0, le=9)
    groups: tuple[Code, ...] = ()


class VisitClass(Named):
    """How often an elder must really be met; an elder belongs to the class of lowest rank that fits.

    `channels` are those that count for this class (none named: those of the city); `far_channels` count besides where
    the way is long.
    """

    rank: int = Field(ge=1)
    every: Literal["week", "month", "quarter"]
    times: int = Field(default=1, ge=1, le=31)
    after_change_hours: int | None = Field(default=None, gt=0)
    who: tuple[VisitWho, ...] = Field(min_length=1)
    channels: tuple[Code, ...] = ()
    far_channels: tuple[Code, ...] = ()
    source: Code


class EscalationStep(Called):
    """What happens when an elder does not answer: who does what, and how long after the knock."""

    step: int = Field(ge=1)
    action: Code
    role: Code
    after_minutes: int = Field(ge=0)
    high_risk_after_minutes: int = Field(ge=0)
    source: Code


class VisitPolicy(Part):
    """The welfare visits: channels that count as meeting the elder, alert days, and the escalation."""

    counting_channels: tuple[Code, ...] = Field(min_length=1)
    alert_days: tuple[Annotated[int, Field(ge=1, le=31)], ...]
    late_entry_hours: int = Field(gt=0)
    source: Code


class OfferTimer(Part):
    """How long a provider may think about an order before the next one is asked."""

    urgency: Literal["urgent", "normal", "planned"]
    minutes: int = Field(gt=0)
    source: Code


class OfferPolicy(Part):
    """How many providers are asked before a person steps in, and what happens when a carer is late."""

    providers_before_operator: int = Field(ge=1)
    late_call_minutes: int = Field(gt=0)
    late_replace_minutes: int = Field(gt=0)
    free_cancel_hours: int = Field(ge=0)
    source: Code
