"""The service circles of a door: what the command `circles` prints, over HTTP.

Anybody who is signed in may ask: a circle says something about streets and nothing about people. Nobody else,
because drawing one costs the house a second.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.deps import Work
from api.errors import problems
from api.schemas.circles import CirclesOut
from geo.coordinates import CRS_NAMES
from services.circles.errors import UnknownWay
from services.circles.naming import city_number
from services.circles.queries import circles_around
from services.cities.errors import NoRulesInForce, UnknownCity
from services.cities.pack import CityRules
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["circles"])
LONGEST_MINUTES = 60
MOST_CIRCLES = 4
City = Annotated[str, Query(min_length=1, max_length=80, description="code, key of a pack, or name at import")]
Degrees = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)]
Minutes = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,4}(,[0-9]{1,4}){0,9}$", description=f"up to {MOST_CIRCLES}, {LONGEST_MINUTES} at most"),
]
ANSWERS = problems(401, 404)


@router.get(
    "/circles",
    response_model=CirclesOut,
    responses=ANSWERS,
    summary="The circles of a door",
)
def circles(
    work: Work,
    city: City,
    lon: Degrees,
    lat: Latitude,
    crs: Annotated[str, Query(max_length=20, description=f"one of {', '.join(CRS_NAMES)}")],
    profile: Annotated[str, Query(max_length=40)] = "elder",
    minutes: Minutes = None,
    outlines: Annotated[Literal["yes", "no"], Query(description="whether to draw polygons")] = "yes",
) -> Response:
    """Give every map point and piece of street within the minutes of (lon, lat), exact, and the outlines."""
    wanted = _checked(minutes) if minutes else None
    code = city_number(work.session, city)
    answer = circles_around(
        work.session, code, lon, lat, crs, profile, wanted, _rules(work, code), outlines=outlines == "yes"
    )
    return JSONResponse(answer)


def _checked(minutes: str) -> list[int]:
    """The circles asked for, few and small enough to be drawn while somebody waits. Raises UnknownWay."""
    wanted = sorted({int(number) for number in minutes.split(",")})
    if len(wanted) > MOST_CIRCLES or not 1 <= wanted[0] <= wanted[-1] <= LONGEST_MINUTES:
        raise UnknownWay(field="minutes", known=f"1–{LONGEST_MINUTES}, ≤ {MOST_CIRCLES}", given=minutes)
    return wanted


def _rules(work: UnitOfWork, city_code: int) -> CityRules | None:
    if city_code <= 0:
        return None
    try:
        return rules_in_force(work.session, city_code, civil_date(work.now))
    except (UnknownCity, NoRulesInForce):
        return None
