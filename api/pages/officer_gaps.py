"""The officer's gaps: who is left out, the worst first, and where the next facilities should stand."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages import officer_figures as figures
from api.pages.kit import render, wants_fragment
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, speaking
from api.routes.tiles import checked_way
from services.circles.coverage import coverage
from services.circles.errors import NotYetComputed
from services.circles.gaps import Gaps, gaps_as_geojson, gaps_of
from services.circles.scenarios import WRITERS
from services.circles.site_runs import RunCard, ask_sites, find_run, list_runs, scenario_from_run
from services.circles.site_wishes import SiteWish
from services.errors import DomainError

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
FormCode = Annotated[str, Form(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
Id = Annotated[int, Path(ge=1, le=2**62)]
PROOF_SECONDS = 120


def model_words() -> dict[str, str]:
    """Say what each question asks for."""
    return {
        "mclp": translate("让最多的老人走得到"),
        "lscp": translate("用最少的设施让大家走得到"),
        "pmedian": translate("让大家一共走的路最短"),
    }


@router.get("/officer/gaps")
def gaps_page(request: Request, office: Desk, tier: Code = "", profile: Code = "") -> Response:
    """Show the communities and knots of elders beyond a circle, on a map and in lists."""
    return _page(request, office, tier, profile)


@router.post("/officer/sites")
def ask(
    request: Request,
    office: Desk,
    tier: FormCode = "",
    profile: FormCode = "",
    model: Annotated[str, Form(max_length=10)] = "mclp",
    count: Annotated[str, Form(max_length=4)] = "3",
    share: Annotated[str, Form(max_length=5)] = "90",
    places: Annotated[str, Form(max_length=6)] = "",
    exact: Annotated[bool, Form()] = False,
) -> Response:
    """Ask where the next facilities should stand; the answer has a page of its own."""
    chosen, way = checked_way(office.rules, tier or None, profile or None)
    try:
        wish = SiteWish(
            chosen, way, model, _whole(count), exact, PROOF_SECONDS, share=_whole(share) / 100,  # type: ignore[arg-type]
            places=_whole(places) if places.strip() else None,
        )  # fmt: skip
        with office.work.session.begin_nested():
            run_id = ask_sites(office.work.session, office.work.now, office.work.actor, wish)
    except DomainError as refused:
        field = str(refused.facts.get("field", "count"))
        errors = {field if field in ("count", "model", "share", "places") else "count": refused.message_zh}
        return _page(request, office, chosen, way, errors, status_of(refused))
    return RedirectResponse(f"/officer/sites/{run_id}", status_code=303)


@router.get("/officer/sites/{siting_run_id:int}")
def answer_page(request: Request, office: Desk, siting_run_id: Id) -> Response:
    """Show the answer to one question, and how far its proof is."""
    return _answer(request, office, siting_run_id)


@router.post("/officer/sites/{siting_run_id:int}/scenario")
def draw(
    request: Request,
    office: Desk,
    siting_run_id: Id,
    name: Annotated[str, Form(max_length=80)] = "",
    type_code: FormCode = "",
) -> Response:
    """Draw the answer as a scenario."""
    work = office.work
    try:
        with work.session.begin_nested():
            made = scenario_from_run(
                work.session, work.now, work.actor, siting_run_id, office.rules, name=name, type_code=type_code
            )
    except DomainError as refused:
        return _answer(request, office, siting_run_id, {"type_code": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/scenarios/{made}", status_code=303)


def _whole(words: str) -> int:
    return int(words) if words.strip().isascii() and words.strip().isdigit() else 0


def _page(
    request: Request, office: Office, tier: str, profile: str, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    session = office.work.session
    chosen, way = checked_way(office.rules, tier or None, profile or None)
    found = gaps_of(session, office.work.actor, office.rules, chosen, way)
    may_ask = office.work.actor.role in WRITERS and not office.read_only
    with speaking(request):
        circles = circles_of(office, way)
        names = office.names(
            circles=circles,
            tier=chosen,
            profile=way,
            tier_name=figures.tier_words(office.rules, chosen),
            map=figures.map_names(office, chosen, way),
            plan=_plan(found),
            gaps=found,
            rows_href=f"/officer/coverage?{urlencode({'tier': chosen, 'profile': way})}",
            may_ask=may_ask,
            models=list(model_words().items()),
            runs=[_run_row(office, run) for run in list_runs(session)] if may_ask else [],
            filters=filters_of(office, circles, chosen, way),
            errors=errors or {},
        )
    return render(request, "officer/gaps.html", names, status_code=status)


def circles_of(office: Office, way: str) -> dict[str, Any] | None:
    """Give the walking figures of the area, None before they were ever computed."""
    try:
        return figures.circles_card(coverage(office.work.session, office.city, office.lo), way)
    except NotYetComputed:
        return None


def filters_of(office: Office, circles: dict[str, Any] | None, tier: str, way: str) -> list[dict[str, Any]]:
    """Give the two filters of a map page: circle, and way of walking."""
    return [
        {"name": "tier", "value": tier, "choices": [(one.code, one.name) for one in office.rules.tiers]},
        {"name": "profile", "value": way, "choices": circles["profiles"] if circles else []},
    ]


def _plan(found: Gaps) -> dict[str, Any]:
    drawn = gaps_as_geojson(found)
    for feature in drawn["features"]:
        feature["properties"]["mark"] = str(feature["properties"]["number"])
    return drawn


def _run_row(office: Office, run: RunCard) -> dict[str, Any]:
    return {
        "id": run.id,
        "asked_at": run.asked_at,
        "tier_name": figures.tier_words(office.rules, run.question["tier_code"]),
        "model_words": model_words()[run.question["model"]],
        "state": run.state,
        "proven": bool(run.answer.get("proven_optimal")),
    }


def _answer(
    request: Request, office: Office, run_id: int, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    run = find_run(office.work.session, run_id)
    tier, way = run.question["tier_code"], run.question["profile"]
    found = run.answer
    with speaking(request):
        kinds = office.rules.types_for_tier(tier)
        names = office.names(
            circles=circles_of(office, way),
            tier_name=figures.tier_words(office.rules, tier),
            model_words=model_words()[run.question["model"]],
            run=run,
            answer=found,
            minutes=_means(found),
            map=figures.map_names(office, tier, way),
            plan={"type": "FeatureCollection", "features": [_site(n, one) for n, one in enumerate(found["sites"], 1)]},
            kinds=[(one.code, one.name) for one in office.rules.facility_types if one.code in kinds],
            scenario_name=translate("%(circle)s：加 %(count)s 处")
            % {"circle": figures.tier_words(office.rules, tier), "count": len(found["sites"])},
            errors=errors or {},
        )
    over = run.state in ("done", "failed") and wants_fragment(request)  # the page that waited loads anew, map and all
    headers = {"HX-Refresh": "true"} if over else None
    return render(request, "officer/site_answer.html", names, status_code=status, headers=headers)


def _means(found: dict[str, Any]) -> tuple[float, float] | None:
    if found.get("mean_before") is None or found.get("mean_after") is None:
        return None
    per = 1.0 if found["measure"] == "metres" else 60.0
    return found["mean_before"] / per, found["mean_after"] / per


def _site(number: int, site: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [site["lon"], site["lat"]]},
        "properties": {"kind": "add", "mark": str(number), "name": site["area_name"]},
    }
