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

from services.circles.before_after import CommunityChange, TierChange, community_changes, judge_both, tier_change
from services.circles.ground import Ground, read_ground
from services.circles.places import read_homes
from services.circles.scenario_sites import Step, changed_doors, find_scenario, steps_of
from services.circles.scenario_tables import Scenario
from services.circles.standing import standing_of
from services.cities.queries import area_names
from services.clock import civil_date
from services.columns import table_of

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
COMMUNITY = 1000
FEWEST = 5
_AREA_AT = text(
    "SELECT code FROM area WHERE level IN ('community', 'street', 'district') AND geom IS NOT NULL"
    " AND ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) ORDER BY code DESC LIMIT 1"
)


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
    judged = [(tier, judge_both(ground, changed, walk, tier, places, standing)) for tier in ground.rules.tiers]
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
        tiers=[tier_change(ground, walk, tier, both) for tier, both in judged],
        communities=[one for tier, both in judged for one in community_changes(tier, both, communities, names)],
        unplaced=_unplaced(changed, steps, walk.step_free),
        estimated=bool(len(places)) and not bool(standing.trusted.all()),
    )


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
