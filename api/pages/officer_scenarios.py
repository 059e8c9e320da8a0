"""The officer's what-ifs: add, move and close facilities in a drawing, and see who gains and who loses at once."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from markupsafe import Markup

from api.errors import status_of
from api.pages import officer_figures as figures
from api.pages.filters import as_written
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_gaps import circles_of, filters_of
from api.pages.officer_office import Desk, Office, speaking
from api.pages.officer_sheets import Cell, Sheet, answer, figure, plain
from api.routes.sites import step_of
from api.routes.tiles import checked_way
from services.acts import record_act
from services.circles.errors import NoStreetNear, NoWalkingNetwork
from services.circles.queries import circles_around
from services.circles.scenario_compare import Comparison, compare, keep_figures, scenario_as_geojson
from services.circles.scenario_sites import (
    ScenarioCard,
    Site,
    Step,
    find_scenario,
    list_scenarios,
    open_sites,
    steps_of,
)
from services.circles.scenarios import WRITERS, change_scenario, create_scenario, take_back
from services.clock import civil_date
from services.errors import DomainError

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=80)]
FEWEST = 5
MOST_CIRCLES = 20


@router.get("/officer/scenarios")
def list_page(request: Request, office: Desk) -> Response:
    """Show the scenarios of the desk: one's own and those shared in the area."""
    return _list(request, office)


@router.post("/officer/scenarios")
def begin(request: Request, office: Desk, name: Words = "", copy_of: Words = "") -> Response:
    """Begin a scenario, empty or as a copy."""
    work = office.work
    copied = int(copy_of) if copy_of.isascii() and copy_of.isdigit() else None
    try:
        with work.session.begin_nested():
            made = create_scenario(work.session, work.now, work.actor, name, copy_of=copied)
    except DomainError as refused:
        return _list(request, office, {"name": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/scenarios/{made}", status_code=303)


def _list(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    cards = list_scenarios(office.work.session)
    with speaking(request):
        names = office.names(
            scenarios=[_card(office, card) for card in cards],
            may_write=_may_write(office),
            errors=errors or {},
        )
    return render(request, "officer/scenarios.html", names, status_code=status)


def _may_write(office: Office) -> bool:
    return office.work.actor.role in WRITERS and not office.read_only


def _card(office: Office, card: ScenarioCard) -> dict[str, Any]:
    tiers = card.figures.get("tiers", [])
    return {
        "id": card.id,
        "name": card.name,
        "own": card.created_by == office.work.actor.person_id,
        "owner": card.created_by_name or translate("同事"),
        "shared": card.shared_at is not None,
        "changed_at": card.changed_at,
        "steps": card.steps,
        "tiers": [(figures.tier_words(office.rules, one["tier_code"]), one["gain"], one["lose"]) for one in tiers],
    }


@router.get("/officer/scenarios/{scenario_id:int}")
def one_page(request: Request, office: Desk, scenario_id: Id, tier: Code = "", profile: Code = "") -> Response:
    """Show a scenario: its map, its steps, and what it changes, before and after beside each other."""
    return _one(request, office, scenario_id, tier, profile)


@router.post("/officer/scenarios/{scenario_id:int}/steps")
def take_step(
    request: Request,
    office: Desk,
    scenario_id: Id,
    kind: Annotated[str, Form(pattern="^(add|move|close)$")] = "add",
    site: Words = "",
    type_code: Words = "",
    name: Words = "",
    lon: Words = "",
    lat: Words = "",
    profile: Annotated[str, Form(pattern=r"^([a-z][a-z0-9_]{0,39})?$")] = "",
) -> Response:
    """Add, move or close a facility in the drawing."""
    work = office.work
    told = {
        "kind": kind, "type_code": type_code, "name": name, "lon": _degrees(lon, 180), "lat": _degrees(lat, 90),
        "crs": "wgs84", **_whom(site),
    }  # fmt: skip
    try:
        with work.session.begin_nested():
            step_of(work, scenario_id, office.rules, told)
            _judge(office, scenario_id, profile, keep=True)
    except DomainError as refused:
        field = str(refused.facts.get("field", "site"))
        where = {"lon": f"{kind}-lon", "type_code": "type_code"}.get(
            field, f"{kind}-site" if kind != "add" else "add-lon"
        )
        return _one(request, office, scenario_id, "", profile, {where: refused.message_zh}, status_of(refused))
    return _back(scenario_id, profile)


@router.post("/officer/scenarios/{scenario_id:int}/undo")
def undo(
    request: Request,
    office: Desk,
    scenario_id: Id,
    profile: Annotated[str, Form(pattern=r"^([a-z][a-z0-9_]{0,39})?$")] = "",
) -> Response:
    """Take the last step back."""
    work = office.work
    try:
        with work.session.begin_nested():
            take_back(work.session, work.now, work.actor, scenario_id)
            _judge(office, scenario_id, profile, keep=True)
    except DomainError as refused:
        return _one(request, office, scenario_id, "", profile, {"undo": refused.message_zh}, status_of(refused))
    return _back(scenario_id, profile)


@router.post("/officer/scenarios/{scenario_id:int}/change")
def change(
    request: Request,
    office: Desk,
    scenario_id: Id,
    name: Words = "",
    act: Annotated[str, Form(pattern="^(rename|share|unshare|archive)$")] = "rename",
) -> Response:
    """Rename, share or put away."""
    work = office.work
    wishes: dict[str, dict[str, Any]] = {
        "rename": {"name": name},
        "share": {"shared": True},
        "unshare": {"shared": False},
        "archive": {"archived": True},
    }
    try:
        with work.session.begin_nested():
            change_scenario(work.session, work.now, work.actor, scenario_id, **wishes[act])
    except DomainError as refused:
        return _one(request, office, scenario_id, "", "", {"name": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/scenarios", status_code=303) if act == "archive" else _back(scenario_id, "")


@router.get("/officer/scenarios/{scenario_id:int}.geojson")
def as_geojson(office: Desk, scenario_id: Id, profile: Code = "") -> Response:
    """Hand the scenario out for another program."""
    work = office.work
    found = _judge(office, scenario_id, profile)
    if not office.read_only:
        subject = ("scenario", scenario_id)
        record_act(work.session, work.now, work.actor, "export_scenario", area_code=office.lo, subject=subject)
    body = scenario_as_geojson(work.session, work.now, found)
    disposition = f'attachment; filename="scenario-{scenario_id}.geojson"'
    return JSONResponse(body, media_type="application/geo+json", headers={"Content-Disposition": disposition})


@router.get("/officer/scenarios/{scenario_id:int}/circles.geojson")
def drawn_circles(office: Desk, scenario_id: Id, tier: Code = "", profile: Code = "") -> Response:
    """Give the exact circle of every facility that the scenario adds or moves and that counts for the tier."""
    session = office.work.session
    chosen, way = checked_way(office.rules, tier or None, profile or None)
    kinds, circle = office.rules.types_for_tier(chosen), office.rules.tier(chosen)
    place = next(at for at, one in enumerate(office.rules.tiers) if one.code == chosen)
    features: list[dict[str, Any]] = []
    for site in open_sites(session, scenario_id, civil_date(office.work.now)):
        drawn = (site.added_by is not None or site.moved) and len(features) < MOST_CIRCLES
        if not drawn or site.type_code not in kinds or not set(kinds[site.type_code]) <= set(site.functions):
            continue
        with contextlib.suppress(NoStreetNear, NoWalkingNetwork):
            around = circles_around(
                session, office.city, site.lon, site.lat, "wgs84", way, [circle.minutes], office.rules
            )
            outline = around["polygons"][str(circle.minutes)]
            features.append({"type": "Feature", "geometry": outline, "properties": {"tier": place}})
    body = {"type": "FeatureCollection", "features": features}
    return JSONResponse(body, media_type="application/geo+json", headers={"Cache-Control": "no-store"})


@router.get("/officer/scenarios/{scenario_id:int}/communities")
@router.get("/officer/scenarios/{scenario_id:int}/communities.csv")
def communities(request: Request, office: Desk, scenario_id: Id, profile: Code = "") -> Response:
    """Show who gains and who loses by community; a file that leaves the house holds no figure under five."""
    card, found = find_scenario(office.work.session, scenario_id), _judge(office, scenario_id, profile)
    leaves = request.url.path.endswith(".csv")

    def build(most: int, past: int) -> Sheet:
        return Sheet(
            title=Markup(translate("方案“%(name)s”：各社区的变化")) % {"name": as_written(card.name)},
            note=translate("和登记在开的设施比；同一天、同一路网、同一规则。"),
            columns=[
                plain(translate("社区")), plain(translate("服务圈")), figure(translate("老人")),
                figure(translate("现在走得到")), figure(translate("方案里走得到")),
                figure(translate("新走得到")), figure(translate("走不到了")),
            ],
            rows=[_changed(one, figures.tier_words(office.rules, one.tier_code), leaves)
                  for one in found.communities[past : past + most]],
            count=len(found.communities),
            rules_version=found.rules_version,
            as_of=office.work.now,
            asked={"profile": found.profile},
        )  # fmt: skip

    return answer(request, office, build)


def _changed(one: Any, tier_name: str, leaves: bool) -> list[Cell]:
    few = leaves and (0 < one.gain < FEWEST or 0 < one.lose < FEWEST or one.total < FEWEST)
    numbers: list[Cell] = ["–"] * 4 if few else [one.before, one.after, one.gain, one.lose]
    return [one.name, tier_name, "–" if leaves and one.total < FEWEST else one.total, *numbers]


def _back(scenario_id: int, profile: str) -> Response:
    return RedirectResponse(
        f"/officer/scenarios/{scenario_id}" + (f"?profile={profile}" if profile else ""), status_code=303
    )


def _judge(office: Office, scenario_id: int, profile: str, *, keep: bool = False) -> Comparison:
    find_scenario(office.work.session, scenario_id)
    _, way = checked_way(office.rules, None, profile or None)
    found = compare(office.work.session, office.work.now, scenario_id, way)
    if keep:
        keep_figures(office.work.session, scenario_id, found)
    return found


def _degrees(words: str, most: float) -> float | None:
    try:
        value = float(words)
    except ValueError:
        return None
    return value if abs(value) <= most else None


def _whom(site: str) -> dict[str, int | None]:
    """Read who is meant: f12 is facility 12 of the register, s3 what step 3 added."""
    number = int(site[1:]) if site[1:].isascii() and site[1:].isdigit() and len(site) < 20 else None
    return {"facility_id": number if site[:1] == "f" else None, "added_by": number if site[:1] == "s" else None}


def _one(
    request: Request,
    office: Office,
    scenario_id: int,
    tier: str,
    profile: str,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    session, today = office.work.session, civil_date(office.work.now)
    card, steps = find_scenario(session, scenario_id), steps_of(session, scenario_id)
    chosen, way = checked_way(office.rules, tier or None, profile or None)
    found = _judge(office, scenario_id, way)
    sites = open_sites(session, scenario_id, today)
    own = card.created_by == office.work.actor.person_id and _may_write(office)
    with speaking(request):
        circles = circles_of(office, way)
        names = office.names(
            card=_card(office, card),
            own=own,
            may_copy=_may_write(office),
            outdated=_outdated(card, found),
            found=found,
            per=1.0 if found.measure == "metres" else 60.0,
            steps=[_step(step, figures.map_types(office.rules)) for step in steps],
            sites=_site_choices(sites, office, steps),
            kinds=[(kind.code, kind.name) for kind in office.rules.facility_types],
            circles=circles,
            tier=chosen,
            profile=way,
            tier_name=figures.tier_words(office.rules, chosen),
            map={
                **figures.map_names(office, chosen, way),
                "circles_url": f"/officer/scenarios/{scenario_id}/circles.geojson?{urlencode({'tier': chosen, 'profile': way})}",
            },
            plan=_plan(steps, sites, _marks(office, found, chosen, way)),
            filters=filters_of(office, circles, chosen, way),
            changes=[(one, figures.tier_words(office.rules, one.tier_code)) for one in found.communities],
            errors=errors or {},
        )
    return render(request, "officer/scenario.html", names, status_code=status)


def _outdated(card: ScenarioCard, found: Comparison) -> bool:
    """Tell whether streets or rules changed since the figures were kept: then they are new today."""
    if card.judged_on is None:
        return False
    return (card.network_version_id, card.rules_version_id) != (found.network_version_id, found.rules_version_id)


def _step(step: Step, types: dict[str, tuple[int, str]]) -> dict[str, Any]:
    words = {"add": translate("新开"), "move": translate("搬"), "close": translate("关")}
    kind = types.get(step.type_code or "", (0, step.type_code or ""))[1]
    whom = step.name or step.facility_name or translate("第 %(step)s 步新开的") % {"step": step.added_by}
    return {
        "step": step.step, "kind": step.kind, "words": words[step.kind], "whom": whom, "kind_words": kind,
        "lon": step.lon, "lat": step.lat, "at": step.created_at,
    }  # fmt: skip


def _site_choices(sites: list[Site], office: Office, steps: list[Step]) -> list[tuple[str, str]]:
    """Give the open facilities to choose from: what steps added first, then those of one's own area, then the rest."""
    inside = [one for one in sites if one.facility_id is not None and office.lo <= one.area_code <= office.hi]
    others = [one for one in sites if one.facility_id is not None and one not in inside]
    added = [(f"s{one.added_by}", one.name) for one in sites if one.added_by is not None]
    return added + [(f"f{one.facility_id}", one.name) for one in (*inside, *others)]


def _marks(office: Office, found: Comparison, tier: str, way: str) -> list[dict[str, Any]]:
    """Write beside each community how many gain and lose in the circle on the map."""
    places = {area.code: (area.lon, area.lat) for area in figures.community_rows(office, way)}
    marks = []
    for one in found.communities:
        lon, lat = places.get(one.area_code, (None, None))
        if one.tier_code != tier or lon is None:
            continue
        words = " ".join(([f"+{one.gain}"] if one.gain else []) + ([f"−{one.lose}"] if one.lose else []))
        point = {"type": "Point", "coordinates": [lon, lat]}
        properties = {"kind": "change", "mark": words, "name": one.name}
        marks.append({"type": "Feature", "geometry": point, "properties": properties})
    return marks


def _plan(steps: list[Step], sites: list[Site], features: list[dict[str, Any]]) -> dict[str, Any]:
    """Draw what the steps did: the last word on each facility, where it stands now."""
    marks = {"add": translate("新"), "move": translate("搬"), "close": translate("关")}
    last = {(s.facility_id, s.added_by if s.kind != "add" else s.step): s for s in steps}
    for (facility_id, added_by), step in last.items():
        site = next((one for one in sites if (one.facility_id, one.added_by) == (facility_id, added_by)), None)
        kind = "add" if site is not None and added_by is not None else step.kind
        if site is None:
            continue  # closed: the sheet of steps names it, and the map keeps the register's mark
        properties = {"kind": kind, "mark": marks[kind], "name": site.name}
        point = {"type": "Point", "coordinates": [site.lon, site.lat]}
        features.append({"type": "Feature", "geometry": point, "properties": properties})
    return {"type": "FeatureCollection", "features": features}
