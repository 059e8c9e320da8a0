"""what the house watches, as dated rules, and the alerts that came of it

Revision: 0045, after 0044.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("condition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("ladder", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("repeat_days", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.BigInteger(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,59}$'", name="alert_rule_code_check"),
        sa.CheckConstraint("level IN ('city', 'district', 'street', 'community')", name="alert_rule_level_check"),
        sa.CheckConstraint("severity IN ('info', 'warning', 'urgent')", name="alert_rule_severity_check"),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= valid_from", name="alert_rule_dates_check"),
        sa.CheckConstraint("jsonb_array_length(ladder) BETWEEN 1 AND 6", name="alert_rule_ladder_check"),
        sa.CheckConstraint("repeat_days BETWEEN 0 AND 400", name="alert_rule_repeat_check"),
        sa.ForeignKeyConstraint(
            ["entered_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area_code", "code", "version", name="alert_rule_version_key"),
    )
    op.create_index(
        "alert_rule_one_in_force_idx",
        "alert_rule",
        ["area_code", "code"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_index(op.f("ix_alert_rule_area_code"), "alert_rule", ["area_code"], unique=False)
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("in_charge_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_told_on", sa.Date(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.BigInteger(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("history", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "(state <> 'acknowledged') OR (acknowledged_at IS NOT NULL AND acknowledged_by IS NOT NULL)",
            name="alert_acknowledged_by_somebody_check",
        ),
        sa.CheckConstraint("(state = 'resolved') = (resolution IS NOT NULL)", name="alert_resolved_says_why_check"),
        sa.CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="alert_resolved_has_moment_check"),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name="alert_state_check"),
        sa.CheckConstraint("step >= 1", name="alert_step_check"),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["in_charge_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["alert_rule.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_by_rule_idx", "alert", ["rule_id", "opened_at"], unique=False)
    op.create_index(
        "alert_one_standing_idx", "alert", ["key"], unique=True, postgresql_where=sa.text("state <> 'resolved'")
    )
    op.create_index(op.f("ix_alert_area_code"), "alert", ["area_code"], unique=False)
    op.create_index(op.f("ix_alert_in_charge_id"), "alert", ["in_charge_id"], unique=False)
