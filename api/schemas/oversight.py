"""The officer's desk over HTTP."""

from __future__ import annotations

from datetime import date, datetime

from api.schemas.beds import RatioOut, TrendPointOut
from api.schemas.visits import ComplianceOut, Out


class TierOut(Out):
    """One circle by one way of walking; the network's confidence stands before the number."""

    confidence: str
    label: str
    tier_code: str
    tier_name: str
    profile: str
    profile_name: str
    limit_zh: str
    reached: int
    total: int
    share: float | None
    straight_line: int
    straight_share: float | None
    in_margin: int
    unsnapped: int
    near_edge: int
    definition: str


class WalkingOut(Out):
    """Walking coverage of the actor's area, with what it was computed from."""

    area_code: int
    network_name: str
    source_name: str
    confidence: str
    confidence_reasons: list[str]
    rules_version: str
    judged_on: date
    computed_at: datetime
    tiers: list[TierOut]


class AreaOwnsOut(Out):
    """One area and the facilities that qualify, or what the best candidate lacks."""

    area_code: int
    name: str
    qualified: list[str]
    candidate: str | None
    missing: list[str]


class AdministrativeOut(Out):
    """A circle's share of areas that own a qualified facility."""

    tier_code: str
    tier_name: str
    area_level: str
    owning: int
    total: int
    share: float | None
    as_of: date
    target: float | None
    target_due: date | None
    definition: str
    areas: list[AreaOwnsOut]


class DeskEscalationOut(Out):
    """An unanswered door on the desk."""

    id: int
    elder_id: int
    elder_name: str | None
    area_code: int
    visit_class: str | None
    step: int
    in_charge_id: int
    in_charge_name: str | None
    opened_at: datetime
    due_at: datetime
    overdue: bool


class BedFiguresOut(Out):
    """The nursing-bed ratio of city and own area, and the city's trend."""

    city: RatioOut
    area: RatioOut
    trend: list[TrendPointOut]


class LedgerOut(Out):
    """The last full check of the time bank."""

    ok: bool | None
    checked_at: datetime | None
    first_bad: str | None
    transfers: int
    definition: str


class DeskOut(Out):
    """One area's figures, each with definition and day; the rows are one call away."""

    area_code: int
    area_name: str
    city_code: int
    as_of: date
    coverage: WalkingOut | None
    administrative: list[AdministrativeOut]
    beds: BedFiguresOut | None
    visits: ComplianceOut
    escalations: list[DeskEscalationOut]
    escalations_definition: str
    ledger: LedgerOut


class UncoveredOut(Out):
    """An elder beyond a circle; `cost` in the profile's unit (seconds or metres)."""

    person_id: int
    area_code: int
    facility_id: int | None
    cost: float | None
    straight_m: float | None
    snapped: bool
    near_edge: bool
