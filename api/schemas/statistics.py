"""Official counts of people over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.schemas.visits import Day, In, Out

What = Literal["residents", "elders_60", "elders_65", "elders_80"]


class StatisticIn(In):
    """A count of people: `what` says from which age on; `source` where it was read."""

    area_code: int = Field(ge=110000000000000, le=999999999999999)
    what: What
    counted_on: Day
    value: int = Field(ge=1, le=100_000_000)
    source: str = Field(min_length=1, max_length=300)
    note: str = Field(default="", max_length=500)


class StatisticOut(Out):
    """A count of people; `newest`: the one that figures divide by. A withdrawn one stays to be seen."""

    id: int
    area_code: int
    area_name: str | None
    what: What
    counted_on: date
    value: int
    source: str
    note: str
    assumed: bool
    recorded_at: datetime
    newest: bool
    withdrawn_at: datetime | None
    withdrawn_because: str | None


class StatisticWithdrawalIn(In):
    """Why a count is taken back."""

    reason: str = Field(min_length=1, max_length=500)
