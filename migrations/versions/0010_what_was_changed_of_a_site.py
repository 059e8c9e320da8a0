"""what was changed of a site

Revision: 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep every change of a site with its columns before and after."""
    op.create_table(
        "facility_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("wish_hash", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"]),
        sa.ForeignKeyConstraint(["undoes"], ["facility_change.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("changed_by", "key", name="facility_change_one_a_key"),
        sa.UniqueConstraint("undoes", name="facility_change_undone_once_key"),
    )
    op.create_index("ix_facility_change_facility_id", "facility_change", ["facility_id"])


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
