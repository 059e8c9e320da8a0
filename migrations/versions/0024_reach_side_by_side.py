"""a door's street beside the door, and the cost of a walk in the key: who reaches an elder in one reading

Revision: 0024, after 0023.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("u", sa.Integer(), nullable=True),
        sa.Column("v", sa.Integer(), nullable=True),
        sa.Column("edge_m", sa.Double(), nullable=True),
        sa.Column("edge_is_steps", sa.Boolean(), nullable=True),
    ):
        op.add_column("home_snap", column)
    op.execute("ALTER TABLE home_snap NO FORCE ROW LEVEL SECURITY")  # the policies are laid again after the migration
    op.execute(
        "UPDATE home_snap AS s SET u = e.u, v = e.v, edge_m = e.length_m, edge_is_steps = e.is_steps"
        " FROM geo.network_edge AS e WHERE e.version_id = s.network_version_id AND e.id = s.edge_id"
    )
    op.execute("ALTER TABLE reach DROP CONSTRAINT reach_pkey")
    op.execute(
        "ALTER TABLE reach ADD CONSTRAINT reach_pkey"
        " PRIMARY KEY (network_version_id, profile, node_id, facility_id) INCLUDE (cost)"
    )
