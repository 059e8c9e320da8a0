"""Indicators over HTTP: a number with its parts, its promises and its rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from api.schemas.visits import Out


class ForecastOut(Out):
    """Where the trend leads by the day a promise falls due; `low` and `high` hold with four chances in five."""

    due_on: date
    expected: float
    low: float
    high: float
    per_month: float
    points: int


class PromiseOut(Out):
    """One target, with the plan that made it; several plans stand side by side."""

    plan: str
    comparison: str
    value: Decimal
    due_on: date
    base_value: Decimal | None
    base_on: date | None
    mission_row: str | None
    kept: bool | None
    missing: int | None
    days_left: int
    forecast: ForecastOut | None


class IndicatorOut(Out):
    """One indicator of an area on a day; `value` is numerator x `factor` / denominator, or the count itself."""

    code: str
    name: str
    unit: str
    kind: str
    area_code: int
    on: date
    numerator: int | None
    denominator: int | None
    factor: int
    value: Decimal | None
    basis: str
    counted_on: date | None
    definition: str
    rules_version: str
    promises: list[PromiseOut]


class PointOut(Out):
    """The number of one day in a trend; `basis` is `counted` or `recounted` (from dated facts)."""

    on: date
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    basis: str


class RowOut(Out):
    """A row behind a number: the id of a bed, a site, an area or a person, by `subject`."""

    subject: str
    row_id: int
    area_code: int
    weight: int
    since: date


class RecountOut(Out):
    """An indicator as it was counted on a day beside the same day worked out anew with what is known by now."""

    counted: IndicatorOut
    recounted: IndicatorOut
    equal: bool
