"""the policies of rows have one name each, whoever sees or writes them; sql/ makes them anew under it

Revision: 0037, after 0036.
"""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

EARLIER = (
    *((table, "of_the_office") for table in ("import_run", "import_row", "measure_row", "measure_count")),
    *((table, "of_its_office") for table in ("scenario", "scenario_change", "siting_run")),
    *(("elder", f"is_written_by_her_office_{verb}") for verb in ("insert", "update", "delete")),
    *(
        (table, f"is_written_by_an_office_{verb}")
        for table in ("blacklist_entry", "blacklist_visit", "credit_strike", "trust_appeal")
        for verb in ("insert", "update")
    ),
)


def upgrade() -> None:
    for table, name in EARLIER:
        op.execute(f"DROP POLICY IF EXISTS {table}_{name} ON {table}")
