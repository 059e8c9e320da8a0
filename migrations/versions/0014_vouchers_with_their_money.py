"""vouchers with their money

Revision: 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keep_voucher_difference()
    keep_voucher()
    keep_voucher_use()
    keep_voucher_move()
    let_vouchers_pay_of_an_order()


def keep_voucher_difference() -> None:
    """Make the table voucher_difference."""
    op.create_table(
        "voucher_difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("external_number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=False),
        sa.Column("ours_fen", sa.BigInteger(), nullable=False),
        sa.Column("theirs_fen", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('issued', 'used_less_there', 'used_more_there')", name="voucher_difference_kind_check"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("external_number", "kind", "stated_on", name="voucher_difference_once_a_day_key"),
    )
    op.create_index(("ix_voucher_difference_area_code"), "voucher_difference", ["area_code"], unique=False)
    op.create_index(("ix_voucher_difference_elder_id"), "voucher_difference", ["elder_id"], unique=False)


def keep_voucher() -> None:
    """Make the table voucher."""
    op.create_table(
        "voucher",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind_code", sa.Text(), nullable=False),
        sa.Column("kind_name_zh", sa.Text(), nullable=False),
        sa.Column("kind_name_en", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("mirrored", sa.Boolean(), nullable=False),
        sa.Column("external_number", sa.Text(), nullable=True),
        sa.Column("exclusivity_group", sa.Text(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("deduct_basis_points", sa.BigInteger(), nullable=False),
        sa.Column("per_order_cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("single_use", sa.Boolean(), nullable=False),
        sa.Column("places", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("service_groups", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("provider_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("issued_fen", sa.BigInteger(), nullable=False),
        sa.Column("available_fen", sa.BigInteger(), nullable=False),
        sa.Column("reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("captured_fen", sa.BigInteger(), nullable=False),
        sa.Column("lapsed_fen", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("elder_id"), "="),
            (sa.text("exclusivity_group"), "="),
            (sa.text("during"), "&&"),
            using="gist",
            name="voucher_one_of_a_group_excl",
        ),
        sa.CheckConstraint("NOT isempty(during)", name="voucher_period_check"),
        sa.CheckConstraint("available_fen >= 0", name="voucher_available_check"),
        sa.CheckConstraint("deduct_basis_points BETWEEN 1 AND 10000", name="voucher_deduct_check"),
        sa.CheckConstraint(
            "issued_fen = available_fen + reserved_fen + captured_fen + lapsed_fen", name="voucher_adds_up_check"
        ),
        sa.CheckConstraint(
            "issued_fen > 0 AND reserved_fen >= 0 AND captured_fen >= 0 AND lapsed_fen >= 0",
            name="voucher_not_negative_check",
        ),
        sa.CheckConstraint("mirrored = (external_number IS NOT NULL)", name="voucher_mirrored_has_number_check"),
        sa.ForeignKeyConstraint(["elder_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("external_number"),
    )
    op.create_index(("ix_voucher_area_code"), "voucher", ["area_code"], unique=False)
    op.create_index(("ix_voucher_elder_id"), "voucher", ["elder_id"], unique=False)
    op.create_index(
        "voucher_lapsing_idx",
        "voucher",
        [sa.literal_column("upper(during)")],
        unique=False,
        postgresql_where=sa.text("lapsed_at IS NULL"),
    )


def keep_voucher_use() -> None:
    """Make the table voucher_use."""
    op.create_table(
        "voucher_use",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("voucher_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("service_day", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("open_fen", sa.BigInteger(), nullable=False),
        sa.Column("captured_fen", sa.BigInteger(), nullable=False),
        sa.Column("released_fen", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen = open_fen + captured_fen + released_fen", name="voucher_use_adds_up_check"),
        sa.CheckConstraint(
            "amount_fen >= 0 AND captured_fen >= 0 AND released_fen >= 0", name="voucher_use_not_negative_check"
        ),
        sa.CheckConstraint("open_fen >= 0", name="voucher_use_open_check"),
        sa.ForeignKeyConstraint(["voucher_id"], ["voucher.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("voucher_id", "order_id", name="voucher_use_one_per_order_key"),
    )
    op.create_index(("ix_voucher_use_area_code"), "voucher_use", ["area_code"], unique=False)
    op.create_index(("ix_voucher_use_elder_id"), "voucher_use", ["elder_id"], unique=False)
    op.create_index("voucher_use_order_idx", "voucher_use", ["order_id"], unique=False)


def keep_voucher_move() -> None:
    """Make the table voucher_move."""
    op.create_table(
        "voucher_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("voucher_id", sa.BigInteger(), nullable=False),
        sa.Column("use_id", sa.BigInteger(), nullable=True),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("service_day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('reserve', 'capture', 'release', 'refund')) = (use_id IS NOT NULL)",
            name="voucher_move_for_an_order_check",
        ),
        sa.CheckConstraint("amount_fen > 0 OR (kind = 'lapse' AND amount_fen = 0)", name="voucher_move_amount_check"),
        sa.CheckConstraint(
            "kind IN ('reserve', 'capture', 'release', 'refund', 'lapse', 'elsewhere')", name="voucher_move_kind_check"
        ),
        sa.ForeignKeyConstraint(["use_id"], ["voucher_use.id"]),
        sa.ForeignKeyConstraint(["voucher_id"], ["voucher.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(("ix_voucher_move_area_code"), "voucher_move", ["area_code"], unique=False)
    op.create_index("voucher_move_voucher_idx", "voucher_move", ["voucher_id", "id"], unique=False)


def let_vouchers_pay_of_an_order() -> None:
    """Let a voucher pay a part of an order; what was ordered before had none."""
    op.add_column("care_order", sa.Column("voucher_fen", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("care_order", "voucher_fen", server_default=None)
    op.drop_constraint("care_order_price_adds_up_check", "care_order", type_="check")
    op.create_check_constraint(
        "care_order_price_adds_up_check",
        "care_order",
        "government_fen >= 0 AND voucher_fen >= 0 AND self_fen >= 0"
        " AND price_fen = government_fen + voucher_fen + self_fen",
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
