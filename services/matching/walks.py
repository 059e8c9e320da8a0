"""How long the walk between an elder's home and a provider's door is: on the streets or, failing that, estimated."""

from __future__ import annotations

from dataclasses import dataclass

from services.cities.pack import CityRules

DEFAULT_PROFILE, DEFAULT_SPEED_M_PER_S = "elder", 0.8


@dataclass(frozen=True)
class Walk:
    """A walk between home and door in whole seconds; `estimated` (估算) from the straight line with a detour.

    `same_area` tells, where the city's rules switched minutes off for the elder's area, whether the door stands in
    that area: then that decides and the minutes do not. None: her circles are judged by minutes.
    """

    seconds: int
    estimated: bool
    same_area: bool | None = None


def pace(rules: CityRules) -> tuple[str, float]:
    """Give the profile of a city's first circle and its speed in metres a second."""
    wanted = rules.tiers[0].default_profile if rules.tiers else DEFAULT_PROFILE
    for profile in sorted(rules.profiles, key=lambda one: one.code != wanted):
        if profile.speed_m_per_s is not None:
            return profile.code, float(profile.speed_m_per_s)
    return DEFAULT_PROFILE, DEFAULT_SPEED_M_PER_S
