"""hours that follow somebody to another district, a member's own count in her group, a guardian's consent in words,
and a provider paid by the reserve as the organisation it is

Revision: 0033, after 0032.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _guardians()
    _professionals()
    _members()
    _moves()


def _guardians() -> None:
    op.add_column("volunteer", sa.Column("guardian_relation", sa.Text(), nullable=True))
    op.add_column("volunteer", sa.Column("guardian_consent", sa.Text(), nullable=True))
    op.create_check_constraint(
        "volunteer_guardian_consent_check", "volunteer", "guardian_consent IN ('signed', 'in_person', 'by_phone')"
    )


def _professionals() -> None:
    op.add_column("professional_hours", sa.Column("kind", sa.Text(), nullable=False, server_default="volunteer"))
    op.alter_column("professional_hours", "kind", server_default=None)
    op.create_check_constraint(
        "professional_hours_kind_check", "professional_hours", "kind IN ('volunteer', 'organisation')"
    )
    op.drop_constraint("professional_hours_pkey", "professional_hours", type_="primary")
    op.create_primary_key("professional_hours_pkey", "professional_hours", ["provider_id", "ledger", "kind"])


def _members() -> None:
    op.create_table(
        "member_hours",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["group_id"], ["volunteer_group.id"]),
        sa.PrimaryKeyConstraint("person_id", "group_id"),
    )
    op.create_index("ix_member_hours_area_code", "member_hours", ["area_code"])
    op.create_index("ix_member_hours_group_id", "member_hours", ["group_id"])


def _moves() -> None:
    op.create_table(
        "hour_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("to_area_code", sa.BigInteger(), nullable=False),
        sa.Column("from_ledger", sa.BigInteger(), nullable=False),
        sa.Column("from_account_id", sa.BigInteger(), nullable=False),
        sa.Column("to_ledger", sa.BigInteger(), nullable=False),
        sa.Column("to_account_id", sa.BigInteger(), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("sends", sa.BigInteger(), nullable=False),
        sa.Column("carried", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undoes_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'waiting', 'moved', 'closed', 'undone', 'withdrawn')", name="hour_move_state_check"
        ),
        sa.CheckConstraint("from_ledger <> to_ledger", name="hour_move_to_another_bank_check"),
        sa.CheckConstraint("minutes >= 0", name="hour_move_minutes_check"),
        sa.CheckConstraint(
            "(state IN ('moved', 'closed', 'undone')) = (moved_at IS NOT NULL)", name="hour_move_moved_at_check"
        ),
        sa.CheckConstraint("(moved_at IS NULL) OR (to_account_id IS NOT NULL)", name="hour_move_has_an_account_check"),
        sa.CheckConstraint("(asked_by IS NULL) OR (reason IS NOT NULL)", name="hour_move_asked_with_reason_check"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["undoes_id"], ["hour_move.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("person_id", "area_code", "to_area_code", "to_account_id"):
        op.create_index(f"ix_hour_move_{column}", "hour_move", [column])
    op.create_index(
        "hour_move_one_from_an_account_key", "hour_move", ["from_account_id"], unique=True,
        postgresql_where=sa.text("state NOT IN ('undone', 'withdrawn')"),
    )  # fmt: skip
