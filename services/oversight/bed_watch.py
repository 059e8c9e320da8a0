"""Each night: every home's beds counted, each city's ratio by its own definitions, where it leads, and who should know.

"41 beds short in 3 homes" is told to the officers of those homes once a month while the line misses the next checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.beds.ratio import HomeRatio, Ratio, nursing_ratio, places_short, ratio_trend
from services.beds.register_tables import BedReading
from services.cities.queries import rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.oversight.rules import Forecast, forecast

_reading = table_of(BedReading)


@dataclass(frozen=True)
class Watched:
    """A ratio as the night's job found it; `misses`: beds are short and the line does not reach the target in time."""

    ratio_code: str
    found: Ratio
    ahead: Forecast | None
    places: list[tuple[HomeRatio, int]]

    @property
    def misses(self) -> bool:
        """Tell whether somebody should act: short, and the checkpoint is missed or has passed."""
        found = self.found
        if not found.short_beds or found.target is None:
            return False
        return self.ahead is None or found.on >= self.ahead.due_on or self.ahead.expected < found.target * 100


def watch_city(session: Session, now: datetime, city_code: int) -> list[Watched]:
    """Read each of a city's bed ratios today, keep the reading, and tell of beds that are short. As the house."""
    today = civil_date(now)
    rules = rules_in_force(session, city_code, today)
    seen = []
    for definition in rules.ratios:
        one = watch_ratio(session, city_code, today, definition.code)
        if one.found.total == 0:
            continue
        _keep(session, now, city_code, one)
        if one.misses:
            _alert(session, now, city_code, one)
        seen.append(one)
    return seen


def watch_ratio(session: Session, city_code: int, on: date, ratio_code: str) -> Watched:
    """Give one ratio of a day with where its line leads and the homes where the missing beds could be certified."""
    lo, hi = area_range(city_code)
    found = nursing_ratio(session, city_code, on, lo=lo, hi=hi, ratio_code=ratio_code)
    points = [
        (point.on, point.ratio * 100)
        for point in ratio_trend(session, city_code, on, lo=lo, hi=hi, ratio_code=ratio_code)
        if point.ratio is not None
    ]
    ahead = None if found.target_due is None else forecast(points, max(found.target_due, on), top=100)
    return Watched(ratio_code, found, ahead, places_short(found.rows, found.short_beds))


def _keep(session: Session, now: datetime, city_code: int, one: Watched) -> None:
    found, ahead = one.found, one.ahead
    values = {
        "nursing": found.nursing, "total": found.total, "target": None if found.target is None else found.target * 100,
        "target_due": found.target_due, "forecast": ahead and ahead.expected, "forecast_low": ahead and ahead.low,
        "forecast_high": ahead and ahead.high, "short_beds": found.short_beds, "rules_version": found.rules_version,
        "places": {"homes": [
            {"facility_id": home.facility_id, "name": home.name, "beds": beds} for home, beds in one.places
        ]},
        "read_at": now,
    }  # fmt: skip
    written = insert(_reading).values(city_code=city_code, ratio_code=one.ratio_code, day=found.on, **values)
    session.connection().execute(written.on_conflict_do_update(constraint="bed_reading_once_a_day_key", set_=values))


def _alert(session: Session, now: datetime, city_code: int, one: Watched) -> None:
    """Tell the officers over the homes where beds are short; once a month for a ratio."""
    areas = sorted({home.area_code for home, _ in one.places})
    officers = _officers_over(session, areas)
    if not officers:
        return
    found = one.found
    assert found.target is not None and found.target_due is not None and found.ratio is not None
    tell(
        session, now, recipient_ids=officers, template="beds.short", area_code=city_code,
        facts={
            "percent": f"{found.ratio * 100:.1f}", "target": f"{found.target * 100:g}",
            "beds": found.short_beds, "homes": len(one.places), "due_on": found.target_due.isoformat(),
            "forecast": "—" if one.ahead is None else f"{one.ahead.expected:.1f}",
        },
        key=f"beds.short:{city_code}:{one.ratio_code}:{found.on:%Y-%m}",
    )  # fmt: skip


def _officers_over(session: Session, areas: list[int]) -> list[int]:
    grants = session.connection().execute(
        text("SELECT person_id, area_code FROM role_grant WHERE role = 'officer' AND revoked_at IS NULL ORDER BY id")
    )
    ranges = [(row.person_id, *area_range(row.area_code)) for row in grants]
    return list(dict.fromkeys(person for person, lo, hi in ranges if any(lo <= area <= hi for area in areas)))


def readings(session: Session, city_code: int, ratio_code: str, limit: int = 60) -> list[Row[Any]]:
    """Give what the last nights read of a ratio, newest first."""
    query = select(_reading).where(_reading.c.city_code == city_code, _reading.c.ratio_code == ratio_code)
    return list(session.connection().execute(query.order_by(_reading.c.day.desc()).limit(limit)))
