"""Indicators: the numbers a plan measures the city by, each down to its rows."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.indicators import ForecastOut, IndicatorOut, PointOut, PromiseOut, RecountOut, RowOut
from api.schemas.visits import Day
from services.clock import civil_date
from services.oversight.definitions import definition_in_words
from services.oversight.indicator_queries import (
    IndicatorValue,
    Promise,
    indicator_rows,
    indicator_trend,
    indicator_value,
    indicator_values,
    recount_value,
)
from services.oversight.queries import desk_area

router = APIRouter(prefix="/api/v1", tags=["indicators"])
Code = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
AreaCode = Annotated[
    int | None, Query(ge=110000000000000, le=999999999999999, description="15-digit area; default the actor's own")
]
On = Annotated[Day | None, Query(description="Shanghai day; default today")]
Side = Literal["numerator", "denominator", "missing"]


@router.get(
    "/indicators", response_model=list[IndicatorOut], responses=problems(401, 403, 404), summary="Indicators of an area"
)
def indicators(work: Work, area: AreaCode = None, on: On = None) -> list[IndicatorOut]:
    """Give every indicator of the city's rules for an area on a day, with targets and forecasts."""
    found = indicator_values(work.session, area or desk_area(work.actor), on or civil_date(work.now))
    return [_out(value) for value in found]


@router.get(
    "/indicators/{indicator_code}",
    response_model=IndicatorOut,
    responses=problems(401, 403, 404),
    summary="One indicator",
)
def indicator(work: Work, indicator_code: Code, area: AreaCode = None, on: On = None) -> IndicatorOut:
    """Give one indicator of an area on a day."""
    return _out(
        indicator_value(work.session, area or desk_area(work.actor), on or civil_date(work.now), indicator_code)
    )


@router.get(
    "/indicators/{indicator_code}/trend",
    response_model=list[PointOut],
    responses=problems(401, 403, 404),
    summary="Its trend",
)
def trend(
    work: Work,
    indicator_code: Code,
    area: AreaCode = None,
    on: On = None,
    months: Annotated[int, Query(ge=1, le=60)] = 24,
) -> list[PointOut]:
    """Give an indicator at the last month ends and on the day, oldest first."""
    where = area or desk_area(work.actor)
    points = indicator_trend(work.session, where, on or civil_date(work.now), indicator_code, months=months)
    return [PointOut.model_validate(point) for point in points]


@router.get(
    "/indicators/{indicator_code}/rows",
    response_model=list[RowOut],
    responses=problems(401, 403, 404),
    summary="Its rows",
)
def rows(
    work: Work,
    indicator_code: Code,
    side: Annotated[Side, Query(description="which part, or the rows missing from the numerator")] = "numerator",
    area: AreaCode = None,
    on: On = None,
    after: Annotated[int, Query(ge=0, le=2**62, description="last row_id of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[RowOut]:
    """Give the rows behind a number as they counted on that day, by id, a page at a time."""
    where, day = area or desk_area(work.actor), on or civil_date(work.now)
    subject = _subject(indicator_value(work.session, where, day, indicator_code), side)
    parts = indicator_rows(work.session, where, day, indicator_code, side, after=after, most=limit)
    return [
        RowOut(subject=subject, row_id=p.row_id, area_code=p.area_code, weight=p.weight, since=p.since) for p in parts
    ]


@router.get(
    "/indicators/{indicator_code}/recount",
    response_model=RecountOut,
    responses=problems(401, 403, 404),
    summary="Count it again",
)
def recount(work: Work, indicator_code: Code, area: AreaCode = None, on: On = None) -> RecountOut:
    """Work a day's number out again from the register and set it beside what was counted on that day."""
    where, day = area or desk_area(work.actor), on or civil_date(work.now)
    counted = indicator_value(work.session, where, day, indicator_code)
    again = recount_value(work.session, work.now, where, day, indicator_code)
    equal = (counted.numerator, counted.denominator) == (again.numerator, again.denominator)
    return RecountOut(counted=_out(counted), recounted=_out(again), equal=equal)


def _subject(value: IndicatorValue, side: str) -> str:
    formula = value.formula
    measure = formula.numerator if side == "numerator" or formula.denominator is None else formula.denominator
    return measure.subject


def _out(value: IndicatorValue) -> IndicatorOut:
    told = value.formula.indicator
    return IndicatorOut(
        code=told.code, name=told.name, unit=told.unit, kind=told.kind, area_code=value.area_code, on=value.on,
        numerator=value.numerator, denominator=value.denominator, factor=value.formula.factor, value=value.value,
        basis=value.basis, counted_on=value.counted_on, definition=definition_in_words(value.formula),
        rules_version=value.rules_version, promises=[_promise(one) for one in value.promises],
    )  # fmt: skip


def _promise(one: Promise) -> PromiseOut:
    target = one.target
    return PromiseOut(
        plan=target.plan, comparison=target.comparison, value=target.value, due_on=target.due_on,
        base_value=target.base_value, base_on=target.base_on, mission_row=target.mission_row, kept=one.kept,
        missing=one.missing, days_left=one.days_left,
        forecast=None if one.forecast is None else ForecastOut.model_validate(one.forecast),
    )  # fmt: skip
