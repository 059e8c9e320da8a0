"""refunds, disputes and books compared

Revision: 0022, after 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keep_gateway_notice()
    keep_reconciliation()
    keep_payable_refund()
    keep_payment_dispute()
    keep_reconciliation_difference()
    count_what_was_taken()
    let_the_fake_bank_refund()


def keep_gateway_notice() -> None:
    """Make the table gateway_notice."""
    op.create_table(
        "gateway_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway", "event_id", name="gateway_notice_once_key"),
    )


def keep_reconciliation() -> None:
    """Make the table reconciliation."""
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("compared", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.BigInteger(), nullable=False),
        sa.Column("ours_fen", sa.BigInteger(), nullable=False),
        sa.Column("theirs_fen", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway", "day", name="reconciliation_once_a_day_key"),
    )


def keep_payable_refund() -> None:
    """Make the table payable_refund."""
    op.create_table(
        "payable_refund",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payable_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("gateway_reference", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('cancelled', 'fee_rest', 'paid_late', 'correction', 'complaint', 'at_gateway')",
            name="payable_refund_reason_check",
        ),
        sa.CheckConstraint("state IN ('asked', 'done', 'failed')", name="payable_refund_state_check"),
        sa.CheckConstraint("amount_fen > 0", name="payable_refund_amount_check"),
        sa.ForeignKeyConstraint(["payable_id"], ["payable.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway", "gateway_reference", name="payable_refund_reference_key"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(("ix_payable_refund_area_code"), "payable_refund", ["area_code"], unique=False)
    op.create_index(("ix_payable_refund_elder_id"), "payable_refund", ["elder_id"], unique=False)
    op.create_index("payable_refund_payable_idx", "payable_refund", ["payable_id"], unique=False)


def keep_payment_dispute() -> None:
    """Make the table payment_dispute."""
    op.create_table(
        "payment_dispute",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payable_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name="payment_dispute_state_check"),
        sa.CheckConstraint("amount_fen > 0", name="payment_dispute_amount_check"),
        sa.ForeignKeyConstraint(["payable_id"], ["payable.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway", "reference", name="payment_dispute_reference_key"),
    )
    op.create_index(("ix_payment_dispute_area_code"), "payment_dispute", ["area_code"], unique=False)
    op.create_index(("ix_payment_dispute_elder_id"), "payment_dispute", ["elder_id"], unique=False)
    op.create_index(("ix_payment_dispute_payable_id"), "payment_dispute", ["payable_id"], unique=False)


def keep_reconciliation_difference() -> None:
    """Make the table reconciliation_difference."""
    op.create_table(
        "reconciliation_difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reconciliation_id", sa.BigInteger(), nullable=False),
        sa.Column("payable_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ours_fen", sa.BigInteger(), nullable=False),
        sa.Column("theirs_fen", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explained_by", sa.BigInteger(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('unknown_here', 'unknown_there', 'amount', 'captured', 'refunded')",
            name="reconciliation_difference_kind_check",
        ),
        sa.CheckConstraint(
            "(explained_at IS NULL) = (explained_by IS NULL) AND (explained_at IS NULL) = (explanation IS NULL)",
            name="reconciliation_difference_explained_check",
        ),
        sa.ForeignKeyConstraint(["explained_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["reconciliation_id"], ["reconciliation.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reconciliation_id", "reference", "kind", name="reconciliation_difference_once_key"),
    )
    op.create_index(
        ("ix_reconciliation_difference_area_code"), "reconciliation_difference", ["area_code"], unique=False
    )
    op.create_index(
        ("ix_reconciliation_difference_payable_id"), "reconciliation_difference", ["payable_id"], unique=False
    )


def count_what_was_taken() -> None:
    """Count on a payable what was taken, given back and is in dispute; what was captured so far was all of it."""
    for name in ("captured_fen", "refunded_fen", "disputed_fen"):
        op.add_column("payable", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        op.alter_column("payable", name, server_default=None)
    op.add_column("payable", sa.Column("capture_fen", sa.BigInteger(), nullable=True))
    op.add_column("payable", sa.Column("payer_step", sa.Text(), nullable=True))
    op.add_column("payable", sa.Column("method", sa.Text(), nullable=False, server_default="card"))
    op.alter_column("payable", "method", server_default=None)
    op.execute("UPDATE payable SET captured_fen = amount_fen WHERE state = 'captured'")
    op.create_check_constraint("payable_method_check", "payable", "method IN ('card', 'wechat_pay', 'alipay')")
    op.create_check_constraint("payable_capture_check", "payable", "capture_fen BETWEEN 1 AND amount_fen")
    op.create_check_constraint("payable_captured_check", "payable", "captured_fen BETWEEN 0 AND amount_fen")
    op.create_check_constraint("payable_refunded_check", "payable", "refunded_fen BETWEEN 0 AND captured_fen")
    op.create_check_constraint(
        "payable_captured_has_money_check", "payable", "(captured_fen > 0) = (state = 'captured')"
    )


def let_the_fake_bank_refund() -> None:
    """Let the fake bank take a part and give back."""
    op.add_column("fake_charge", sa.Column("payable_id", sa.BigInteger(), nullable=True))
    op.add_column("fake_charge", sa.Column("captured_fen", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("fake_charge", "captured_fen", server_default=None)
    op.execute("UPDATE fake_charge SET captured_fen = amount_fen WHERE state = 'captured'")
    op.add_column(
        "fake_charge",
        sa.Column("refunds", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
    )
    op.alter_column("fake_charge", "refunds", server_default=None)
    op.add_column("fake_charge", sa.Column("created_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
