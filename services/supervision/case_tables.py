"""Incidents in institutions, and cases: what was found, what the provider said, what was decided, what came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words

PROTECTIONS = (
    "choking", "misingestion", "pressure_injury", "scald", "bed_fall", "fall", "harm", "missing", "activity",
)  # fmt: skip
"""The nine kinds of GB 38600 (九防), by the codes of its checklist."""
KINDS = (*PROTECTIONS, "other")
SEVERITIES = ("minor", "injury", "severe", "death")
DECISIONS = ("rectify", "warning", "fine", "blacklist", "recovery", "none")


def _one_of(column: str, codes: tuple[str, ...]) -> str:
    return f"{column} IN ('" + "', '".join(codes) + "')"


class Incident(SQLModel, table=True):
    """Something that happened to somebody in an institution, reported by it or by an office; what was told is sealed.

    `due_at` is until when it was to be reported; `responsible` is the officer's word at closing. An incident of an
    elder asks for a re-assessment until one was made after it.
    """

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="incident_kind_check"),
        CheckConstraint(_one_of("severity", SEVERITIES), name="incident_severity_check"),
        CheckConstraint("state IN ('reported', 'handled', 'closed')", name="incident_state_check"),
        CheckConstraint("happened_at <= reported_at", name="incident_reported_after_check"),
        CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL AND responsible IS NOT NULL)",
            name="incident_closed_check",
        ),
        Index("incident_elder_idx", "elder_id", "happened_at"),
    )
    id: int | None = own_id()
    incident_number: str = words(unique=True)
    facility_id: int = link("facility.id", index=True)
    provider_id: int = link("provider.id", index=True)
    area_code: int = area_code()
    elder_id: int | None = link("person.id", optional=True)
    kind: str = words()
    severity: str = words()
    happened_at: datetime = moment()
    due_at: datetime = moment()
    reported_at: datetime = moment()
    reported_by: int = link("person.id")
    told_sealed: str | None = words(optional=True)
    state: str = words(default="reported")
    responsible: bool | None = Field(default=None)
    closed_at: datetime | None = moment(optional=True)
    closed_by: int | None = link("person.id", optional=True)


class IncidentStep(SQLModel, table=True):
    """What was done about an incident, by whom and when; its words are sealed, the rest is written once."""

    __tablename__ = "incident_step"
    __table_args__ = (
        CheckConstraint("kind IN ('reported', 'measures', 'closed')", name="incident_step_kind_check"),
        Index("incident_step_incident_idx", "incident_id", "id"),
    )
    id: int | None = own_id()
    incident_id: int = link("incident.id")
    elder_id: int | None = number(optional=True)
    area_code: int = area_code()
    provider_id: int = number()
    kind: str = words()
    happened_at: datetime = moment()
    actor_id: int | None = number(optional=True)
    told_sealed: str | None = words(optional=True)


class SupervisionCase(SQLModel, table=True):
    """A finding against a provider and its life: answered, decided, closed when everything decided was done."""

    __tablename__ = "supervision_case"
    __table_args__ = (
        CheckConstraint(
            "source IN ('inspection', 'incident', 'complaint', 'audit', 'other')", name="supervision_case_source_check"
        ),
        CheckConstraint(
            "(source = 'inspection') = (inspection_id IS NOT NULL) AND (source = 'incident') = (incident_id IS NOT NULL)"
            " AND (source = 'complaint') = (complaint_id IS NOT NULL)",
            name="supervision_case_names_its_source_check",
        ),
        CheckConstraint("state IN ('found', 'answered', 'decided', 'closed')", name="supervision_case_state_check"),
        CheckConstraint("title <> '' AND finding <> ''", name="supervision_case_says_what_check"),
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (state <> 'answered' OR answer IS NOT NULL)",
            name="supervision_case_answered_check",
        ),
        CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL)",
            name="supervision_case_closed_check",
        ),
        Index("supervision_case_provider_idx", "provider_id", "state"),
    )
    id: int | None = own_id()
    case_number: str = words(unique=True)
    provider_id: int = link("provider.id")
    facility_id: int | None = link("facility.id", optional=True)
    area_code: int = area_code()
    source: str = words()
    inspection_id: int | None = link("inspection.id", optional=True)
    incident_id: int | None = link("incident.id", optional=True)
    complaint_id: int | None = link("complaint.id", optional=True)
    title: str = words()
    finding: str = words()
    state: str = words(default="found")
    opened_at: datetime = moment()
    opened_by: int = link("person.id")
    answer_by: datetime = moment()
    answer: str | None = words(optional=True)
    answered_at: datetime | None = moment(optional=True)
    answered_by: int | None = link("person.id", optional=True)
    decided_at: datetime | None = moment(optional=True)
    closed_at: datetime | None = moment(optional=True)
    closed_by: int | None = link("person.id", optional=True)


class CaseDecision(SQLModel, table=True):
    """One thing that was decided in a case: rectify until a day, a warning, a fine, the blacklist, money back, nothing.

    Money back names the settled line and the counter-line that takes it back; the blacklist names its entry. Done when
    `done_on` is written down; the case closes when all are.
    """

    __tablename__ = "case_decision"
    __table_args__ = (
        CheckConstraint(_one_of("kind", DECISIONS), name="case_decision_kind_check"),
        CheckConstraint("told <> ''", name="case_decision_says_why_check"),
        CheckConstraint("kind <> 'rectify' OR due_on IS NOT NULL", name="case_decision_rectify_until_check"),
        CheckConstraint("(kind = 'fine') <= (amount_fen > 0)", name="case_decision_fine_check"),
        CheckConstraint(
            "(kind = 'recovery') = (line_id IS NOT NULL AND correction_id IS NOT NULL)",
            name="case_decision_recovery_check",
        ),
        CheckConstraint("(kind = 'blacklist') = (entry_id IS NOT NULL)", name="case_decision_blacklist_check"),
        CheckConstraint("(done_on IS NULL) = (done_note IS NULL)", name="case_decision_done_check"),
        UniqueConstraint("correction_id", name="case_decision_correction_key"),
        Index("case_decision_case_idx", "case_id", "id"),
    )
    id: int | None = own_id()
    case_id: int = link("supervision_case.id")
    provider_id: int = number()
    area_code: int = area_code()
    kind: str = words()
    told: str = words()
    due_on: date | None = Field(default=None)
    amount_fen: int | None = number(optional=True)
    line_id: int | None = link("settlement_line.id", optional=True)
    correction_id: int | None = link("settlement_line.id", optional=True)
    entry_id: int | None = link("blacklist_entry.id", optional=True)
    decided_at: datetime = moment()
    decided_by: int = link("person.id")
    done_on: date | None = Field(default=None)
    done_note: str | None = words(optional=True)
    done_by: int | None = link("person.id", optional=True)


class CaseReferral(SQLModel, table=True):
    """A case handed to another department (fire, market supervision, health, police), and what it answered."""

    __tablename__ = "case_referral"
    __table_args__ = (
        CheckConstraint("department <> '' AND told <> ''", name="case_referral_says_what_check"),
        CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="case_referral_answered_check"),
        Index("case_referral_case_idx", "case_id", "id"),
    )
    id: int | None = own_id()
    case_id: int = link("supervision_case.id")
    provider_id: int = number()
    area_code: int = area_code()
    department: str = words()
    told: str = words()
    sent_at: datetime = moment()
    sent_by: int = link("person.id")
    reference: str = words(default="")
    answer: str | None = words(optional=True)
    answered_at: datetime | None = moment(optional=True)


class CaseEvent(SQLModel, table=True):
    """One step in a case's life, written once."""

    __tablename__ = "case_event"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('opened', 'answered', 'overdue', 'decided', 'done', 'referred', 'referral_answered', 'closed')",
            name="case_event_kind_check",
        ),
        Index("case_event_case_idx", "case_id", "id"),
    )
    id: int | None = own_id()
    case_id: int = link("supervision_case.id")
    provider_id: int = number()
    area_code: int = area_code()
    kind: str = words()
    happened_at: datetime = moment()
    actor_id: int | None = number(optional=True)
    facts: dict[str, Any] = document()
