"""contracts, prices and budget lines of government purchase; settlement lines that name them

Revision: 0040, after 0039.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None
KINDS = (
    "facilities", "compounds", "elders", "areas", "beds", "buildings", "statistics", "contracts", "project_sites",
    "obligations", "staff", "trainings", "facility_checks",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "purchase_contract",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contract_number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("ceiling_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_on IS NOT NULL) AND (ended_on IS NULL OR ended_on BETWEEN first_day AND last_day)",
            name="purchase_contract_ended_check",
        ),
        sa.CheckConstraint(
            "method IN ('open_tender', 'invited_tender', 'negotiation', 'inquiry', 'single_source', 'framework')",
            name="purchase_contract_method_check",
        ),
        sa.CheckConstraint("state IN ('draft', 'in_force', 'ended', 'dropped')", name="purchase_contract_state_check"),
        sa.CheckConstraint("last_day >= first_day AND ceiling_fen > 0", name="purchase_contract_terms_check"),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area_code", "contract_number", name="purchase_contract_number_key"),
    )
    op.create_index(op.f("ix_purchase_contract_area_code"), "purchase_contract", ["area_code"], unique=False)
    op.create_index(op.f("ix_purchase_contract_provider_id"), "purchase_contract", ["provider_id"], unique=False)
    op.create_table(
        "purchase_acceptance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("settled_lines", sa.BigInteger(), nullable=False),
        sa.Column("settled_fen", sa.BigInteger(), nullable=False),
        sa.Column("accepted_by", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "result IN ('accepted', 'with_conditions', 'refused')", name="purchase_acceptance_result_check"
        ),
        sa.CheckConstraint("last_day >= first_day", name="purchase_acceptance_period_check"),
        sa.ForeignKeyConstraint(
            ["accepted_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["purchase_contract.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_purchase_acceptance_area_code"), "purchase_acceptance", ["area_code"], unique=False)
    op.create_index(op.f("ix_purchase_acceptance_contract_id"), "purchase_acceptance", ["contract_id"], unique=False)
    op.create_table(
        "purchase_budget",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("budget_year", sa.BigInteger(), nullable=False),
        sa.Column("budget_number", sa.Text(), nullable=False),
        sa.Column("funder", sa.Text(), nullable=False),
        sa.Column("planned_fen", sa.BigInteger(), nullable=False),
        sa.Column("spent_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "funder IN ('national', 'province', 'city', 'district', 'welfare_lottery', 'other')",
            name="purchase_budget_funder_check",
        ),
        sa.CheckConstraint("budget_year BETWEEN 2000 AND 2200", name="purchase_budget_year_check"),
        sa.CheckConstraint("planned_fen > 0", name="purchase_budget_planned_check"),
        sa.CheckConstraint("spent_fen BETWEEN 0 AND planned_fen", name="purchase_budget_not_overspent_check"),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["purchase_contract.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("contract_id", "budget_year", "budget_number", name="purchase_budget_one_key"),
    )
    op.create_index(op.f("ix_purchase_budget_area_code"), "purchase_budget", ["area_code"], unique=False)
    op.create_table(
        "purchase_price",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("unit_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("unit_fen > 0", name="purchase_price_unit_check"),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["purchase_contract.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("contract_id", "service_code", name="purchase_price_one_key"),
    )
    op.create_index(op.f("ix_purchase_price_area_code"), "purchase_price", ["area_code"], unique=False)
    op.create_table(
        "purchase_budget_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("budget_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("after_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["budget_id"],
            ["purchase_budget.id"],
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_purchase_budget_change_area_code"), "purchase_budget_change", ["area_code"], unique=False)
    op.create_index(op.f("ix_purchase_budget_change_budget_id"), "purchase_budget_change", ["budget_id"], unique=False)
    op.add_column("settlement_line", sa.Column("contract_id", sa.BigInteger(), nullable=True))
    op.add_column("settlement_line", sa.Column("government_budget_id", sa.BigInteger(), nullable=True))
    op.add_column("settlement_line", sa.Column("voucher_budget_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "settlement_line_contract_idx",
        "settlement_line",
        ["contract_id", "id"],
        unique=False,
        postgresql_where=sa.text("contract_id IS NOT NULL"),
    )
    op.create_foreign_key(None, "settlement_line", "purchase_budget", ["government_budget_id"], ["id"])
    op.create_foreign_key(None, "settlement_line", "purchase_contract", ["contract_id"], ["id"])
    op.create_foreign_key(None, "settlement_line", "purchase_budget", ["voucher_budget_id"], ["id"])
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    for table in ("import_run", "import_row"):
        op.drop_constraint(f"{table}_kind_check", table)
        op.create_check_constraint(f"{table}_kind_check", table, f"kind IN ({kinds})")
