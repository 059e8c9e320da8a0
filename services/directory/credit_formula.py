"""The published formula of a provider's credit level, applied: facts in, points with their sums out. Pure.

points = ratings + what is left of each deduction, 100 at most. Ratings: `rating_points` x (mean face - 1.00) / 2.00,
rounded down. A deduction: `most_points` less `points_each` x events x 100 / max(orders, `at_least_orders`), rounded
down, never below zero; or less `points_each` x events where it is not counted per hundred orders.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.cities.pack_trust import CreditPolicy, Deduction

UNRATED_LEVEL = "none"
"""The level of a provider that served too few orders to be judged."""


@dataclass(frozen=True)
class Fact:
    """One thing that happened: the part it counts in, what it is about, its Shanghai day; a rating's face, else 1."""

    part: str
    subject_type: str
    subject_id: int
    happened_on: date
    value: int = 1

    @property
    def key(self) -> tuple[str, str, int]:
        """What an appeal names it by."""
        return self.part, self.subject_type, self.subject_id


@dataclass(frozen=True)
class Points:
    """A level with its points and, part by part, what they were counted from."""

    level: str
    points: int
    match_percent: int
    orders: int
    parts: tuple[dict[str, Any], ...]


def points_of(
    policy: CreditPolicy, facts: Sequence[Fact], orders: int, struck: Collection[tuple[str, str, int]] = ()
) -> Points:
    """Apply the formula to the facts of the policy's months; `struck` ones count for nothing."""
    standing = [fact for fact in facts if fact.key not in struck]
    parts = [_rating_part(policy, [fact.value for fact in standing if fact.part == "ratings"])]
    for rule in policy.deductions:
        parts.append(_deduction(policy, rule, sum(1 for fact in standing if fact.part == rule.code), orders))
    points = sum(part["points"] for part in parts)
    if orders < policy.least_orders:
        return Points(UNRATED_LEVEL, points, 0, orders, tuple(parts))
    level = next(one for one in policy.levels if points >= one.least_points)
    return Points(level.code, points, level.match_percent, orders, tuple(parts))


def first_month(month: date, months: int) -> date:
    """Give the first day of the span of so many months that ends with `month`."""
    index = month.year * 12 + month.month - 1 - (months - 1)
    return date(index // 12, index % 12 + 1, 1)


def month_after(month: date) -> date:
    """Give the first day of the following month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _rating_part(policy: CreditPolicy, faces: list[int]) -> dict[str, Any]:
    mean = sum(faces) * 100 // len(faces) if faces else None
    points = policy.unrated_points if mean is None else policy.rating_points * (mean - 100) // 200
    return {
        "code": "ratings", "points": points, "most": policy.rating_points, "count": len(faces),
        "mean_face_hundredths": mean,
    }  # fmt: skip


def _deduction(policy: CreditPolicy, rule: Deduction, events: int, orders: int) -> dict[str, Any]:
    lost = rule.points_each * events
    if rule.per_hundred_orders:
        lost = lost * 100 // max(orders, policy.at_least_orders)
    points = rule.most_points - min(rule.most_points, lost)
    return {"code": rule.code, "points": points, "most": rule.most_points, "count": events}
