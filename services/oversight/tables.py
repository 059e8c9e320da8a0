"""What the house keeps about itself: the checks of its own books, and what was counted on which day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words


class LedgerCheck(SQLModel, table=True):
    """One full recomputation of the time bank's chains and balances: whether it held, and the first bad row.

    Written by a job, because a request may not read other people's accounts.
    """

    __tablename__ = "ledger_check"
    __table_args__ = (
        CheckConstraint("ok = (first_bad IS NULL)", name="ledger_check_names_the_first_bad_check"),
        Index("ledger_check_checked_at_idx", "checked_at"),
    )
    id: int | None = own_id()
    checked_at: datetime = moment()
    ok: bool = Field(nullable=False)
    first_bad: str | None = words(optional=True)
    transfers: int = number()


class CountedMeasure(SQLModel, table=True):
    """A set of rows that is counted in a city, by a definition that never changes: another one is another row.

    `definition` holds what the city's data said; `personal` rows are persons. `ended_on`: no indicator asks for it
    from that day on; its past stays.
    """

    __tablename__ = "counted_measure"
    __table_args__ = (UniqueConstraint("city_code", "code", name="counted_measure_one_a_city_key"),)
    id: int | None = own_id()
    city_code: int = number()
    code: str = words()
    subject: str = words()
    what: str = words()
    period: str = words()
    definition: dict[str, Any] = document()
    personal: bool = Field(nullable=False)
    rules_version_id: int = number()
    counted_from: date = Field(nullable=False)
    ended_on: date | None = Field(default=None)


class MeasureRow(SQLModel, table=True):
    """One row that was counted, from `since` until the day before `until` (null: it still counts): the list behind a number.

    `since` and `until` are the days on which the house knew it, so that a past day's number keeps its rows. `period`
    is the month or year counted, 0001-01-01 for what is counted on a day.
    """

    __tablename__ = "measure_row"
    __table_args__ = (
        CheckConstraint("until > since", name="measure_row_ends_after_it_begins_check"),
        Index(
            "measure_row_now_idx", "measure_id", "period", "row_id", unique=True, postgresql_where=text("until IS NULL")
        ),
        Index("measure_row_area_idx", "measure_id", "period", "area_code", "row_id"),
    )
    measure_id: int = link("counted_measure.id", primary=True)
    period: date = Field(primary_key=True, sa_type=Date)
    row_id: int = Field(primary_key=True, sa_type=BigInteger)
    since: date = Field(primary_key=True, sa_type=Date)
    until: date | None = Field(default=None)
    area_code: int = Field(sa_type=BigInteger, nullable=False)
    weight: int = number()
    personal: bool = Field(nullable=False)


class MeasureCount(SQLModel, table=True):
    """The sum of a measure in an area at the end of a day; a day without a row has the number of the day before."""

    __tablename__ = "measure_count"
    __table_args__ = (CheckConstraint("total >= 0", name="measure_count_not_negative_check"),)
    measure_id: int = link("counted_measure.id", primary=True)
    period: date = Field(primary_key=True, sa_type=Date)
    area_code: int = Field(primary_key=True, sa_type=BigInteger)
    day: date = Field(primary_key=True, sa_type=Date)
    total: int = number()
    personal: bool = Field(nullable=False)


class MeasureTouched(SQLModel, table=True):
    """A row that changed and whose indicators are to be counted anew; written by triggers, emptied by a job."""

    __tablename__ = "measure_touched"
    id: int | None = own_id()
    subject: str = words()
    row_id: int = number()
    area_code: int = number()


class CountCheck(SQLModel, table=True):
    """One nightly recount of a city beside what events had counted: how many rows differed, and the first of them."""

    __tablename__ = "count_check"
    id: int | None = own_id()
    city_code: int = number()
    day: date = Field(nullable=False)
    checked_at: datetime = moment()
    rows: int = number()
    differences: int = number()
    first: list[Any] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    milliseconds: int = number()


class AreaStatistic(SQLModel, table=True):
    """An official count of people in an area on a day (常住人口, 60岁以上), with its source.

    Its number is written once and never changed; a wrong one is withdrawn and stays to be seen. `what` says from which
    age on is counted. `assumed`: worked out, not read in a bulletin.
    """

    __tablename__ = "area_statistic"
    __table_args__ = (
        CheckConstraint(
            "what IN ('residents', 'elders_60', 'elders_65', 'elders_80')", name="area_statistic_what_check"
        ),
        CheckConstraint("value >= 0", name="area_statistic_not_negative_check"),
        UniqueConstraint("area_code", "what", "counted_on", "recorded_at", name="area_statistic_once_key"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_because IS NULL)", name="area_statistic_withdrawn_for_a_reason_check"
        ),
    )
    id: int | None = own_id()
    area_code: int = area_code()
    what: str = words()
    counted_on: date = Field(nullable=False)
    value: int = number()
    source: str = words()
    recorded_at: datetime = moment()
    recorded_by: int | None = number(optional=True)
    note: str = words(default="")
    assumed: bool = Field(default=False, nullable=False)
    withdrawn_at: datetime | None = moment(optional=True)
    withdrawn_by: int | None = number(optional=True)
    withdrawn_because: str | None = words(optional=True)
