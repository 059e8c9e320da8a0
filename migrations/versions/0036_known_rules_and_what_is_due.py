"""a stamp for rules that processes keep, indexes for who is near, and for what is due in the outbox

Revision: 0036, after 0035.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rules_stamp",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name="rules_stamp_single_row_check"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("service_line_site_idx", "service_line", ["facility_id", "service_code"])
    op.create_index("service_line_farthest_idx", "service_line", ["service_code", "max_travel_seconds"])
    op.drop_index("outbox_due_idx", table_name="outbox")
    op.create_index("outbox_due_idx", "outbox", ["not_before", "id"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index("outbox_sent_idx", "outbox", ["sent_at"], postgresql_where=sa.text("state = 'sent'"))
