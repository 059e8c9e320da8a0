"""How long what is kept, what a month's clearing removed, and who asked to be forgotten."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words


class RetentionRule(SQLModel, table=True):
    """How many days one kind of record is kept, from a day on, and on which ground."""

    __tablename__ = "retention_rule"
    __table_args__ = (CheckConstraint("days BETWEEN 1 AND 36500", name="retention_rule_days_check"),)
    kind: str = Field(sa_type=Text, primary_key=True)
    valid_from: date = Field(primary_key=True)
    days: int = Field(nullable=False)
    ground_zh: str = words()
    ground_en: str = words()
    decided_by: int | None = number(optional=True)
    decided_at: datetime = moment()


class RetentionRun(SQLModel, table=True):
    """What one clearing found past its period and removed, kind by kind; a dry run removes nothing."""

    __tablename__ = "retention_run"
    __table_args__ = (CheckConstraint("NOT dry OR removed = 0", name="retention_run_dry_check"),)
    id: int | None = own_id()
    kind: str = words()
    days: int = Field(nullable=False)
    before: datetime = moment()
    found: int = number()
    removed: int = number()
    dry: bool = Field(nullable=False)
    ran_at: datetime = moment(index=True)


class ErasureRequest(SQLModel, table=True):
    """Somebody asks to be forgotten: with a clock, an officer's decision, and proof of what was erased."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'withdrawn', 'done')", name="erasure_request_state_check"
        ),
        CheckConstraint(
            "(state IN ('approved', 'refused', 'done')) = (decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name="erasure_request_decided_check",
        ),
        CheckConstraint("decided_by <> asked_by", name="erasure_request_decided_by_another_check"),
        CheckConstraint("(state = 'refused') <= (decision <> '')", name="erasure_request_refusal_has_reason_check"),
        CheckConstraint(
            "(state = 'done') = (proof_hash IS NOT NULL AND done_at IS NOT NULL)", name="erasure_request_proof_check"
        ),
        Index(
            "erasure_request_one_open_idx",
            "person_id",
            unique=True,
            postgresql_where=text("state IN ('asked', 'approved')"),
        ),
    )
    id: int | None = own_id()
    person_id: int = link("person.id", index=True)
    area_code: int = area_code()
    asked_by: int = number()
    by_right: str = words()
    channel: str = words()
    asked_at: datetime = moment()
    due_at: datetime = moment(index=True)
    state: str = words(default="asked")
    decision: str = words(default="")
    decided_by: int | None = number(optional=True)
    decided_at: datetime | None = moment(optional=True)
    done_at: datetime | None = moment(optional=True)
    proof: dict[str, Any] = document()
    proof_hash: str | None = words(optional=True)
