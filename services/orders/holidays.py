"""The days off of a year: taken over from a file of the State Council's notice, and which years are only assumed yet."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

from sqlalchemy import delete, extract, func, insert, select
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import Invalid
from services.orders.recurring_tables import Holiday
from services.unit_of_work import Actor

_holiday = table_of(Holiday)
COLUMNS = ("day", "kind", "name_zh", "name_en", "source")
MOST_DAYS = 400


def import_holidays(session: Session, now: datetime, actor: Actor, written: str) -> dict[int, int]:
    """Replace whole years by the days of a CSV file (day, kind: off or work, name_zh, name_en, source); gives year -> days.

    Every day names the notice it stands in. Raises Invalid(field, line) and changes nothing.
    """
    rows = [_row(line, told) for line, told in enumerate(csv.DictReader(io.StringIO(written.lstrip("\ufeff"))), 2)]
    if not 0 < len(rows) <= MOST_DAYS or len({day for day, _ in rows}) != len(rows):
        raise Invalid("假日文件里没有日子，或者同一天写了两次。", field="day")
    days = [day for day, _ in rows]
    years = sorted({day.year for day in days})
    connection = session.connection()
    connection.execute(delete(_holiday).where(extract("year", _holiday.c.day).in_(years)))
    connection.execute(insert(_holiday), [{"day": day, **words, "assumed": False} for day, words in rows])
    counted = {year: sum(day.year == year for day in days) for year in years}
    record_act(session, now, actor, "import_holidays", facts={str(year): days for year, days in counted.items()})
    return counted


def years_assumed(session: Session, since: date) -> list[int]:
    """Give the years from a day on whose days off are not announced yet, only worked out from the law."""
    year = func.extract("year", _holiday.c.day)
    found = session.connection().execute(
        select(year).where(_holiday.c.assumed, _holiday.c.day >= since).distinct().order_by(year)
    )
    return [int(one) for one in found.scalars()]


def _row(line: int, told: dict[str, str]) -> tuple[date, dict[str, str]]:
    try:
        day = date.fromisoformat((told.get("day") or "").strip())
    except ValueError:
        raise Invalid("假日文件第一列须是日期，例如2027-01-01。", field="day", line=line) from None
    words = {name: (told.get(name) or "").strip() for name in COLUMNS[1:]}
    if words["kind"] not in ("off", "work") or not all(words.values()):
        raise Invalid("假日文件每行须写明off或work、名称和出处。", field="kind", line=line)
    return day, words
