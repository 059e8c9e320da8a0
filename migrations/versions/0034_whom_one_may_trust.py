"""whom one may trust: both halves of a rating, complaints, credit levels, blacklists, personnel files

Revision: 0034, after 0033.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider", sa.Column("credit_level", sa.Text(), nullable=True))
    op.add_column("provider", sa.Column("credit_match_percent", sa.Integer(), nullable=True))
    op.add_column("carer", sa.Column("file_kept", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("rating", sa.Column("by_call", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("rating", sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True))
    keep_provider_credit()
    keep_blacklist_entry()
    keep_carer_certificate()
    keep_carer_training()
    keep_complaint()
    keep_cooperation_rating()
    keep_credit_evidence()
    keep_rating_reveal()
    keep_blacklist_visit()
    keep_complaint_event()
    keep_trust_appeal()
    keep_credit_strike()


def keep_provider_credit() -> None:
    """Make the table provider_credit."""
    op.create_table(
        "provider_credit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("match_percent", sa.Integer(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        sa.Column("formula", postgresql.JSONB(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("because IN ('monthly', 'on_demand', 'appeal')", name="provider_credit_because_check"),
        sa.CheckConstraint("extract(day FROM month) = 1", name="provider_credit_month_check"),
        sa.CheckConstraint("points BETWEEN 0 AND 100", name="provider_credit_points_check"),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider_id", "month", "version", name="provider_credit_version_key"),
    )


def keep_blacklist_entry() -> None:
    """Make the table blacklist_entry."""
    op.create_table(
        "blacklist_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=True),
        sa.Column("carer_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.BigInteger(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL)", name="blacklist_entry_lifted_with_reason_check"
        ),
        sa.CheckConstraint("(provider_id IS NULL) <> (carer_id IS NULL)", name="blacklist_entry_one_subject_check"),
        sa.CheckConstraint("reason <> '' AND evidence <> ''", name="blacklist_entry_says_why_check"),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["lifted_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["carer_id"], ["carer.person_id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "blacklist_entry_carer_idx",
        "blacklist_entry",
        ["carer_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index(
        "blacklist_entry_provider_idx",
        "blacklist_entry",
        ["provider_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index("ix_blacklist_entry_area_code", "blacklist_entry", ["area_code"], unique=False)


def keep_carer_certificate() -> None:
    """Make the table carer_certificate."""
    op.create_table(
        "carer_certificate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("carer_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("certificate_number", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("covers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=True),
        sa.Column("document_type", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("valid_until >= valid_from", name="carer_certificate_days_check"),
        sa.CheckConstraint(
            "(document_key IS NULL) = (document_type IS NULL) AND (document_key IS NULL) = (document_sha256 IS NULL)",
            name="carer_certificate_document_check",
        ),
        sa.CheckConstraint(
            "name <> '' AND certificate_number <> '' AND issuer <> ''", name="carer_certificate_named_check"
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="carer_certificate_withdrawn_with_reason_check"
        ),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.ForeignKeyConstraint(["carer_id"], ["carer.person_id"]),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "carer_certificate_once_idx",
        "carer_certificate",
        ["carer_id", "issuer", "certificate_number", "valid_from"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index("ix_carer_certificate_area_code", "carer_certificate", ["area_code"], unique=False)
    op.create_index("ix_carer_certificate_provider_id", "carer_certificate", ["provider_id"], unique=False)
    op.create_index("ix_carer_certificate_valid_until", "carer_certificate", ["valid_until"], unique=False)


def keep_carer_training() -> None:
    """Make the table carer_training."""
    op.create_table(
        "carer_training",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("carer_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("organiser", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("minutes > 0", name="carer_training_minutes_check"),
        sa.CheckConstraint("title <> '' AND organiser <> ''", name="carer_training_named_check"),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.ForeignKeyConstraint(["carer_id"], ["carer.person_id"]),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_carer_training_area_code", "carer_training", ["area_code"], unique=False)
    op.create_index("ix_carer_training_carer_id", "carer_training", ["carer_id"], unique=False)


def keep_complaint() -> None:
    """Make the table complaint."""
    op.create_table(
        "complaint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_number", sa.Text(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("complainant_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_sealed", sa.Text(), nullable=True),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("filed_by", sa.BigInteger(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("escalations", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("statement_by", sa.BigInteger(), nullable=True),
        sa.Column("statement_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column("times_reopened", sa.Integer(), nullable=False),
        sa.Column("reopen_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'open') <= (acknowledged_at IS NULL)", name="complaint_acknowledged_check"),
        sa.CheckConstraint(
            "(state = 'answered') = (closed_at IS NOT NULL AND closed_by IS NOT NULL AND outcome IS NOT NULL AND reply IS NOT NULL)",
            name="complaint_answered_with_reply_check",
        ),
        sa.CheckConstraint("channel IN ('web', 'phone', 'counter', 'letter', 'api')", name="complaint_channel_check"),
        sa.CheckConstraint("outcome IN ('upheld', 'partly', 'unfounded', 'withdrawn')", name="complaint_outcome_check"),
        sa.CheckConstraint("times_reopened BETWEEN 0 AND 1", name="complaint_reopened_once_check"),
        sa.CheckConstraint("told <> ''", name="complaint_says_what_check"),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'answered')", name="complaint_state_check"),
        sa.CheckConstraint("(statement_at IS NULL) = (statement IS NULL)", name="complaint_statement_check"),
        sa.CheckConstraint(
            "subject IN ('quality', 'late', 'no_show', 'attitude', 'money', 'safety', 'privacy', 'other')",
            name="complaint_subject_check",
        ),
        sa.ForeignKeyConstraint(["order_id"], ["care_order.id"]),
        sa.ForeignKeyConstraint(["elder_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["filed_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["complainant_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["statement_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("complaint_number"),
    )
    op.create_index("complaint_order_idx", "complaint", ["order_id"], unique=False)
    op.create_index("complaint_owner_idx", "complaint", ["owner_id", "state"], unique=False)
    op.create_index("complaint_provider_idx", "complaint", ["provider_id", "filed_at"], unique=False)
    op.create_index("ix_complaint_area_code", "complaint", ["area_code"], unique=False)
    op.create_index("ix_complaint_complainant_id", "complaint", ["complainant_id"], unique=False)
    op.create_index("ix_complaint_elder_id", "complaint", ["elder_id"], unique=False)


def keep_cooperation_rating() -> None:
    """Make the table cooperation_rating."""
    op.create_table(
        "cooperation_rating",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("face", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("rated_by", sa.BigInteger(), nullable=False),
        sa.Column("as_role", sa.Text(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("face BETWEEN 1 AND 3", name="cooperation_rating_face_check"),
        sa.CheckConstraint("as_role IN ('carer', 'dispatcher')", name="cooperation_rating_role_check"),
        sa.ForeignKeyConstraint(["rated_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.ForeignKeyConstraint(["order_id"], ["care_order.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_id", name="cooperation_rating_one_per_order_key"),
    )
    op.create_index("ix_cooperation_rating_area_code", "cooperation_rating", ["area_code"], unique=False)
    op.create_index("ix_cooperation_rating_elder_id", "cooperation_rating", ["elder_id"], unique=False)


def keep_credit_evidence() -> None:
    """Make the table credit_evidence."""
    op.create_table(
        "credit_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("credit_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("struck", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["credit_id"], ["provider_credit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("credit_evidence_credit_idx", "credit_evidence", ["credit_id", "part"], unique=False)
    op.create_index("ix_credit_evidence_area_code", "credit_evidence", ["area_code"], unique=False)


def keep_rating_reveal() -> None:
    """Make the table rating_reveal."""
    op.create_table(
        "rating_reveal",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.CheckConstraint("because IN ('both', 'time')", name="rating_reveal_because_check"),
        sa.ForeignKeyConstraint(["order_id"], ["care_order.id"]),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index("ix_rating_reveal_area_code", "rating_reveal", ["area_code"], unique=False)
    op.create_index("ix_rating_reveal_elder_id", "rating_reveal", ["elder_id"], unique=False)


def keep_blacklist_visit() -> None:
    """Make the table blacklist_visit."""
    op.create_table(
        "blacklist_visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("carer_id", sa.BigInteger(), nullable=True),
        sa.Column("order_state", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL)",
            name="blacklist_visit_decided_by_somebody_check",
        ),
        sa.CheckConstraint("decision IN ('keep', 'reassign', 'cancel')", name="blacklist_visit_decision_check"),
        sa.ForeignKeyConstraint(["entry_id"], ["blacklist_entry.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["order_id"], ["care_order.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("entry_id", "order_id", name="blacklist_visit_once_key"),
    )
    op.create_index("ix_blacklist_visit_area_code", "blacklist_visit", ["area_code"], unique=False)
    op.create_index("ix_blacklist_visit_elder_id", "blacklist_visit", ["elder_id"], unique=False)
    op.create_index("ix_blacklist_visit_order_id", "blacklist_visit", ["order_id"], unique=False)


def keep_complaint_event() -> None:
    """Make the table complaint_event."""
    op.create_table(
        "complaint_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('filed', 'acknowledged', 'handed_over', 'statement', 'escalated', 'closed', 'reopened')",
            name="complaint_event_kind_check",
        ),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("complaint_event_complaint_idx", "complaint_event", ["complaint_id", "id"], unique=False)
    op.create_index("ix_complaint_event_area_code", "complaint_event", ["area_code"], unique=False)


def keep_trust_appeal() -> None:
    """Make the table trust_appeal."""
    op.create_table(
        "trust_appeal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("credit_id", sa.BigInteger(), nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("evidence_ids", postgresql.JSONB(), nullable=False),
        sa.Column("filed_by", sa.BigInteger(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (reply IS NULL)",
            name="trust_appeal_decided_with_reply_check",
        ),
        sa.CheckConstraint("decision IN ('granted', 'refused')", name="trust_appeal_decision_check"),
        sa.CheckConstraint("decided_by <> filed_by", name="trust_appeal_judged_by_another_check"),
        sa.CheckConstraint("(credit_id IS NULL) <> (entry_id IS NULL)", name="trust_appeal_one_subject_check"),
        sa.ForeignKeyConstraint(["filed_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["entry_id"], ["blacklist_entry.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["credit_id"], ["provider_credit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_trust_appeal_area_code", "trust_appeal", ["area_code"], unique=False)
    op.create_index("ix_trust_appeal_provider_id", "trust_appeal", ["provider_id"], unique=False)
    op.create_index(
        "trust_appeal_credit_idx",
        "trust_appeal",
        ["credit_id"],
        unique=True,
        postgresql_where=sa.text("decision IS NULL"),
    )
    op.create_index(
        "trust_appeal_entry_idx",
        "trust_appeal",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("decision IS NULL"),
    )


def keep_credit_strike() -> None:
    """Make the table credit_strike."""
    op.create_table(
        "credit_strike",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("appeal_id", sa.BigInteger(), nullable=False),
        sa.Column("struck_by", sa.BigInteger(), nullable=False),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["trust_appeal.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.ForeignKeyConstraint(["struck_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider_id", "part", "subject_type", "subject_id", name="credit_strike_once_key"),
    )
    op.create_index("ix_credit_strike_area_code", "credit_strike", ["area_code"], unique=False)
