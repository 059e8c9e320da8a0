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
    let_the_menu_speak_english()
    know_who_asks_for_codes()


def let_the_menu_speak_english() -> None:
    """Give each service of the menu its explanation, standard and tasks in English; empty: not written yet."""
    for name in ("explanation_en", "standard_en"):
        op.add_column("service_item", sa.Column(name, sa.Text(), nullable=False, server_default=""))
        op.alter_column("service_item", name, server_default=None)
    op.add_column("service_item", sa.Column("checklist_en", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.alter_column("service_item", "checklist_en", server_default=None)


def know_who_asks_for_codes() -> None:
    """Keep a keyed hash of the network address a sign-in code was asked from, so that one sender is limited too."""
    op.add_column("sign_in_code", sa.Column("sender_hash", sa.LargeBinary(), nullable=True))
    op.create_index("sign_in_code_sender_idx", "sign_in_code", ["sender_hash", "created_at"])


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
