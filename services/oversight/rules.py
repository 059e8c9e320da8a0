"""What a count means beside a promise: the share, how many are missing, and where the line will stand on the day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import NormalDist

LEAST_POINTS = 4
"""A line through fewer points says nothing about its own error."""
LIKELY = 0.8
"""How sure the range of a forecast is meant to be."""


@dataclass(frozen=True)
class Forecast:
    """Where the trend leads by a day, with the range it holds with four chances in five, in the indicator's unit."""

    due_on: date
    expected: float
    low: float
    high: float
    per_month: float
    points: int


def value_of(numerator: int | None, denominator: int | None, factor: int, *, divides: bool) -> Decimal | None:
    """Give numerator x factor / denominator to six places; a count is itself. None of nothing counted, or over nothing."""
    if numerator is None:
        return None
    if not divides:
        return Decimal(numerator)
    if not denominator:
        return None
    return (Decimal(numerator) * factor / denominator).quantize(Decimal("0.000001"))


def missing_of(
    numerator: int, denominator: int | None, factor: int, target: Decimal, comparison: str, *, divides: bool
) -> int:
    """Give how many more must count until the promise is kept, the denominator as it is; 0 when it is kept."""
    if comparison == "at_most":
        return 0
    if not divides:
        return max(0, math.ceil(target - numerator))
    return max(0, math.ceil(target * (denominator or 0) / factor - numerator))


def kept(value: Decimal | None, target: Decimal, comparison: str) -> bool | None:
    """Tell whether a value keeps a promise; None: there is no value."""
    if value is None:
        return None
    return {"at_least": value >= target, "at_most": value <= target, "equals": value == target}[comparison]


def forecast(points: Sequence[tuple[date, float]], due_on: date, *, top: float | None = None) -> Forecast | None:
    """Draw a straight line through dated values and read it at `due_on`; None with fewer than LEAST_POINTS days.

    Least squares; the range is that of one new observation (Draper & Smith, Applied Regression Analysis, 1.4) with
    Student's t. `top` is the highest value the unit allows (100 for percent); nothing falls below 0.
    """
    if len(points) < LEAST_POINTS:
        return None
    xs = [float(day.toordinal()) for day, _ in points]
    ys = [value for _, value in points]
    n, middle, mean = len(xs), sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle) ** 2 for x in xs)
    if spread == 0:
        return None
    slope = sum((x - middle) * (y - mean) for x, y in zip(xs, ys, strict=True)) / spread
    there = due_on.toordinal()
    expected = mean + slope * (there - middle)
    residual = sum((y - mean - slope * (x - middle)) ** 2 for x, y in zip(xs, ys, strict=True)) / (n - 2)
    error = math.sqrt(max(residual, 0.0) * (1 + 1 / n + (there - middle) ** 2 / spread))
    reach = _student(LIKELY, n - 2) * error

    def within(value: float) -> float:
        return max(0.0, value if top is None else min(top, value))

    return Forecast(due_on, within(expected), within(expected - reach), within(expected + reach), slope * 30.4375, n)


def _student(likely: float, freedom: int) -> float:
    """Give the two-sided quantile of Student's t by Cornish and Fisher's expansion (Abramowitz & Stegun 26.7.5)."""
    if freedom == 1:
        return math.tan(math.pi * likely / 2)
    if freedom == 2:
        return likely * math.sqrt(2 / (1 - likely * likely))
    z = NormalDist().inv_cdf((1 + likely) / 2)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
