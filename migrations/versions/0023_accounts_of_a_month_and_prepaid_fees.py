"""accounts of a month, and fees paid in advance

Revision: 0023, after 0022.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keep_prepaid_account()
    keep_settlement()
    keep_prepaid_entry()
    keep_settlement_hold()
    keep_settlement_line()


def keep_prepaid_account() -> None:
    """Make the table prepaid_account."""
    op.create_table(
        "prepaid_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind_code", sa.Text(), nullable=False),
        sa.Column("monthly_fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("cap_fen", sa.BigInteger(), nullable=False),
        sa.Column("alert_fen", sa.BigInteger(), nullable=False),
        sa.Column("refund_days", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("refund_due_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(left_on IS NULL) = (refund_due_on IS NULL)", name="prepaid_account_left_check"),
        sa.CheckConstraint("balance_fen BETWEEN 0 AND cap_fen", name="prepaid_account_cap_check"),
        sa.CheckConstraint(
            "monthly_fee_fen > 0 AND alert_fen BETWEEN 0 AND cap_fen", name="prepaid_account_fees_check"
        ),
        sa.ForeignKeyConstraint(["elder_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider_id", "elder_id", "kind_code", name="prepaid_account_one_of_a_kind_key"),
    )
    op.create_index(("ix_prepaid_account_area_code"), "prepaid_account", ["area_code"], unique=False)
    op.create_index(("ix_prepaid_account_elder_id"), "prepaid_account", ["elder_id"], unique=False)


def keep_settlement() -> None:
    """Make the table settlement."""
    op.create_table(
        "settlement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("government_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("self_fen", sa.BigInteger(), nullable=False),
        sa.Column("lines_hash", sa.Text(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL AND lines_hash IS NOT NULL)",
            name="settlement_closed_check",
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name="settlement_state_check"),
        sa.CheckConstraint("extract(day FROM month) = 1", name="settlement_month_check"),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider_id", "month", name="settlement_one_a_month_key"),
    )
    op.create_index(("ix_settlement_area_code"), "settlement", ["area_code"], unique=False)


def keep_prepaid_entry() -> None:
    """Make the table prepaid_entry."""
    op.create_table(
        "prepaid_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('deposit', 'charge', 'refund')", name="prepaid_entry_kind_check"),
        sa.CheckConstraint("amount_fen > 0", name="prepaid_entry_amount_check"),
        sa.ForeignKeyConstraint(["account_id"], ["prepaid_account.id"]),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "key", name="prepaid_entry_once_key"),
    )
    op.create_index(("ix_prepaid_entry_area_code"), "prepaid_entry", ["area_code"], unique=False)


def keep_settlement_hold() -> None:
    """Make the table settlement_hold."""
    op.create_table(
        "settlement_hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_by", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="settlement_hold_released_check"),
        sa.ForeignKeyConstraint(["held_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["order_id"], ["care_order.id"]),
        sa.ForeignKeyConstraint(["released_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(("ix_settlement_hold_area_code"), "settlement_hold", ["area_code"], unique=False)
    op.create_index(
        "settlement_hold_one_open_idx",
        "settlement_hold",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )


def keep_settlement_line() -> None:
    """Make the table settlement_line."""
    op.create_table(
        "settlement_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("service_day", sa.Date(), nullable=False),
        sa.Column("government_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("self_fen", sa.BigInteger(), nullable=False),
        sa.Column("government_budget", sa.Text(), nullable=True),
        sa.Column("voucher_budget", sa.Text(), nullable=True),
        sa.Column("payable_id", sa.BigInteger(), nullable=True),
        sa.Column("counters_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'correction') = (counters_id IS NOT NULL AND reason IS NOT NULL)",
            name="settlement_line_correction_names_its_line_check",
        ),
        sa.CheckConstraint(
            "kind = 'correction' OR (government_fen >= 0 AND voucher_fen >= 0 AND self_fen >= 0)",
            name="settlement_line_not_negative_check",
        ),
        sa.CheckConstraint("kind IN ('service', 'fee', 'correction')", name="settlement_line_kind_check"),
        sa.ForeignKeyConstraint(["counters_id"], ["settlement_line.id"]),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["order_id"], ["care_order.id"]),
        sa.ForeignKeyConstraint(["settlement_id"], ["settlement.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(("ix_settlement_line_area_code"), "settlement_line", ["area_code"], unique=False)
    op.create_index("settlement_line_counters_idx", "settlement_line", ["counters_id"], unique=False)
    op.create_index(
        "settlement_line_one_per_order_idx",
        "settlement_line",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("kind <> 'correction'"),
    )
    op.create_index("settlement_line_settlement_idx", "settlement_line", ["settlement_id", "id"], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
