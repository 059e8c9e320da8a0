"""Beds, who lies in them, and the monthly facts behind the nursing-bed ratio."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, words


class Bed(SQLModel, table=True):
    """One licensed bed with flags that may overlap: nursing (护理型), dementia, basic-guarantee.

    `nursing_from` dates the certification, so that the ratio of any past day can be recomputed.
    `licensed_on` is the day of the licence where it is earlier than the day the bed could be used.
    """

    __tablename__ = "bed"
    __table_args__ = (
        CheckConstraint("kind IN ('institution', 'community', 'home')", name="bed_kind_check"),
        CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="bed_opened_before_closed_check"),
        UniqueConstraint("facility_id", "label", name="bed_facility_id_label_key"),
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


class BedStay(SQLModel, table=True):
    """An elder in a bed for a span of days; two stays in one bed, or of one elder, cannot overlap."""

    __tablename__ = "bed_stay"
    __table_args__ = (
        ExcludeConstraint((text("bed_id"), "="), (text("during"), "&&"), name="bed_stay_no_overlap_excl", using="gist"),
        ExcludeConstraint(
            (text("elder_id"), "="),
            (text("during"), "&&"),
            name="bed_stay_one_bed_per_elder_excl",
            using="gist",
        ),
        Index("bed_stay_elder_idx", "elder_id"),
    )
    id: int | None = own_id()
    bed_id: int = link("bed.id")
    elder_id: int = link("person.id")
    area_code: int = area_code()
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    recorded_at: datetime = moment()


class BedSnapshot(SQLModel, table=True):
    """Month-end bed counts of one site, recomputable from bed rows; kept so that trends are quick and auditable."""

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
    computed_at: datetime = moment()
