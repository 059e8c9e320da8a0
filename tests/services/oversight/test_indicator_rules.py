"""What a count means beside a promise, and where a line leads."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from scipy import stats

from services.oversight.rules import LIKELY, forecast, kept, missing_of, value_of

START = date(2025, 1, 31)


def test_the_forecast_is_the_least_squares_line_with_students_range() -> None:
    generator = np.random.default_rng(7)
    days = [START + timedelta(days=30 * n) for n in range(12)]
    values = [46 + 0.4 * n + float(generator.normal(0, 0.3)) for n in range(12)]
    due = START + timedelta(days=30 * 20)
    told = forecast(list(zip(days, values, strict=True)), due)
    assert told is not None
    xs = np.array([day.toordinal() for day in days], dtype=float)
    line = stats.linregress(xs, values)
    expected = line.intercept + line.slope * due.toordinal()
    residual = np.array(values) - (line.intercept + line.slope * xs)
    error = np.sqrt(
        (residual**2).sum() / 10 * (1 + 1 / 12 + (due.toordinal() - xs.mean()) ** 2 / ((xs - xs.mean()) ** 2).sum())
    )
    reach = stats.t.ppf((1 + LIKELY) / 2, 10) * error
    assert told.expected == pytest.approx(expected, rel=1e-6)
    assert (told.low, told.high) == pytest.approx((expected - reach, expected + reach), rel=1e-3)


@pytest.mark.parametrize("points", [1, 2, 3])
def test_few_points_lead_nowhere(points: int) -> None:
    assert forecast([(START + timedelta(days=n), float(n)) for n in range(points)], START + timedelta(days=90)) is None


def test_a_share_never_leads_beyond_all_or_below_nothing() -> None:
    rising = [(START + timedelta(days=n * 30), 60.0 + 9 * n) for n in range(4)]
    told = forecast(rising, START + timedelta(days=900), top=100.0)
    assert told is not None and told.expected == told.high == 100.0
    falling = [(START + timedelta(days=n * 30), 20.0 - 5 * n) for n in range(4)]
    assert forecast(falling, START + timedelta(days=900)).low == 0.0  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("numerator", "denominator", "target", "missing"),
    [(4677, 10000, "55", 823), (55, 100, "55", 0), (0, 0, "60", 0), (1, 3, "66.7", 2)],
)
def test_what_is_missing_is_rounded_up_to_whole_things(
    numerator: int, denominator: int, target: str, missing: int
) -> None:
    assert missing_of(numerator, denominator, 100, Decimal(target), "at_least", divides=True) == missing


def test_a_count_without_a_denominator_is_itself_and_nothing_over_nothing_is_no_number() -> None:
    assert value_of(41, None, 1, divides=False) == 41
    assert value_of(0, 0, 100, divides=True) is None
    assert value_of(None, 5, 100, divides=True) is None
    assert kept(None, Decimal(5), "at_least") is None
    assert kept(Decimal(5), Decimal(5), "equals") is True
    assert missing_of(7, None, 1, Decimal(10), "at_least", divides=False) == 3
    assert missing_of(7, None, 1, Decimal(5), "at_most", divides=False) == 0
