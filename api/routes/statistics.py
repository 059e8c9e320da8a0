"""Official counts of people: public to read, written by the office of the area."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.statistics import StatisticIn, StatisticOut, StatisticWithdrawalIn, What
from services.oversight.statistics import NewStatistic, record_statistic, statistics_of, withdraw_statistic

router = APIRouter(prefix="/api/v1", tags=["indicators"])
StatisticId = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/area-statistics", response_model=list[StatisticOut], responses=problems(), summary="Official counts of people"
)
def statistics(
    work: OpenWork,
    area: Annotated[int, Query(ge=110000000000000, le=999999999999999, description="15-digit area")],
    what: What | None = None,
    skip: Annotated[int, Query(ge=0, le=10**6)] = 0,
) -> list[StatisticOut]:
    """Give the counts of an area and all inside it, newest first in each, withdrawn ones too; 500 a page."""
    rows = statistics_of(work.session, area, what=what, skip=skip)
    return [StatisticOut.model_validate(row) for row in rows]


@router.post(
    "/area-statistics",
    response_model=StatisticOut,
    status_code=201,
    responses=problems(401, 403, 404, 409),
    summary="Write a count down",
)
def record(work: Work, asked: StatisticIn) -> StatisticOut:
    """Write down an official count of people of an area of one's own."""
    new = record_statistic(work.session, work.now, work.actor, NewStatistic(**asked.model_dump()))
    rows = statistics_of(work.session, asked.area_code, what=asked.what)
    return next(StatisticOut.model_validate(row) for row in rows if row.id == new)


@router.post(
    "/area-statistics/{statistic_id}/withdrawal",
    status_code=204,
    response_model=None,
    responses=problems(401, 403, 404),
    summary="Take a count back",
)
def withdraw(work: Work, statistic_id: StatisticId, asked: StatisticWithdrawalIn) -> None:
    """Take a wrong count back; it stays to be seen and counts no more."""
    withdraw_statistic(work.session, work.now, work.actor, statistic_id, asked.reason)
