"""coverage that follows the register

Revision: 0018, after 0017.
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a judging be caused by elders who registered, moved or left."""
    op.drop_constraint("reach_run_cause_check", "reach_run", type_="check")
    op.create_check_constraint("reach_run_cause_check", "reach_run", "cause IN ('all', 'facility', 'elders')")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
