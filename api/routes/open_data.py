"""Open data: the register and the sums of every month for everybody, licensed, dated, with ETags; no person in it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api.deps import OpenWork
from api.errors import problems
from api.pages.officer_sheets import safe_cell
from api.schemas.open_data import OpenCatalogueOut, OpenFeaturesOut, OpenSumsOut
from services.cities.queries import city_by_key, list_cities, rules_in_force
from services.clock import civil_date
from services.oversight.open_registers import COLUMNS, DATASETS, OpenRows, open_rows
from services.oversight.open_sums import open_months, open_sums
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1/open", tags=["open data"])
City = Annotated[str, Query(min_length=1, max_length=80, description="code, key or name of a city")]
Month = Annotated[str | None, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="YYYY-MM; default the newest")]
Register = Annotated[Literal["facilities", "services", "providers", "beds"], Path()]
CSV: Any = problems(404) | {200: {"content": {"text/csv": {}}, "description": "UTF-8 with a byte-order mark"}}


@router.get("/catalogue", response_model=OpenCatalogueOut, responses=problems(404), summary="What is open (DCAT)")
def catalogue(request: Request, work: OpenWork, city: City) -> Response:
    """Give the catalogue of a city's open data as DCAT in JSON-LD: every table with its forms, licence and last change."""
    code = city_by_key(work.session, city)
    rules = rules_in_force(work.session, code, civil_date(work.now))
    base = str(request.base_url).rstrip("/")
    key = next(one.key for one in list_cities(work.session) if one.code == code)
    datasets = [_dataset(work, base, key, code, name, rules.open_data.licence_url) for name in DATASETS]
    told = {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "@type": "dcat:Catalog", "@id": f"{base}/api/v1/open/catalogue?city={key}", "dct:title": "养老服务开放数据",
        "dct:license": rules.open_data.licence_url, "dcat:dataset": datasets,
        "dcat:service": {
            "@type": "dcat:DataService", "dct:title": "HSDS 3.0", "dcat:endpointURL": f"{base}/hsds/v3/",
            "dct:conformsTo": "https://docs.openreferral.org/en/v3.0.0/",
        },
    }  # fmt: skip
    return _file(request, json.dumps(told, ensure_ascii=False), "application/ld+json", None, rules.open_data.licence)


def _dataset(work: UnitOfWork, base: str, key: str, code: int, name: str, licence: str) -> dict[str, Any]:
    title, title_en, told, forms = DATASETS[name]
    changed: Any = None
    if name in COLUMNS:
        changed = open_rows(work.session, code, name, civil_date(work.now)).changed_at
    elif name == "indicators" and open_months(work.session, code):
        changed = open_sums(work.session, code).published_at
    urls = {form: base + open_path(name, form, key) for form in forms}
    found = {
        "@type": "dcat:Dataset", "@id": f"{base}/api/v1/open/{name}?city={key}", "dct:identifier": name,
        "dct:title": [{"@value": title, "@language": "zh"}, {"@value": title_en, "@language": "en"}],
        "dct:description": told, "dct:license": licence, "dct:spatial": str(code),
        "dcat:distribution": [
            {"@type": "dcat:Distribution", "dcat:downloadURL": url, "dcat:mediaType": MEDIA[form]}
            for form, url in urls.items()
        ],
    }  # fmt: skip
    return found | ({"dct:modified": changed.isoformat()} if changed else {})


def open_path(name: str, form: str, key: str) -> str:
    """Give the address of a table in a form."""
    folder = "registers/" if name in COLUMNS and form == "csv" else ""
    return f"/api/v1/open/{folder}{name}{'' if form == 'json' else f'.{form}'}?city={key}"


MEDIA = {"csv": "text/csv", "geojson": "application/geo+json", "json": "application/json"}


@router.get("/facilities.geojson", response_model=OpenFeaturesOut, responses=problems(404), summary="Sites as GeoJSON")
def facilities_geojson(request: Request, work: OpenWork, city: City) -> Response:
    """Give every site in use as a point, (lon, lat) in WGS-84."""
    code, licence = _city(work, city)
    table = open_rows(work.session, code, "facilities", civil_date(work.now))
    features = [
        {
            "type": "Feature",
            "id": row["uuid"],
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {name: value for name, value in row.items() if name not in ("lon", "lat", "uuid")},
        }
        for row in table.rows
    ]
    told = {"type": "FeatureCollection", "licence": licence, "features": features}
    body = json.dumps(told, ensure_ascii=False, default=str)
    return _file(request, body, "application/geo+json", table.changed_at, licence)


@router.get("/indicators.csv", response_model=None, response_class=Response, responses=CSV, summary="Indicators as CSV")
def indicators_csv(request: Request, work: OpenWork, city: City, month: Month = None) -> Response:
    """Give a city's indicators of a month's end as CSV; day, licence and definition stand in every row."""
    code, _ = _city(work, city)
    found = open_sums(work.session, code, _month(month))
    told = {one["code"]: one for one in found.content["indicators"]}
    columns = (
        "day", "area_code", "area_name", "level", "indicator", "name", "unit", "numerator", "denominator", "value",
        "suppressed", "definition", "rules_version", "licence",
    )  # fmt: skip
    shared = {
        "day": found.content["day"], "rules_version": found.content["rules_version"], "licence": found.licence,
    }  # fmt: skip
    rows = [
        {**shared, **row, **{name: told[row["indicator"]][name] for name in ("name", "unit", "definition")}}
        for row in found.content["rows"]
    ]
    return _csv(
        request, f"indicators-{code}-{found.month:%Y-%m}", OpenRows(columns, rows, found.published_at), found.licence
    )


@router.get("/indicators", response_model=OpenSumsOut, responses=problems(404), summary="Indicators by area")
def indicators(work: OpenWork, city: City, month: Month = None) -> OpenSumsOut:
    """Give a city's indicators of a month's end down to communities, small counts of persons withheld."""
    found = open_sums(work.session, _city(work, city)[0], _month(month))
    return OpenSumsOut.model_validate(
        {
            **found.content,
            "month": found.month,
            "published_at": found.published_at,
            "content_hash": found.content_hash,
        }
    )


@router.get(
    "/registers/{register}.csv",
    response_model=None,
    response_class=Response,
    responses=CSV,
    summary="The register as CSV",
)
def register_csv(request: Request, work: OpenWork, register: Register, city: City) -> Response:
    """Give facilities, services with prices, providers with grades, or beds of a city as CSV."""
    code, licence = _city(work, city)
    table = open_rows(work.session, code, register, civil_date(work.now))
    return _csv(request, f"{register}-{code}", table, licence)


def _city(work: UnitOfWork, city: str) -> tuple[int, str]:
    code = city_by_key(work.session, city)
    return code, rules_in_force(work.session, code, civil_date(work.now)).open_data.licence


def _month(told: str | None) -> Any:
    return None if told is None else datetime.strptime(told, "%Y-%m").date()


def _csv(request: Request, name: str, table: OpenRows, licence: str) -> Response:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(table.columns)
    writer.writerows([_cell(row[column]) for column in table.columns] for row in table.rows)
    media = "text/csv; charset=utf-8"
    return _file(request, "\ufeff" + out.getvalue(), media, table.changed_at, licence, f"{name}.csv")


def _cell(value: Any) -> Any:
    return "" if value is None else safe_cell(str(value))


def _file(
    request: Request, body: str, media_type: str, changed_at: datetime | None, licence: str, name: str | None = None
) -> Response:
    """Answer with the body under its own fingerprint; who has it already is told so (304)."""
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=300", "X-Licence": licence}
    if changed_at is not None:
        headers["Last-Modified"] = format_datetime(changed_at.astimezone(UTC).replace(microsecond=0), usegmt=True)
    if tag in [told.strip().removeprefix("W/") for told in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(body, media_type=media_type, headers=headers)
