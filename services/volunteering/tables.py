"""A volunteer's life above the ledger: needs taken, sessions served, minutes confirmed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, during, link, moment, number, own_id, word_list, words


class Volunteer(SQLModel, table=True):
    """A person of 18 or more who gives time: trained, insured, known by real name."""

    __tablename__ = "volunteer"
    person_id: int = link("person.id", primary=True)
    area_code: int = area_code()
    display_name: str = words()
    interests: list[str] = word_list()
    trained_on: date | None = Field(default=None)
    insured_until: date | None = Field(default=None)
    registered_on: date = Field(nullable=False)
    passport_number: str = words(unique=True)
    left_on: date | None = Field(default=None)


class Need(SQLModel, table=True):
    """Something an elder asks of volunteers. The board shows `rough_place`, never a name or a door."""

    __tablename__ = "need"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="need_window_check"),
        CheckConstraint("state IN ('open', 'taken', 'served', 'confirmed', 'cancelled')", name="need_state_check"),
        CheckConstraint(
            "(state IN ('taken', 'served', 'confirmed')) <= (taken_by IS NOT NULL)",
            name="need_taken_by_somebody_check",
        ),
        CheckConstraint("elder_id <> taken_by", name="need_not_taken_by_the_elder_check"),
        Index("need_open_idx", "starts_at", postgresql_where=text("state = 'open'")),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    kind: str = words()
    title: str = words()
    rough_place: str = words()
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    state: str = words(default="open")
    posted_by: int = number()
    posted_at: datetime = moment()
    taken_by: int | None = link("person.id", optional=True, index=True)
    taken_at: datetime | None = moment(optional=True)


class VolunteerSession(SQLModel, table=True):
    """Served time waiting for, or holding, its minutes in the ledger."""

    __tablename__ = "volunteer_session"
    __table_args__ = (
        CheckConstraint("credit_minutes > 0", name="volunteer_session_minutes_check"),
        CheckConstraint("state IN ('pending', 'posted', 'voided')", name="volunteer_session_state_check"),
        ExcludeConstraint(
            (text("volunteer_id"), "="),
            (text("during"), "&&"),
            where=text("state <> 'voided'"),
            name="volunteer_session_no_overlap_excl",
            using="gist",
        ),
        UniqueConstraint("visit_id", name="volunteer_session_one_per_visit_key"),
    )
    id: int | None = own_id()
    need_id: int = link("need.id", index=True)
    visit_id: int = link("visit.id")
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    volunteer_id: int = link("person.id", index=True)
    during: Any = during()
    service_minutes: int = number()
    credit_minutes: int = number()
    rule_version: str = words()
    state: str = words(default="pending")
    transfer_id: int | None = number(optional=True)
    auto_confirm_at: datetime | None = moment(optional=True)
    confirmed_by: int | None = number(optional=True)
    confirmed_at: datetime | None = moment(optional=True)
    dispute_reason: str | None = words(optional=True)
