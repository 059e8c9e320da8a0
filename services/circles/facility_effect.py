"""What a change of one facility would do, before anybody confirms it: who would gain and lose, which area would own what.

The change is made inside a savepoint, everything is judged by the functions of the live coverage, and the savepoint
is rolled back: what the page promises is what the change then does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlmodel import Session

from services.circles.administrative import AdministrativeCoverage, administrative_coverage
from services.circles.before_after import CommunityChange, TierChange, community_changes, judge_both, tier_change
from services.circles.ground import COMMUNITY, Ground, read_ground
from services.circles.places import read_homes
from services.circles.standing import standing_of
from services.cities.queries import area_names, city_of_area
from services.clock import civil_date
from services.directory.changes import Changed
from services.directory.queries import find_facility
from services.unit_of_work import Actor


@dataclass(frozen=True)
class OwnedChange:
    """One area and circle whose administrative verdict would change: whether it owns a qualified facility."""

    tier_code: str
    area_code: int
    name: str
    before: bool
    after: bool
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What a change would do in an area, by one way of walking; `changed` names the columns that would change.

    `tiers` are empty for an administrator, who may see no elder. `estimated`: some elders are judged by estimates.
    """

    area_code: int
    profile: str
    measure: str
    changed: tuple[str, ...]
    tiers: list[TierChange]
    communities: list[CommunityChange]
    owned: list[OwnedChange]
    estimated: bool


def effect_of(
    session: Session,
    now: datetime,
    actor: Actor,
    facility_id: int,
    profile: str,
    change: Callable[[], Changed],
) -> Effect:
    """Judge the elders the session may see in the actor's area, as things stand and as `change` would leave them.

    `change` writes (grant_wish or undo_change) and is taken back again. Raises what it raises, and UnknownWay.
    """
    stands_in = find_facility(session, facility_id).area_code
    city = city_of_area(session, stands_in)
    area = actor.area_lo if actor.area_lo is not None else city
    on = civil_date(now)
    ground = read_ground(session, city, on)
    walk = ground.profile(profile)
    owned = administrative_coverage(session, area, on)
    savepoint = session.begin_nested()
    try:
        done = change()
        after = read_ground(session, city, on)
        owned_after = administrative_coverage(session, area, on)
    finally:
        savepoint.rollback()
    changed = Ground(ground.city_code, ground.on, ground.streets, ground.rules, after.doors)
    tiers, communities, estimated = [], [], False
    if actor.area_lo is not None:
        places = read_homes(session, area, on)
        standing = standing_of(session, ground, places, ground.snap(places.lons, places.lats, walk.step_free))
        estimated = bool(len(places)) and not bool(standing.trusted.all())
        codes = np.asarray(places.area_codes // COMMUNITY * COMMUNITY)
        names = area_names(session, {int(code) for code in np.unique(codes)})
        for tier in ground.rules.tiers:
            both = judge_both(ground, changed, walk, tier, places, standing)
            tiers.append(tier_change(ground, walk, tier, both))
            communities += community_changes(tier, both, codes, names)
    return Effect(area, profile, walk.measure, done.names, tiers, communities, _owned(owned, owned_after), estimated)


def _owned(before: list[AdministrativeCoverage], after: list[AdministrativeCoverage]) -> list[OwnedChange]:
    """The areas that would come to own a qualified facility, or no longer own one."""
    owns = {(tier.tier_code, area.area_code): bool(area.qualified) for tier in before for area in tier.areas}
    return [
        OwnedChange(tier.tier_code, area.area_code, area.name, not area.qualified, bool(area.qualified), area.missing)
        for tier in after
        for area in sorted(tier.areas, key=lambda one: one.area_code)
        if owns.get((tier.tier_code, area.area_code)) is not bool(area.qualified)
    ]
