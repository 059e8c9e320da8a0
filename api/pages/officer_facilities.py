"""The officer changes a site: she sees first what it would do to the circles, confirms it, and can take it back."""

from __future__ import annotations

import uuid
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from api.errors import status_of
from api.pages import officer_figures as figures
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.list_words import system_words
from api.pages.officer_escalations import Posted
from api.pages.officer_office import Desk, Office, speaking
from api.routes.facility_changes import change_asked
from api.routes.tiles import checked_way
from api.schemas.facility_changes import FacilityChangeIn
from services.circles.facility_effect import Effect, effect_of
from services.directory.changes import WRITERS, changes_of
from services.directory.errors import UnknownFacility
from services.directory.queries import MOST, find_facility, sites_of
from services.errors import DomainError
from services.language import listed
from services.oversight.mapping import AROUND_DEGREES

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/officer/facilities")
def list_page(
    request: Request,
    office: Desk,
    q: Annotated[str, Query(max_length=60)] = "",
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """List the sites of the area, those that closed too."""
    rows = sites_of(office.work.session, office.lo, named=q.strip(), after_id=after)
    with speaking(request):
        names = office.names(
            sites=[_site(office, row) for row in rows],
            asked=q,
            more=f"/officer/facilities?{urlencode({'q': q, 'after': rows[-1].id})}" if len(rows) == MOST else "",
        )
    return render(request, "officer/facilities.html", names)


@router.get("/officer/facilities/{facility_id:int}")
def one_page(request: Request, office: Desk, facility_id: Id) -> Response:
    """Show a site, what may be changed of it, and what was changed before."""
    return _page(request, office, facility_id)


@router.post("/officer/facilities/{facility_id:int}/effect")
def look_first(request: Request, office: Desk, facility_id: Id, posted: Posted) -> Response:
    """Show what a change would do to both coverages; nothing is changed until she confirms."""
    work = office.work
    try:
        wish = _wish(office, facility_id, posted)
        _, way = checked_way(office.rules, None, None)
        effect = effect_of(work.session, work.now, work.actor, facility_id, way, change_asked(work, facility_id, wish))
    except (ValidationError, DomainError) as wrong:
        return _refused(request, office, facility_id, posted, wrong)
    return _page(request, office, facility_id, effect=effect, posted=posted)


@router.post("/officer/facilities/{facility_id:int}/changes")
def change(request: Request, office: Desk, facility_id: Id, posted: Posted) -> Response:
    """Change the site; the circles follow within seconds."""
    work, key = office.work, str(posted.get("key", ""))[:200] or None
    try:
        wish = _wish(office, facility_id, posted)
        with work.session.begin_nested():
            change_asked(work, facility_id, wish, key)()
    except (ValidationError, DomainError) as wrong:
        return _refused(request, office, facility_id, posted, wrong)
    return RedirectResponse(f"/officer/facilities/{facility_id}", status_code=303)


def _wish(office: Office, facility_id: int, posted: FormData) -> FacilityChangeIn:
    """Read what a form asks for. Raises ValidationError."""
    told = {name: str(posted.get(name, "")).strip() for name in ("kind", "status", "lon", "lat", "crs", "day_places")}
    if told["kind"] == "status":
        return FacilityChangeIn.model_validate({"status": told["status"]})
    if told["kind"] == "place":
        return FacilityChangeIn.model_validate({"place": {name: told[name] for name in ("lon", "lat", "crs")}})
    if told["kind"] == "day_places":
        return FacilityChangeIn.model_validate({"day_places": told["day_places"]})
    if told["kind"] == "undo":
        return FacilityChangeIn.model_validate({"undoes": str(posted.get("undoes", ""))})
    if told["kind"] != "functions":
        return FacilityChangeIn.model_validate({})
    has = set(find_facility(office.work.session, facility_id).functions)
    wanted = {str(one) for one in posted.getlist("functions")}
    return FacilityChangeIn.model_validate({"gain": sorted(wanted - has), "lose": sorted(has - wanted)})


def _refused(
    request: Request, office: Office, facility_id: int, posted: FormData, wrong: ValidationError | DomainError
) -> Response:
    kind = str(posted.get("kind", ""))
    field = {"place": "lon", "day_places": "day_places", "functions": "functions"}.get(kind, "status")
    if isinstance(wrong, DomainError):
        if isinstance(wrong, UnknownFacility):
            raise wrong
        return _page(request, office, facility_id, {field: wrong.message_zh}, posted, status=status_of(wrong))
    with speaking(request):
        said = {
            "place": translate("请在地图上点一下，或填写经度、纬度，并选坐标是哪种地图的"),
            "day_places": translate("请填 0 到 10000 的数"),
            "functions": translate("功能没有改动"),
        }.get(kind, translate("请选要改什么"))
    return _page(request, office, facility_id, {field: said}, posted, status=422)


def _page(
    request: Request,
    office: Office,
    facility_id: int,
    errors: dict[str, str] | None = None,
    posted: FormData | None = None,
    *,
    effect: Effect | None = None,
    status: int = 200,
) -> Response:
    row = find_facility(office.work.session, facility_id)
    inside = office.lo <= row.area_code <= office.hi
    if not inside:
        raise UnknownFacility(facility_id=facility_id)
    told = {name: str(posted.get(name, "")) if posted else "" for name in ("lon", "lat", "crs")}
    names_of = _function_names(office)
    with speaking(request):
        names = office.names(
            site=_site(office, row) | {"address": row.address, "provider": row.provider_name},
            functions=[(code, name, code in row.functions) for code, name in names_of.items()],
            may_write=office.work.actor.role in WRITERS and not office.read_only,
            systems=system_words(),
            told=told | {"crs": told["crs"] or "wgs84"},
            effect=effect,
            tier_names={tier.code: tier.name for tier in office.rules.tiers},
            asked=_asked(posted, effect),
            history=[_past(one, at, names_of) for one, at in changes_of(office.work.session, facility_id)],
            map={"center": [row.lon, row.lat], "zoom": 15, "bounds": _around(row), "guess": [row.lon, row.lat]},
            errors=errors or {},
        )
    return render(request, "officer/facility.html", names, status_code=status)


def _around(row: Any) -> list[float]:
    span = AROUND_DEGREES / 2
    return [row.lon - span, row.lat - span, row.lon + span, row.lat + span]


def _function_names(office: Office) -> dict[str, str]:
    return {one.code: one.name for one in office.rules.functions}


def _site(office: Office, row: Any) -> dict[str, Any]:
    kind = figures.map_types(office.rules).get(row.type_code, (0, row.type_code))[1]
    tone, words = {
        "open": ("ok", translate("在开")),
        "closed": ("bad", translate("已停办")),
    }.get(row.status, ("info", translate("筹建中")))
    return {
        "id": row.id, "name": row.name, "code": row.code, "kind": kind, "status": row.status, "tone": tone,
        "status_words": words, "community": office.community_names({row.area_code})[row.area_code],
        "closed_on": row.closed_on, "day_places": row.day_places, "lon": row.lon, "lat": row.lat,
    }  # fmt: skip


def _asked(posted: FormData | None, effect: Effect | None) -> list[tuple[str, str]]:
    """The form again, hidden, so that confirming asks for just what was looked at; with a key of its own."""
    if posted is None or effect is None:
        return []
    fields = ("kind", "status", "lon", "lat", "crs", "day_places", "undoes", "functions")
    return [(name, str(value)) for name, value in posted.multi_items() if name in fields] + [("key", uuid.uuid4().hex)]


def _past(change: Any, at: Any, names_of: dict[str, str]) -> dict[str, Any]:
    return {
        "id": change.id,
        "at": at,
        "what": _in_words(change, names_of),
        "undo": change.undoes is not None,
    }


def _in_words(change: Any, names_of: dict[str, str]) -> list[str]:
    """Say what a change did, one sentence a column."""
    before, after, said = change.before, change.after, []
    if "status" in after:
        said.append(translate("停办") if after["status"] == "closed" else translate("开办"))
    if "functions" in after:
        had, has = set(before["functions"]), set(after["functions"])
        for codes, words in ((has - had, translate("添了")), (had - has, translate("少了"))):
            if codes:
                said.append(f"{words} {listed([names_of.get(code, code) for code in sorted(codes)])}")
    if "original_lon" in after:
        said.append(translate("迁址"))
    if "day_places" in after:
        said.append(
            translate("日间照料位 %(before)s → %(after)s")
            % {"before": before["day_places"], "after": after["day_places"]}
        )
    return said or [translate("日期")]
