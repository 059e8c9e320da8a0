"""indicators: what is counted, by which rows, on which day

Revision: 0027, after 0026.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keep_measures()
    keep_rows()
    keep_counts()
    keep_checks()
    keep_statistics()


def keep_measures() -> None:
    """Make counted_measure and measure_touched."""
    op.create_table(
        "counted_measure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("rules_version_id", sa.BigInteger(), nullable=False),
        sa.Column("counted_from", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("city_code", "code", name="counted_measure_one_a_city_key"),
    )
    op.create_table(
        "measure_touched",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def keep_rows() -> None:
    """Make measure_row: the lists behind the numbers."""
    op.create_table(
        "measure_row",
        sa.Column("measure_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.CheckConstraint("until > since", name="measure_row_ends_after_it_begins_check"),
        sa.ForeignKeyConstraint(["measure_id"], ["counted_measure.id"]),
        sa.PrimaryKeyConstraint("measure_id", "period", "row_id", "since"),
    )
    op.create_index(
        "measure_row_now_idx", "measure_row", ["measure_id", "period", "row_id"], unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )  # fmt: skip
    op.create_index("measure_row_area_idx", "measure_row", ["measure_id", "period", "area_code", "row_id"])


def keep_counts() -> None:
    """Make measure_count: the sums of areas by day."""
    op.create_table(
        "measure_count",
        sa.Column("measure_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.CheckConstraint("total >= 0", name="measure_count_not_negative_check"),
        sa.ForeignKeyConstraint(["measure_id"], ["counted_measure.id"]),
        sa.PrimaryKeyConstraint("measure_id", "period", "area_code", "day"),
    )


def keep_checks() -> None:
    """Make count_check: the nightly recounts."""
    op.create_table(
        "count_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.BigInteger(), nullable=False),
        sa.Column("first", postgresql.JSONB(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def keep_statistics() -> None:
    """Make area_statistic: official counts of people."""
    op.create_table(
        "area_statistic",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "what IN ('residents', 'elders_60', 'elders_65', 'elders_80')", name="area_statistic_what_check"
        ),
        sa.CheckConstraint("value >= 0", name="area_statistic_not_negative_check"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area_code", "what", "counted_on", "recorded_at", name="area_statistic_once_key"),
    )
    op.create_index("ix_area_statistic_area_code", "area_statistic", ["area_code"])
