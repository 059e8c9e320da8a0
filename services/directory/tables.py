"""Providers, their sites and their carers. Public: anybody may find what is near home."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, place, word_list, words


class Provider(SQLModel, table=True):
    """An organisation that accepts orders (接单). `grade` 1-5, 5 best; blocked providers get no new offers.

    `blocked_*` follows the blacklist and `credit_*` the last credit level of its last month, both written by the
    database (sql/425_trust.sql).
    """

    __tablename__ = "provider"
    __table_args__ = (
        CheckConstraint("grade BETWEEN 1 AND 5", name="provider_grade_check"),
        CheckConstraint(
            "kind IN ('company', 'social_organisation', 'institution', 'community')",
            name="provider_kind_check",
        ),
    )
    id: int | None = own_id()
    code: str = words(unique=True)
    name: str = words()
    kind: str = words()
    area_code: int = area_code()
    phone: str = words()
    grade: int = Field(default=3, nullable=False)
    filing_number: str | None = words(optional=True)
    blocked_at: datetime | None = moment(optional=True)
    blocked_reason: str | None = words(optional=True)
    credit_level: str | None = words(optional=True)
    credit_match_percent: int | None = Field(default=None)
    invented: bool = Field(default=False, nullable=False)
    created_at: datetime = moment()


class Facility(SQLModel, table=True):
    """A site with a door: day care, meal site, centre, home with beds. `functions` are those live today."""

    __tablename__ = "facility"
    __table_args__ = (
        CheckConstraint("status IN ('planned', 'open', 'closed')", name="facility_status_check"),
        CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="facility_opened_before_closed_check"),
        CheckConstraint("original_crs IN ('wgs84', 'gcj02', 'bd09', 'cgcs2000')", name="facility_original_crs_check"),
        Index("facility_area_code_geom_idx", "area_code", "geom", postgresql_using="gist"),
    )
    id: int | None = own_id()
    code: str = words(unique=True)
    provider_id: int = link("provider.id", index=True)
    name: str = words()
    type_code: str = words(index=True)
    functions: list[str] = word_list()
    area_code: int = area_code()
    address: str = words()
    phone: str | None = words(optional=True)
    geom: Any = place(optional=False)
    original_lon: float = Field(nullable=False)
    original_lat: float = Field(nullable=False)
    original_crs: str = words()
    status: str = words(default="open")
    opened_on: date | None = Field(default=None)
    closed_on: date | None = Field(default=None)
    day_places: int = number(default=0)
    floor_area_m2: int = number(default=0)
    opening_hours: str | None = words(optional=True)
    invented: bool = Field(default=False, nullable=False)


class FacilityChange(SQLModel, table=True):
    """One change of one site, written once: its columns before and after, who asked, and which change it takes back.

    `key` and `wish_hash` are the asker's Idempotency-Key and what she wished: the same again is answered, not done.
    """

    __tablename__ = "facility_change"
    __table_args__ = (
        UniqueConstraint("changed_by", "key", name="facility_change_one_a_key"),
        UniqueConstraint("undoes", name="facility_change_undone_once_key"),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id", index=True)
    changed_at: datetime = moment()
    changed_by: int | None = number(optional=True)
    before: dict[str, Any] = document()
    after: dict[str, Any] = document()
    undoes: int | None = link("facility_change.id", optional=True)
    key: str | None = words(optional=True)
    wish_hash: str | None = words(optional=True)


class Carer(SQLModel, table=True):
    """A person who works for one provider, with the skills and certificate her jobs need.

    `file_kept`: her certificates stand in her personnel file (carer_certificate), which then decides skill by skill;
    `certificate_valid_until` is the last day of the longest of them.
    """

    __tablename__ = "carer"
    __table_args__ = (CheckConstraint("skill_grade BETWEEN 0 AND 5", name="carer_skill_grade_check"),)
    person_id: int = link("person.id", primary=True)
    provider_id: int = link("provider.id", index=True)
    area_code: int = area_code()
    display_name: str = words()
    gender: str = words()
    skills: list[str] = word_list()
    skill_grade: int = Field(default=1, nullable=False)
    certificate_number: str | None = words(optional=True)
    certificate_valid_until: date | None = Field(default=None)
    file_kept: bool = Field(default=False, nullable=False, sa_column_kwargs={"server_default": text("false")})
    since: date = Field(nullable=False)
    left_on: date | None = Field(default=None)


class ServiceLine(SQLModel, table=True):
    """What one provider offers: which service, at what price, how far it travels, how many at once.

    `weekdays` are ISO numbers 1-7; hours are Shanghai wall-clock hours, start included, end excluded.
    """

    __tablename__ = "service_line"
    __table_args__ = (
        CheckConstraint("price_fen >= 0", name="service_line_price_not_negative_check"),
        CheckConstraint("slot_capacity > 0", name="service_line_capacity_check"),
        CheckConstraint("from_hour >= 0 AND from_hour < to_hour AND to_hour <= 24", name="service_line_hours_check"),
        Index("service_line_one_idx", "provider_id", "service_code", unique=True),
        Index("service_line_site_idx", "facility_id", "service_code"),
        Index("service_line_farthest_idx", "service_code", "max_travel_seconds"),
    )
    id: int | None = own_id()
    provider_id: int = link("provider.id")
    service_code: str = words(index=True)
    facility_id: int = link("facility.id")
    price_fen: int = number()
    max_travel_seconds: int = number()
    slot_capacity: int = number()
    weekdays: list[str] = word_list()
    from_hour: int = Field(default=8, nullable=False)
    to_hour: int = Field(default=18, nullable=False)
    active: bool = Field(default=True, nullable=False)
    notes: dict[str, Any] = document()
