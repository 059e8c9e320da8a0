"""Coverage: the two measures under their two names, the rows behind each, access, history, and the open table."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.coverage import (
    AccessOut,
    AdministrativeCoverageOut,
    AreaCoverageOut,
    CountedElderOut,
    CoverageOut,
    CoverageTrendOut,
    OpenCoverageOut,
    OpenRowOut,
)
from services.circles.access import latest_access
from services.circles.administrative import administrative_coverage_as_of
from services.circles.coverage import Coverage, TierCoverage, coverage, coverage_by_area
from services.circles.errors import UnknownWay
from services.circles.history import coverage_as_of, coverage_trend
from services.circles.openness import OpenTable, open_coverage
from services.circles.people import Which, counted_elders
from services.circles.rules import share
from services.cities.errors import UnknownArea
from services.cities.queries import city_by_key, city_of_area
from services.clock import civil_date
from services.oversight.queries import desk_area
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["coverage"])
Code = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
AreaCode = Annotated[int | None, Query(ge=110_000_000_000_000, le=999_999_999_999_999, description="15 digits")]
Source = Annotated[Literal["elders", "compounds", "population"], Query(description="by whom elders are counted")]
Day = Annotated[date | None, Query(description="a past Shanghai day; today without it")]
City = Annotated[str, Query(min_length=1, max_length=80, description="code, key or name of a city")]
DESK = problems(401, 403, 404)


def _area(work: UnitOfWork, asked: int | None) -> int:
    """The area asked about: the actor's own, or one inside it."""
    own = desk_area(work.actor)
    if asked is None:
        return own
    assert work.actor.area_hi is not None
    if not own <= asked <= work.actor.area_hi:
        raise UnknownArea(code=asked)
    return asked


def _day(work: UnitOfWork, asked: date | None) -> date:
    return min(asked or date.max, civil_date(work.now))


@router.get("/coverage", response_model=CoverageOut, responses=DESK, summary="Walking coverage of an area")
def walking(work: Work, area: AreaCode = None, source: Source = "elders", as_of: Day = None) -> CoverageOut:
    """Give how many elders of the actor's area (or one in it) reach each circle's facilities, today or on a past day."""
    code = _area(work, area)
    city = city_of_area(work.session, code)
    if as_of is None:
        return CoverageOut.model_validate(coverage(work.session, city, code, source=source))
    found = coverage_as_of(work.session, work.now, city, code, _day(work, as_of), source=source)
    return CoverageOut.model_validate(found)


@router.get(
    "/coverage/elders", response_model=list[CountedElderOut], responses=DESK, summary="The elders behind a number"
)
def elders(
    work: Work,
    tier: Code,
    profile: Code,
    which: Which = "denominator",
    area: AreaCode = None,
    as_of: Day = None,
    after_id: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> list[CountedElderOut]:
    """Give numerator, denominator, their difference or who was left out, by id after `after_id`, 200 a page."""
    code = _area(work, area)
    day = None if as_of is None else _day(work, as_of)
    rows = counted_elders(work.session, code, tier, profile, which, as_of=day, after_id=after_id)
    return [CountedElderOut.model_validate(row) for row in rows]


@router.get(
    "/coverage/areas", response_model=list[AreaCoverageOut], responses=DESK, summary="Walking coverage area by area"
)
def by_area(
    work: Work,
    tier: Code,
    profile: Code,
    level: Literal["district", "street", "community", "quarter"] = "community",
    area: AreaCode = None,
) -> list[AreaCoverageOut]:
    """Give reached and total elders of every area of a level inside the actor's."""
    code = _area(work, area)
    found = coverage(work.session, city_of_area(work.session, code), code)
    meant = _circle(found, tier, profile)
    told = {"tier_code": tier, "profile": profile, "definition": meant.definition, "judged_on": found.judged_on,
            "network_version_id": found.network_version_id, "rules_version": found.rules_version}  # fmt: skip
    return [
        AreaCoverageOut.model_validate(told | row.__dict__ | {"share": share(row.reached, row.total)})
        for row in coverage_by_area(work.session, code, tier, profile, level, network=found.confidence)
    ]


def _circle(found: Coverage, tier: str, profile: str) -> TierCoverage:
    """The circle and way of walking that are meant. Raises UnknownWay."""
    meant = next((one for one in found.tiers if (one.tier_code, one.profile) == (tier, profile)), None)
    if meant is None:
        known = sorted({f"{one.tier_code} {one.profile}" for one in found.tiers})
        raise UnknownWay(field="tier", known=known, given=f"{tier} {profile}")
    return meant


@router.get(
    "/coverage/administrative",
    response_model=list[AdministrativeCoverageOut],
    responses=DESK,
    summary="Administrative coverage: who owns what, on any day",
)
def administrative(work: Work, area: AreaCode = None, as_of: Day = None) -> list[AdministrativeCoverageOut]:
    """Give, per circle, the areas with and without a qualified facility, the missing functions named."""
    found = administrative_coverage_as_of(work.session, _area(work, area), _day(work, as_of))
    return [AdministrativeCoverageOut.model_validate(tier) for tier in found]


@router.get(
    "/coverage/trend", response_model=list[CoverageTrendOut], responses=DESK, summary="How a coverage went over time"
)
def trend(
    work: Work, tier: Code, profile: Code, area: AreaCode = None, source: Source = "elders", to: Day = None
) -> list[CoverageTrendOut]:
    """Give the coverage on every day on which something in the area was counted anew."""
    code = _area(work, area)
    city = city_of_area(work.session, code)
    meant = _circle(coverage(work.session, city, code, source=source), tier, profile)
    told = {"tier_code": tier, "profile": profile, "definition": meant.definition}
    points = coverage_trend(work.session, city, code, tier, profile, _day(work, to), source=source)
    return [CoverageTrendOut.model_validate(told | point.__dict__) for point in points]


@router.get("/coverage/access", response_model=AccessOut, responses=DESK, summary="Access that minds capacity")
def access(
    work: Work, capacity: Literal["places", "beds"] = "places", profile: Code = "elder", area: AreaCode = None
) -> AccessOut:
    """Give how much of a day place or bed elders can count on within a walk, as last computed."""
    code = _area(work, area)
    city = city_of_area(work.session, code)
    return AccessOut.model_validate(latest_access(work.session, city, capacity, profile, code))


@router.get(
    "/open/coverage", response_model=OpenCoverageOut, responses=problems(404), summary="Open data: coverage by area"
)
def open_table(work: OpenWork, city: City, on: Day = None) -> OpenCoverageOut:
    """Give the table a city last published (up to a day): for everybody, licensed, small counts withheld."""
    return OpenCoverageOut.model_validate(_published(work, city, on))


@router.get(
    "/open/coverage.csv",
    response_model=None,
    response_class=Response,
    responses=problems(404) | {200: {"content": {"text/csv": {}}, "description": "UTF-8 with a byte-order mark"}},
    summary="Open data: coverage by area, as CSV",
)
def open_table_csv(work: OpenWork, city: City, on: Day = None) -> Response:
    """Give the same table as CSV; licence, day and definitions stand in the columns of every row."""
    table = _published(work, city, on)
    out = io.StringIO()
    names = [*OpenRowOut.model_fields, "day", "licence", "network_version", "rules_version", "definition"]
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    said = {(one["tier"], one["profile"]): one["definition"] for one in table.definitions}
    for row in table.rows:
        writer.writerow(
            row
            | {
                "day": table.day,
                "licence": table.licence,
                "network_version": table.network["version"],
                "rules_version": table.rules_version,
                "definition": said[row["tier"], row["profile"]],
            }
        )
    name = f"coverage-{table.city_code}-{table.day:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Licence": table.licence}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _published(work: UnitOfWork, city: str, on: date | None) -> OpenTable:
    return open_coverage(work.session, city_by_key(work.session, city), on)
