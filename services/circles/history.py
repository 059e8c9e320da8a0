"""Coverage as it stood: from what was written down on each day, or worked out from dated facts for days before that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.circles.coverage import Coverage, People, coverage, last_run, plain, told, written_counts
from services.circles.demand import Source, source_as_of
from services.circles.ground import PROFILES_OF_COVERAGE, Ground, read_ground
from services.circles.judging import Verdicts, judge, nearest_on_foot
from services.circles.people import counts_as_of, end_of, first_row_of
from services.circles.places import MILLIONTHS, Places, read_homes, read_points
from services.circles.rules import share
from services.circles.standing import owns_of, standing_of
from services.cities.rules import area_range
from services.clock import civil_date

_FIRST_DAY = text("SELECT min(day) FROM coverage_snapshot WHERE city_code = :city AND source = :source")
_DAYS = text(
    "SELECT s.day, s.area_code, s.reached, s.total, s.walk_reached, s.estimated, r.network_version_id, r.rules_version_id"
    " FROM coverage_snapshot AS s LEFT JOIN reach_run AS r ON r.id = s.run_id WHERE s.city_code = :city"
    " AND s.source = :source AND s.area_code BETWEEN :lo AND :hi AND s.tier_code = :tier AND s.profile = :profile"
    " AND s.day <= :to ORDER BY s.day, s.area_code"
)


@dataclass(frozen=True)
class TrendPoint:
    """The coverage of one circle on a day on which it was counted, and the network and rules it was judged by."""

    day: date
    reached: int | float
    total: int | float
    share: float | None
    walk_reached: int | float
    estimated: int | float
    network_version_id: int | None = None
    rules_version_id: int | None = None


def coverage_as_of(
    session: Session, now: datetime, city_code: int, area_code: int | None, on: date, *, source: str = "elders"
) -> Coverage:
    """How the coverage stood at the end of a Shanghai day, with what it was judged by then.

    From that day's own counts where they were written down (`basis` recorded); for a day before the first of
    them, worked out from the days facilities opened and closed and elders registered, died or moved (`dated`).
    Compounds and grids know no such days: for a `dated` answer all their elders count as the oldest list has them.
    Raises UnknownCity, NoRulesInForce, UnknownDemand.
    """
    if on >= civil_date(now):
        return coverage(session, city_code, area_code, source=source)
    lo, hi = area_range(area_code or city_code)
    area, kept = area_code or city_code, _kept_from(session, city_code, source, small=lo == hi)
    run = last_run(session, city_code, on)
    then = None if source == "elders" else source_as_of(session, city_code, source, end_of(on))
    not_placed = plain(Decimal(then.report["not_placed"])) if then else 0
    if run is None or kept is None or kept > on:
        return _from_dated_facts(session, now, city_code, area, on, then, not_placed)
    if lo == hi:  # a quarter is smaller than what is written down
        counts = counts_as_of(session, (lo, hi), on, source, city_code)
    else:
        counts = written_counts(session, city_code, (lo, hi), on, source)
    return told(session, city_code, area, run, counts, source=source, as_of=on, not_placed=not_placed)


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
        judged_by = row.network_version_id, row.rules_version_id
        points[row.day] = TrendPoint(row.day, sums[0], sums[1], share(sums[0], sums[1]), sums[2], sums[3], *judged_by)
    return list(points.values())


def _first_day(session: Session, city_code: int, source: str) -> date | None:
    day: date | None = (
        session.connection().execute(_FIRST_DAY, {"city": city_code, "source": source}).scalar_one_or_none()
    )
    return day


def _kept_from(session: Session, city_code: int, source: str, *, small: bool) -> date | None:
    """The first day for which counts (of a quarter: rows) of a source were written down."""
    first = _first_day(session, city_code, source)
    if first is None or not small or source == "elders":
        return first
    row = first_row_of(session, city_code, source)
    return None if row is None else max(first, civil_date(row))


def _from_dated_facts(
    session: Session, now: datetime, city_code: int, area_code: int, on: date, then: Source | None, not_placed: People
) -> Coverage:
    ground = read_ground(session, city_code, on)
    homes = read_homes(session, city_code, on, of_that_day=True) if then is None else read_points(session, then.id)
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
    source = "elders" if then is None else then.kind
    return told(
        session, city_code, area_code, run, counts, source=source, as_of=on, basis="dated", not_placed=not_placed
    )


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
    return {name: Decimal(int(places.millionths[mask].sum())) / MILLIONTHS for name, mask in whose.items()}
