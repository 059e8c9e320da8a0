"""sites of projects, duties of residential areas, checks of standard operation, titles of areas, and what stood before

Revision: 0046, after 0045.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "register_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("register_name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_register_change_area_code"), "register_change", ["area_code"], unique=False)
    op.create_index("register_change_row_idx", "register_change", ["register_name", "row_id", "id"], unique=False)
    op.create_table(
        "area_flag",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("until IS NULL OR until > since", name="area_flag_days_check"),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "area_flag_one_open_idx",
        "area_flag",
        ["area_code", "flag"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(op.f("ix_area_flag_area_code"), "area_flag", ["area_code"], unique=False)
    op.create_table(
        "area_obligation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("obligation_code", sa.Text(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("households", sa.BigInteger(), nullable=True),
        sa.Column("required_m2", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("built_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("handed_over_on", sa.Date(), nullable=True),
        sa.Column("provided_m2", sa.BigInteger(), nullable=True),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(planned_on IS NOT NULL OR built_on IS NULL) AND (built_on IS NOT NULL OR accepted_on IS NULL) AND (accepted_on IS NOT NULL OR handed_over_on IS NULL) AND COALESCE(built_on >= planned_on, true) AND COALESCE(accepted_on >= built_on, true) AND COALESCE(handed_over_on >= accepted_on, true)",
            name="area_obligation_steps_check",
        ),
        sa.CheckConstraint(
            "required_m2 > 0 AND (provided_m2 IS NULL OR provided_m2 >= 0) AND (households IS NULL OR households > 0) AND (handed_over_on IS NULL OR provided_m2 IS NOT NULL)",
            name="area_obligation_m2_check",
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area_code", "obligation_code", "name", name="area_obligation_one_key"),
    )
    op.create_index(op.f("ix_area_obligation_area_code"), "area_obligation", ["area_code"], unique=False)
    op.create_table(
        "facility_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("checklist", sa.Text(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("checked_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="facility_check_withdrawn_check"
        ),
        sa.ForeignKeyConstraint(
            ["checked_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "facility_check_last_idx",
        "facility_check",
        ["facility_id", sa.literal_column("checked_on DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(op.f("ix_facility_check_area_code"), "facility_check", ["area_code"], unique=False)
    op.create_table(
        "project_site",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_code", sa.Text(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("built_on", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("dropped_on", sa.Date(), nullable=True),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("work IN ('build', 'rebuild')", name="project_site_work_check"),
        sa.CheckConstraint("(opened_on IS NOT NULL) = (facility_id IS NOT NULL)", name="project_site_opened_check"),
        sa.CheckConstraint(
            "(started_on IS NOT NULL OR built_on IS NULL) AND (built_on IS NOT NULL OR opened_on IS NULL) AND COALESCE(built_on >= started_on, true) AND COALESCE(opened_on >= built_on, true)",
            name="project_site_steps_check",
        ),
        sa.CheckConstraint("dropped_on IS NULL OR opened_on IS NULL", name="project_site_dropped_check"),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area_code", "project_code", "name", name="project_site_one_key"),
    )
    op.create_index(op.f("ix_project_site_area_code"), "project_site", ["area_code"], unique=False)
    op.create_index(
        "project_site_of_one_facility_idx",
        "project_site",
        ["project_code", "facility_id"],
        unique=True,
        postgresql_where=sa.text("facility_id IS NOT NULL"),
    )
