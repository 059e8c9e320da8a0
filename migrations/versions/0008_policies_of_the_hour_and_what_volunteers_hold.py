"""policies of the hour and what volunteers hold

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    let_groups_give_time()
    know_guardians_and_groups()
    call_a_sample_back()
    give_elders_hours()
    book_with_hours()
    keep_movements()
    remember_papers()


def let_groups_give_time() -> None:
    """Let companies, schools and clubs give time together."""
    op.create_table(
        "volunteer_group",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("registered_by", sa.BigInteger(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["registered_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_volunteer_group_area_code", "volunteer_group", ["area_code"])


def know_guardians_and_groups() -> None:
    """Know a minor's guardian and a member's group."""
    op.add_column("volunteer", sa.Column("guardian_id", sa.BigInteger(), nullable=True))
    op.add_column("volunteer", sa.Column("guardian_consented_on", sa.Date(), nullable=True))
    op.add_column("volunteer", sa.Column("group_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_volunteer_group_id", "volunteer", ["group_id"])
    op.create_foreign_key(None, "volunteer", "volunteer_group", ["group_id"], ["id"])
    op.create_foreign_key(None, "volunteer", "person", ["guardian_id"], ["id"])
    op.create_check_constraint(
        "volunteer_guardian_agreed_check", "volunteer", "(guardian_id IS NULL) = (guardian_consented_on IS NULL)"
    )
    op.create_check_constraint("volunteer_guardian_is_another_check", "volunteer", "guardian_id <> person_id")


def call_a_sample_back() -> None:
    """Keep honours, how time was proved, and the call-backs of a sample."""
    op.add_column("volunteer_session", sa.Column("honour_minutes", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("volunteer_session", sa.Column("proof", sa.Text(), nullable=False, server_default="clocked"))
    op.add_column("volunteer_session", sa.Column("callback_state", sa.Text(), nullable=True))
    op.add_column("volunteer_session", sa.Column("callback_by", sa.BigInteger(), nullable=True))
    op.add_column("volunteer_session", sa.Column("callback_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("volunteer_session", sa.Column("callback_note", sa.Text(), nullable=True))
    op.create_index(
        "volunteer_session_callback_due_idx",
        "volunteer_session",
        ["area_code"],
        postgresql_where=sa.text("callback_state = 'due'"),
    )
    op.create_foreign_key(None, "volunteer_session", "person", ["callback_by"], ["id"])
    op.add_column("volunteer_session", sa.Column("over_transfer_id", sa.BigInteger(), nullable=True))
    op.drop_constraint("volunteer_session_minutes_check", "volunteer_session", type_="check")
    op.create_check_constraint(
        "volunteer_session_minutes_check",
        "volunteer_session",
        "credit_minutes >= 0 AND credit_minutes + honour_minutes > 0",
    )
    for name in ("honour_minutes", "proof"):
        op.alter_column("volunteer_session", name, server_default=None)
    op.create_check_constraint("volunteer_session_honours_check", "volunteer_session", "honour_minutes >= 0")
    op.create_check_constraint("volunteer_session_proof_check", "volunteer_session", "proof IN ('clocked', 'attested')")
    op.create_check_constraint(
        "volunteer_session_callback_check",
        "volunteer_session",
        "callback_state IN ('due', 'right', 'wrong', 'unreached')",
    )
    op.create_check_constraint(
        "volunteer_session_called_by_somebody_check",
        "volunteer_session",
        "(callback_state IN ('right', 'wrong', 'unreached')) <= (callback_by IS NOT NULL)",
    )


def give_elders_hours() -> None:
    """Give key elders accounts for hours they did not earn."""
    op.create_table(
        "elder_hours",
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["elder_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("elder_id"),
    )
    op.create_index("ix_elder_hours_area_code", "elder_hours", ["area_code"])


def book_with_hours() -> None:
    """Book help with hours, paid to a professional by the reserve when no volunteer is free."""
    op.create_table(
        "professional_hours",
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.PrimaryKeyConstraint("provider_id"),
    )
    op.create_table(
        "redemption",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payer_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("need_id", sa.BigInteger(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("from_grant", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("held_minutes", sa.BigInteger(), nullable=False),
        sa.Column("settled_minutes", sa.BigInteger(), nullable=True),
        sa.Column("transfer_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("booked_by", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("professional", sa.Boolean(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'held') = (ended_at IS NULL)", name="redemption_ended_check"),
        sa.CheckConstraint("state IN ('held', 'settled', 'released')", name="redemption_state_check"),
        sa.CheckConstraint(
            "(booked_by <> payer_id) <= (reason IS NOT NULL)", name="redemption_by_another_has_reason_check"
        ),
        sa.CheckConstraint("held_minutes > 0", name="redemption_minutes_check"),
        sa.CheckConstraint(
            "settled_minutes BETWEEN 0 AND held_minutes", name="redemption_settles_within_the_hold_check"
        ),
        sa.ForeignKeyConstraint(["booked_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["elder_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"]),
        sa.ForeignKeyConstraint(["payer_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("need_id", name="redemption_one_per_need_key"),
    )
    op.create_index("ix_redemption_area_code", "redemption", ["area_code"])
    op.create_index("ix_redemption_elder_id", "redemption", ["elder_id"])
    op.create_index("ix_redemption_payer_id", "redemption", ["payer_id"])


def keep_movements() -> None:
    """Keep who gave hours to whom without a visit, who entered it and why."""
    op.create_table(
        "hour_movement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_person_id", sa.BigInteger(), nullable=True),
        sa.Column("to_person_id", sa.BigInteger(), nullable=True),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("transfer_id", sa.BigInteger(), nullable=True),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=True),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('gift', 'donate', 'grant', 'start', 'expiry', 'inherit', 'leave')",
            name="hour_movement_kind_check",
        ),
        sa.CheckConstraint("minutes > 0", name="hour_movement_minutes_check"),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["from_person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["group_id"], ["volunteer_group.id"]),
        sa.ForeignKeyConstraint(["to_person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("hour_movement_key_key", "hour_movement", ["key"], unique=True)
    op.create_index("ix_hour_movement_area_code", "hour_movement", ["area_code"])
    op.create_index("ix_hour_movement_from_person_id", "hour_movement", ["from_person_id"])
    op.create_index("ix_hour_movement_to_person_id", "hour_movement", ["to_person_id"])


def remember_papers() -> None:
    """Remember the papers people took away, so that a stranger can check them."""
    op.create_table(
        "hour_paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("head_hash", sa.Text(), nullable=False),
        sa.Column("upto_transfer_id", sa.BigInteger(), nullable=True),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('certificate', 'statement')", name="hour_paper_kind_check"),
        sa.CheckConstraint("from_day <= to_day", name="hour_paper_days_check"),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("ix_hour_paper_area_code", "hour_paper", ["area_code"])
    op.create_index("ix_hour_paper_person_id", "hour_paper", ["person_id"])


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
