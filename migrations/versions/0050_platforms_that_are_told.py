"""platforms that are told of public changes, and every try to tell them

Revision: 0050, after 0049.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "webhook",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("batch_end", sa.Text(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("round", "turn", "failures")),
        sa.Column("next_try_at", moment, nullable=False),
        sa.Column("delivered_at", moment, nullable=True),
        sa.Column("paused_because", sa.Text(), nullable=True),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("secret_before_sealed", sa.Text(), nullable=True),
        sa.Column("secret_before_until", moment, nullable=True),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.CheckConstraint("state IN ('active', 'paused', 'ended')", name="webhook_state_check"),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="webhook_ended_at_check"),
        sa.CheckConstraint("url LIKE 'https://%'", name="webhook_https_check"),
        sa.CheckConstraint("failures >= 0 AND turn >= 0 AND round >= 1", name="webhook_counts_check"),
        sa.CheckConstraint(
            "(secret_before_sealed IS NULL) = (secret_before_until IS NULL)", name="webhook_secret_before_check"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_area_code", "webhook", ["area_code"])
    op.create_index(
        "webhook_one_subscription_idx", "webhook", ["area_code", "url"], unique=True,
        postgresql_where=sa.text("state <> 'ended'"),
    )  # fmt: skip
    op.create_table(
        "webhook_try",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("from_cursor", sa.Text(), nullable=True),
        sa.Column("to_cursor", sa.Text(), nullable=True),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", moment, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("answer", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('changes', 'test')", name="webhook_try_kind_check"),
        sa.CheckConstraint("outcome IN ('delivered', 'failed', 'refused')", name="webhook_try_outcome_check"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_try_area_code", "webhook_try", ["area_code"])
    op.create_index("webhook_try_newest_idx", "webhook_try", ["webhook_id", sa.text("id DESC")])
