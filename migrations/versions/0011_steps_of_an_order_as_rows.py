"""steps of an order as rows, and a log that knows where each step led

Revision: 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_LED_TO = """
UPDATE order_event AS one SET state_after = COALESCE(
  (SELECT CASE earlier.kind WHEN 'offered' THEN 'offering' WHEN 'unassigned' THEN 'accepted' ELSE earlier.kind END
   FROM order_event AS earlier
   WHERE earlier.order_id = one.order_id AND earlier.id <= one.id
     AND earlier.kind IN ('placed', 'offered', 'accepted', 'assigned', 'unassigned', 'in_service', 'served',
                          'confirmed', 'cancelled', 'unfilled')
   ORDER BY earlier.id DESC LIMIT 1), 'placed')
"""


def upgrade() -> None:
    name_the_steps()
    say_where_each_event_led()


def name_the_steps() -> None:
    """Make the table of allowed steps; sql/211_order_steps.sql fills it."""
    op.create_table(
        "order_step",
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("event_kind", sa.Text(), nullable=False),
        sa.Column("what_happens", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "from_state NOT IN ('confirmed', 'cancelled')", name="order_step_final_states_are_never_left_check"
        ),
        sa.PrimaryKeyConstraint("from_state", "to_state", "event_kind"),
    )
    op.create_index("order_step_by_event_idx", "order_step", ["from_state", "event_kind"], unique=True)


def say_where_each_event_led() -> None:
    """Write beside every event the state it left its order in."""
    op.add_column("order_event", sa.Column("state_after", sa.Text(), nullable=True))
    op.execute("ALTER TABLE order_event DISABLE TRIGGER USER")
    op.execute(_LED_TO)
    op.execute("ALTER TABLE order_event ENABLE TRIGGER USER")
    op.alter_column("order_event", "state_after", nullable=False)
