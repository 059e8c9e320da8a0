"""a chain over acts and readings, its seals and checks; glass broken in emergencies; seeds of audit draws

Revision: 0041, after 0040.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keep_the_chain()
    keep_broken_glass()
    op.create_table(
        "draw_seed",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("commitment ~ '^[0-9a-f]{64}$'", name="draw_seed_commitment_check"),
        sa.CheckConstraint(
            "seed IS NULL OR encode(sha256(convert_to(seed, 'UTF8')), 'hex') = commitment", name="draw_seed_kept_check"
        ),
        sa.CheckConstraint("(seed IS NULL) = (shown_at IS NULL)", name="draw_seed_shown_check"),
        sa.PrimaryKeyConstraint("day"),
    )


def keep_the_chain() -> None:
    """Make the tables of links, floors, seals and checks."""
    op.create_table(
        "audit_link",
        sa.Column("chain_code", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seq > 0", name="audit_link_seq_check"),
        sa.PrimaryKeyConstraint("chain_code", "seq"),
        sa.UniqueConstraint("source", "row_id", name="audit_link_once_key"),
    )
    op.create_table(
        "audit_floor",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("settled_id", sa.BigInteger(), nullable=False),
        sa.Column("pending_id", sa.BigInteger(), nullable=False),
        sa.Column("pending_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "audit_seal",
        sa.Column("chain_code", sa.BigInteger(), nullable=False),
        sa.Column("seal_number", sa.BigInteger(), nullable=False),
        sa.Column("upto_seq", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chain_code", "seal_number"),
    )
    op.create_table(
        "audit_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("first_bad", sa.Text(), nullable=True),
        sa.Column("links", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ok = (first_bad IS NULL)", name="audit_check_names_the_first_bad_check"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_check_checked_at_idx", "audit_check", ["checked_at"])


def keep_broken_glass() -> None:
    """Make the tables of openings and of the looks through them."""
    op.create_table(
        "break_glass",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("asker_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("asker_role", sa.Text(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("verdict_note", sa.Text(), nullable=True),
        sa.Column("consequence", sa.Text(), nullable=True),
        sa.Column("barred_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('life', 'missing', 'disaster', 'other')", name="break_glass_kind_check"),
        sa.CheckConstraint("length(btrim(reason)) >= 6", name="break_glass_reason_check"),
        sa.CheckConstraint("expires_at > asked_at", name="break_glass_ends_check"),
        sa.CheckConstraint("verdict IN ('justified', 'not_justified')", name="break_glass_verdict_check"),
        sa.CheckConstraint(
            "(verdict IS NULL) = (reviewed_at IS NULL) AND (verdict IS NULL) = (reviewed_by IS NULL)"
            " AND (verdict IS NULL) = (verdict_note IS NULL)",
            name="break_glass_reviewed_by_somebody_check",
        ),
        sa.CheckConstraint("reviewed_by <> asker_id", name="break_glass_reviewed_by_another_check"),
        sa.CheckConstraint(
            "verdict <> 'not_justified' OR consequence IS NOT NULL", name="break_glass_consequence_check"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_break_glass_elder_id", "break_glass", ["elder_id"])
    op.create_index("ix_break_glass_area_code", "break_glass", ["area_code"])
    op.create_index("break_glass_asker_idx", "break_glass", ["asker_id", "asked_at"])
    op.create_index(
        "break_glass_waiting_idx", "break_glass", ["review_due_at"], postgresql_where=sa.text("reviewed_at IS NULL")
    )
    op.create_table(
        "break_glass_reading",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("glass_id", sa.BigInteger(), sa.ForeignKey("break_glass.id"), nullable=False),
        sa.Column("reader_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tx", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("glass_id", "elder_id", "area_code"):
        op.create_index(f"ix_break_glass_reading_{column}", "break_glass_reading", [column])
