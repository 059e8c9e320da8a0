"""last bolts of the first house

Revision: 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    know_who_asks_for_codes()


def know_who_asks_for_codes() -> None:
    """Keep a keyed hash of the network address a sign-in code was asked from, so that one sender is limited too."""
    op.add_column("sign_in_code", sa.Column("sender_hash", sa.LargeBinary(), nullable=True))
    op.create_index("sign_in_code_sender_idx", "sign_in_code", ["sender_hash", "created_at"])


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
