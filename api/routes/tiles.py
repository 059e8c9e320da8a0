"""Our own map tiles (Mapbox Vector Tile): streets, sites and communities of an office's city. Never a home.

Communities carry a share only of elders the signed-in office may see, and none of fewer than five.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import Response

from api.deps import Work
from api.errors import problems
from services.circles.errors import UnknownWay
from services.circles.tiles import (
    areas_tile,
    circles_tile,
    facilities_tile,
    gaps_tile,
    scenario_tile,
    streets_tile,
)
from services.cities.pack import CityRules
from services.cities.queries import city_of_area, rules_in_force
from services.clock import civil_date
from services.directory.queries import find_facility
from services.errors import Invalid
from services.oversight.handing_in import administered_area
from services.oversight.queries import desk_area
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/tiles", tags=["tiles"])
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
DEEPEST = 18
FRESH_SECONDS = {"network": 3600, "facilities": 300, "areas": 60, "circles": 300, "gaps": 60, "scenario": 0}
GROUND = frozenset({"network", "areas", "facilities"})
"""What holds no elder but in figures that row-level security leaves empty for whoever may see none."""
Layer = Literal["network", "areas", "facilities", "circles", "gaps", "scenario"]
Zoom = Annotated[int, Path(ge=0, le=DEEPEST)]
Step = Annotated[int, Path(ge=0, lt=2**DEEPEST)]
Code = Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="default: the city's first")]
Level = Annotated[
    Literal["district", "street", "community", "quarter"] | None,
    Query(description="default: districts to zoom 9, streets to 11, communities from 12"),
]
Site = Annotated[int | None, Query(ge=1, le=2**62, description="layer circles: whose circles")]
Scenario = Annotated[int | None, Query(ge=1, le=2**62, description="layer scenario: which one")]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "description": "A tile"},
    204: {"description": "Nothing lies in this tile"},
    304: {"description": "The tile is still the one named by If-None-Match"},
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
    level: Level = None,
    facility: Site = None,
    scenario: Scenario = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Give one tile of a layer for the actor's city; `tier`, `profile` and `level` say what areas show.

    The ETag is of what is in the tile, so a map that asks again is sent only what has changed.
    """
    if x >= 2**z or y >= 2**z:
        raise Invalid("这一级没有这块瓦片。", field="x" if x >= 2**z else "y", z=z)
    asked = Asked(z, x, y, tier, profile, level or level_at(z), facility, scenario)
    body = LAYERS[layer](work, city_of_area(work.session, _area_of(work, layer)), asked)
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {
        "Cache-Control": f"private, max-age={FRESH_SECONDS[layer]}",
        "Vary": "Cookie, Authorization",
        "ETag": etag,
    }
    if if_none_match is not None and etag in (one.strip().removeprefix("W/") for one in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    if not body:
        return Response(status_code=204, headers=headers)
    return TileResponse(body, headers=headers)


def _area_of(work: UnitOfWork, layer: str) -> int:
    """Whose city is drawn: the office's; an administrator, who sees no elder, is shown the ground to place sites on."""
    if work.actor.role == "administrator" and layer in GROUND:
        return administered_area(work.session, work.actor)
    return desk_area(work.actor)


@dataclass(frozen=True)
class Asked:
    """Which tile of which figures."""

    z: int
    x: int
    y: int
    tier: str | None
    profile: str | None
    level: str
    facility_id: int | None
    scenario_id: int | None

    @property
    def at(self) -> tuple[int, int, int]:
        """Zoom, column and row."""
        return self.z, self.x, self.y


def level_at(z: int) -> str:
    """Tell which areas are worth drawing at a zoom."""
    return "district" if z < 10 else "street" if z < 12 else "community"


def _streets(work: UnitOfWork, city: int, asked: Asked) -> bytes:
    return streets_tile(work.session, city, asked.z, asked.x, asked.y)


def _facilities(work: UnitOfWork, city: int, asked: Asked) -> bytes:
    return facilities_tile(work.session, city, asked.z, asked.x, asked.y)


def _areas(work: UnitOfWork, city: int, asked: Asked) -> bytes:
    rules = rules_in_force(work.session, city, civil_date(work.now))
    tier, profile = checked_way(rules, asked.tier, asked.profile)
    figures = {"tier": tier, "profile": profile, "level": asked.level}
    return areas_tile(work.session, city, asked.z, asked.x, asked.y, **figures)


def _circles(work: UnitOfWork, city: int, asked: Asked) -> bytes:
    if asked.facility_id is None:
        raise Invalid("请写明是哪家机构的服务圈（facility）。", field="facility")
    rules = rules_in_force(work.session, city, civil_date(work.now))
    _, profile = checked_way(rules, asked.tier, asked.profile)
    site = find_facility(work.session, asked.facility_id)
    return circles_tile(work.session, city, rules, (site.lon, site.lat), profile, asked.at)


def _gaps(work: UnitOfWork, city: int, asked: Asked) -> bytes:
    rules = rules_in_force(work.session, city, civil_date(work.now))
    way = checked_way(rules, asked.tier, asked.profile)
    return gaps_tile(work.session, work.actor, rules, way, asked.at)


def _scenario(work: UnitOfWork, city: int, asked: Asked) -> bytes:
    if asked.scenario_id is None:
        raise Invalid("请写明是哪个方案（scenario）。", field="scenario", city_code=city)
    return scenario_tile(work.session, civil_date(work.now), asked.scenario_id, asked.at)


LAYERS: dict[str, Callable[[UnitOfWork, int, Asked], bytes]] = {
    "network": _streets,
    "facilities": _facilities,
    "areas": _areas,
    "circles": _circles,
    "gaps": _gaps,
    "scenario": _scenario,
}


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
