"""ways that bar wheels without being stairs

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what the map says of wheelchairs apart from stairs, which cost a walker time; older imports knew none."""
    for table in ("network_edge", "inner_way"):
        column = sa.Column("no_wheels", sa.Boolean(), nullable=False, server_default=sa.text("false"))
        op.add_column(table, column, schema="geo")
