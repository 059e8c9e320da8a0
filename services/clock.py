"""The only source of now.

In demonstration mode one PostgreSQL row shifts the clock for every process alike, so that Thursday's
visit can happen today; outside demonstration mode that row is never read.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, Column, DateTime, Interval, text
from sqlmodel import Field, Session, SQLModel

from services.settings import settings

SHANGHAI = ZoneInfo("Asia/Shanghai")


class DemoClock(SQLModel, table=True):
    """How far the demonstration's clock runs ahead of the real one; a single row."""

    __tablename__ = "demo_clock"
    __table_args__ = (
        CheckConstraint("id = 1", name="demo_clock_single_row_check"),
        CheckConstraint("ahead >= interval '0'", name="demo_clock_never_runs_backwards_check"),
    )
    id: int = Field(primary_key=True, default=1)
    ahead: timedelta = Field(sa_column=Column(Interval, nullable=False))
    moved_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


_REAL = "clock_timestamp()"
_SHIFTED = "clock_timestamp() + COALESCE((SELECT ahead FROM demo_clock WHERE id = 1), interval '0')"
_ASK = {words: text(f"SELECT {words}") for words in (_REAL, _SHIFTED)}
_READING = "clock_reading"


def read_now(session: Session) -> datetime:
    """Give the moment an act happens, as an aware UTC datetime, from the database's clock."""
    read: datetime | None = session.info.pop(_READING, None)
    moment: datetime = read or session.connection().execute(_ASK[clock_in_sql()]).scalar_one()
    return moment.astimezone(UTC)


def clock_in_sql() -> str:
    """Give the clock as a word of SQL, so that the statement that opens an act reads it along."""
    return _SHIFTED if settings().demonstration else _REAL


def note_reading(session: Session, moment: datetime) -> None:
    """Keep what the clock said in the statement just run; the next `read_now` of this session gives it, once."""
    session.info[_READING] = moment


def advance(session: Session, by: timedelta) -> datetime:
    """Move the demonstration's clock forward for all processes; give the new now.

    Raises ValueError outside demonstration mode, or when `by` would move it backwards.
    """
    if not settings().demonstration:
        raise ValueError("演示模式之外不能调整时钟 (the clock moves in demonstration mode only)")
    if by < timedelta(0):
        raise ValueError("时钟只能向前 (the clock moves forward only)")
    session.connection().execute(
        text(
            "INSERT INTO demo_clock (id, ahead, moved_at) VALUES (1, :by, clock_timestamp()) "
            "ON CONFLICT (id) DO UPDATE SET ahead = demo_clock.ahead + excluded.ahead, moved_at = excluded.moved_at"
        ),
        {"by": by},
    )
    return read_now(session)


def civil_date(moment: datetime) -> date:
    """Give the calendar day in Asia/Shanghai on which a moment falls."""
    return moment.astimezone(SHANGHAI).date()


def civil_midnight(day: date) -> datetime:
    """Give the UTC moment at which a Shanghai calendar day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
