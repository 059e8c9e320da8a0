"""Before and after: what a scenario would change for the elders of an area, circle by circle, community by community.

Both sides are judged by the very functions that judge the live coverage, on the same streets, rules and day.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import text, update
from sqlmodel import Session

from geo.profiles import Profile
from services.circles.ground import Ground, read_ground
from services.circles.judging import Standing, Verdicts, judge, nearest_on_foot
from services.circles.places import Places, read_homes
from services.circles.rules import limit_text, limit_text_en
from services.circles.scenario_sites import Step, changed_doors, find_scenario, steps_of
from services.circles.scenario_tables import Scenario
from services.circles.standing import owns_of, standing_of
from services.cities.pack import Tier
from services.cities.queries import area_names
from services.clock import civil_date
from services.columns import table_of
from services.language import for_reader

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
COMMUNITY = 1000
FEWEST = 5
_AREA_AT = text(
    "SELECT code FROM area WHERE level IN ('community', 'street', 'district') AND geom IS NOT NULL"
    " AND ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) ORDER BY code DESC LIMIT 1"
)


@dataclass(frozen=True)
class TierChange:
    """One circle: elders reached before and after of those counted, who gains and who loses, and the mean walk.

    `mean_before`, `mean_after`: the mean cost of those who can walk to a facility at all both before and after,
    in the profile's unit (seconds or metres); None where there is nobody.
    """

    tier_code: str
    tier_name: str
    limit: str
    total: int
    before: int
    after: int
    gain: int
    lose: int
    mean_before: float | None
    mean_after: float | None


@dataclass(frozen=True)
class CommunityChange:
    """What one community gains and loses in one circle."""

    area_code: int
    name: str
    tier_code: str
    total: int
    before: int
    after: int
    gain: int
    lose: int


@dataclass(frozen=True)
class Comparison:
    """A scenario against the register of the same day; `unplaced` steps have no usable street within 300 m."""

    scenario_id: int
    profile: str
    measure: str
    network_version_id: int | None
    rules_version_id: int
    rules_version: str
    judged_on: date
    tiers: list[TierChange]
    communities: list[CommunityChange]
    unplaced: list[int]
    estimated: bool

    def as_json(self) -> dict[str, Any]:
        """Give the comparison as it is sent."""
        return asdict(self)


def compare(session: Session, now: datetime, scenario_id: int, profile: str) -> Comparison:
    """Judge the elders the session may see in the scenario's area, by the register and by the scenario.

    Raises NoScenario, NoRulesInForce, UnknownWay.
    """
    card, steps = find_scenario(session, scenario_id), steps_of(session, scenario_id)
    today = civil_date(now)
    ground = read_ground(session, card.city_code, today)
    doors = changed_doors(session, ground.doors, steps, _areas(session, steps))
    changed = Ground(ground.city_code, ground.on, ground.streets, ground.rules, doors)
    walk = ground.profile(profile)
    places = read_homes(session, card.area_code, today)
    snaps = ground.snap(places.lons, places.lats, walk.step_free)
    standing = standing_of(session, ground, places, snaps)
    judged = [(tier, _both(ground, changed, walk, tier, places, standing)) for tier in ground.rules.tiers]
    communities = np.asarray(places.area_codes // COMMUNITY * COMMUNITY)
    names = area_names(session, {int(code) for code in np.unique(communities)})
    return Comparison(
        scenario_id=scenario_id,
        profile=profile,
        measure=walk.measure,
        network_version_id=ground.version_id,
        rules_version_id=ground.rules.version_id,
        rules_version=ground.rules.version,
        judged_on=today,
        tiers=[_tier(ground, walk, tier, both) for tier, both in judged],
        communities=[one for tier, both in judged for one in _by_community(tier, both, communities, names)],
        unplaced=_unplaced(changed, steps, walk.step_free),
        estimated=bool(len(places)) and not bool(standing.trusted.all()),
    )


@dataclass(frozen=True)
class _Both:
    """Every elder's verdict before and after, and what her walk costs; arrays (h,)."""

    counted: Flags
    before: Flags
    after: Flags
    cost_before: Floats
    cost_after: Floats


def _both(ground: Ground, changed: Ground, walk: Profile, tier: Tier, places: Places, standing: Standing) -> _Both:
    def judged(side: Ground) -> Verdicts:
        owns = owns_of(side, tier, places, standing.by_area)
        return judge(side, walk, tier, places, standing, nearest_on_foot(side, walk, tier, standing.snaps), owns)

    old = judged(ground)
    new = old if _same_doors(ground, changed, tier) else judged(changed)
    return _Both(~old.in_margin, old.within, new.within, old.cost, new.cost)


def _same_doors(ground: Ground, changed: Ground, tier: Tier) -> bool:
    """Tell whether the same facilities count for a circle, each at its place: then nothing changes for it."""
    sides = []
    for side in (ground, changed):
        at = side.counting(tier)
        doors = side.doors
        sides.append([column[at] for column in (doors.ids, doors.lons, doors.lats, doors.area_codes)])
    return all(np.array_equal(one, other) for one, other in zip(*sides, strict=True))


def _tier(ground: Ground, walk: Profile, tier: Tier, both: _Both) -> TierChange:
    limit = ground.limit(walk, tier)
    walked = both.counted & np.isfinite(both.cost_before) & np.isfinite(both.cost_after)
    means = [float(side[walked].mean()) if walked.any() else None for side in (both.cost_before, both.cost_after)]
    return TierChange(
        tier_code=tier.code,
        tier_name=tier.name,
        limit=for_reader(limit_text(walk.measure, limit), limit_text_en(walk.measure, limit)),
        total=int(both.counted.sum()),
        before=int((both.counted & both.before).sum()),
        after=int((both.counted & both.after).sum()),
        gain=int((both.counted & ~both.before & both.after).sum()),
        lose=int((both.counted & both.before & ~both.after).sum()),
        mean_before=means[0],
        mean_after=means[1],
    )


def _by_community(
    tier: Tier, both: _Both, communities: npt.NDArray[np.int64], names: dict[int, str]
) -> list[CommunityChange]:
    """Give the communities where anything changes, the largest change first."""
    codes, which = np.unique(communities, return_inverse=True)

    def count(who: Flags) -> npt.NDArray[np.int64]:
        return np.bincount(which[both.counted & who], minlength=len(codes))

    everybody = np.ones(len(both.counted), dtype=bool)
    total, before, after = count(everybody), count(both.before), count(both.after)
    gain, lose = count(~both.before & both.after), count(both.before & ~both.after)
    found = [
        CommunityChange(
            int(code), names.get(int(code), str(code)), tier.code,
            int(total[at]), int(before[at]), int(after[at]), int(gain[at]), int(lose[at]),
        )
        for at, code in enumerate(codes.tolist())
        if gain[at] or lose[at]
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-max(one.gain, one.lose), one.area_code))


def _areas(session: Session, steps: list[Step]) -> dict[int, int]:
    """The area in which each added or moved facility lies, for rules that count by area."""
    found: dict[int, int] = {}
    for step in steps:
        if step.lon is None or step.lat is None:
            continue
        key = -step.step if step.kind == "add" else step.facility_id or -(step.added_by or 0)
        code = session.connection().execute(_AREA_AT, {"lon": step.lon, "lat": step.lat}).scalar()
        if code is not None:
            found[key] = int(code)
    return found


def _unplaced(changed: Ground, steps: list[Step], step_free: bool) -> list[int]:
    drawn = {
        -step.step if step.kind == "add" else step.facility_id or -(step.added_by or 0): step.step
        for step in steps
        if step.lon is not None
    }
    lost = changed.doors.ids[~changed.doors_at(step_free).found].tolist()
    return sorted(drawn[key] for key in lost if key in drawn)


def keep_figures(session: Session, scenario_id: int, found: Comparison) -> None:
    """Keep what a scenario's numbers are, with the streets, rules and day they were judged by. Owner only (RLS)."""
    figures = {
        "profile": found.profile,
        "tiers": [{key: value for key, value in asdict(tier).items() if key != "tier_name"} for tier in found.tiers],
    }
    table = table_of(Scenario)
    session.connection().execute(
        update(table)
        .where(table.c.id == scenario_id)
        .values(
            figures=figures,
            network_version_id=found.network_version_id,
            rules_version_id=found.rules_version_id,
            judged_on=found.judged_on,
        )
    )


def scenario_as_geojson(session: Session, now: datetime, found: Comparison) -> dict[str, Any]:
    """Give the scenario for another program: its sites with what became of them, communities with what changes.

    Changes of fewer than five elders are left out of the communities' properties, for the file leaves the house.
    """
    card, steps = find_scenario(session, found.scenario_id), steps_of(session, found.scenario_id)
    features: list[dict[str, Any]] = []
    for step in steps:
        place = None if step.lon is None else {"type": "Point", "coordinates": [step.lon, step.lat]}
        told = {
            "step": step.step, "kind": step.kind, "facility_id": step.facility_id, "added_by": step.added_by,
            "name": step.name or step.facility_name, "type_code": step.type_code, "functions": step.functions,
        }  # fmt: skip
        features.append({"type": "Feature", "geometry": place, "properties": told})
    changes = [
        {key: value for key, value in asdict(one).items() if key not in ("gain", "lose") or not 0 < value < FEWEST}
        for one in found.communities
        if one.total >= FEWEST
    ]
    for one in changes:
        if "gain" not in one or "lose" not in one:
            one.pop("before"), one.pop("after")
    return {
        "type": "FeatureCollection",
        "features": features,
        "scenario": {"id": card.id, "name": card.name, "area_code": card.area_code},
        "judged": {
            "profile": found.profile, "network_version_id": found.network_version_id,
            "rules_version": found.rules_version, "judged_on": found.judged_on.isoformat(),
        },
        "tiers": [asdict(tier) for tier in found.tiers],
        "communities": changes,
        "exported_at": now.isoformat(),
    }  # fmt: skip
