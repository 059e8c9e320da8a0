"""what a paper certifies

Revision: 0021, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep with a paper what had been served when it was handed out; older papers are read from their entries."""
    for name in ("visits", "served_minutes", "honour_minutes"):
        op.add_column("hour_paper", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
