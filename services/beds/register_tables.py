"""What makes a home and a bed what they are, each fact with its days and its paper, and two sources for what is counted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words

OWNERSHIPS = ("public", "public_run_privately", "private_non_profit", "private")
CARE_LEVELS = ("self_care", "partial", "full", "special")
FLAGS = ("nursing", "dementia", "basic_guarantee")
COUNTED = ("total", "nursing", "dementia", "occupied")


def _one_of(column: str, names: tuple[str, ...]) -> str:
    return f"{column} IN ('" + "', '".join(names) + "')"


class HomeStanding(SQLModel, table=True):
    """Whose a home is and what it promised, over a span of days: ownership, price cap (普惠), embedded (嵌入式).

    The three are told apart and may overlap; `price_cap_fen` a month for a bed, where the home is price-capped.
    """

    __tablename__ = "home_standing"
    __table_args__ = (
        CheckConstraint(_one_of("ownership", OWNERSHIPS), name="home_standing_ownership_check"),
        CheckConstraint("price_cap_fen > 0", name="home_standing_price_cap_check"),
        CheckConstraint("price_capped OR price_cap_fen IS NULL", name="home_standing_cap_only_if_capped_check"),
        CheckConstraint("NOT isempty(during)", name="home_standing_days_check"),
        ExcludeConstraint(
            (text("facility_id"), "="), (text("during"), "&&"), name="home_standing_one_a_day_excl", using="gist"
        ),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    area_code: int = area_code()
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    ownership: str = words()
    price_capped: bool = Field(default=False, nullable=False)
    price_cap_fen: int | None = number(optional=True)
    embedded: bool = Field(default=False, nullable=False)
    paper: str = words(default="")
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()


class BedCertificate(SQLModel, table=True):
    """The paper by which a bed carries a flag from a day on (through `valid_until`, if it ends), or loses it.

    Written once: a later paper says something else about later days. `grants` false: the flag is withdrawn from
    `holds_from` on.
    """

    __tablename__ = "bed_certificate"
    __table_args__ = (
        CheckConstraint(_one_of("flag", FLAGS), name="bed_certificate_flag_check"),
        CheckConstraint("paper <> '' AND issued_by <> ''", name="bed_certificate_names_its_paper_check"),
        CheckConstraint("valid_until >= holds_from", name="bed_certificate_days_check"),
        CheckConstraint("grants OR valid_until IS NULL", name="bed_certificate_withdrawal_has_no_end_check"),
        Index("bed_certificate_bed_idx", "bed_id", "flag"),
    )
    id: int | None = own_id()
    bed_id: int = link("bed.id")
    area_code: int = area_code()
    flag: str = words()
    grants: bool = Field(default=True, nullable=False)
    holds_from: date = Field(nullable=False)
    valid_until: date | None = Field(default=None)
    paper: str = words()
    issued_by: str = words()
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()


class BedFlagLapse(SQLModel, table=True):
    """Days on which a bed did not carry a flag that it had got before; what papers said, worked out."""

    __tablename__ = "bed_flag_lapse"
    __table_args__ = (
        CheckConstraint(_one_of("flag", FLAGS), name="bed_flag_lapse_flag_check"),
        CheckConstraint("NOT isempty(during)", name="bed_flag_lapse_days_check"),
        ExcludeConstraint(
            (text("bed_id"), "="), (text("flag"), "="), (text("during"), "&&"),
            name="bed_flag_lapse_no_overlap_excl", using="gist",
        ),
        Index("bed_flag_lapse_bed_idx", "bed_id", "flag"),
    )  # fmt: skip
    id: int | None = own_id()
    bed_id: int = link("bed.id")
    area_code: int = area_code()
    flag: str = words()
    during: Any = Field(sa_type=DATERANGE, nullable=False)


class BedCareLevel(SQLModel, table=True):
    """For whom a bed is equipped over a span of days: self-care, partial, full or special care; one level at a time."""

    __tablename__ = "bed_care_level"
    __table_args__ = (
        CheckConstraint(_one_of("level", CARE_LEVELS), name="bed_care_level_level_check"),
        CheckConstraint("NOT isempty(during)", name="bed_care_level_days_check"),
        ExcludeConstraint(
            (text("bed_id"), "="), (text("during"), "&&"), name="bed_care_level_one_a_day_excl", using="gist"
        ),
    )
    id: int | None = own_id()
    bed_id: int = link("bed.id")
    area_code: int = area_code()
    level: str = words()
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()


class BedReport(SQLModel, table=True):
    """What a home reported or an inspector found of one count on one day; written once, the newest of a source counts."""

    __tablename__ = "bed_report"
    __table_args__ = (
        CheckConstraint("source IN ('home', 'inspector')", name="bed_report_source_check"),
        CheckConstraint(_one_of("fact", COUNTED), name="bed_report_fact_check"),
        CheckConstraint("value BETWEEN 0 AND 100000", name="bed_report_value_check"),
        Index("bed_report_day_idx", "facility_id", "day", "fact", "source"),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    provider_id: int = link("provider.id")
    area_code: int = area_code()
    day: date = Field(nullable=False)
    fact: str = words()
    source: str = words()
    value: int = number()
    note: str = words(default="")
    reported_by: int | None = link("person.id", optional=True)
    reported_at: datetime = moment()


class BedOfficial(SQLModel, table=True):
    """The value an officer chose for one count of one day, from which source and why; a later choice replaces it."""

    __tablename__ = "bed_official"
    __table_args__ = (
        CheckConstraint(_one_of("fact", COUNTED), name="bed_official_fact_check"),
        CheckConstraint("source IN ('home', 'inspector', 'register')", name="bed_official_source_check"),
        CheckConstraint("reason <> ''", name="bed_official_says_why_check"),
        Index("bed_official_day_idx", "facility_id", "day", "fact"),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    provider_id: int = link("provider.id")
    area_code: int = area_code()
    day: date = Field(nullable=False)
    fact: str = words()
    source: str = words()
    value: int = number()
    reason: str = words()
    chosen_by: int = link("person.id")
    chosen_at: datetime = moment()


class BedReading(SQLModel, table=True):
    """What the night's job read: a city's ratio by one definition, where it leads, and which beds are short where.

    `forecast` and `target` are percentages; `places` is [{"facility_id", "name", "beds"}].
    """

    __tablename__ = "bed_reading"
    __table_args__ = (
        CheckConstraint("nursing <= total", name="bed_reading_counts_check"),
        UniqueConstraint("city_code", "ratio_code", "day", name="bed_reading_once_a_day_key"),
    )
    id: int | None = own_id()
    city_code: int = number()
    ratio_code: str = words()
    day: date = Field(nullable=False)
    nursing: int = number()
    total: int = number()
    target: float | None = Field(default=None)
    target_due: date | None = Field(default=None)
    forecast: float | None = Field(default=None)
    forecast_low: float | None = Field(default=None)
    forecast_high: float | None = Field(default=None)
    short_beds: int = number()
    places: dict[str, Any] = document()
    rules_version: str = words()
    read_at: datetime = moment()
