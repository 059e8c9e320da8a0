"""Walking networks over HTTP: the version in service, how far each area's streets may be trusted, gates."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.visits import In, Out

Kind = Literal["gate", "barrier"]
Crs = Literal["wgs84", "gcj02", "bd09", "cgcs2000"]
Trust = Literal["high", "low"]


class NetworkOut(Out):
    """The streets in service; `revision` is the version and how many times the city's gates had changed."""

    version_id: int
    revision: str
    city_code: int
    name: str
    source_name: str
    imported_at: datetime
    nodes: int
    edges: int
    length_m: int
    length_m_by_class: dict[str, int]
    components: int
    usable_components: int
    usable_length_share: float
    footway_length_share: float
    confidence: Trust
    confidence_reasons: list[str]


class AreaTrustOut(Out):
    """How far the streets of one area may be trusted; shares of metres, null where there is no street."""

    area_code: int
    name: str | None
    level: str
    confidence: Trust
    reasons: list[str]
    length_m: float
    footway_share: float | None
    usable_share: float | None


class GateIn(In):
    """A point where one walks through (`gate`) or does not (`barrier`); `crs` says what `lon`, `lat` are in."""

    kind: Kind
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    crs: Crs
    reason: str = Field(min_length=2, max_length=200)
    city_code: int | None = Field(
        default=None, ge=110000000000000, le=999999999999999, description="default: one's own"
    )


class GateOut(Out):
    """A gate or barrier with what it does; `lon`, `lat` WGS-84."""

    id: int
    kind: Kind
    area_code: int
    lon: float
    lat: float
    given_lon: float
    given_lat: float
    given_crs: str
    reason: str
    valid_from: datetime
    removed_at: datetime | None
    effect: Literal["opens", "bars", "no_street", "no_other_side", "no_network", "removed"]
    way_ids: list[int]
    distance_m: float
