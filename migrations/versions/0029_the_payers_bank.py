"""a payer who pays or is refused at the invented bank's page

Revision: 0029, after 0028.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fake_charge", sa.Column("method", sa.Text(), nullable=True))
    op.drop_constraint("fake_charge_state_check", "fake_charge", type_="check")
    op.create_check_constraint(
        "fake_charge_state_check",
        "fake_charge",
        "state IN ('pending', 'authorised', 'captured', 'released', 'declined')",
    )
