"""hours between districts

Revision: 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Know towards which bank a booking's hours are held, and a provider's account in each bank that pays it."""
    op.add_column("redemption", sa.Column("to_ledger", sa.BigInteger(), nullable=True))
    op.add_column("redemption", sa.Column("act_key", sa.Text(), nullable=True))
    op.add_column("redemption", sa.Column("aims", sa.BigInteger(), nullable=False, server_default="1"))
    op.execute(
        "UPDATE redemption SET to_ledger = (SELECT ledger FROM timebank.account WHERE id = redemption.account_id)"
    )
    op.alter_column("redemption", "to_ledger", nullable=False)
    op.alter_column("redemption", "aims", server_default=None)
    op.alter_column("professional_hours", "city_code", new_column_name="ledger")
    op.drop_constraint("professional_hours_pkey", "professional_hours", type_="primary")
    op.create_primary_key("professional_hours_pkey", "professional_hours", ["provider_id", "ledger"])


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
