"""past of places of demand

Revision: 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep the verdicts that were replaced of compounds and of cells of a grid, with the span in which they held."""
    op.create_table(
        "demand_reach_past",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=False),
        sa.Column("tier_code", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("elders", sa.Numeric(16, 6), nullable=False),
        sa.Column("network_version_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("straight_facility_id", sa.BigInteger(), nullable=True),
        sa.Column("straight_m", sa.Double(), nullable=True),
        sa.Column("within", sa.Boolean(), nullable=False),
        sa.Column("walk_within", sa.Boolean(), nullable=False),
        sa.Column("straight_within", sa.Boolean(), nullable=False),
        sa.Column("snapped", sa.Boolean(), nullable=False),
        sa.Column("in_margin", sa.Boolean(), nullable=False),
        sa.Column("near_edge", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("since < until", name="demand_reach_past_ends_after_it_begins_check"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("demand_reach_past_area_idx", "demand_reach_past", ["source_id", "area_code", "until"])
    op.create_index("ix_demand_reach_past_point_id", "demand_reach_past", ["point_id"])


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
