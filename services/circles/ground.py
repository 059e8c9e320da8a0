"""What a judgement of coverage stands on: one city, one day, its streets, rules and doors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlmodel import Session

from geo.profiles import Profile
from geo.snap import Snaps
from geo.walking import WalkGraph
from services.circles.errors import NoWalkingNetwork
from services.circles.places import Doors, Longs, read_doors
from services.circles.rules import circle_limit
from services.circles.streets import Streets, profile_of, streets_of
from services.cities.pack import CityRules, Tier
from services.cities.queries import rules_in_force

Flags = npt.NDArray[np.bool_]
PROFILES_OF_COVERAGE = ("elder", "gb50180")
COMMUNITY = 1000
"""Area codes of one community share all but their last three digits."""


@dataclass(frozen=True)
class Ground:
    """One city on one day. `streets` is None where no network was imported: then only estimates are made."""

    city_code: int
    on: date
    streets: Streets | None
    rules: CityRules
    doors: Doors
    _doors_at: dict[bool, Snaps] = field(default_factory=dict, repr=False, compare=False)

    @property
    def version_id(self) -> int | None:
        """The network's version, None without one."""
        return self.streets.version.id if self.streets else None

    def profile(self, code: str) -> Profile:
        """A way of walking by this city's rules. Raises UnknownWay."""
        return profile_of(self.rules, code)

    def limit(self, profile: Profile, tier: Tier) -> float:
        """How far a circle goes, in the profile's unit."""
        return circle_limit(profile.measure, tier.minutes, tier.distance_m)

    def counting(self, tier: Tier) -> Longs:
        """The positions of the doors that count for a circle."""
        return self.doors.counting_for(self.rules.types_for_tier(tier.code))

    def graph(self, profile: Profile) -> WalkGraph | None:
        """The streets as a profile walks them."""
        return self.streets.graph(profile) if self.streets else None

    def snap(self, lons: npt.NDArray[Any], lats: npt.NDArray[Any], step_free: bool) -> Snaps:
        """The street in front of each door; nothing is found without a network."""
        if self.streets is None:
            none = np.full(len(lons), np.nan)
            return Snaps(np.full(len(lons), -1, dtype=np.int64), none * 0.0, none + np.inf, none, none)
        return self.streets.snapper(step_free).snap(lons, lats)

    def doors_at(self, step_free: bool) -> Snaps:
        """Where the doors meet the street; found out once."""
        if step_free not in self._doors_at:
            self._doors_at[step_free] = self.snap(self.doors.lons, self.doors.lats, step_free)
        return self._doors_at[step_free]


def read_ground(session: Session, city_code: int, on: date) -> Ground:
    """Bring together what a city's coverage is judged by on a day. Raises UnknownCity, NoRulesInForce."""
    rules = rules_in_force(session, city_code, on)
    try:
        streets: Streets | None = streets_of(session, city_code)
    except NoWalkingNetwork:
        streets = None
    return Ground(city_code, on, streets, rules, read_doors(session, city_code, on))
