"""whose catalogue brought an item onto the menu

Revision: 0026, after 0025.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service_item", sa.Column("city_code", sa.BigInteger(), nullable=True))
    op.execute("ALTER TABLE service_standard NO FORCE ROW LEVEL SECURITY")  # the policies are laid again afterwards
    op.execute(
        "UPDATE service_item i SET city_code = s.city_code FROM service_standard s"
        " WHERE s.code = i.code AND s.content = i.explanation AND lower(s.during) = i.valid_from"
    )
