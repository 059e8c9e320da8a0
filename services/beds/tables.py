"""Beds, who lies in them, and the monthly facts behind the nursing-bed ratio."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, word_list, words


class Bed(SQLModel, table=True):
    """One licensed bed with flags that may overlap: nursing (护理型), dementia, basic-guarantee.

    `nursing_from`, `dementia_from` (None: since it opened) and `basic_guarantee_from` say since when a flag holds; days
    on which it did not are rows of `bed_flag_lapse`, so that the ratio of any past day can be recomputed. `licensed_on`
    is the day of the licence where it is earlier than the day the bed could be used. `external_ref` is what the
    provider's own system calls the bed.
    """

    __tablename__ = "bed"
    __table_args__ = (
        CheckConstraint("kind IN ('institution', 'community', 'home')", name="bed_kind_check"),
        CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="bed_opened_before_closed_check"),
        UniqueConstraint("facility_id", "label", name="bed_facility_id_label_key"),
        UniqueConstraint("facility_id", "external_ref", name="bed_external_ref_key"),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id", index=True)
    area_code: int = area_code()
    label: str = words()
    kind: str = words(default="institution")
    nursing_from: date | None = Field(default=None)
    dementia: bool = Field(default=False, nullable=False)
    basic_guarantee: bool = Field(default=False, nullable=False)
    licensed_on: date | None = Field(default=None)
    opened_on: date = Field(nullable=False)
    closed_on: date | None = Field(default=None)
    dementia_from: date | None = Field(default=None)
    basic_guarantee_from: date | None = Field(default=None)
    external_ref: str | None = words(optional=True)


class BedStay(SQLModel, table=True):
    """An elder in a bed for a span of days; two stays in one bed, or of one elder, cannot overlap.

    `basis`: assessed (`assessment_id` held on the first day), emergency (with a reason, to be assessed by `assess_by`),
    register (taken over from another register). The assessment is another room's row, so the database's guard, not a key,
    holds it (sql/610_beds.sql). `moved_from` is the stay before a transfer. `provider_id` follows the bed.
    """

    __tablename__ = "bed_stay"
    __table_args__ = (
        ExcludeConstraint((text("bed_id"), "="), (text("during"), "&&"), name="bed_stay_no_overlap_excl", using="gist"),
        ExcludeConstraint(
            (text("elder_id"), "="),
            (text("during"), "&&"),
            name="bed_stay_one_bed_per_elder_excl",
            using="gist",
        ),
        CheckConstraint("basis IN ('assessed', 'emergency', 'register')", name="bed_stay_basis_check"),
        CheckConstraint(
            "basis <> 'emergency' OR (COALESCE(emergency_reason, '') <> '' AND assess_by IS NOT NULL)",
            name="bed_stay_emergency_says_why_check",
        ),
        CheckConstraint("basis <> 'assessed' OR assessment_id IS NOT NULL", name="bed_stay_assessed_names_it_check"),
        CheckConstraint("end_kind IN ('discharge', 'transfer', 'death')", name="bed_stay_end_kind_check"),
        Index("bed_stay_elder_idx", "elder_id"),
        Index("bed_stay_provider_idx", "provider_id"),
        UniqueConstraint("provider_id", "external_ref", name="bed_stay_external_ref_key"),
    )
    id: int | None = own_id()
    bed_id: int = link("bed.id")
    elder_id: int = link("person.id")
    area_code: int = area_code()
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    recorded_at: datetime = moment()
    provider_id: int | None = link("provider.id", optional=True)
    basis: str = Field(
        default="register", sa_type=Text, nullable=False, sa_column_kwargs={"server_default": "register"}
    )
    assessment_id: int | None = number(optional=True)
    emergency_reason: str | None = words(optional=True)
    assess_by: date | None = Field(default=None)
    moved_from: int | None = link("bed_stay.id", optional=True)
    end_kind: str | None = words(optional=True)
    end_reason: str | None = words(optional=True)
    external_ref: str | None = words(optional=True)


class BedLeave(SQLModel, table=True):
    """An elder away from her bed for some days, in hospital or on holiday; the bed stays hers and counts as occupied.

    `during` begins with the day she goes and ends with the day she is back (open: not back yet).
    """

    __tablename__ = "bed_leave"
    __table_args__ = (
        CheckConstraint("kind IN ('hospital', 'holiday')", name="bed_leave_kind_check"),
        CheckConstraint("NOT isempty(during)", name="bed_leave_days_check"),
        ExcludeConstraint(
            (text("stay_id"), "="), (text("during"), "&&"), name="bed_leave_no_overlap_excl", using="gist"
        ),
    )
    id: int | None = own_id()
    stay_id: int = link("bed_stay.id", index=True)
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    provider_id: int | None = link("provider.id", optional=True)
    kind: str = words()
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()


class BedSnapshot(SQLModel, table=True):
    """A day's bed counts of one site, recomputable from bed rows; kept so that trends are quick and auditable.

    `on_leave`: of the occupied beds, those whose elder is in hospital or on holiday.
    """

    __tablename__ = "bed_snapshot"
    __table_args__ = (
        CheckConstraint("nursing <= total AND occupied <= total", name="bed_snapshot_counts_check"),
        UniqueConstraint("facility_id", "day", name="bed_snapshot_facility_id_day_key"),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    area_code: int = area_code()
    day: date = Field(nullable=False, index=True)
    total: int = number()
    nursing: int = number()
    dementia: int = number()
    occupied: int = number()
    on_leave: int = Field(default=0, sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": "0"})
    computed_at: datetime = moment()


class HomeBed(SQLModel, table=True):
    """A home care bed (家庭照护床位): care at home by contract, counted apart from every bed in an institution.

    `during` is the term; `signed_by` is the elder or who signs for her (`by_right`). Fen a month; the parts add up.
    """

    __tablename__ = "home_bed"
    __table_args__ = (
        CheckConstraint(
            "government_fen >= 0 AND family_fen >= 0 AND monthly_price_fen = government_fen + family_fen",
            name="home_bed_price_adds_up_check",
        ),
        CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name="home_bed_end_has_reason_check"),
        CheckConstraint("NOT isempty(during)", name="home_bed_term_check"),
        ExcludeConstraint(
            (text("elder_id"), "="), (text("during"), "&&"), name="home_bed_one_per_elder_excl", using="gist"
        ),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    provider_id: int = link("provider.id", index=True)
    contract_number: str = words(unique=True)
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    signed_on: date = Field(nullable=False)
    signed_by: int = link("person.id")
    by_right: str = words()
    registered_by: int | None = link("person.id", optional=True)
    monthly_price_fen: int = number()
    government_fen: int = number()
    family_fen: int = number()
    care_plan_sealed: str | None = words(optional=True)
    devices: list[str] = word_list()
    ended_on: date | None = Field(default=None)
    end_reason: str | None = words(optional=True)
    recorded_at: datetime = moment()


class HomeBedService(SQLModel, table=True):
    """One line of a home care bed's service list: how often a service is owed in a week or month."""

    __tablename__ = "home_bed_service"
    __table_args__ = (
        CheckConstraint("every IN ('week', 'month')", name="home_bed_service_every_check"),
        CheckConstraint("times BETWEEN 1 AND 62 AND minutes > 0", name="home_bed_service_amount_check"),
        UniqueConstraint("home_bed_id", "service_code", name="home_bed_service_one_line_key"),
    )
    id: int | None = own_id()
    home_bed_id: int = link("home_bed.id")
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    provider_id: int = link("provider.id")
    service_code: str = words()
    times: int = Field(nullable=False)
    every: str = words()
    minutes: int = number()


class HomeBedCheck(SQLModel, table=True):
    """What one line of the list owed in a month and what visits delivered of it; an officer may add a word."""

    __tablename__ = "home_bed_check"
    __table_args__ = (
        CheckConstraint("owed >= 0 AND delivered >= 0", name="home_bed_check_counts_check"),
        UniqueConstraint("home_bed_id", "month", "service_code", name="home_bed_check_once_key"),
    )
    id: int | None = own_id()
    home_bed_id: int = link("home_bed.id")
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    provider_id: int = link("provider.id")
    month: date = Field(nullable=False)
    service_code: str = words()
    owed: int = number()
    delivered: int = number()
    delivered_minutes: int = number()
    checked_at: datetime = moment()
    note: str | None = words(optional=True)
    noted_by: int | None = link("person.id", optional=True)
