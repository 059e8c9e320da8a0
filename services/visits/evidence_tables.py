"""What stands behind a visit beside its proof: exceptions, risks, photos, calls, signed events, doubts. Words and the formula are rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words


def link_words(target: str) -> Any:
    """Give a TEXT foreign key to a table of words."""
    return Field(sa_type=Text, foreign_key=target, nullable=False)


class EvidenceReason(SQLModel, table=True):
    """Why a fact of a visit could not be proved in the ordinary way; a word people pick, kept as a row."""

    __tablename__ = "evidence_reason"
    __table_args__ = (CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,39}$'", name="evidence_reason_code_check"),)
    code: str = Field(primary_key=True, sa_type=Text)
    name_zh: str = words()
    name_en: str = words()
    rank: int = number(default=100)
    ended_on: date | None = Field(default=None)


class RiskSign(SQLModel, table=True):
    """What a visitor may notice and somebody must answer for at once: a fall, a wound, no food.

    `ladder` is [{"role": office or next_of_kin, "minutes": clock of that rung}]; minutes count from when it was handed over.
    """

    __tablename__ = "risk_sign"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,39}$'", name="risk_sign_code_check"),
        CheckConstraint(
            "jsonb_typeof(ladder) = 'array' AND jsonb_array_length(ladder) > 0", name="risk_sign_ladder_check"
        ),
    )
    code: str = Field(primary_key=True, sa_type=Text)
    name_zh: str = words()
    name_en: str = words()
    rank: int = number(default=100)
    ladder: list[Any] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    ended_on: date | None = Field(default=None)


class PlausibilityFormula(SQLModel, table=True):
    """A published version of how doubts are counted; written once, in force from its day until the next."""

    __tablename__ = "plausibility_formula"
    __table_args__ = (UniqueConstraint("in_force_from", name="plausibility_formula_one_a_day_key"),)
    version: str = Field(primary_key=True, sa_type=Text)
    in_force_from: date = Field(nullable=False)
    weights: dict[str, Any] = document()
    published_at: datetime = moment()


class VisitException(SQLModel, table=True):
    """A fact of a visit that rests on somebody's word: why, who said so, and what a supervisor decided.

    Visitor, elder and area are copied from the visit by the database (sql/365_evidence.sql), so that the rule
    "nobody decides about her own visit" is a CHECK.
    """

    __tablename__ = "visit_exception"
    __table_args__ = (
        CheckConstraint(
            "fact IN ('check_in', 'check_out', 'place', 'giver', 'time')", name="visit_exception_fact_check"
        ),
        CheckConstraint("decision IN ('accepted', 'refused')", name="visit_exception_decision_check"),
        CheckConstraint(
            "(decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL)"
            " AND (decision IS NULL) = (decision_note IS NULL)",
            name="visit_exception_decided_by_somebody_check",
        ),
        CheckConstraint(
            "decided_by <> visitor_id AND decided_by <> raised_by", name="visit_exception_supervisor_is_another_check"
        ),
        UniqueConstraint("visit_id", "fact", name="visit_exception_one_per_fact_key"),
    )
    id: int | None = own_id()
    visit_id: int = link("visit.id")
    visitor_id: int = number()
    elder_id: int = number(index=True)
    area_code: int = area_code()
    fact: str = words()
    reason_code: str = link_words("evidence_reason.code")
    note: str = words()
    raised_by: int = link("person.id")
    raised_at: datetime = moment()
    decision: str | None = words(optional=True)
    decision_note: str | None = words(optional=True)
    decided_by: int | None = link("person.id", optional=True)
    decided_at: datetime | None = moment(optional=True)


class VisitAlert(SQLModel, table=True):
    """A risk a visitor ticked, in the hands of a named person with a clock, until she says what was done."""

    __tablename__ = "visit_alert"
    __table_args__ = (
        CheckConstraint("step >= 1", name="visit_alert_step_check"),
        CheckConstraint(
            "(closed_at IS NULL) = (done IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)",
            name="visit_alert_closed_by_somebody_check",
        ),
        UniqueConstraint("visit_id", "risk_code", name="visit_alert_one_per_sign_key"),
        Index("visit_alert_open_idx", "due_at", postgresql_where=text("closed_at IS NULL")),
    )
    id: int | None = own_id()
    visit_id: int = link("visit.id")
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    risk_code: str = link_words("risk_sign.code")
    step: int = Field(default=1, nullable=False)
    in_charge_id: int = link("person.id", index=True)
    opened_at: datetime = moment()
    due_at: datetime = moment()
    closed_at: datetime | None = moment(optional=True)
    closed_by: int | None = link("person.id", optional=True)
    done: str | None = words(optional=True)
    history: list[Any] = Field(default_factory=list, sa_type=JSONB, nullable=False)


class VisitPhoto(SQLModel, table=True):
    """A photo taken at a visit with consent; the sealed bytes are an attachment about the elder. Written once."""

    __tablename__ = "visit_photo"
    __table_args__ = (UniqueConstraint("attachment_id", name="visit_photo_attachment_key"),)
    id: int | None = own_id()
    visit_id: int = link("visit.id", index=True)
    elder_id: int = number()
    area_code: int = area_code()
    attachment_id: int = link("attachment.id")
    shows: str = words()
    taken_by: int = link("person.id")
    recorded_at: datetime = moment()


class VisitCall(SQLModel, table=True):
    """A call by which a visitor checked in or out, with whose number it came from; one row per call, written once."""

    __tablename__ = "visit_call"
    __table_args__ = (
        CheckConstraint("direction IN ('in', 'out')", name="visit_call_direction_check"),
        CheckConstraint("matched IN ('elder', 'visitor', 'nobody')", name="visit_call_matched_check"),
        UniqueConstraint("call_key", name="visit_call_once_key"),
    )
    id: int | None = own_id()
    call_key: str = words()
    direction: str = words()
    caller_hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    matched: str = words()
    visit_id: int | None = link("visit.id", optional=True, index=True)
    elder_id: int | None = number(optional=True)
    area_code: int | None = area_code(optional=True)
    happened_at: datetime = moment()
    recorded_at: datetime = moment()
    recorded_by: int | None = number(optional=True)
    outcome: str = words()


class CarerDevice(SQLModel, table=True):
    """A visitor's phone with the public half of a key that never leaves it (ECDSA P-256)."""

    __tablename__ = "carer_device"
    __table_args__ = (
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="carer_device_revoked_by_somebody_check"),
        UniqueConstraint("public_key", name="carer_device_key_key"),
    )
    id: int | None = own_id()
    person_id: int = link("person.id", index=True)
    public_key: bytes = Field(sa_type=LargeBinary, nullable=False)
    label: str = words()
    registered_at: datetime = moment()
    registered_session_id: int | None = number(optional=True)
    revoked_at: datetime | None = moment(optional=True)
    revoked_by: int | None = link("person.id", optional=True)


class DeviceEvent(SQLModel, table=True):
    """One signed event of a phone as it came in, with the answer it got; the same event gets the same answer.

    The signed bytes are kept sealed with their signature, so that anybody who may open them can check it again.
    """

    __tablename__ = "device_event"
    __table_args__ = (
        CheckConstraint("kind IN ('check_in', 'check_out')", name="device_event_kind_check"),
        CheckConstraint("outcome IN ('recorded', 'refused')", name="device_event_outcome_check"),
        UniqueConstraint("device_id", "event_key", name="device_event_once_key"),
        UniqueConstraint("device_id", "seq", name="device_event_one_per_number_key"),
    )
    id: int | None = own_id()
    device_id: int = link("carer_device.id")
    person_id: int = number(index=True)
    visit_id: int = link("visit.id", index=True)
    event_key: str = words()
    seq: int = number()
    kind: str = words()
    body_sealed: str = words()
    signature: bytes = Field(sa_type=LargeBinary, nullable=False)
    device_at: datetime = moment()
    sent_at: datetime = moment()
    received_at: datetime = moment()
    outcome: str = words()
    answer: dict[str, Any] = document()


class VisitDoubt(SQLModel, table=True):
    """What does not fit about a finished visit, counted by a published formula: a hint for a supervisor, never a verdict."""

    __tablename__ = "visit_doubt"
    __table_args__ = (
        CheckConstraint("points BETWEEN 0 AND 100", name="visit_doubt_points_check"),
        Index("visit_doubt_points_idx", "area_code", "points"),
    )
    visit_id: int = link("visit.id", primary=True)
    elder_id: int = number()
    visitor_id: int = number(index=True)
    area_code: int = area_code()
    started_at: datetime = moment(index=True)
    points: int = number()
    reasons: list[Any] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    formula_version: str = link_words("plausibility_formula.version")
    judged_at: datetime = moment()
    looked_at: datetime | None = moment(optional=True)
    looked_by: int | None = link("person.id", optional=True)
    looked_note: str | None = words(optional=True)
