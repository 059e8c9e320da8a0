"""Our own map tiles (Mapbox Vector Tile): streets, sites and communities of an office's city. Never a home.

Communities carry a share only of elders the signed-in office may see, and none of fewer than five.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api.deps import Work
from api.errors import problems
from services.circles.errors import UnknownWay
from services.circles.tiles import areas_tile, facilities_tile, streets_tile
from services.cities.pack import CityRules
from services.cities.queries import city_of_area, rules_in_force
from services.clock import civil_date
from services.errors import Invalid
from services.oversight.queries import desk_area

router = APIRouter(prefix="/tiles", tags=["tiles"])
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
DEEPEST = 18
FRESH_SECONDS = {"network": 3600, "facilities": 300, "areas": 60}
Layer = Literal["network", "areas", "facilities"]
Zoom = Annotated[int, Path(ge=0, le=DEEPEST)]
Step = Annotated[int, Path(ge=0, lt=2**DEEPEST)]
Code = Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="default: the city's first")]
Level = Annotated[Literal["district", "street", "community", "quarter"], Query()]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "description": "A tile"},
    204: {"description": "Nothing lies in this tile"},
}


class TileResponse(Response):
    """A vector tile."""

    media_type = MEDIA_TYPE


@router.get(
    "/{layer}/{z}/{x}/{y}.mvt",
    response_class=TileResponse,
    response_model=None,
    responses=ANSWERS | problems(401, 403, 404),
    summary="A map tile",
)
def tile(
    work: Work,
    layer: Layer,
    z: Zoom,
    x: Step,
    y: Step,
    tier: Code = None,
    profile: Code = None,
    level: Level = "community",
) -> Response:
    """Give one tile of a layer for the actor's city; `tier`, `profile` and `level` say what areas show."""
    if x >= 2**z or y >= 2**z:
        raise Invalid("这一级没有这块瓦片。", field="x" if x >= 2**z else "y", z=z)
    session, city = work.session, city_of_area(work.session, desk_area(work.actor))
    if layer == "network":
        body = streets_tile(session, city, z, x, y)
    elif layer == "facilities":
        body = facilities_tile(session, city, z, x, y)
    else:
        rules = rules_in_force(session, city, civil_date(work.now))
        asked = checked_way(rules, tier, profile)
        body = areas_tile(session, city, z, x, y, tier=asked[0], profile=asked[1], level=level)
    headers = {"Cache-Control": f"private, max-age={FRESH_SECONDS[layer]}", "Vary": "Cookie, Authorization"}
    if not body:
        return Response(status_code=204, headers=headers)
    return TileResponse(body, headers=headers)


def checked_way(rules: CityRules, tier: str | None, profile: str | None) -> tuple[str, str]:
    """Give the circle and the way of walking that are meant. Raises UnknownWay naming the field."""
    tiers = {one.code: one for one in rules.tiers}
    chosen = tier or rules.tiers[0].code
    if chosen not in tiers:
        raise UnknownWay(field="tier", known=list(tiers), given=tier)
    profiles = [one.code for one in rules.profiles]
    way = profile or tiers[chosen].default_profile
    if way not in profiles:
        raise UnknownWay(field="profile", known=profiles, given=profile)
    return chosen, way
