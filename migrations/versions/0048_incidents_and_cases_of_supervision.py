"""incidents in institutions, cases of supervision with decisions, referrals and their log

Revision: 0048, after 0047.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keep_incident()
    keep_incident_step()
    keep_supervision_case()
    keep_case_decision()
    keep_case_event()
    keep_case_referral()


def keep_incident() -> None:
    """Make the table incident."""
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("incident_number", sa.Text(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=False),
        sa.Column("told_sealed", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("responsible", sa.Boolean(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL AND responsible IS NOT NULL)",
            name="incident_closed_check",
        ),
        sa.CheckConstraint(
            "kind IN ('choking', 'misingestion', 'pressure_injury', 'scald', 'bed_fall', 'fall', 'harm', 'missing', 'activity', 'other')",
            name="incident_kind_check",
        ),
        sa.CheckConstraint("severity IN ('minor', 'injury', 'severe', 'death')", name="incident_severity_check"),
        sa.CheckConstraint("state IN ('reported', 'handled', 'closed')", name="incident_state_check"),
        sa.CheckConstraint("happened_at <= reported_at", name="incident_reported_after_check"),
        sa.ForeignKeyConstraint(
            ["closed_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reported_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("incident_number"),
    )
    op.create_index("incident_elder_idx", "incident", ["elder_id", "happened_at"], unique=False)
    op.create_index(op.f("ix_incident_area_code"), "incident", ["area_code"], unique=False)
    op.create_index(op.f("ix_incident_facility_id"), "incident", ["facility_id"], unique=False)
    op.create_index(op.f("ix_incident_provider_id"), "incident", ["provider_id"], unique=False)


def keep_incident_step() -> None:
    """Make the table incident_step."""
    op.create_table(
        "incident_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("told_sealed", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('reported', 'measures', 'closed')", name="incident_step_kind_check"),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("incident_step_incident_idx", "incident_step", ["incident_id", "id"], unique=False)
    op.create_index(op.f("ix_incident_step_area_code"), "incident_step", ["area_code"], unique=False)


def keep_supervision_case() -> None:
    """Make the table supervision_case."""
    op.create_table(
        "supervision_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("inspection_id", sa.BigInteger(), nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("complaint_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (state <> 'answered' OR answer IS NOT NULL)",
            name="supervision_case_answered_check",
        ),
        sa.CheckConstraint(
            "(source = 'inspection') = (inspection_id IS NOT NULL) AND (source = 'incident') = (incident_id IS NOT NULL) AND (source = 'complaint') = (complaint_id IS NOT NULL)",
            name="supervision_case_names_its_source_check",
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL)",
            name="supervision_case_closed_check",
        ),
        sa.CheckConstraint(
            "source IN ('inspection', 'incident', 'complaint', 'audit', 'other')", name="supervision_case_source_check"
        ),
        sa.CheckConstraint("state IN ('found', 'answered', 'decided', 'closed')", name="supervision_case_state_check"),
        sa.CheckConstraint("title <> '' AND finding <> ''", name="supervision_case_says_what_check"),
        sa.ForeignKeyConstraint(
            ["answered_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["closed_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id"],
            ["inspection.id"],
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number"),
    )
    op.create_index(op.f("ix_supervision_case_area_code"), "supervision_case", ["area_code"], unique=False)
    op.create_index("supervision_case_provider_idx", "supervision_case", ["provider_id", "state"], unique=False)


def keep_case_decision() -> None:
    """Make the table case_decision."""
    op.create_table(
        "case_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("correction_id", sa.BigInteger(), nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_note", sa.Text(), nullable=True),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(kind = 'blacklist') = (entry_id IS NOT NULL)", name="case_decision_blacklist_check"),
        sa.CheckConstraint("(kind = 'fine') <= (amount_fen > 0)", name="case_decision_fine_check"),
        sa.CheckConstraint(
            "(kind = 'recovery') = (line_id IS NOT NULL AND correction_id IS NOT NULL)",
            name="case_decision_recovery_check",
        ),
        sa.CheckConstraint("kind <> 'rectify' OR due_on IS NOT NULL", name="case_decision_rectify_until_check"),
        sa.CheckConstraint(
            "kind IN ('rectify', 'warning', 'fine', 'blacklist', 'recovery', 'none')", name="case_decision_kind_check"
        ),
        sa.CheckConstraint("told <> ''", name="case_decision_says_why_check"),
        sa.CheckConstraint("(done_on IS NULL) = (done_note IS NULL)", name="case_decision_done_check"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["supervision_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["correction_id"],
            ["settlement_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["done_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["blacklist_entry.id"],
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["settlement_line.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("correction_id", name="case_decision_correction_key"),
    )
    op.create_index("case_decision_case_idx", "case_decision", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_case_decision_area_code"), "case_decision", ["area_code"], unique=False)


def keep_case_event() -> None:
    """Make the table case_event."""
    op.create_table(
        "case_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('opened', 'answered', 'overdue', 'decided', 'done', 'referred', 'referral_answered', 'closed')",
            name="case_event_kind_check",
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["supervision_case.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_event_case_idx", "case_event", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_case_event_area_code"), "case_event", ["area_code"], unique=False)


def keep_case_referral() -> None:
    """Make the table case_referral."""
    op.create_table(
        "case_referral",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("department <> '' AND told <> ''", name="case_referral_says_what_check"),
        sa.CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="case_referral_answered_check"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["supervision_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sent_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_referral_case_idx", "case_referral", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_case_referral_area_code"), "case_referral", ["area_code"], unique=False)
