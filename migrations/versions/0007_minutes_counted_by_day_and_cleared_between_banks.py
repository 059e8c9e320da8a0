"""minutes counted by day, limits changed by decision, and minutes cleared between banks

Revision: 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    count_days()
    decide_limits()
    clear_between_banks()


def number(name: str, optional: bool = False) -> sa.Column[int]:
    """Give a column of whole minutes or an account's number."""
    return sa.Column(name, sa.BigInteger(), nullable=optional, autoincrement=False)


def account_key(name: str, column: str = "account_id", kind: str = "kind") -> sa.ForeignKeyConstraint:
    """Give the key that holds an account to the bank and kind a row says."""
    own = [f"timebank.account.{part}" for part in ("id", "ledger", "kind")]
    return sa.ForeignKeyConstraint([column, "ledger", kind], own, name=name)


def count_days() -> None:
    """Count what a volunteer with a daily cap earned for each civil day."""
    op.add_column("balance", number("daily_cap_minutes", True), schema="timebank")
    op.create_check_constraint("balance_daily_cap_check", "balance", "daily_cap_minutes >= 0", schema="timebank")
    op.execute("ALTER TABLE timebank.balance SET (fillfactor = 60)")
    op.create_table(
        "earned_day",
        number("account_id"),
        sa.Column("day", sa.Date(), nullable=False),
        number("minutes"),
        number("cap_minutes"),
        sa.ForeignKeyConstraint(["account_id"], ["timebank.account.id"], name="earned_day_account_id_fkey"),
        sa.CheckConstraint("minutes >= 0", name="earned_day_minutes_check"),
        sa.CheckConstraint("minutes <= cap_minutes", name="earned_day_cap_check"),
        sa.PrimaryKeyConstraint("account_id", "day"),
        schema="timebank",
    )


def decide_limits() -> None:
    """Keep every decision to change an open account's limits, chained and sealed."""
    op.create_table(
        "limit_change",
        sa.Column("id", sa.BigInteger(), nullable=False, primary_key=True),
        number("account_id"),
        number("ledger"),
        sa.Column("kind", sa.Text(), nullable=False),
        number("floor_minutes", True),
        number("cap_minutes", True),
        number("daily_cap_minutes", True),
        number("after_seq"),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        account_key("limit_change_account_fkey"),
        sa.CheckConstraint("floor_minutes <= cap_minutes", name="limit_change_floor_below_cap_check"),
        sa.CheckConstraint(
            "floor_minutes IS NOT NULL OR cap_minutes IS NOT NULL", name="limit_change_keeps_a_limit_check"
        ),
        sa.CheckConstraint(
            "kind NOT IN ('volunteer', 'elder_grant', 'organisation', 'guarantee', 'estate')"
            " OR (floor_minutes IS NOT NULL AND floor_minutes >= 0)",
            name="limit_change_saver_has_floor_check",
        ),
        sa.CheckConstraint(
            "kind <> 'clearing' OR (floor_minutes IS NOT NULL AND cap_minutes IS NOT NULL)",
            name="limit_change_clearing_capped_both_ways_check",
        ),
        sa.CheckConstraint(
            "length(decided_by) BETWEEN 1 AND 200 AND length(reason) BETWEEN 1 AND 1000",
            name="limit_change_says_who_and_why_check",
        ),
        schema="timebank",
    )
    op.create_index("limit_change_account_id_idx", "limit_change", ["account_id", "id"], schema="timebank")
    op.add_column("seal", number("upto_limit_change_id", True), schema="timebank")


def clear_between_banks() -> None:
    """Let two banks honour each other's minutes, and keep both legs of every act between them."""
    op.create_table(
        "correspondent",
        number("ledger"),
        number("peer_ledger"),
        number("account_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        number("issuance_account_id"),
        sa.Column("issuance_kind", sa.Text(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.UniqueConstraint("account_id", name="correspondent_account_id_key"),
        account_key("correspondent_account_fkey"),
        account_key("correspondent_issuance_fkey", "issuance_account_id", "issuance_kind"),
        sa.CheckConstraint("ledger <> peer_ledger", name="correspondent_not_oneself_check"),
        sa.CheckConstraint("kind = 'clearing' AND issuance_kind = 'issuance'", name="correspondent_kinds_check"),
        sa.PrimaryKeyConstraint("ledger", "peer_ledger"),
        schema="timebank",
    )
    op.create_table(
        "clearing_act",
        number("from_ledger"),
        sa.Column("key", sa.Text(), nullable=False),
        number("to_ledger"),
        sa.Column("purpose", sa.Text(), nullable=False),
        number("minutes"),
        number("out_transfer_id"),
        number("in_transfer_id"),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.UniqueConstraint("out_transfer_id", name="clearing_act_out_transfer_id_key"),
        sa.UniqueConstraint("in_transfer_id", name="clearing_act_in_transfer_id_key"),
        sa.ForeignKeyConstraint(
            ["out_transfer_id"], ["timebank.transfer.id"], name="clearing_act_out_transfer_id_fkey"
        ),
        sa.ForeignKeyConstraint(["in_transfer_id"], ["timebank.transfer.id"], name="clearing_act_in_transfer_id_fkey"),
        sa.ForeignKeyConstraint(
            ["from_ledger", "to_ledger"],
            ["timebank.correspondent.ledger", "timebank.correspondent.peer_ledger"],
            name="clearing_act_correspondent_fkey",
        ),
        sa.CheckConstraint("purpose IN ('send', 'settle')", name="clearing_act_purpose_check"),
        sa.PrimaryKeyConstraint("from_ledger", "key"),
        schema="timebank",
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
