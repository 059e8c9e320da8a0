"""The officer's desk and map: one area's figures, each with its rows one click away."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from api.pages import officer_figures as figures
from api.pages.kit import render
from api.pages.officer_office import Desk, Office, speaking
from api.routes.tiles import checked_way
from services.circles.coverage import coverage
from services.circles.errors import NotYetComputed
from services.circles.queries import circles_around
from services.directory.queries import MOST, facilities, find_facility
from services.oversight.queries import officers_desk

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
FacilityId = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/officer")
def desk_page(request: Request, office: Desk, profile: Code = "") -> Response:
    """Show the figures of the area: walking and administrative coverage, beds, visits, ledger, silent doors."""
    work = office.work
    found = officers_desk(work.session, work.actor, work.now)
    with speaking(request):
        circles = figures.circles_card(found.coverage, profile)
        beds = figures.beds_card(found.beds)
        way = circles["profile"] if circles else ""
        tier = office.rules.tiers[-1].code
        names = office.names(
            circles=circles,
            owned=figures.administrative_card(found.administrative),
            beds=beds,
            visits=figures.visits_card(found.visits),
            by_risk=figures.unseen_first(office),
            ledger=figures.ledger_card(office, found.ledger),
            open_escalations=len(found.escalations),
            map=figures.map_names(office, tier, way or "elder"),
            map_tier_name=figures.tier_words(office.rules, tier),
            areas=figures.community_rows(office, way),
            definitions=figures.definitions(found, circles, beds),
        )
    return render(request, "officer/desk.html", names)


@router.get("/officer/map")
def map_page(
    request: Request,
    office: Desk,
    tier: Code = "",
    profile: Code = "",
    facility: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """Show the map of one circle with the lists that say the same; a chosen site with its exact circles."""
    session = office.work.session
    chosen_tier, way = checked_way(office.rules, tier or None, profile or None)
    try:
        found = coverage(session, office.city, office.lo)
    except NotYetComputed:
        found = None
    circles = figures.circles_card(found, way)
    chosen = find_facility(session, facility) if facility else None
    names = office.names(
        circles=circles,
        tier=chosen_tier,
        tier_name=figures.tier_words(office.rules, chosen_tier),
        map=figures.map_names(office, chosen_tier, way, chosen),
        areas=figures.community_rows(office, way),
        sites=_sites(office, chosen_tier, way, facility),
        chosen=chosen,
        filters=[
            {"name": "tier", "value": chosen_tier, "choices": [(one.code, one.name) for one in office.rules.tiers]},
            {"name": "profile", "value": way, "choices": circles["profiles"] if circles else []},
        ],
    )
    return render(request, "officer/map_page.html", names)


def _sites(office: Office, tier: str, profile: str, chosen: int | None) -> list[dict[str, Any]]:
    types = figures.map_types(office.rules)
    counts = office.rules.types_for_tier(tier)
    rows = facilities(office.work.session, area_code=office.lo, limit=MOST)
    return [
        {
            "id": row.id,
            "name": row.name,
            "type_words": types.get(row.type_code, (0, row.type_code))[1],
            "counts": row.type_code in counts and set(counts[row.type_code]) <= set(row.functions),
            "lon": row.lon,
            "lat": row.lat,
            "chosen": row.id == chosen,
            "href": f"/officer/map?{urlencode({'tier': tier, 'profile': profile, 'facility': row.id})}",
        }
        for row in rows
    ]


@router.get("/officer/circles/{facility_id}.geojson")
def circles_of_site(office: Desk, facility_id: FacilityId, profile: Code = "elder") -> Response:
    """Give the exact circles of a site as GeoJSON, the widest first; `tier` is the circle's place from 0."""
    session = office.work.session
    _, way = checked_way(office.rules, None, profile or None)
    site = find_facility(session, facility_id)
    tiers = {one.minutes: place for place, one in reversed(list(enumerate(office.rules.tiers)))}
    drawn = circles_around(session, office.city, site.lon, site.lat, "wgs84", way, list(tiers), office.rules)
    features = [
        {
            "type": "Feature",
            "geometry": drawn["polygons"][str(minutes)],
            "properties": {"tier": tiers[minutes], "minutes": minutes, "estimate": drawn["network"]["estimate"]},
        }
        for minutes in sorted(tiers, reverse=True)
    ]
    body = {"type": "FeatureCollection", "features": features}
    return JSONResponse(body, media_type="application/geo+json", headers={"Cache-Control": "private, max-age=600"})
