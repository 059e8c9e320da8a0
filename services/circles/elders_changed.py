"""Elders registered, moved, died or went away: their own rows are judged anew, and only their communities are counted.

What comes out equals a full recount; the nightly one says in its report how many verdicts it still had to change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from geo.snap import Snaps
from services.circles.actions import lock_city, refresh_reach, write_run
from services.circles.ground import COMMUNITY, Ground, read_ground
from services.circles.incremental import last_judged, nearest_nearby
from services.circles.judging import judge, nearest_on_foot
from services.circles.places import Places, as_places, count_without_home, read_homes
from services.circles.rules import MARGIN_M
from services.circles.standing import owns_of, standing_of
from services.circles.storing import Columns, judged_columns, keep_home_snaps, keep_these, write_snapshots
from services.cities.errors import NoRulesInForce, UnknownCity
from services.cities.queries import city_of_area
from services.cities.rules import area_range
from services.clock import civil_date

TOGETHER_FROM = 1_000
"""From so many elders on, one walk from all doors through the whole city is cheaper than looking around each home."""
_WHERE = text(
    "SELECT DISTINCT area_code FROM (SELECT p.area_code FROM person AS p WHERE p.id = ANY (CAST(:ids AS bigint[]))"
    " UNION ALL SELECT r.area_code FROM elder_reach AS r WHERE r.person_id = ANY (CAST(:ids AS bigint[]))) AS x"
)
_BEFORE = text(
    "SELECT DISTINCT ON (person_id) person_id, area_code, lon, lat, 1000000 FROM elder_reach"
    " WHERE person_id = ANY (CAST(:ids AS bigint[])) AND area_code BETWEEN :lo AND :hi ORDER BY person_id"
)
_FORGET_SNAPS = text(
    "DELETE FROM home_snap WHERE person_id = ANY (CAST(:ids AS bigint[])) AND network_version_id IN"
    " (SELECT id FROM geo.network_version WHERE city_code = :city)"
)
_UNSNAPPED = text(
    "SELECT count(*) FROM home_snap WHERE network_version_id = :version AND step_free = :step_free AND edge_id IS NULL"
)
_COUNTED = text("SELECT count(DISTINCT person_id) FROM elder_reach WHERE area_code BETWEEN :lo AND :hi")


@dataclass(frozen=True)
class EldersJudged:
    """What became of some elders in one city: who counts now, how many verdicts changed, where they were counted anew.

    `run_id` None: the city was never counted, and nothing was done.
    """

    city_code: int
    run_id: int | None
    judged: int
    changed: int
    communities: tuple[int, ...]
    recounted: bool = False


def elders_changed(session: Session, now: datetime, person_ids: Sequence[int]) -> list[EldersJudged]:
    """Bring the coverage up to date after these elders registered, moved, died or went away; city by city.

    Call it after the change was written; a second call changes nothing. A city that was last judged by another
    network or other rules is recounted whole; one without rules or never counted is left alone.
    """
    ids = sorted(set(person_ids))
    cities: set[int] = set()
    for area in session.connection().execute(_WHERE, {"ids": ids}).scalars():
        try:
            cities.add(city_of_area(session, area))
        except UnknownCity:
            continue  # a relative in another city, or one not loaded yet
    return [_in_city(session, now, city, ids) for city in sorted(cities)]


def _in_city(session: Session, now: datetime, city_code: int, ids: list[int]) -> EldersJudged:
    lock_city(session, city_code)
    session.connection().execute(text("SET LOCAL jit = off"))  # compiling costs more than these queries
    last = last_judged(session, city_code)
    if last is None:
        return EldersJudged(city_code, None, 0, 0, ())
    try:
        ground = read_ground(session, city_code, civil_date(now))
    except NoRulesInForce:
        return EldersJudged(city_code, None, 0, 0, ())
    if (last.network_version_id, last.rules_version_id) != (ground.version_id, ground.rules.version_id):
        report = refresh_reach(session, now, city_code)
        run = last_judged(session, city_code)
        return EldersJudged(city_code, run.id, report.elders, report.changed, (), recounted=True)
    profiles = tuple(last.profiles.split(","))
    lo, hi = area_range(city_code)
    before = as_places(session.connection().execute(_BEFORE, {"ids": ids, "lo": lo, "hi": hi}).all())
    homes = read_homes(session, city_code, ground.on, only=ids)
    snaps = _snapped(session, ground, profiles, homes, ids)
    changed = keep_these(session, now, city_code, ids, list(_judged(session, ground, profiles, homes, snaps)))
    communities = np.unique(np.concatenate([before.area_codes, homes.area_codes]) // COMMUNITY * COMMUNITY)
    touched = tuple(int(code) for code in communities.tolist())
    facts = _report(session, ground, profiles, last.report, before, homes) | {"judged": len(homes), "changed": changed}
    run_id = write_run(session, now, ground, profiles, "elders", facts)
    write_snapshots(session, ground, run_id, "elders", touched)
    return EldersJudged(city_code, run_id, len(homes), changed, touched)


def _snapped(
    session: Session, ground: Ground, profiles: tuple[str, ...], homes: Places, ids: list[int]
) -> dict[bool, Snaps]:
    """Where these homes meet the street, written down in place of what was known of them."""
    session.connection().execute(_FORGET_SNAPS, {"ids": ids, "city": ground.city_code})
    wanted = sorted({ground.profile(code).step_free for code in profiles})
    snaps = {step_free: ground.snap(homes.lons, homes.lats, step_free) for step_free in wanted}
    if ground.version_id is not None:
        keep_home_snaps(session, ground.version_id, snaps, homes)
    return snaps


def _judged(
    session: Session, ground: Ground, profiles: tuple[str, ...], homes: Places, snaps: dict[bool, Snaps]
) -> Iterator[Columns]:
    if len(homes) == 0:
        return
    for code in profiles:
        profile = ground.profile(code)
        at = snaps[profile.step_free]
        standing = standing_of(session, ground, homes, at)
        for tier in ground.rules.tiers:
            owns = owns_of(ground, tier, homes, standing.by_area)
            if len(homes) < TOGETHER_FROM:
                nearest = nearest_nearby(ground, profile, tier, homes, at)
            else:
                nearest = nearest_on_foot(ground, profile, tier, at)
            verdicts = judge(ground, profile, tier, homes, standing, nearest, owns)
            yield judged_columns(ground, tier.code, code, homes, verdicts)


def _report(
    session: Session, ground: Ground, profiles: tuple[str, ...], last: dict[str, Any], before: Places, homes: Places
) -> dict[str, Any]:
    """The counts of a full recount, brought up to date."""
    lo, hi = area_range(ground.city_code)
    ask = session.connection().execute
    facts = {name: value for name, value in last.items() if name not in ("facility_id", "recounted")}
    facts["elders"] = int(ask(_COUNTED, {"lo": lo, "hi": hi}).scalar_one())
    facts["elders_without_home"] = count_without_home(session, ground.city_code, ground.on)
    first = min(ground.profile(code).step_free for code in profiles)
    if ground.version_id is None:
        facts["unsnapped_elders"] = facts["elders"]
    else:
        found = ask(_UNSNAPPED, {"version": ground.version_id, "step_free": first})
        facts["unsnapped_elders"] = int(found.scalar_one())
    gone, come = _near_edge(ground, before), _near_edge(ground, homes)
    facts["elders_in_margin"] = int(last.get("elders_in_margin", 0)) + come - gone
    return facts


def _near_edge(ground: Ground, places: Places) -> int:
    if ground.streets is None or len(places) == 0:
        return 0
    return int((ground.streets.metres_from_edge(places.lons, places.lats) < MARGIN_M).sum())
