"""Complaints (投诉) with their clock, their owner and what was said by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words

SUBJECTS = ("quality", "late", "no_show", "attitude", "money", "safety", "privacy", "other")
CHANNELS = ("web", "phone", "counter", "letter", "api")
OUTCOMES = ("upheld", "partly", "unfounded", "withdrawn")


def _one_of(column: str, codes: tuple[str, ...]) -> str:
    return f"{column} IN ('" + "', '".join(codes) + "')"


class Complaint(SQLModel, table=True):
    """What somebody complains of, about an order or a provider, in the hands of a named officer until answered.

    `owner_id` is named by the database when it is filed. `contact_sealed` keeps name and phone of somebody who has
    no account. While it is not answered its order is not settled (sql/426_complaints.sql).
    """

    __tablename__ = "complaint"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'acknowledged', 'answered')", name="complaint_state_check"),
        CheckConstraint(_one_of("subject", SUBJECTS), name="complaint_subject_check"),
        CheckConstraint(_one_of("channel", CHANNELS), name="complaint_channel_check"),
        CheckConstraint(_one_of("outcome", OUTCOMES), name="complaint_outcome_check"),
        CheckConstraint("told <> ''", name="complaint_says_what_check"),
        CheckConstraint(
            "(state = 'answered') = (closed_at IS NOT NULL AND closed_by IS NOT NULL AND outcome IS NOT NULL"
            " AND reply IS NOT NULL)",
            name="complaint_answered_with_reply_check",
        ),
        CheckConstraint("(state = 'open') <= (acknowledged_at IS NULL)", name="complaint_acknowledged_check"),
        CheckConstraint("times_reopened BETWEEN 0 AND 1", name="complaint_reopened_once_check"),
        CheckConstraint("(statement_at IS NULL) = (statement IS NULL)", name="complaint_statement_check"),
        Index("complaint_order_idx", "order_id"),
        Index("complaint_provider_idx", "provider_id", "filed_at"),
        Index("complaint_owner_idx", "owner_id", "state"),
    )
    id: int | None = own_id()
    complaint_number: str = words(unique=True)
    area_code: int = area_code()
    elder_id: int | None = link("person.id", optional=True, index=True)
    order_id: int | None = link("care_order.id", optional=True)
    provider_id: int = link("provider.id")
    complainant_id: int | None = link("person.id", optional=True, index=True)
    contact_sealed: str | None = words(optional=True)
    by_right: str = words()
    channel: str = words()
    subject: str = words()
    told: str = words()
    state: str = words(default="open")
    filed_by: int = link("person.id")
    filed_at: datetime = moment()
    acknowledge_by: datetime = moment()
    answer_by: datetime = moment()
    acknowledged_at: datetime | None = moment(optional=True)
    owner_id: int = link("person.id")
    escalations: int = Field(default=0, nullable=False)
    statement: str | None = words(optional=True)
    statement_by: int | None = link("person.id", optional=True)
    statement_at: datetime | None = moment(optional=True)
    outcome: str | None = words(optional=True)
    reply: str | None = words(optional=True)
    closed_at: datetime | None = moment(optional=True)
    closed_by: int | None = link("person.id", optional=True)
    times_reopened: int = Field(default=0, nullable=False)
    reopen_reason: str | None = words(optional=True)


class ComplaintEvent(SQLModel, table=True):
    """One step in a complaint's life, written once."""

    __tablename__ = "complaint_event"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('filed', 'acknowledged', 'handed_over', 'statement', 'escalated', 'closed', 'reopened')",
            name="complaint_event_kind_check",
        ),
        Index("complaint_event_complaint_idx", "complaint_id", "id"),
    )
    id: int | None = own_id()
    complaint_id: int = link("complaint.id")
    area_code: int = area_code()
    kind: str = words()
    happened_at: datetime = moment()
    actor_id: int | None = number(optional=True)
    facts: dict[str, Any] = document()
