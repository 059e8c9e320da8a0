"""official counts of people that can be withdrawn, and lists of them

Revision: 0038, after 0037.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

KINDS = ("facilities", "compounds", "elders", "areas", "beds", "buildings", "statistics")


def upgrade() -> None:
    op.add_column("area_statistic", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.add_column("area_statistic", sa.Column("assumed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("area_statistic", "note", server_default=None)
    op.alter_column("area_statistic", "assumed", server_default=None)
    op.add_column("area_statistic", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("area_statistic", sa.Column("withdrawn_by", sa.BigInteger(), nullable=True))
    op.add_column("area_statistic", sa.Column("withdrawn_because", sa.Text(), nullable=True))
    op.create_check_constraint(
        "area_statistic_withdrawn_for_a_reason_check",
        "area_statistic",
        "(withdrawn_at IS NULL) = (withdrawn_because IS NULL)",
    )
    kinds = "kind IN ('" + "', '".join(KINDS) + "')"
    for table in ("import_run", "import_row"):
        op.drop_constraint(f"{table}_kind_check", table, type_="check")
        op.create_check_constraint(f"{table}_kind_check", table, kinds)
