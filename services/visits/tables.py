"""What happened at the door: care visits, welfare visits (探访), unanswered doors."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, word_list, words


class DoorPlate(SQLModel, table=True):
    """The QR plate at an elder's door; scanning it proves that somebody stood there."""

    __tablename__ = "door_plate"
    __table_args__ = (
        Index("door_plate_one_active_idx", "elder_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    token_hash: bytes = Field(sa_type=LargeBinary, nullable=False, unique=True)
    issued_at: datetime = moment()
    revoked_at: datetime | None = moment(optional=True)


class Visit(SQLModel, table=True):
    """One carer's or volunteer's time with an elder, with the proof of arrival and leaving.

    `happened` times come from the device, `recorded` from the server. `code_sealed` holds the four digits
    the elder tells the visitor; five wrong tries close that way in. `kind`: care (an order), friendly (a volunteer's 探访).
    """

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint("kind IN ('care', 'friendly')", name="visit_kind_check"),
        CheckConstraint("state IN ('planned', 'started', 'finished', 'missed', 'cancelled')", name="visit_state_check"),
        CheckConstraint("(kind = 'care') = (order_id IS NOT NULL)", name="visit_care_has_order_check"),
        CheckConstraint(
            "(state IN ('started', 'finished')) <= (checked_in_at IS NOT NULL AND check_in_proof IS NOT NULL)",
            name="visit_started_has_proof_check",
        ),
        CheckConstraint("(state = 'finished') <= (checked_out_at IS NOT NULL)", name="visit_finished_has_end_check"),
        CheckConstraint("checked_out_at >= checked_in_at", name="visit_ends_after_start_check"),
        CheckConstraint(
            "check_in_proof IN ('door_plate', 'elder_code', 'phone_call', 'phone_in', 'supervisor')",
            name="visit_proof_check",
        ),
        Index("visit_order_idx", "order_id", unique=True, postgresql_where=text("state <> 'cancelled'")),
        Index("visit_visitor_idx", "visitor_id", "planned_start"),
        Index(
            "visit_one_started_per_visitor_idx", "visitor_id", unique=True, postgresql_where=text("state = 'started'")
        ),
        Index("visit_elder_idx", "elder_id", "planned_start"),
    )
    id: int | None = own_id()
    kind: str = words()
    order_id: int | None = link("care_order.id", optional=True)
    need_id: int | None = number(optional=True, index=True)
    elder_id: int = link("person.id")
    area_code: int = area_code()
    visitor_id: int = link("person.id")
    planned_start: datetime = moment()
    planned_end: datetime = moment()
    state: str = words(default="planned")
    code_sealed: str | None = words(optional=True)
    code_tries: int = number(default=0)
    checked_in_at: datetime | None = moment(optional=True)
    check_in_recorded_at: datetime | None = moment(optional=True)
    check_in_proof: str | None = words(optional=True)
    check_in_facts: dict[str, Any] = document()
    checked_out_at: datetime | None = moment(optional=True)
    check_out_recorded_at: datetime | None = moment(optional=True)
    check_out_facts: dict[str, Any] = document()
    tasks_done: list[str] = word_list()
    note: str | None = words(optional=True)
    risks: list[str] = Field(
        default_factory=list, sa_type=ARRAY(Text), nullable=False, sa_column_kwargs={"server_default": "{}"}
    )
    vitals_sealed: str | None = words(optional=True)
    confirmed_at: datetime | None = moment(optional=True)
    confirmed_by: int | None = link("person.id", optional=True)
    voided_at: datetime | None = moment(optional=True)
    """When a finished visit was disputed away, so that a closed month can say what it had counted."""


class VisitDuty(SQLModel, table=True):
    """An elder in difficulty whom somebody must see: her class, since when, until when.

    The denominator of the monthly rate; it changes by dated rows only, never by deleting people.
    `visit_class` is a code of the city's rules; on `ended_on` itself the duty no longer stands. `recorded_at` and
    `end_recorded_at` tell when the house learned of it: what it learned after a month was closed is a correction.
    `far`: she lives in a grid to which the way is long, on these days.
    """

    __tablename__ = "visit_duty"
    __table_args__ = (
        CheckConstraint("visit_class <> ''", name="visit_duty_class_check"),
        CheckConstraint("ended_on IS NULL OR ended_on >= since", name="visit_duty_dates_check"),
        Index("visit_duty_one_open_idx", "elder_id", unique=True, postgresql_where=text("ended_on IS NULL")),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    visit_class: str = words()
    groups: list[str] = word_list()
    since: date = Field(nullable=False)
    ended_on: date | None = Field(default=None)
    end_reason: str | None = words(optional=True)
    grid_id: int | None = number(optional=True)
    far: bool = Field(default=False, nullable=False, sa_column_kwargs={"server_default": text("false")})
    recorded_at: datetime = Field(
        sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
    end_recorded_at: datetime | None = moment(optional=True)


class VisitAttempt(SQLModel, table=True):
    """One try to see an elder in difficulty. Only `seen` and `spoken` count as a visit; silence never does."""

    __tablename__ = "visit_attempt"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('seen', 'spoken', 'no_answer', 'refused', 'hospital', 'moved', 'died')",
            name="visit_attempt_outcome_check",
        ),
        CheckConstraint(
            "channel IN ('home', 'phone', 'video', 'neighbour', 'volunteer', 'device')",
            name="visit_attempt_channel_check",
        ),
        CheckConstraint("happened_at <= recorded_at", name="visit_attempt_not_in_the_future_check"),
        Index("visit_attempt_elder_idx", "elder_id", "happened_at"),
        UniqueConstraint("visit_id", name="visit_attempt_one_per_visit_key"),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    channel: str = words()
    outcome: str = words()
    happened_at: datetime = moment(index=True)
    recorded_at: datetime = moment()
    by_person_id: int = link("person.id")
    visit_id: int | None = link("visit.id", optional=True)
    note: str | None = words(optional=True)


class Escalation(SQLModel, table=True):
    """An unanswered door in the hands of a named person, with a clock, until somebody closes it."""

    __tablename__ = "escalation"
    __table_args__ = (
        CheckConstraint("step BETWEEN 1 AND 4", name="escalation_step_check"),
        CheckConstraint(
            "(closed_at IS NULL) = (resolution IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)",
            name="escalation_closed_by_somebody_check",
        ),
        Index("escalation_one_open_idx", "elder_id", unique=True, postgresql_where=text("closed_at IS NULL")),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    attempt_id: int = link("visit_attempt.id")
    step: int = Field(default=1, nullable=False)
    in_charge_id: int = link("person.id", index=True)
    opened_at: datetime = moment()
    due_at: datetime = moment(index=True)
    closed_at: datetime | None = moment(optional=True)
    closed_by: int | None = link("person.id", optional=True)
    resolution: str | None = words(optional=True)
    history: list[Any] = Field(default_factory=list, sa_type=JSONB, nullable=False)
