"""The drawn district as files: written once by the drawing, read by every build of the demonstration."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapely import MultiPolygon
from shapely.geometry import mapping, shape

from workers.district.drawing import Drawing, DrawnArea, Home

AREAS_FILE = "areas.geojson"
HOMES_FILE = "homes.csv"
_HOME_COLUMNS = ("osm_id", "lon", "lat", "quarter_code", "lane", "number", "building_no", "floors")
_NOTICE = (
    "Streets are real (codes and names); communities and quarters are invented for a demonstration. "
    "Outlines follow OpenStreetMap streets. (c) OpenStreetMap contributors, ODbL 1.0."
)


@dataclass(frozen=True)
class District:
    """The ground the demonstration stands on: areas and homes, (lon, lat) in EPSG:4326."""

    areas: list[DrawnArea]
    homes: list[Home]


def areas_text(drawing: Drawing) -> str:
    """Give the areas as GeoJSON text, one feature a line."""
    features: list[dict[str, Any]] = [
        _feature(area.outline, {"code": area.code, "level": area.level, "name": area.name}) for area in drawing.areas
    ]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    return f'{{"type":"FeatureCollection","notice":{json.dumps(_NOTICE)},"features":[\n{lines}\n]}}\n'


def homes_text(drawing: Drawing) -> str:
    """Give the homes as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HOME_COLUMNS)
    writer.writerows([getattr(home, column) for column in _HOME_COLUMNS] for home in drawing.homes)
    return out.getvalue()


def read_district(folder: Path) -> District:
    """Read the drawn district from sample_data/district."""
    features = json.loads((folder / AREAS_FILE).read_text(encoding="utf-8"))["features"]
    areas = [_area(feature) for feature in features]
    with (folder / HOMES_FILE).open(encoding="utf-8", newline="") as file:
        homes = [_home(row) for row in csv.DictReader(file)]
    return District(areas, homes)


def _area(feature: dict[str, Any]) -> DrawnArea:
    outline, facts = shape(feature["geometry"]), feature["properties"]
    assert isinstance(outline, MultiPolygon)
    return DrawnArea(int(facts["code"]), facts["level"], facts["name"], outline)


def _home(row: dict[str, str]) -> Home:
    return Home(
        int(row["osm_id"]), float(row["lon"]), float(row["lat"]), int(row["quarter_code"]), row["lane"],
        int(row["number"]), int(row["building_no"]), int(row["floors"]),
    )  # fmt: skip


def _feature(outline: Any, properties: dict[str, Any]) -> dict[str, Any]:
    geometry = json.loads(json.dumps(mapping(outline)))
    return {"type": "Feature", "properties": properties, "geometry": _rounded(geometry)}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 7)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
