"""monthly reports of areas with their fingerprint, and the offices' own forms

Revision: 0042, after 0041.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "area_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("steps_done", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("known_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rules_version", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('promised', 'made', 'failed')", name="area_report_state_check"),
        sa.CheckConstraint("date_part('day', month) = 1", name="area_report_month_is_its_first_day_check"),
        sa.CheckConstraint(
            "(state = 'made') = (content IS NOT NULL AND content_hash IS NOT NULL AND made_at IS NOT NULL)",
            name="area_report_made_with_its_content_check",
        ),
        sa.CheckConstraint("steps_done BETWEEN 0 AND steps", name="area_report_steps_check"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_area_report_area_code", "area_report", ["area_code"])
    op.create_index("area_report_month_idx", "area_report", ["area_code", sa.text("month DESC"), sa.text("id DESC")])
    op.create_index(
        "area_report_one_promise_idx", "area_report", ["area_code", "month"], unique=True,
        postgresql_where=sa.text("state = 'promised'"),
    )  # fmt: skip
    op.create_table(
        "report_form",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("fields", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("size_bytes > 0", name="report_form_has_content_check"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_report_form_area_code", "report_form", ["area_code"])
