"""by which schemes an assessor may assess

Revision: 0031, after 0030.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schemes = sa.Column("schemes", sa.ARRAY(sa.Text()), nullable=False, server_default="{}")
    op.add_column("assessor", schemes)
