"""What the public directory shows: sites and providers, with WGS-84 points (lon, lat)."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field


class FacilityOut(BaseModel):
    """A site with a door; `distance_m` only when a place to search around was given.

    `grade`: of the certificate valid today (1-5, 5 best), null without one.
    """

    id: int
    code: str
    provider_id: int
    provider_name: str
    name: str
    type_code: str
    functions: list[str]
    area_code: int
    address: str
    phone: str | None
    status: str
    opened_on: date | None
    closed_on: date | None
    day_places: int
    grade: int | None = None
    opening_hours: str | None
    invented: bool
    lon: float
    lat: float
    crs: Literal["wgs84"] = "wgs84"
    distance_m: float | None


class FacilityPageOut(BaseModel):
    """One page; ask for the next with `after_id`, until it is null."""

    facilities: list[FacilityOut]
    after_id: int | None


class PointOut(BaseModel):
    """A GeoJSON point in WGS-84, (lon, lat)."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class FeatureOut(BaseModel):
    """A site as a GeoJSON feature."""

    type: Literal["Feature"] = "Feature"
    id: int
    geometry: PointOut
    properties: dict[str, Any]


class FeatureCollectionOut(BaseModel):
    """Sites as GeoJSON (RFC 7946)."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[FeatureOut] = Field(default_factory=list)


class ServiceLineOut(BaseModel):
    """What a provider offers, at what price, and when."""

    service_code: str
    price_fen: int
    max_travel_seconds: int
    weekdays: list[str]
    from_hour: int
    to_hour: int


class ProviderOut(BaseModel):
    """An organisation that takes orders."""

    id: int
    code: str
    name: str
    kind: str
    area_code: int
    phone: str
    grade: int
    invented: bool
    distance_m: float | None = None


class ProviderDetailOut(ProviderOut):
    """An organisation with its sites and what it offers."""

    facilities: list[FacilityOut]
    services: list[ServiceLineOut]


class ProviderPageOut(BaseModel):
    """One page; ask for the next with `after_id`, until it is null."""

    providers: list[ProviderOut]
    after_id: int | None
