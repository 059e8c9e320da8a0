"""Before and after: elders judged twice, by what stands and by what would stand, circle by circle, community by community.

Both sides are judged by the very functions that judge the live coverage, on the same streets, rules and day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.profiles import Profile
from services.circles.ground import Ground
from services.circles.judging import Standing, Verdicts, judge, nearest_on_foot
from services.circles.places import Places
from services.circles.rules import limit_text, limit_text_en
from services.circles.standing import owns_of
from services.cities.pack import Tier
from services.language import for_reader

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


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
class BothSides:
    """Every elder's verdict before and after, and what her walk costs; arrays (h,)."""

    counted: Flags
    before: Flags
    after: Flags
    cost_before: Floats
    cost_after: Floats


def judge_both(
    ground: Ground, changed: Ground, walk: Profile, tier: Tier, places: Places, standing: Standing
) -> BothSides:
    """Judge places by the doors that stand and by those that would; the map's margin is left out of both."""

    def judged(side: Ground) -> Verdicts:
        owns = owns_of(side, tier, places, standing.by_area)
        return judge(side, walk, tier, places, standing, nearest_on_foot(side, walk, tier, standing.snaps), owns)

    old = judged(ground)
    new = old if _same_doors(ground, changed, tier) else judged(changed)
    return BothSides(~old.in_margin, old.within, new.within, old.cost, new.cost)


def _same_doors(ground: Ground, changed: Ground, tier: Tier) -> bool:
    """Tell whether the same facilities count for a circle, each at its place: then nothing changes for it."""
    sides = []
    for side in (ground, changed):
        at = side.counting(tier)
        doors = side.doors
        sides.append([column[at] for column in (doors.ids, doors.lons, doors.lats, doors.area_codes)])
    return all(np.array_equal(one, other) for one, other in zip(*sides, strict=True))


def tier_change(ground: Ground, walk: Profile, tier: Tier, both: BothSides) -> TierChange:
    """Count one circle before and after."""
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


def community_changes(
    tier: Tier, both: BothSides, communities: npt.NDArray[np.int64], names: dict[int, str]
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
