"""The streets of a city as its own rules walk them, and what is built on them, kept ready in memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from sqlmodel import Session

import geo.errors
from geo.network import Network
from geo.profiles import PROFILES, Profile, profile_named
from geo.snap import Snapper, local_plane
from geo.store import StoredVersion, active_version, graph_of, load_streets
from geo.walking import WalkGraph
from services.circles.errors import NoWalkingNetwork, UnknownWay
from services.circles.host_files import keep_on_this_host
from services.cities.pack import CityRules

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Streets:
    """A city's network in service: its version and the graph in memory."""

    version: StoredVersion
    network: Network
    name: str

    @property
    def confidence(self) -> str:
        """How far the map may be trusted: high or low."""
        return str(self.version.report["confidence"])

    def graph(self, profile: Profile) -> WalkGraph:
        """The streets as a profile walks them; built once per host, network and profile."""
        return graph_of(self.name, self.network, profile)

    def snapper(self, step_free: bool) -> Snapper:
        """What finds the street in front of a door; built once per network."""
        return _snapper(_Kept(self.network), step_free)

    def metres_from_edge(self, lons: Floats, lats: Floats) -> Floats:
        """How far inside the mapped streets each place lies, metres; negative outside; float64 (h,)."""
        to_plane, hull = _plane_hull(_Kept(self.network))
        points = np.asarray(shapely.points(*to_plane.transform(lons, lats)))
        far = shapely.distance(points, hull.exterior)
        return np.asarray(np.where(shapely.contains(hull, points), far, -far), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Kept:
    """A network as a cache key: the same only as itself."""

    network: Network

    def __hash__(self) -> int:
        return id(self.network)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.network is self.network


@lru_cache(maxsize=8)
def _snapper(kept: _Kept, step_free: bool) -> Snapper:
    return Snapper(kept.network, step_free=step_free)


@lru_cache(maxsize=8)
def _plane_hull(kept: _Kept) -> tuple[Transformer, shapely.Polygon]:
    hull = kept.network.hull()
    middle = shapely.get_coordinates(shapely.centroid(hull))[0]
    to_plane, _ = local_plane(float(middle[0]), float(middle[1]))
    return to_plane, shapely.Polygon(np.column_stack(to_plane.transform(*shapely.get_coordinates(hull).T)))


def version_in_service(session: Session, city_code: int) -> StoredVersion:
    """The version of a city's streets that is in service. Raises NoWalkingNetwork."""
    try:
        return active_version(session, city_code)
    except geo.errors.NoNetwork as error:
        raise NoWalkingNetwork(city_code=city_code) from error


def streets_of(session: Session, city_code: int) -> Streets:
    """The network elders of a city walk on today. Raises NoWalkingNetwork."""
    keep_on_this_host()
    try:
        version = active_version(session, city_code)
    except geo.errors.NoNetwork as error:
        raise NoWalkingNetwork(city_code=city_code) from error
    name, network = load_streets(session, version)
    return Streets(version, network, name)


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
