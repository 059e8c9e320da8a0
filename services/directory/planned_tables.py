"""What a city has promised to build and to run well: project sites, duties of residential areas, checks, flags of areas."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words


class ProjectSite(SQLModel, table=True):
    """One site of a project of the city's plan: planned, started, built, opened, or dropped; with its days.

    Once opened it names the facility it became. Every change is kept in `register_change` (sql/437_registers.sql).
    """

    __tablename__ = "project_site"
    __table_args__ = (
        CheckConstraint("work IN ('build', 'rebuild')", name="project_site_work_check"),
        CheckConstraint(
            "(started_on IS NOT NULL OR built_on IS NULL) AND (built_on IS NOT NULL OR opened_on IS NULL)"
            " AND COALESCE(built_on >= started_on, true) AND COALESCE(opened_on >= built_on, true)",
            name="project_site_steps_check",
        ),
        CheckConstraint("(opened_on IS NOT NULL) = (facility_id IS NOT NULL)", name="project_site_opened_check"),
        CheckConstraint("dropped_on IS NULL OR opened_on IS NULL", name="project_site_dropped_check"),
        UniqueConstraint("area_code", "project_code", "name", name="project_site_one_key"),
        Index(
            "project_site_of_one_facility_idx", "project_code", "facility_id", unique=True,
            postgresql_where=text("facility_id IS NOT NULL"),
        ),
    )  # fmt: skip
    id: int | None = own_id()
    project_code: str = words()
    area_code: int = area_code()
    name: str = words()
    type_code: str = words()
    work: str = words(default="build")
    planned_on: date = Field(nullable=False)
    started_on: date | None = Field(default=None)
    built_on: date | None = Field(default=None)
    opened_on: date | None = Field(default=None)
    dropped_on: date | None = Field(default=None)
    facility_id: int | None = link("facility.id", optional=True)
    note: str = words(default="")
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()


class AreaObligation(SQLModel, table=True):
    """The duty of one residential area to have room for elders (配建), and its four steps together with it (四同步).

    Met: handed over, with as many square metres as owed.
    """

    __tablename__ = "area_obligation"
    __table_args__ = (
        CheckConstraint(
            "(planned_on IS NOT NULL OR built_on IS NULL) AND (built_on IS NOT NULL OR accepted_on IS NULL)"
            " AND (accepted_on IS NOT NULL OR handed_over_on IS NULL) AND COALESCE(built_on >= planned_on, true)"
            " AND COALESCE(accepted_on >= built_on, true) AND COALESCE(handed_over_on >= accepted_on, true)",
            name="area_obligation_steps_check",
        ),
        CheckConstraint(
            "required_m2 > 0 AND (provided_m2 IS NULL OR provided_m2 >= 0) AND (households IS NULL OR households > 0)"
            " AND (handed_over_on IS NULL OR provided_m2 IS NOT NULL)",
            name="area_obligation_m2_check",
        ),
        UniqueConstraint("area_code", "obligation_code", "name", name="area_obligation_one_key"),
    )
    id: int | None = own_id()
    obligation_code: str = words()
    area_code: int = area_code()
    name: str = words()
    households: int | None = number(optional=True)
    required_m2: int = number()
    due_on: date = Field(nullable=False)
    planned_on: date | None = Field(default=None)
    built_on: date | None = Field(default=None)
    accepted_on: date | None = Field(default=None)
    handed_over_on: date | None = Field(default=None)
    provided_m2: int | None = number(optional=True)
    facility_id: int | None = link("facility.id", optional=True)
    note: str = words(default="")
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()


class FacilityCheck(SQLModel, table=True):
    """One check of a site by a list of standard operation (标准化运行): each item yes or no, written once.

    The last check that was not withdrawn says whether the site is run to the standard on a day.
    """

    __tablename__ = "facility_check"
    __table_args__ = (
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="facility_check_withdrawn_check"),
        Index("facility_check_last_idx", "facility_id", text("checked_on DESC"), text("id DESC")),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    area_code: int = area_code()
    checklist: str = words()
    checked_on: date = Field(nullable=False)
    answers: dict[str, Any] = document()
    passed: bool = Field(nullable=False)
    note: str = words(default="")
    checked_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()
    withdrawn_at: datetime | None = moment(optional=True)
    withdrawn_by: int | None = link("person.id", optional=True)
    withdrawn_reason: str | None = words(optional=True)


class AreaFlag(SQLModel, table=True):
    """A title an area holds from a day on (认知障碍友好社区 and the like), with the paper that gives it."""

    __tablename__ = "area_flag"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until > since", name="area_flag_days_check"),
        Index("area_flag_one_open_idx", "area_code", "flag", unique=True, postgresql_where=text("until IS NULL")),
    )
    id: int | None = own_id()
    area_code: int = area_code()
    flag: str = words()
    since: date = Field(nullable=False)
    until: date | None = Field(default=None)
    ground: str = words()
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()


class RegisterChange(SQLModel, table=True):
    """One change of one row of a register, before and after, written by the database itself and never changed."""

    __tablename__ = "register_change"
    __table_args__ = (Index("register_change_row_idx", "register_name", "row_id", "id"),)
    id: int | None = own_id()
    register_name: str = words()
    row_id: int = number()
    area_code: int = area_code()
    before: dict[str, Any] = document()
    after: dict[str, Any] = document()
    changed_by: int | None = number(optional=True)
    changed_at: datetime = moment()
