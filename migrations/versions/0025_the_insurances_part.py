"""the insurance's part of a month's accounts

Revision: 0025, after 0024.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("settlement", "settlement_line"):
        op.add_column(table, sa.Column("insurance_fen", sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_constraint("settlement_line_not_negative_check", "settlement_line", type_="check")
    op.create_check_constraint(
        "settlement_line_not_negative_check",
        "settlement_line",
        "kind = 'correction' OR (government_fen >= 0 AND insurance_fen >= 0 AND voucher_fen >= 0 AND self_fen >= 0)",
    )
