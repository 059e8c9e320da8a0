"""Gaps in the circles, where the next facilities should stand, and what-ifs beside the register."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response

from api.deps import Work
from api.errors import problems
from api.routes.tiles import checked_way
from api.schemas.sites import (
    ComparisonOut,
    GapsOut,
    ScenarioChangeIn,
    ScenarioIn,
    ScenarioOut,
    ScenarioWithStepsOut,
    SitingIn,
    SitingRunOut,
    StepIn,
    StepOut,
    StepTakenOut,
)
from services.circles import scenarios
from services.circles.gaps import gaps_of
from services.circles.scenario_compare import Comparison, compare, keep_figures, scenario_as_geojson
from services.circles.scenario_errors import CannotSite, NoOfficeArea
from services.circles.scenario_sites import find_scenario, list_scenarios, steps_of
from services.circles.scenarios import Place
from services.circles.site_runs import ask_sites, find_run, list_runs, scenario_from_run
from services.circles.site_wishes import CandidateSite, SiteWish
from services.cities.pack import CityRules
from services.cities.queries import city_of_area, rules_in_force
from services.clock import civil_date
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["siting"])
Code = Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Id = Annotated[int, Path(ge=1, le=2**62)]
EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/geo+json": {"schema": {"type": "object"}}}, "description": "The scenario"}
}
AreaCode = Annotated[int | None, Query(ge=11 * 10**13, lt=10**15)]


def rules_of(work: UnitOfWork) -> CityRules:
    """Give the rules of the actor's city today. Raises NoOfficeArea."""
    if work.actor.area_lo is None:
        raise NoOfficeArea(role=work.actor.role)
    return rules_in_force(work.session, city_of_area(work.session, work.actor.area_lo), civil_date(work.now))


@router.get("/gaps", response_model=GapsOut, responses=problems(401, 403, 404), summary="Elders left out of a circle")
def gaps(work: Work, tier: Code = None, profile: Code = None, area: AreaCode = None) -> GapsOut:
    """Give the communities and knots of elders beyond a circle in the actor's area, the worst first."""
    rules = rules_of(work)
    chosen, way = checked_way(rules, tier, profile)
    return GapsOut.model_validate(gaps_of(work.session, work.actor, rules, chosen, way, area))


@router.post(
    "/siting-runs", response_model=SitingRunOut, status_code=201, responses=problems(401, 403, 404, 409),
    summary="Ask where the next facilities should stand",
)  # fmt: skip
def ask(work: Work, wish: SitingIn) -> SitingRunOut:
    """Answer at once; with `exact` a job goes on to prove it, and the run tells how far it is."""
    rules = rules_of(work)
    tier, way = checked_way(rules, wish.tier, wish.profile)
    candidates = tuple(_candidate(wish.crs, one.model_dump()) for one in wish.candidates)
    kept = wish.model_dump(exclude={"tier", "crs", "candidates"})
    asked = SiteWish(**{**kept, "tier_code": tier, "profile": way, "candidates": candidates})
    run_id = ask_sites(work.session, work.now, work.actor, asked)
    return SitingRunOut.model_validate(find_run(work.session, run_id))


def _candidate(crs: str, told: dict[str, Any]) -> CandidateSite:
    lon, lat = Place(told.pop("lon"), told.pop("lat"), crs).in_wgs84()
    return CandidateSite(lon, lat, **told)


@router.get("/siting-runs", response_model=list[SitingRunOut], responses=problems(401, 403), summary="My questions")
def runs(work: Work) -> list[SitingRunOut]:
    """Give the actor's last questions of siting."""
    rules_of(work)
    return [SitingRunOut.model_validate(run) for run in list_runs(work.session)]


@router.get(
    "/siting-runs/{siting_run_id}",
    response_model=SitingRunOut,
    responses=problems(401, 403, 404),
    summary="One question",
)
def one_run(work: Work, siting_run_id: Id) -> SitingRunOut:
    """Give one question with its best answer so far and the gap that is left."""
    return SitingRunOut.model_validate(find_run(work.session, siting_run_id))


@router.get("/scenarios", response_model=list[ScenarioOut], responses=problems(401, 403), summary="Scenarios I may see")
def scenario_list(work: Work) -> list[ScenarioOut]:
    """Give the actor's own scenarios and those shared in her area, changed last first."""
    rules_of(work)
    return [ScenarioOut.model_validate(card) for card in list_scenarios(work.session)]


@router.post(
    "/scenarios", response_model=ScenarioOut, status_code=201, responses=problems(401, 403, 404, 409),
    summary="Begin a scenario",
)  # fmt: skip
def begin(work: Work, wish: ScenarioIn) -> ScenarioOut:
    """Begin a scenario: empty, as a copy, or with the sites of an answer."""
    if wish.run_id is None:
        made = scenarios.create_scenario(
            work.session, work.now, work.actor, wish.name, note=wish.note, copy_of=wish.copy_of
        )
    else:
        if wish.type_code is None:
            raise CannotSite("请写明新设施是哪一种。", field="type_code")
        made = scenario_from_run(
            work.session, work.now, work.actor, wish.run_id, rules_of(work), name=wish.name, type_code=wish.type_code
        )
    return ScenarioOut.model_validate(find_scenario(work.session, made))


@router.get(
    "/scenarios/{scenario_id}", response_model=ScenarioWithStepsOut, responses=problems(401, 404), summary="A scenario"
)
def one_scenario(work: Work, scenario_id: Id) -> ScenarioWithStepsOut:
    """Give a scenario with the steps that stand."""
    card = find_scenario(work.session, scenario_id)
    steps = [StepOut.model_validate(step) for step in steps_of(work.session, scenario_id)]
    return ScenarioWithStepsOut(scenario=ScenarioOut.model_validate(card), steps=steps)


@router.patch(
    "/scenarios/{scenario_id}", response_model=ScenarioOut, responses=problems(401, 403, 404),
    summary="Rename, share or put away",
)  # fmt: skip
def change(work: Work, scenario_id: Id, wish: ScenarioChangeIn) -> ScenarioOut:
    """Change a scenario of one's own."""
    scenarios.change_scenario(work.session, work.now, work.actor, scenario_id, **wish.model_dump())
    return ScenarioOut.model_validate(find_scenario(work.session, scenario_id))


@router.post(
    "/scenarios/{scenario_id}/steps", response_model=StepTakenOut, status_code=201,
    responses=problems(401, 403, 404, 409), summary="Add, move or close a facility",
)  # fmt: skip
def take_step(work: Work, scenario_id: Id, wish: StepIn, profile: Code = None) -> StepTakenOut:
    """Take a step and answer what the scenario does now; the live register is not touched."""
    rules = rules_of(work)
    step = step_of(work, scenario_id, rules, wish.model_dump())
    return StepTakenOut(step=step, comparison=_compared(work, rules, scenario_id, profile))


def step_of(work: UnitOfWork, scenario_id: int, rules: CityRules, told: dict[str, Any]) -> int:
    """Take the step that `told` describes, as StepIn names it. Raises CannotSite naming what is missing."""
    act = (work.session, work.now, work.actor, scenario_id)
    facility_id, added_by = told.get("facility_id"), told.get("added_by")
    if told["kind"] != "add" and (facility_id is None) == (added_by is None):
        raise CannotSite("请选一个设施。", field="facility_id")
    if told["kind"] == "close":
        return scenarios.close_facility(*act, facility_id=facility_id, added_by=added_by)
    if told.get("lon") is None or told.get("lat") is None or not told.get("crs"):
        raise CannotSite("请写明位置：lon、lat和crs。", field="lon")
    at = Place(float(told["lon"]), float(told["lat"]), str(told["crs"]))
    if told["kind"] == "move":
        return scenarios.move_facility(*act, at=at, facility_id=facility_id, added_by=added_by)
    return scenarios.add_facility(
        *act, rules, at=at, type_code=told.get("type_code") or "", name=told.get("name") or "",
        functions=told.get("functions"),
    )  # fmt: skip


@router.post(
    "/scenarios/{scenario_id}/undo", response_model=StepTakenOut, responses=problems(401, 403, 404, 409),
    summary="Take the last step back",
)  # fmt: skip
def undo(work: Work, scenario_id: Id, profile: Code = None) -> StepTakenOut:
    """Take the last standing step back; it stays in the history."""
    step = scenarios.take_back(work.session, work.now, work.actor, scenario_id)
    return StepTakenOut(step=step, comparison=_compared(work, rules_of(work), scenario_id, profile))


@router.get(
    "/scenarios/{scenario_id}/comparison", response_model=ComparisonOut, responses=problems(401, 403, 404),
    summary="Before and after",
)  # fmt: skip
def comparison(work: Work, scenario_id: Id, profile: Code = None) -> ComparisonOut:
    """Judge the area's elders by the register and by the scenario."""
    find_scenario(work.session, scenario_id)
    _, way = checked_way(rules_of(work), None, profile)
    return ComparisonOut.model_validate(compare(work.session, work.now, scenario_id, way))


@router.get(
    "/scenarios/{scenario_id}/export.geojson", response_class=Response, response_model=None,
    responses=EXPORTED | problems(401, 403, 404),
    summary="Export a scenario",
)  # fmt: skip
def export(work: Work, scenario_id: Id, profile: Code = None) -> Response:
    """Give steps, numbers and what they were judged by as GeoJSON; changes of fewer than five elders are left out."""
    find_scenario(work.session, scenario_id)
    _, way = checked_way(rules_of(work), None, profile)
    found = compare(work.session, work.now, scenario_id, way)
    body = scenario_as_geojson(work.session, work.now, found)
    return JSONResponse(body, media_type="application/geo+json")


def _compared(work: UnitOfWork, rules: CityRules, scenario_id: int, profile: str | None) -> ComparisonOut:
    _, way = checked_way(rules, None, profile)
    found: Comparison = compare(work.session, work.now, scenario_id, way)
    keep_figures(work.session, scenario_id, found)
    return ComparisonOut.model_validate(found)
