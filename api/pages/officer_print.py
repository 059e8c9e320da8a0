"""The officer's coverage map as a file for a report: PNG, SVG or PDF."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages.house_words import said
from api.pages.officer_office import Desk, speaking
from api.routes.tiles import checked_way
from geo.picture import MEDIA_TYPES, Kind, draw_map
from services.oversight.printing import coverage_map

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]


@router.get("/officer/map.{file_type}")
def map_file(
    request: Request,
    office: Desk,
    file_type: Kind,
    tier: Code = "",
    profile: Code = "",
    level: Literal["community", "street"] = "community",
) -> Response:
    """Give the map of one circle over the officer's area with its definition, day and confidence printed on it."""
    chosen, way = checked_way(office.rules, tier or None, profile or None)
    session = office.work.session
    with speaking(request):
        sheet = coverage_map(session, office.city, office.lo, tier=chosen, profile=way, level=level, say=said)
    name = f"coverage-{office.lo}-{chosen}-{way}.{file_type}"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, no-cache"}
    return Response(draw_map(sheet, file_type), media_type=MEDIA_TYPES[file_type], headers=headers)
