"""Coverage over HTTP: how many elders reach what, who owns what, how much room there is; each with its definition."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from api.schemas.oversight import AdministrativeOut, AreaOwnsOut, TierOut
from api.schemas.visits import Out

People = int | float


class CircleCoverageOut(TierOut):
    """One circle by one way of walking. The headline is `reached` of `total`; the streets' own figure beside it.

    Numbers of sources other than the register may be broken.
    """

    reached: People  # type: ignore[assignment]
    total: People  # type: ignore[assignment]
    straight_line: People  # type: ignore[assignment]
    in_margin: People  # type: ignore[assignment]
    unsnapped: People  # type: ignore[assignment]
    near_edge: People  # type: ignore[assignment]
    walk_reached: People
    walk_share: float | None
    estimated: People


class CoverageOut(Out):
    """Walking coverage of an area with all it was computed from; `basis` recorded or dated (worked out afterwards)."""

    confidence: str
    confidence_reasons: list[str]
    city_code: int
    area_code: int
    source: str
    not_placed: People
    as_of: date | None
    basis: str
    judged_on: date
    computed_at: datetime
    network_version_id: int | None
    network_name: str
    source_name: str
    gates: str
    detour_factor: float
    rules_version_id: int
    rules_version: str
    margin_m: float
    unsnapped_facilities: list[int]
    elders_without_home: int
    tiers: list[CircleCoverageOut]


class CountedElderOut(Out):
    """One elder behind a number: how she was judged, and the facility nearest to her."""

    person_id: int
    area_code: int
    method: str
    within: bool
    walk_within: bool
    facility_id: int | None
    cost: float | None
    straight_facility_id: int | None
    straight_m: float | None
    snapped: bool
    in_margin: bool
    near_edge: bool


class AreaCoverageOut(Out):
    """Reached and total elders of one area, and what the number means: it is never handed on without that.

    `estimated` of the total were judged by an estimate (估算); `confidence` high, low or none, of these streets.
    """

    area_code: int
    confidence: str
    label: str
    reached: int
    total: int
    share: float | None
    estimated: int
    tier_code: str
    profile: str
    definition: str
    network_version_id: int | None
    rules_version: str
    judged_on: date


class OwnsOut(AreaOwnsOut):
    """One area with the ids of the rows behind it."""

    qualified_ids: list[int]
    candidate_id: int | None
    missing_codes: list[str]


class AdministrativeCoverageOut(AdministrativeOut):
    """A circle's share of areas that own a qualified facility, on a day; `basis` recorded or dated."""

    rules_version: str
    basis: str
    areas: list[OwnsOut]  # type: ignore[assignment]


class CoverageTrendOut(Out):
    """The coverage of a circle on a day on which it was counted, with the network and rules of that day."""

    day: date
    tier_code: str
    profile: str
    definition: str
    network_version_id: int | None
    rules_version_id: int | None
    reached: People
    total: People
    share: float | None
    walk_reached: People
    estimated: People


class AreaAccessOut(Out):
    """How much of a place each elder of a community can count on."""

    area_code: int
    elders: People
    per_thousand: float
    with_access: People
    with_room: People
    seconds_to_room: float | None


class FacilityAccessOut(Out):
    """What a facility holds, what is free, and how many weighted elders are around it."""

    facility_id: int
    name: str
    area_code: int
    capacity: int
    free: int
    demand: float
    per_thousand: float | None


class AccessOut(Out):
    """Access to day places or beds that minds how many others want them (E2SFCA)."""

    confidence: str
    label: str
    capacity: str
    profile: str
    source: str
    city_code: int
    area_code: int
    network_version_id: int
    rules_version_id: int
    judged_on: date
    computed_at: datetime
    definition: str
    elders: People
    per_thousand: float | None
    with_room: People
    areas: list[AreaAccessOut]
    facilities: list[FacilityAccessOut]


class OpenRowOut(Out):
    """One area, circle and way of walking; withheld numbers are null and `suppressed` is true."""

    area_code: int
    area_name: str
    level: str
    tier: str
    profile: str
    total: int | None
    reached: int | None
    unreached: int | None
    share: float | None
    suppressed: bool
    estimated: bool


class OpenCoverageOut(Out):
    """The open table of a city: dated, licensed, defined."""

    city_code: int
    day: date
    published_at: datetime
    licence: str
    notice: str
    network: dict[str, Any]
    rules_version: str
    definitions: list[dict[str, str]]
    rows: list[OpenRowOut]
