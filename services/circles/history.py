"""Coverage as it stood: from what was written down on each day, or worked out from dated facts for days before that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from services.circles.coverage import Coverage, coverage, last_run, plain, told, written_counts
from services.circles.errors import NotYetComputed
from services.circles.ground import PROFILES_OF_COVERAGE, Ground, read_ground
from services.circles.judging import Verdicts, judge, nearest_on_foot
from services.circles.people import counts_as_of
from services.circles.places import Places, read_homes
from services.circles.rules import share
from services.circles.standing import owns_of, standing_of
from services.cities.rules import area_range
from services.clock import civil_date

_FIRST_DAY = text("SELECT min(day) FROM coverage_snapshot WHERE city_code = :city AND source = :source")
_DAYS = text(
    "SELECT day, area_code, reached, total, walk_reached, estimated FROM coverage_snapshot WHERE city_code = :city"
    " AND source = :source AND area_code BETWEEN :lo AND :hi AND tier_code = :tier AND profile = :profile AND day <= :to"
    " ORDER BY day, area_code"
)


@dataclass(frozen=True)
class TrendPoint:
    """The coverage of one circle on a day on which it was counted."""

    day: date
    reached: int | float
    total: int | float
    share: float | None
    walk_reached: int | float
    estimated: int | float


def coverage_as_of(
    session: Session, now: datetime, city_code: int, area_code: int | None, on: date, *, source: str = "elders"
) -> Coverage:
    """How the coverage stood at the end of a Shanghai day, with what it was judged by then.

    From that day's own counts where they were written down (`basis` recorded); for a day before the first of
    them, worked out from the days facilities opened and closed and elders registered, died or moved (`dated`,
    registered elders only). Raises NotYetComputed, UnknownCity, NoRulesInForce, UnknownDemand.
    """
    if on >= civil_date(now):
        return coverage(session, city_code, area_code, source=source)
    lo, hi = area_range(area_code or city_code)
    run = last_run(session, city_code, on)
    first = _first_day(session, city_code, source)
    if run is not None and first is not None and first <= on:
        small = lo == hi and source == "elders"
        counts = (
            counts_as_of(session, (lo, hi), on) if small else written_counts(session, city_code, (lo, hi), on, source)
        )
        return told(session, city_code, area_code or city_code, run, counts, source=source, as_of=on)
    if source != "elders":
        raise NotYetComputed(city_code=city_code, source=source, on=on.isoformat())
    return _from_dated_facts(session, now, city_code, area_code or city_code, on)


def coverage_trend(
    session: Session, city_code: int, area_code: int, tier_code: str, profile: str, to: date, *, source: str = "elders"
) -> list[TrendPoint]:
    """The coverage of an area on every day on which something in it was counted anew, oldest first."""
    lo, hi = area_range(area_code)
    facts = {"city": city_code, "source": source, "lo": lo, "hi": hi, "tier": tier_code, "profile": profile, "to": to}
    latest: dict[int, Any] = {}
    points: dict[date, TrendPoint] = {}
    for row in session.connection().execute(_DAYS, facts):
        latest[row.area_code] = row
        sums = [plain(sum(getattr(one, name) for one in latest.values()))
                for name in ("reached", "total", "walk_reached", "estimated")]  # fmt: skip
        points[row.day] = TrendPoint(row.day, sums[0], sums[1], share(sums[0], sums[1]), sums[2], sums[3])
    return list(points.values())


def _first_day(session: Session, city_code: int, source: str) -> date | None:
    day: date | None = (
        session.connection().execute(_FIRST_DAY, {"city": city_code, "source": source}).scalar_one_or_none()
    )
    return day


def _from_dated_facts(session: Session, now: datetime, city_code: int, area_code: int, on: date) -> Coverage:
    ground = read_ground(session, city_code, on)
    homes = read_homes(session, city_code, on, of_that_day=True)
    lo, hi = area_range(area_code)
    homes = homes.pick((homes.area_codes >= lo) & (homes.area_codes <= hi))
    counts = {
        (tier, profile): _counted(homes, verdicts)
        for tier, profile, verdicts in judge_places(session, ground, PROFILES_OF_COVERAGE, homes)
    }
    version = ground.streets.version if ground.streets else None
    run = SimpleNamespace(
        network_version_id=ground.version_id,
        name=version.name if version else None,
        source_name=version.source_name if version else None,
        network_report=version.report if version else None,
        settled_gates="",
        rules_version_id=ground.rules.version_id,
        judged_on=on,
        computed_at=now,
        profiles=",".join(PROFILES_OF_COVERAGE),
        report={"elders_without_home": homes.without_home},
    )
    return told(session, city_code, area_code, run, counts, source="elders", as_of=on, basis="dated")


def judge_places(
    session: Session, ground: Ground, profiles: tuple[str, ...], places: Places
) -> Iterator[tuple[str, str, Verdicts]]:
    """Judge places for every circle and way of walking, without writing: (tier, profile, verdicts)."""
    for code in profiles:
        profile = ground.profile(code)
        at = ground.snap(places.lons, places.lats, profile.step_free)
        standing = standing_of(session, ground, places, at)
        for tier in ground.rules.tiers:
            nearest = nearest_on_foot(ground, profile, tier, at)
            owns = owns_of(ground, tier, places, standing.by_area)
            yield tier.code, code, judge(ground, profile, tier, places, standing, nearest, owns)


def _counted(places: Places, verdicts: Verdicts) -> dict[str, Any]:
    inside = ~verdicts.in_margin
    whose = {
        "total": inside,
        "reached": inside & verdicts.within,
        "walk_reached": inside & verdicts.walk_within,
        "straight_reached": inside & verdicts.straight_within,
        "estimated": inside & (verdicts.method == b"estimate"),
        "in_margin": verdicts.in_margin,
        "unsnapped": inside & ~verdicts.snapped,
        "near_edge": inside & verdicts.near_edge,
    }
    return {name: int(np.count_nonzero(mask)) for name, mask in whose.items()}
