"""The public directory: sites and organisations near home. Nobody needs to sign in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Row

from api.deps import OpenWork
from api.errors import problems
from api.schemas.directory import (
    FacilityOut,
    FacilityPageOut,
    FeatureCollectionOut,
    FeatureOut,
    PointOut,
    ProviderDetailOut,
    ProviderOut,
    ProviderPageOut,
    ServiceLineOut,
)
from geo.coordinates import to_wgs84
from services.clock import civil_date
from services.directory import queries
from services.directory.queries import Near
from services.errors import Invalid
from services.supervision.grades import grades_on

router = APIRouter(prefix="/api/v1", tags=["directory"])
Id = Annotated[int, Path(ge=1, le=2**62)]
AreaCode = Annotated[int | None, Query(ge=110000000000000, le=999999999999999, description="15 digits; all inside it")]
Word = Annotated[str | None, Query(min_length=1, max_length=60, pattern=r"^[a-z0-9_]+$")]
AfterId = Annotated[int, Query(ge=0, le=2**62)]
Limit = Annotated[int, Query(ge=1, le=200)]


def asked_place(
    lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90)] = None,
    crs: Annotated[Literal["wgs84", "gcj02", "bd09", "cgcs2000"] | None, Query()] = None,
    within_m: Annotated[float, Query(gt=0, le=20000)] = 1000,
) -> Near | None:
    """Read a place to search around: lon, lat and crs together, or none of them."""
    if lon is None and lat is None and crs is None:
        return None
    if lon is None or lat is None or crs is None:
        raise Invalid("按位置查找时，lon、lat、crs 必须同时给出。", field="crs" if crs is None else "lon")
    x, y = to_wgs84(lon, lat, crs)
    return Near(x, y, within_m)


NearHome = Annotated[Near | None, Depends(asked_place)]


@router.get("/facilities", response_model=FacilityPageOut, responses=problems(), summary="Sites")
def list_facilities(
    work: OpenWork,
    near: NearHome,
    area_code: AreaCode = None,
    type_code: Word = None,
    function: Word = None,
    min_grade: Annotated[int | None, Query(ge=1, le=5)] = None,
    after_id: AfterId = 0,
    limit: Limit = 50,
) -> FacilityPageOut:
    """List open sites by number, or the nearest first when lon, lat and crs are given (then one page).

    `min_grade`: only institutions whose certificate of grade is valid today and at least so good.
    """
    today = civil_date(work.now)
    rows = queries.facilities(
        work.session,
        area_code=area_code,
        type_code=type_code,
        function=function,
        graded=None if min_grade is None else (min_grade, today),
        near=near,
        after_id=after_id,
        limit=limit,
    )
    more = near is None and len(rows) == limit
    held = grades_on(work.session, [row.id for row in rows], today)
    found = [facility_out(row, held.get(row.id)) for row in rows]
    return FacilityPageOut(facilities=found, after_id=rows[-1].id if more else None)


@router.get(
    "/facilities.geojson", response_model=FeatureCollectionOut, responses=problems(), summary="Sites as GeoJSON"
)
def list_facilities_geojson(
    work: OpenWork,
    near: NearHome,
    area_code: AreaCode = None,
    type_code: Word = None,
    after_id: AfterId = 0,
    limit: Limit = 200,
) -> FeatureCollectionOut:
    """Give open sites as GeoJSON in WGS-84; properties carry name, kind and functions."""
    rows = queries.facilities(
        work.session, area_code=area_code, type_code=type_code, near=near, after_id=after_id, limit=limit
    )
    return FeatureCollectionOut(features=[_feature(row) for row in rows])


@router.get("/facilities/{facility_id}", response_model=FacilityOut, responses=problems(404), summary="One site")
def show_facility(work: OpenWork, facility_id: Id) -> FacilityOut:
    """Show one site, open or not."""
    held = grades_on(work.session, [facility_id], civil_date(work.now))
    return facility_out(queries.find_facility(work.session, facility_id), held.get(facility_id))


@router.get("/providers", response_model=ProviderPageOut, responses=problems(), summary="Providers")
def list_providers(
    work: OpenWork,
    near: NearHome,
    area_code: AreaCode = None,
    service_code: Word = None,
    after_id: AfterId = 0,
    limit: Limit = 50,
) -> ProviderPageOut:
    """List organisations that take orders, the one with the nearest site first when a place is given."""
    rows = queries.providers(
        work.session, area_code=area_code, service_code=service_code, near=near, after_id=after_id, limit=limit
    )
    found = [ProviderOut.model_validate(row, from_attributes=True) for row in rows]
    more = near is None and len(rows) == limit
    return ProviderPageOut(providers=found, after_id=rows[-1].id if more else None)


@router.get("/providers/{provider_id}", response_model=ProviderDetailOut, responses=problems(404), summary="A provider")
def show_provider(work: OpenWork, provider_id: Id) -> ProviderDetailOut:
    """Show an organisation with its sites and what it offers."""
    found = queries.find_provider(work.session, provider_id)
    sites = queries.facilities(work.session, provider_id=provider_id, limit=200)
    lines = queries.service_lines(work.session, provider_id)
    held = grades_on(work.session, [site.id for site in sites], civil_date(work.now))
    return ProviderDetailOut(
        **ProviderOut.model_validate(found, from_attributes=True).model_dump(),
        facilities=[facility_out(site, held.get(site.id)) for site in sites],
        services=[ServiceLineOut.model_validate(line, from_attributes=True) for line in lines],
    )


def facility_out(row: Row[Any], grade: int | None = None) -> FacilityOut:
    """Give a row of the directory as it is sent, with the grade in force."""
    return FacilityOut.model_validate({**row._mapping, "grade": grade})


def _feature(row: Row[Any]) -> FeatureOut:
    shown = {"name": row.name, "code": row.code, "type_code": row.type_code, "functions": row.functions}
    shown |= {"area_code": row.area_code, "provider_id": row.provider_id, "invented": row.invented}
    return FeatureOut(id=row.id, geometry=PointOut(coordinates=(row.lon, row.lat)), properties=shown)
