"""holidays that are not announced yet

Revision: 0028, after 0027.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("holiday", sa.Column("assumed", sa.Boolean(), nullable=False, server_default="false"))
    op.execute("UPDATE holiday SET assumed = true WHERE source LIKE '%未含调休%'")
    op.alter_column("holiday", "assumed", server_default=None)
