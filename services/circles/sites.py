"""Where the next facilities should stand so that the most elders can walk to one, those that stand left in place."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlmodel import Session

from geo.siting.answer import SiteAnswer, SitingError, Tell, silent
from geo.siting.capacitated import PlacesQuestion, solve_places
from geo.siting.covering import Cover, CoverQuestion, cover_of
from geo.siting.exact_covering import solve_cover, solve_fewest
from geo.siting.exact_median import solve_median
from geo.siting.median import MedianQuestion
from services.circles.rules import limit_text
from services.circles.scenario_errors import CannotSite
from services.circles.site_ground import Candidates, Demand, candidates_of, demand_of, pairs_of
from services.circles.site_wishes import MODEL_ZH, SiteWish
from services.cities.queries import area_names
from services.clock import civil_date

Longs = npt.NDArray[np.int64]
FARTHEST = 3.0
"""In the p-median a walk counts at most so many circles: beyond, nobody walks any more."""


@dataclass(frozen=True)
class ProposedSite:
    """One site of an answer, in the order of what each adds: (lon, lat) degrees WGS-84, its community where known.

    `adds` elders not reached by what stands or by the sites before it in the list.
    """

    lon: float
    lat: float
    name: str
    area_code: int | None
    area_name: str
    adds: float
    cost_fen: int | None
    places: int | None


@dataclass(frozen=True)
class Proposal:
    """An answer with what it was reckoned from. `objective`, `bound` in the question's unit, `gap` between them.

    `reached_before`, `reached_after` of `total` elders within the circle; `beyond_all` are not reached today and
    by no candidate. `mean_minutes_*` (p-median) is the mean walk, each counted at most three circles long;
    metres for a distance profile. With `places`, `reached_after` counts who finds a place.
    """

    model: str
    sites: list[ProposedSite]
    objective: float
    bound: float
    gap: float
    proven_optimal: bool
    reached_before: float
    reached_after: float
    total: float
    beyond_all: float
    candidates: int
    mean_before: float | None
    mean_after: float | None
    measure: str
    seconds: float
    network_version_id: int | None
    rules_version_id: int
    definition: str

    def as_json(self) -> dict[str, Any]:
        """Give the answer as it is kept and sent."""
        return asdict(self)


def propose_sites(
    session: Session, now: datetime, city_code: int, area_code: int, wish: SiteWish, tell: Tell = silent
) -> Proposal:
    """Choose where the next facilities of an area should stand, for the elders the session may see there.

    Judged by the rules and streets of the Shanghai day of `now`. Without `wish.exact` at once; with it, proven
    within `wish.time_limit_seconds` or with the gap that is left. Raises CannotSite, UnknownDemand, UnknownWay.
    """
    prepared = prepare(session, now, city_code, area_code, wish)
    return describe(session, prepared, solve(prepared, tell))


@dataclass(frozen=True)
class Prepared:
    """A question with all it is reckoned from; needs no database any more."""

    wish: SiteWish
    demand: Demand
    candidates: Candidates
    cover: Cover


@dataclass(frozen=True)
class Solved:
    """The sites chosen, with the mean walk before and after where the question was about walks."""

    answer: SiteAnswer
    seconds: float
    mean_before: float | None = None
    mean_after: float | None = None


def prepare(session: Session, now: datetime, city_code: int, area_code: int, wish: SiteWish) -> Prepared:
    """Read elders, facilities and candidates of an area. Raises CannotSite, UnknownDemand, UnknownWay."""
    wish.check()
    demand = demand_of(session, civil_date(now), city_code, area_code, wish)
    candidates = candidates_of(session, area_code, demand, wish)
    if not candidates.sites:
        raise CannotSite("没有可以选的地方：走不到的老人附近没有能走的路。", field="candidates")
    return Prepared(wish, demand, candidates, _cover(demand, candidates))


def solve(prepared: Prepared, tell: Tell = silent) -> Solved:
    """Choose the sites; the long part, without a database. Raises CannotSite."""
    began = time.perf_counter()
    wish, demand, cover = prepared.wish, prepared.demand, prepared.cover
    how: dict[str, Any] = {"exact": wish.exact, "time_limit": float(wish.time_limit_seconds), "tell": tell}
    means: tuple[float | None, float | None] = (None, None)
    try:
        if wish.model == "pmedian":
            answer, means = _median_answer(prepared, how)
        elif wish.model == "lscp":
            answer = solve_fewest(cover, _needed(demand, wish.share), **how)
        else:
            answer = _cover_answer(prepared, how)
    except SitingError as error:
        raise CannotSite(str(error), field="count") from error
    return Solved(answer, round(time.perf_counter() - began, 3), *means)


def _cover(demand: Demand, candidates: Candidates) -> Cover:
    pairs = pairs_of(demand, candidates, demand.waiting, demand.limit)
    weights = np.where(demand.waiting, demand.weights, 0)
    return cover_of(pairs.candidates, pairs.places, weights, len(candidates.sites))


def _needed(demand: Demand, share: float) -> int:
    """How many more must be reached for a share of all who are counted."""
    whole = int(demand.weights[demand.counted].sum())
    reached = int(demand.weights[demand.counted & demand.verdicts.within].sum())
    return int(np.ceil(share * whole - 1e-9)) - reached


def _cover_answer(prepared: Prepared, how: dict[str, Any]) -> SiteAnswer:
    wish, sites, scale = prepared.wish, prepared.candidates.sites, prepared.demand.scale
    costs = None
    if wish.budget_fen is not None:
        costs = np.array([site.cost_fen or 0 for site in sites], dtype=np.int64)
    question = CoverQuestion(prepared.cover, min(wish.count, len(sites)), costs, wish.budget_fen)
    if not _limited(wish):
        return solve_cover(question, **how)
    unlimited = int(prepared.cover.weights.sum())
    rooms = [site.places if site.places is not None else wish.places for site in sites]
    places = np.array([unlimited if room is None else room * scale for room in rooms], dtype=np.int64)
    return solve_places(PlacesQuestion(question, places), **how)


def _limited(wish: SiteWish) -> bool:
    return wish.model == "mclp" and (wish.places is not None or any(one.places is not None for one in wish.candidates))


def _median_answer(prepared: Prepared, how: dict[str, Any]) -> tuple[SiteAnswer, tuple[float | None, float | None]]:
    """Reckon in whole seconds (or metres); who can walk nowhere today counts three circles."""
    demand, candidates = prepared.demand, prepared.candidates
    farthest = FARTHEST * demand.limit
    walkers = demand.counted & ~demand.standing.by_area & (demand.weights > 0)
    counted = np.flatnonzero(walkers)
    if len(counted) == 0:
        raise CannotSite("辖区里没有可以计算的老人。", field="source")
    pairs = pairs_of(demand, candidates, walkers, farthest)
    weights = demand.weights[counted]
    place = np.zeros(len(demand.weights), dtype=np.int64)
    place[counted] = np.arange(len(counted))
    costs = np.full((len(counted), len(candidates.sites)), round(farthest), dtype=np.int64)
    costs[place[pairs.places], pairs.candidates] = np.rint(pairs.costs).astype(np.int64)
    today = np.rint(np.minimum(demand.costs_today()[counted], farthest)).astype(np.int64)
    count = min(prepared.wish.count, len(candidates.sites))
    question = MedianQuestion(costs * weights[:, None], count, already=today * weights)
    answer = solve_median(question, **how)
    whole = float(weights.sum())
    return answer, (float((today * weights).sum()) / whole, answer.objective / whole)


def describe(session: Session, prepared: Prepared, solved: Solved) -> Proposal:
    """Say what an answer means: where each site lies, whom it adds, what the circle reaches before and after."""
    wish, demand, cover, answer = prepared.wish, prepared.demand, prepared.cover, solved.answer
    scale, counted = demand.scale, demand.counted
    order = _in_order(cover, answer.sites)
    if wish.model == "mclp" and not _limited(wish):
        order = [(site, adds) for site, adds in order if adds]  # nobody builds what nobody needs
    before = int(demand.weights[counted & demand.verdicts.within].sum())
    gained = answer.objective if _limited(wish) else cover.objective(answer.sites)
    unit = 1 if wish.model == "lscp" else scale
    return Proposal(
        model=wish.model,
        sites=_named(session, prepared.candidates, order, scale, wish),
        objective=answer.objective / unit,
        bound=answer.bound / unit,
        gap=answer.gap,
        proven_optimal=answer.proven_optimal,
        reached_before=before / scale,
        reached_after=(before + gained) / scale,
        total=int(demand.weights[counted].sum()) / scale,
        beyond_all=int(demand.weights[demand.waiting].sum() - cover.objective(range(cover.candidate_count))) / scale,
        candidates=cover.candidate_count,
        mean_before=solved.mean_before,
        mean_after=solved.mean_after,
        measure=demand.profile.measure,
        seconds=solved.seconds,
        network_version_id=demand.ground.version_id,
        rules_version_id=demand.ground.rules.version_id,
        definition=_definition(demand, wish),
    )


def _in_order(cover: Cover, sites: tuple[int, ...]) -> list[tuple[int, int]]:
    """Put the sites in the order of what each adds to those before it: (candidate, what it adds)."""
    left, rest, ordered = cover.weights.copy(), list(sites), []
    while rest:
        adds = [int(left[cover.reached_by(site)].sum()) for site in rest]
        best = int(np.argmax(adds))
        site = rest.pop(best)
        ordered.append((site, adds[best]))
        left[cover.reached_by(site)] = 0
    return ordered


def _named(
    session: Session, candidates: Candidates, order: list[tuple[int, int]], scale: int, wish: SiteWish
) -> list[ProposedSite]:
    names = area_names(session, {int(candidates.area_codes[site]) for site, _ in order} - {0})
    found = []
    for site, adds in order:
        one, code = candidates.sites[site], int(candidates.area_codes[site])
        room = one.places if one.places is not None else wish.places
        found.append(
            ProposedSite(
                one.lon, one.lat, one.name, code or None, names.get(code, ""), adds / scale, one.cost_fen, room
            )
        )
    return found


def _definition(demand: Demand, wish: SiteWish) -> str:
    limit = limit_text(demand.profile.measure, demand.limit)
    return (
        f"{MODEL_ZH[wish.model]}：{demand.tier.name_zh}，{demand.profile.name_zh}，{limit}以内算走得到；"
        f"已开的合格设施保持不动；住所距路网图边缘太近的老人不计入；"
        f"路网可信度低的社区按直线距离×{float(demand.ground.rules.detour_factor):g}估算。"
    )
