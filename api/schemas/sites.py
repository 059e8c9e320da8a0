"""Gaps, siting and scenarios over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.visits import In, Out

Crs = Literal["wgs84", "gcj02", "bd09", "cgcs2000"]
Code = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")


class CommunityGapOut(Out):
    """A community's elders beyond the circle; figures are missing where `suppressed`."""

    area_code: int
    name: str
    lon: float | None
    lat: float | None
    left_out: int | None
    total: int | None
    minutes: float | None
    metres: float | None
    straight_m: float | None
    nowhere: int | None
    estimated: bool
    suppressed: bool


class KnotOut(Out):
    """A knot of at least five elders beyond the circle; its middle in WGS-84."""

    number: int
    lon: float
    lat: float
    radius_m: float
    left_out: int
    area_code: int
    area_name: str
    minutes: float | None
    metres: float | None
    straight_m: float | None


class GapsOut(Out):
    """Who is left out, the worst first."""

    tier_code: str
    profile: str
    left_out: int | None
    total: int | None
    scattered: int | None
    communities: list[CommunityGapOut]
    knots: list[KnotOut]


class CandidateIn(In):
    """A place where a facility could stand, in the system that the question's `crs` names."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    name: str = Field(default="", max_length=80)
    cost_fen: int | None = Field(default=None, ge=0, le=10**14)
    places: int | None = Field(default=None, ge=0, le=10**6)


class SitingIn(In):
    """Where should the next facilities stand? See docs/siting.md."""

    tier: str = Code
    profile: str = Code
    model: Literal["mclp", "lscp", "pmedian"] = "mclp"
    count: int = Field(default=3, ge=1, le=50)
    exact: bool = False
    time_limit_seconds: int = Field(default=60, ge=1, le=600)
    source: Literal["elders", "compounds", "population"] = "elders"
    share: float = Field(default=1.0, gt=0, le=1)
    spacing_m: int = Field(default=150, ge=50, le=2000)
    places: int | None = Field(default=None, ge=1, le=10**6)
    budget_fen: int | None = Field(default=None, ge=1, le=10**14)
    crs: Crs = "wgs84"
    candidates: list[CandidateIn] = Field(default_factory=list, max_length=3000)


class SitingRunOut(Out):
    """A question of siting: its best answer so far, and how far the proof is."""

    id: int
    area_code: int
    asked_at: datetime
    state: str
    question: dict[str, Any]
    progress: dict[str, Any]
    answer: dict[str, Any]
    network_version_id: int | None
    rules_version_id: int | None
    finished_at: datetime | None


class ScenarioIn(In):
    """A new scenario: empty, a copy of another, or the sites of an answer (then of which kind they are)."""

    name: str = Field(min_length=1, max_length=80)
    note: str = Field(default="", max_length=2000)
    copy_of: int | None = Field(default=None, ge=1, le=2**62)
    run_id: int | None = Field(default=None, ge=1, le=2**62)
    type_code: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,39}$")


class ScenarioChangeIn(In):
    """What of a scenario changes; what is missing stays."""

    name: str | None = Field(default=None, min_length=1, max_length=80)
    note: str | None = Field(default=None, max_length=2000)
    shared: bool | None = None
    archived: bool | None = None


class StepIn(In):
    """A step: `add` (type_code, place), `move` (whom, place) or `close` (whom)."""

    kind: Literal["add", "move", "close"]
    facility_id: int | None = Field(default=None, ge=1, le=2**62)
    added_by: int | None = Field(default=None, ge=1, le=10**6)
    type_code: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,39}$")
    functions: list[str] | None = Field(default=None, max_length=40)
    name: str = Field(default="", max_length=80)
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    crs: Crs | None = None


class StepOut(Out):
    """A step that stands; (lon, lat) in WGS-84."""

    step: int
    kind: str
    facility_id: int | None
    added_by: int | None
    name: str | None
    facility_name: str | None
    type_code: str | None
    functions: list[str]
    lon: float | None
    lat: float | None
    created_at: datetime


class ScenarioOut(Out):
    """A scenario in a list, with its last figures and what they were judged by."""

    id: int
    area_code: int
    name: str
    note: str
    created_by: int
    created_by_name: str | None
    created_at: datetime
    changed_at: datetime
    shared_at: datetime | None
    archived_at: datetime | None
    copied_from: int | None
    network_version_id: int | None
    rules_version_id: int | None
    judged_on: date | None
    figures: dict[str, Any]
    steps: int


class ScenarioWithStepsOut(Out):
    """A scenario with the steps that stand."""

    scenario: ScenarioOut
    steps: list[StepOut]


class TierChangeOut(Out):
    """One circle before and after; `mean_*` in seconds, or metres for a distance profile."""

    tier_code: str
    tier_name: str
    limit: str
    total: int
    before: int
    after: int
    gain: int
    lose: int
    mean_before: float | None
    mean_after: float | None


class CommunityChangeOut(Out):
    """What a community gains and loses in one circle."""

    area_code: int
    name: str
    tier_code: str
    total: int
    before: int
    after: int
    gain: int
    lose: int


class ComparisonOut(Out):
    """A scenario against the register of the same day."""

    scenario_id: int
    profile: str
    measure: str
    network_version_id: int | None
    rules_version_id: int
    rules_version: str
    judged_on: date
    tiers: list[TierChangeOut]
    communities: list[CommunityChangeOut]
    unplaced: list[int]
    estimated: bool


class StepTakenOut(Out):
    """The step that was taken (or taken back) and what the scenario does now."""

    step: int
    comparison: ComparisonOut
