"""Judges places against a circle: the nearest facility that counts, on foot, as the crow flies, or by area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree  # type: ignore[import-untyped, unused-ignore]

from geo.earth import earth_centred_m
from geo.network import geodesic_m
from geo.profiles import Profile
from geo.snap import Snaps
from geo.walking import Nearest, nearest_at, nearest_origins
from services.circles.ground import Flags, Ground
from services.circles.places import Doors, Floats, Longs, Places
from services.circles.rules import AREA, ESTIMATE, MARGIN_M, WALK
from services.cities.pack import Tier

_CANDIDATES = 4
"""How many nearest by the chord are compared over the ground: the two differ by far less than doors do."""


@dataclass(frozen=True)
class Verdicts:
    """What a circle means for each place; arrays (h,), as columns of elder_reach."""

    method: npt.NDArray[np.bytes_]
    facility_id: npt.NDArray[Any]
    cost: Floats
    straight_facility_id: npt.NDArray[Any]
    straight_m: Floats
    within: Flags
    walk_within: Flags
    straight_within: Flags
    snapped: Flags
    in_margin: Flags
    near_edge: Flags

    def columns(self) -> dict[str, Any]:
        """The columns by name."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Standing:
    """What is known of places before any circle: their street, trust, distance to the map's edge, own method."""

    snaps: Snaps
    trusted: Flags
    edge_m: Floats
    by_area: Flags


def judge(
    ground: Ground,
    profile: Profile,
    tier: Tier,
    places: Places,
    standing: Standing,
    nearest: Nearest,
    owns: Flags,
) -> Verdicts:
    """Judge every place for one circle and one way of walking.

    `nearest` gives the walk to the nearest counting door and its position among all doors; `owns` whether the
    place's area owns a qualified facility (it matters only where minutes are switched off).
    """
    straight_m, straight_door = nearest_straight(places, ground.doors, ground.counting(tier))
    limit, per_m = ground.limit(profile, tier), profile.cost_per_m
    walk_within = nearest.costs <= limit
    estimated = straight_m * float(ground.rules.detour_factor) * per_m <= limit
    by_area, walked = standing.by_area, standing.trusted & ~standing.by_area
    # an estimate walks no street, but what stands beyond the map's edge is as unknown to it
    in_margin = ~by_area & (standing.edge_m < MARGIN_M)
    return Verdicts(
        method=np.where(by_area, AREA.encode(), np.where(walked, WALK.encode(), ESTIMATE.encode())),
        facility_id=_ids(ground.doors, nearest.origins),
        cost=nearest.costs,
        straight_facility_id=_ids(ground.doors, straight_door),
        straight_m=straight_m,
        within=np.where(by_area, owns, np.where(walked, walk_within, estimated)),
        walk_within=walk_within,
        straight_within=straight_m * per_m <= limit,
        snapped=standing.snaps.found,
        in_margin=in_margin,
        near_edge=~walk_within & ~in_margin & (standing.edge_m * per_m < limit) & (ground.streets is not None),
    )


def nearest_on_foot(ground: Ground, profile: Profile, tier: Tier, at: Snaps) -> Nearest:
    """The walk from each place to its nearest counting door, and that door's position; inf and -1 if none."""
    graph = ground.graph(profile)
    counting = ground.counting(tier)
    if graph is None or len(counting) == 0:
        return Nearest(np.full(len(at), np.inf), np.full(len(at), -1, dtype=np.int64))
    origins = ground.doors_at(profile.step_free).pick(counting)
    found = nearest_at(graph, nearest_origins(graph, origins), origins, at)
    return Nearest(found.costs, np.where(found.origins >= 0, counting[np.maximum(found.origins, 0)], -1))


def nearest_straight(places: Places, doors: Doors, counting: Longs) -> tuple[Floats, Longs]:
    """Metres from each place straight to the nearest counting door, and its position; inf and -1 if none."""
    if len(counting) == 0 or len(places) == 0:
        return np.full(len(places), np.inf), np.full(len(places), -1, dtype=np.int64)
    tree = cKDTree(earth_centred_m(doors.lons[counting], doors.lats[counting]))
    few = min(_CANDIDATES, len(counting))
    points = earth_centred_m(places.lons, places.lats)
    near = counting[tree.query(points, k=few)[1].reshape(len(places), few)]
    lons, lats = np.repeat(places.lons[:, None], few, axis=1), np.repeat(places.lats[:, None], few, axis=1)
    metres = geodesic_m(lons, lats, doors.lons[near], doors.lats[near])
    shortest = metres.min(axis=1)
    beyond_all = np.iinfo(np.int64).max
    return shortest, np.where(metres == shortest[:, None], near, beyond_all).min(axis=1)


def _ids(doors: Doors, positions: Longs) -> npt.NDArray[Any]:
    if len(doors.ids) == 0:
        return np.ma.masked_array(np.zeros(len(positions), dtype=np.int64), np.ones(len(positions), dtype=bool))
    return np.ma.masked_array(doors.ids[np.maximum(positions, 0)], positions < 0)
