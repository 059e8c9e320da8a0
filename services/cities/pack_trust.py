"""What a city decides about trust between people: ratings, complaints, credit levels, certificates.

Spans in hours, days and months; points are whole. Every number is data of the pack; what stands here is taken where a
pack says nothing.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from services.cities.pack_part import Code, Named, Part

PartKind = Literal[
    "complaints", "lateness", "no_shows", "cancelled", "certificates", "incidents", "findings"
]  # fmt: skip


class RatingPolicy(Part):
    """How both sides judge a visit without seeing each other's words first, and when the phone asks.

    After `blind_days` a rating opens although the other side said nothing. The operator calls whoever has not rated
    `call_back_after_days` after the service, and no later than `call_back_within_days`.
    """

    blind_days: int = Field(default=7, ge=0, le=90)
    call_back_after_days: int = Field(default=3, ge=0, le=90)
    call_back_within_days: int = Field(default=30, gt=0, le=365)


class ComplaintPolicy(Part):
    """The clock of a complaint: hours to acknowledge, days to answer; overdue, it goes one office up.

    It goes up once more after each `escalate_hours`, `most_escalations` times at most. The complainant may reopen it
    once, within `reopen_days` of the answer.
    """

    acknowledge_hours: int = Field(default=24, gt=0, le=720)
    answer_days: int = Field(default=15, gt=0, le=180)
    escalate_hours: int = Field(default=24, gt=0, le=720)
    most_escalations: int = Field(default=3, ge=0, le=10)
    reopen_days: int = Field(default=15, gt=0, le=180)


class Deduction(Named):
    """One part of the credit formula that begins full and loses points for each thing that went wrong.

    Lost are `points_each` for each event and 100 orders (with fewer than `CreditPolicy.at_least_orders`, as if there
    were so many); with `per_hundred_orders` false for each event alone. Never more than `most_points`.
    """

    code: PartKind
    most_points: int = Field(ge=0, le=100)
    points_each: int = Field(ge=0, le=100)
    per_hundred_orders: bool = True


class CreditLevel(Named):
    """A level and the fewest points that give it; matching counts it as `match_percent` of its weight."""

    least_points: int = Field(ge=0, le=100)
    match_percent: int = Field(ge=0, le=100)


def _deductions() -> tuple[Deduction, ...]:
    rows: tuple[tuple[PartKind, str, str, int, int, bool], ...] = (
        ("complaints", "属实的投诉", "upheld complaints", 20, 10, True),
        ("lateness", "迟到", "late arrivals", 10, 1, True),
        ("no_shows", "没有到", "nobody came", 15, 5, True),
        ("cancelled", "接了又退", "accepted and given back", 10, 2, True),
        ("certificates", "在岗人员证书过期", "expired certificates of working carers", 5, 1, False),
    )
    return tuple(
        Deduction(code=code, name_zh=zh, name_en=en, most_points=most, points_each=each, per_hundred_orders=per)
        for code, zh, en, most, each, per in rows
    )


def _levels() -> tuple[CreditLevel, ...]:
    rows = (
        ("a", "A级（优）", "A (excellent)", 90, 100), ("b", "B级（良）", "B (good)", 75, 75),
        ("c", "C级（中）", "C (fair)", 60, 40), ("d", "D级（差）", "D (poor)", 0, 0),
    )  # fmt: skip
    return tuple(
        CreditLevel(code=code, name_zh=zh, name_en=en, least_points=least, match_percent=percent)
        for code, zh, en, least, percent in rows
    )


class CreditPolicy(Part):
    """The published formula of a provider's credit level (信用等级): 100 points at most, over the last `months`.

    `rating_points` go by the mean face (all for 3.00, none for 1.00; `unrated_points` while nobody rated), the rest
    are `deductions`. With fewer than `least_orders` served there is no level. `late_minutes` after the promised start
    somebody is late. `match_weight`: points of the match score that the level can give; 0 leaves it out.
    """

    months: int = Field(default=12, ge=1, le=60)
    least_orders: int = Field(default=5, ge=0)
    at_least_orders: int = Field(default=20, gt=0)
    late_minutes: int = Field(default=15, ge=0, le=240)
    rating_points: int = Field(default=40, ge=0, le=100)
    unrated_points: int = Field(default=30, ge=0, le=100)
    deductions: tuple[Deduction, ...] = Field(default_factory=_deductions)
    levels: tuple[CreditLevel, ...] = Field(default_factory=_levels, min_length=1)
    match_weight: int = Field(default=0, ge=0, le=500)
    appeal_days: int = Field(default=30, gt=0, le=365)

    @model_validator(mode="after")
    def _adds_up(self) -> CreditPolicy:
        if self.rating_points + sum(one.most_points for one in self.deductions) != 100:
            raise ValueError("各项满分之和须为100 / the parts must add up to 100 points")
        least = [one.least_points for one in self.levels]
        if least != sorted(least, reverse=True) or least[-1] != 0 or len(set(least)) != len(least):
            raise ValueError("等级须从高到低，最低一级从0分起 / levels run downwards and end at 0")
        codes = [one.code for one in self.deductions] + [one.code for one in self.levels]
        if len(set(codes)) != len(codes) or self.unrated_points > self.rating_points:
            raise ValueError("项目或等级重复，或未评价得分超过满分 / a part or level twice, or unrated above full")
        return self


class CertificatePolicy(Part):
    """How many days before a carer's certificate ends her provider is warned."""

    warn_days: int = Field(default=30, gt=0, le=365)


class TrustPolicy(Part):
    """A city's rules of trust between people."""

    ratings: RatingPolicy = RatingPolicy()
    complaints: ComplaintPolicy = ComplaintPolicy()
    credit: CreditPolicy = CreditPolicy()
    certificates: CertificatePolicy = CertificatePolicy()
    source: Code | None = None
