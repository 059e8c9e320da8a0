"""The streets of a city as its own rules walk them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

import geo.errors
from geo.network import Network
from geo.profiles import PROFILES, Profile, profile_named
from geo.store import StoredVersion, active_version, load_network
from services.circles.errors import NoWalkingNetwork, UnknownWay
from services.cities.pack import CityRules


@dataclass(frozen=True)
class Streets:
    """A city's network in service: its version and the graph in memory."""

    version: StoredVersion
    network: Network

    @property
    def confidence(self) -> str:
        """How far the map may be trusted: high or low."""
        return str(self.version.report["confidence"])


def streets_of(session: Session, city_code: int) -> Streets:
    """The network elders of a city walk on today. Raises NoWalkingNetwork."""
    try:
        version = active_version(session, city_code)
    except geo.errors.NoNetwork as error:
        raise NoWalkingNetwork(city_code=city_code) from error
    return Streets(version, load_network(session, version))


def profile_of(rules: CityRules | None, code: str) -> Profile:
    """A way of walking: at the city's own speed where its rules name one, with the house's price of stairs.

    Raises UnknownWay.
    """
    own = next((profile for profile in rules.profiles if profile.code == code), None) if rules else None
    if own is None:
        try:
            return profile_named(code)
        except geo.errors.UnknownProfile as error:
            raise UnknownWay(field="profile", known=list(error.known), given=code) from error
    house = PROFILES.get(code)
    return Profile(
        code=code,
        name_zh=own.name_zh,
        measure="metres" if own.measure == "distance" else "seconds",
        speed_mps=float(own.speed_m_per_s) if own.speed_m_per_s is not None else 1.0,
        steps_factor=house.steps_factor if house else 1.0,
    )
