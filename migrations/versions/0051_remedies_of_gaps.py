"""the remedy chosen for an area without its site

Revision: 0051, after 0050.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gap_remedy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("tier_code", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.BigInteger(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "remedy IN ('buy_back', 'lease', 'rebuild', 'build', 'share')", name="gap_remedy_kind_check"
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            name="gap_remedy_withdrawn_check",
        ),
        sa.ForeignKeyConstraint(["chosen_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_gap_remedy_area_code"), "gap_remedy", ["area_code"], unique=False)
    op.create_index(
        "gap_remedy_one_stands_idx",
        "gap_remedy",
        ["area_code", "tier_code"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
