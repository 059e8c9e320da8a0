"""an elder's wish for a carer she knows

Revision: 0030, after 0029.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("carer_wish", sa.Column("carer_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(None, "carer_wish", "carer", ["carer_id"], ["person_id"])
