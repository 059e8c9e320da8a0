"""Open data over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from api.schemas.visits import Out


class OpenIndicatorOut(Out):
    """An indicator of the table with its definition."""

    code: str
    name: str
    name_en: str
    unit: str
    definition: str
    personal: bool


class OpenSumOut(Out):
    """One indicator of one area; withheld numbers are null and `suppressed` is true."""

    area_code: int
    area_name: str
    level: str
    indicator: str
    numerator: int | None
    denominator: int | None
    value: str | None
    suppressed: bool


class OpenSumsOut(Out):
    """A city's indicators of a month's end, as published."""

    city_code: int
    month: date
    day: date
    published_at: datetime
    licence: str
    licence_url: str
    notice: str
    smallest_shown: int
    rules_version: str
    content_hash: str
    indicators: list[OpenIndicatorOut]
    rows: list[OpenSumOut]


class OpenFeaturesOut(Out):
    """Sites as GeoJSON (RFC 7946), (lon, lat) in WGS-84."""

    type: str
    licence: str
    features: list[dict[str, Any]]


class OpenCatalogueOut(Out):
    """What is open, as a catalogue in DCAT (JSON-LD)."""

    model_config = {"from_attributes": True, "populate_by_name": True, "extra": "allow"}
