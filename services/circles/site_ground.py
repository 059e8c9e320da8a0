"""What siting reckons with: the elders of an area, who of them a facility reaches already, and candidate sites."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlmodel import Session

from geo.profiles import Profile
from geo.siting.reaching import Pairs, straight_between, street_candidates, street_middles, walks_between
from geo.snap import Snaps
from services.circles.demand import active_sources
from services.circles.errors import UnknownDemand
from services.circles.ground import Ground, read_ground
from services.circles.judging import Standing, Verdicts, judge, nearest_on_foot
from services.circles.places import MILLIONTHS, Places, read_homes, read_points
from services.circles.scenario_errors import CannotSite
from services.circles.site_wishes import MOST_CANDIDATES, CandidateSite, SiteWish
from services.circles.standing import owns_of, standing_of
from services.cities.pack import Tier
from services.cities.rules import area_range

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
REGISTER = "elders"
PARTS_OF_AN_ELDER = 100
"""Places of demand count hundredths of an elder, for a compound's estimate need not be whole."""

_INSIDE = text(
    "SELECT p.at, a.code FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY AS p (lon, lat, at)"
    " JOIN area AS a ON a.level = 'community' AND a.code BETWEEN :lo AND :hi"
    " AND ST_Covers(a.geom, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326))"
)
_DRAWN = text(
    "SELECT EXISTS (SELECT FROM area WHERE level = 'community' AND code BETWEEN :lo AND :hi AND geom IS NOT NULL)"
)


@dataclass(frozen=True)
class Demand:
    """The doors of an area and how many elders stand behind each, in `scale`ths of an elder; arrays (h,).

    `counted` leaves out doors at the edge of the map, as every coverage does; `verdicts` is how each stands today.
    """

    ground: Ground
    tier: Tier
    profile: Profile
    places: Places
    weights: Longs
    scale: int
    standing: Standing
    verdicts: Verdicts

    @property
    def counted(self) -> Flags:
        return np.asarray(~self.verdicts.in_margin)

    @property
    def limit(self) -> float:
        """How far the circle goes, in the profile's unit."""
        return self.ground.limit(self.profile, self.tier)

    @property
    def waiting(self) -> Flags:
        """The doors a new site could win: counted, not reached today, judged by a walk or an estimate of one."""
        return np.asarray(self.counted & ~self.verdicts.within & ~self.standing.by_area)

    def costs_today(self) -> Floats:
        """What the walk to the nearest facility costs today: on the streets where they are trusted, else estimated."""
        estimate = self.verdicts.straight_m * float(self.ground.rules.detour_factor) * self.profile.cost_per_m
        return np.asarray(np.where(self.standing.trusted, self.verdicts.cost, estimate))


@dataclass(frozen=True)
class Candidates:
    """Places where a facility could stand, on the street; arrays (m,). `area_codes` 0 where no community is known."""

    sites: tuple[CandidateSite, ...]
    snaps: Snaps
    area_codes: Longs

    @property
    def lons(self) -> Floats:
        return np.array([site.lon for site in self.sites], dtype=np.float64)

    @property
    def lats(self) -> Floats:
        return np.array([site.lat for site in self.sites], dtype=np.float64)


def demand_of(session: Session, on: date, city_code: int, area_code: int, wish: SiteWish) -> Demand:
    """Read whom siting is for, and judge each door as coverage does. Raises UnknownDemand, CannotSite."""
    ground = read_ground(session, city_code, on)
    if wish.tier_code not in [tier.code for tier in ground.rules.tiers]:
        raise CannotSite(field="tier_code", known=[tier.code for tier in ground.rules.tiers])
    tier, profile = ground.rules.tier(wish.tier_code), ground.profile(wish.profile)
    places, weights, scale = _places(session, city_code, area_code, on, wish.source)
    snaps = ground.snap(places.lons, places.lats, profile.step_free)
    standing = standing_of(session, ground, places, snaps)
    owns = owns_of(ground, tier, places, standing.by_area)
    verdicts = judge(ground, profile, tier, places, standing, nearest_on_foot(ground, profile, tier, snaps), owns)
    return Demand(ground, tier, profile, places, weights, scale, standing, verdicts)


def _places(session: Session, city_code: int, area_code: int, on: date, source: str) -> tuple[Places, Longs, int]:
    """Read the doors; elders of one building's door are put together."""
    if source == REGISTER:
        places, scale = read_homes(session, area_code, on), 1
    else:
        known = {one.kind: one.id for one in active_sources(session, city_code)}
        if source not in known:
            raise UnknownDemand(source=source, known=[REGISTER, *known])
        lo, hi = area_range(area_code)
        places, scale = read_points(session, known[source]), PARTS_OF_AN_ELDER
        places = places.pick((places.area_codes >= lo) & (places.area_codes <= hi))
    keys = np.column_stack([places.lons, places.lats, places.area_codes.astype(np.float64)])
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    millionths = np.zeros(len(first), dtype=np.int64)
    np.add.at(millionths, which.ravel(), places.millionths)
    weights = np.rint(millionths * scale / MILLIONTHS).astype(np.int64)
    return replace(places.pick(first), millionths=millionths), weights, scale


def candidates_of(session: Session, area_code: int, demand: Demand, wish: SiteWish) -> Candidates:
    """Take the candidates given, or crossings and middles of streets near the doors that wait. Raises CannotSite."""
    ground = demand.ground
    if wish.candidates:
        lons = np.array([one.lon for one in wish.candidates])
        lats = np.array([one.lat for one in wish.candidates])
        snaps = ground.snap(lons, lats, demand.profile.step_free)
        return Candidates(wish.candidates, snaps, _communities(session, area_code, lons, lats))
    if ground.streets is None:
        raise CannotSite("本市没有步行路网，请自己给出候选点。", field="candidates")
    network = ground.streets.network
    around = (demand.places.lons[demand.waiting], demand.places.lats[demand.waiting])
    within_m = demand.limit / demand.profile.cost_per_m
    nodes = street_candidates(network, around, within_m, wish.spacing_m)
    middles = street_middles(network, around, within_m, wish.spacing_m)
    lons = np.concatenate([network.node_lons[nodes], middles.lons])
    lats = np.concatenate([network.node_lats[nodes], middles.lats])
    communities = _communities(session, area_code, lons, lats)
    if _drawn(session, area_code):
        lons, lats, communities = (part[communities > 0] for part in (lons, lats, communities))
    if len(lons) > MOST_CANDIDATES:
        raise CannotSite("候选点太多，请把间距放大。", field="spacing_m", candidates=len(lons), most=MOST_CANDIDATES)
    sites = tuple(CandidateSite(float(lon), float(lat)) for lon, lat in zip(lons, lats, strict=True))
    return Candidates(sites, ground.snap(lons, lats, demand.profile.step_free), communities)


def _communities(session: Session, area_code: int, lons: Floats, lats: Floats) -> Longs:
    lo, hi = area_range(area_code)
    codes = np.zeros(len(lons), dtype=np.int64)
    facts = {"lons": lons.tolist(), "lats": lats.tolist(), "lo": lo, "hi": hi}
    for at, code in session.connection().execute(_INSIDE, facts):
        codes[at - 1] = code
    return codes


def _drawn(session: Session, area_code: int) -> bool:
    lo, hi = area_range(area_code)
    return bool(session.connection().execute(_DRAWN, {"lo": lo, "hi": hi}).scalar_one())


def pairs_of(demand: Demand, candidates: Candidates, who: Flags, limit: float) -> Pairs:
    """Which candidate reaches which of the doors `who`, each by its own method; places are positions in the demand."""
    walked = np.flatnonzero(who & demand.standing.trusted)
    guessed = np.flatnonzero(who & ~demand.standing.trusted)
    graph = demand.ground.graph(demand.profile)
    parts: list[Pairs] = []
    if graph is not None and len(walked):
        on_foot = walks_between(graph, candidates.snaps, demand.standing.snaps.pick(walked), limit)
        parts.append(Pairs(on_foot.candidates, walked[on_foot.places], on_foot.costs))
    if len(guessed):
        per_m = float(demand.ground.rules.detour_factor) * demand.profile.cost_per_m
        doors = (demand.places.lons[guessed], demand.places.lats[guessed])
        straight = straight_between((candidates.lons, candidates.lats), doors, per_m, limit)
        parts.append(Pairs(straight.candidates, guessed[straight.places], straight.costs))
    none = np.zeros(0, dtype=np.int64)
    parts.append(Pairs(none, none, np.zeros(0)))
    return Pairs(
        np.concatenate([part.candidates for part in parts]),
        np.concatenate([part.places for part in parts]),
        np.concatenate([part.costs for part in parts]),
    )
