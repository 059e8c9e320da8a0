"""The register of homes and beds over HTTP: papers, standings, two sources, what would be, and waiting lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.visits import Day, In, Out

Flag = Literal["nursing", "dementia", "basic_guarantee"]
Level = Literal["self_care", "partial", "full", "special"]
Ownership = Literal["public", "public_run_privately", "private_non_profit", "private"]
Fact = Literal["total", "nursing", "dementia", "occupied"]


class RegisterOut(Out):
    """A home on a day: whose it is, and its beds counted by what they are; flags may overlap."""

    facility_id: int
    name: str
    type_code: str
    area_code: int
    ownership: Ownership | None
    price_capped: bool | None
    price_cap_fen: int | None
    embedded: bool | None
    licensed: int
    open: int
    nursing: int
    dementia: int
    basic_guarantee: int
    occupied: int
    on_leave: int
    self_care: int
    partial: int
    full_care: int
    special: int


class CertificateIn(In):
    """A paper about beds; `grants` false takes the flag away from `holds_from` on."""

    bed_ids: list[Annotated[int, Field(ge=1, le=2**62)]] = Field(min_length=1, max_length=500)
    flag: Flag
    holds_from: Day
    valid_until: Day | None = None
    paper: str = Field(min_length=1, max_length=200)
    issued_by: str = Field(min_length=1, max_length=200)
    grants: bool = True


class CertificateOut(Out):
    """A paper as it was written down."""

    id: int
    flag: Flag
    grants: bool
    holds_from: date
    valid_until: date | None
    paper: str
    issued_by: str
    recorded_at: datetime


class LevelIn(In):
    """For whom a bed is equipped, from a day on."""

    level: Level
    since: Day


class StandingIn(In):
    """Whose a home is and what it promised, from a day on; fen a month for a bed."""

    ownership: Ownership
    price_capped: bool = False
    price_cap_fen: int | None = Field(default=None, gt=0, le=10**9)
    embedded: bool = False
    since: Day
    paper: str = Field(default="", max_length=200)


class CountsIn(In):
    """What was counted on a day: as the home, or as an inspector of its area."""

    day: Day
    total: int | None = Field(default=None, ge=0, le=100_000)
    nursing: int | None = Field(default=None, ge=0, le=100_000)
    dementia: int | None = Field(default=None, ge=0, le=100_000)
    occupied: int | None = Field(default=None, ge=0, le=100_000)
    note: str = Field(default="", max_length=500)


class OfficialIn(In):
    """Whose count is the official one, and why."""

    day: Day
    fact: Fact
    source: Literal["home", "inspector", "register"]
    reason: str = Field(min_length=1, max_length=500)


class OfficialOut(Out):
    """The official value."""

    value: int


class SourcesOut(Out):
    """One count of one home on one day from each source; `open`: they differ and nobody chose since."""

    facility_id: int
    facility_name: str
    day: date
    fact: Fact
    register_count: int = Field(validation_alias="register", description="what the register of beds counts")
    home: int | None
    inspector: int | None
    official: int | None
    official_source: str | None
    official_reason: str | None
    open: bool


class HomeAfterOut(Out):
    """A home as it would be; `could_certify`: its counted beds that are not nursing beds yet."""

    facility_id: int
    name: str
    nursing: int
    total: int
    could_certify: int


class WhatIfOut(Out):
    """The ratio as it is and as it would be (proportions), and what would still be missing."""

    ratio_now: float | None
    short_now: int
    target: float | None
    target_due: date | None
    nursing: int
    total: int
    ratio: float | None
    short_after: int
    meets_target: bool | None
    homes: list[HomeAfterOut]


class ReadingOut(Out):
    """What one night's job read of the ratio; percentages."""

    day: date
    nursing: int
    total: int
    target: float | None
    target_due: date | None
    forecast: float | None
    forecast_low: float | None
    forecast_high: float | None
    short_beds: int
    places: dict[str, list[dict[str, str | int]]]
    rules_version: str


class WaitIn(In):
    """For which home an elder waits, and which flag the bed must carry for her."""

    facility_id: int = Field(ge=1, le=2**62)
    wants: Flag | None = None


class WaitCreatedOut(Out):
    """The id of the entry."""

    wait_id: int


class WaitOut(Out):
    """An entry with its place: how many were put first, are of a higher class, or came earlier in her class."""

    id: int
    facility_id: int
    facility_name: str
    elder_id: int
    elder_name: str
    class_code: str
    class_rank: int
    class_facts: dict[str, str | int | list[str] | None]
    wants: Flag | None
    state: str
    applied_at: datetime
    queued_at: datetime
    jumped_at: datetime | None
    declines: int
    place: int
    put_first: int
    higher_class: int
    same_class: int
    waiting: int
    offer_id: int | None
    offer_state: str | None
    bed_id: int | None
    bed_label: str | None
    first_day: date | None
    expires_at: datetime | None
    jump_id: int | None
    jump_reason: str | None


class ReasonIn(In):
    """Why."""

    reason: str = Field(min_length=1, max_length=500)


class BedOfferIn(In):
    """From which day; `wait_id` names whom one means, and is refused if she is not the first whom the bed suits."""

    first_day: Day
    wait_id: int | None = Field(default=None, ge=1, le=2**62)


class BedOfferCreatedOut(Out):
    """The id of the offer."""

    bed_offer_id: int


class BedAnswerIn(In):
    """Yes or no."""

    accepts: bool
    reason: str = Field(default="", max_length=500)


class JumpCreatedOut(Out):
    """The id of the wish to put somebody first."""

    jump_id: int


class JumpDecisionIn(In):
    """Yes or no from a second person."""

    approves: bool
    reason: str = Field(default="", max_length=500)


class WaitingTimeOut(Out):
    """How long elders of a class waited, in whole days."""

    class_code: str
    name_zh: str
    name_en: str
    moved_in: int
    median_days: int | None
    longest_days: int | None
    waiting: int
    waiting_median_days: int | None
    waiting_longest_days: int | None


class ToldBedIn(In):
    """A bed as the provider's own system has it; papers are the office's word and not told here."""

    label: str = Field(min_length=1, max_length=60)
    opened_on: Day
    closed_on: Day | None = None
    kind: Literal["institution", "community"] = "institution"


class ToldStayIn(In):
    """A stay as the provider's own system has it: its own name of the bed, the elder by her ID number.

    Without an assessment that holds, or while others wait, `emergency` gives the reason.
    """

    bed: str = Field(min_length=1, max_length=80)
    id_number: str = Field(min_length=15, max_length=30)
    first_day: Day
    last_day: Day | None = None
    ended_by: Literal["discharge", "death"] = "discharge"
    reason: str = Field(default="", max_length=500)
    emergency: str = Field(default="", max_length=500)


class PutOut(Out):
    """The house's own id, and whether anything changed."""

    id: int
    outcome: Literal["created", "updated", "unchanged"]
