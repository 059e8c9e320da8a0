"""orders that come again, and the holidays

Revision: 0016, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_holiday()
    make_recurring_order()
    make_recurring_day()


def make_holiday() -> None:
    """Make or change holiday."""
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('off', 'work')", name="holiday_kind_check"),
        sa.PrimaryKeyConstraint("day"),
    )


def make_recurring_order() -> None:
    """Make or change recurring_order."""
    op.create_table(
        "recurring_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("on_holidays", sa.Text(), nullable=False),
        sa.Column("chosen_provider_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("placed_by", sa.BigInteger(), nullable=False),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'stopped') = (stopped_at IS NOT NULL)", name="recurring_order_stopped_check"),
        sa.CheckConstraint("on_holidays IN ('serve', 'skip')", name="recurring_order_holidays_check"),
        sa.CheckConstraint("state IN ('active', 'stopped')", name="recurring_order_state_check"),
        sa.CheckConstraint(
            "from_minute BETWEEN 0 AND 1439 AND minutes BETWEEN 1 AND 720", name="recurring_order_time_check"
        ),
        sa.CheckConstraint("last_day >= first_day", name="recurring_order_days_check"),
        sa.ForeignKeyConstraint(
            ["chosen_provider_id"],
            ["provider.id"],
        ),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["placed_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_recurring_order_area_code"), "recurring_order", ["area_code"], unique=False)
    op.create_index("recurring_order_elder_idx", "recurring_order", ["elder_id", "state"], unique=False)


def make_recurring_day() -> None:
    """Make or change recurring_day."""
    op.create_table(
        "recurring_day",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recurring_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("said_by", sa.BigInteger(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(fate = 'placed') = (order_id IS NOT NULL)", name="recurring_day_placed_has_order_check"),
        sa.CheckConstraint("fate IN ('skipped', 'placed', 'missed')", name="recurring_day_fate_check"),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["care_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recurring_id"],
            ["recurring_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("recurring_id", "on_day", name="recurring_day_once_key"),
    )
    op.create_index(op.f("ix_recurring_day_area_code"), "recurring_day", ["area_code"], unique=False)
