"""Service circles over HTTP: exact costs at map points and along streets, outlines for the eye."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.schemas.visits import Out


class SnappedOut(Out):
    """Where the door meets the street: WGS-84 degrees, and the walk to it."""

    lon: float
    lat: float
    distance_m: float


class CircleNodeOut(Out):
    """A map point within the largest limit; `seconds`, or `metres` for a distance profile."""

    osm_id: int
    lon: float
    lat: float
    seconds: float | None = None
    metres: float | None = None


class CircleEdgeOut(Out):
    """A piece of street as she walks it, `from_fraction` to `to_fraction` counted from `from`; the cost on arriving."""

    way_id: int
    from_: int = Field(alias="from")
    to: int
    from_fraction: float
    to_fraction: float
    seconds: float | None = None
    metres: float | None = None


class CircleNetworkOut(Out):
    """Which network was walked; `estimate` where the map is not to be trusted."""

    version: int
    name: str
    confidence: str
    revision: str
    estimate: bool


class CirclesOut(Out):
    """The circles of one door; `polygons` are GeoJSON by number of minutes, for display only."""

    snapped: SnappedOut
    profile: str
    limits: dict[str, float]
    nodes: list[CircleNodeOut]
    edges: list[CircleEdgeOut]
    polygons: dict[str, Any]
    network: CircleNetworkOut
