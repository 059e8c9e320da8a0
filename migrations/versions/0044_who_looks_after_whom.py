"""who looks after whom: grids and their workers, visit tasks with roles, visits the government buys, leave, and when a
duty became known

Revision: 0044, after 0043.
"""

from __future__ import annotations

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None
KINDS = (
    ("grid_worker", "网格员", "grid worker", True, True, 10),
    ("community", "社区工作者", "community worker", True, True, 20),
    ("social_worker", "社会工作者", "social worker", True, True, 30),
    ("volunteer", "志愿者", "volunteer", True, True, 40),
    ("social_organisation", "社会组织", "social organisation", True, True, 50),
    ("charity", "慈善组织", "charity", True, True, 60),
    ("provider", "服务机构", "service provider", True, True, 70),
    ("neighbour", "邻里互助员", "neighbour", False, True, 80),
)


def upgrade() -> None:
    op.create_table(
        "visit_actor_kind",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.Column("accompanies", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,39}$'", name="visit_actor_kind_code_check"),
        sa.CheckConstraint("leads OR accompanies", name="visit_actor_kind_does_something_check"),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("stand_in_id", sa.BigInteger(), nullable=True),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("last_on >= first_on", name="absence_dates_check"),
        sa.CheckConstraint("stand_in_id <> person_id", name="absence_another_stands_in_check"),
        sa.ForeignKeyConstraint(
            ["entered_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["stand_in_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("absence_of_person_idx", "absence", ["person_id", "last_on"], unique=False)
    op.create_index(op.f("ix_absence_area_code"), "absence", ["area_code"], unique=False)
    op.create_table(
        "visit_grid",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "outline",
            geoalchemy2.types.Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("far", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("drawn_by", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= since", name="visit_grid_dates_check"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 60", name="visit_grid_name_check"),
        sa.CheckConstraint("outline IS NULL OR ST_IsValid(outline)", name="visit_grid_outline_check"),
        sa.ForeignKeyConstraint(
            ["drawn_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_visit_grid_area_code"), "visit_grid", ["area_code"], unique=False)
    op.create_index(
        "visit_grid_one_name_idx",
        "visit_grid",
        ["area_code", "name"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "visit_purchase",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_number", sa.Text(), nullable=False),
        sa.Column("visit_classes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("care_package", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("budget_fen", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price_fen > 0 AND budget_fen >= price_fen", name="visit_purchase_money_check"),
        sa.CheckConstraint("until_on >= from_on", name="visit_purchase_dates_check"),
        sa.ForeignKeyConstraint(
            ["entered_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area_code", "contract_number", name="visit_purchase_contract_key"),
    )
    op.create_index(op.f("ix_visit_purchase_area_code"), "visit_purchase", ["area_code"], unique=False)
    op.create_index(op.f("ix_visit_purchase_provider_id"), "visit_purchase", ["provider_id"], unique=False)
    op.create_table(
        "grid_worker",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("part IN ('lead', 'companion')", name="grid_worker_part_check"),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= since", name="grid_worker_dates_check"),
        sa.ForeignKeyConstraint(
            ["actor_kind"],
            ["visit_actor_kind.code"],
        ),
        sa.ForeignKeyConstraint(
            ["grid_id"],
            ["visit_grid.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["set_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "grid_worker_once_idx",
        "grid_worker",
        ["grid_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_index(
        "grid_worker_one_lead_idx",
        "grid_worker",
        ["grid_id"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL AND part = 'lead'"),
    )
    op.create_index(op.f("ix_grid_worker_area_code"), "grid_worker", ["area_code"], unique=False)
    op.create_index(op.f("ix_grid_worker_person_id"), "grid_worker", ["person_id"], unique=False)
    op.create_table(
        "visit_task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("duty_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_class", sa.Text(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'seen') = (attempt_id IS NOT NULL)", name="visit_task_seen_by_an_attempt_check"),
        sa.CheckConstraint("state IN ('open', 'seen', 'missed', 'dropped')", name="visit_task_state_check"),
        sa.CheckConstraint("due_on >= from_on", name="visit_task_dates_check"),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["visit_attempt.id"],
        ),
        sa.ForeignKeyConstraint(
            ["duty_id"],
            ["visit_duty.id"],
        ),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["grid_id"],
            ["visit_grid.id"],
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["visit_purchase.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("elder_id", "from_on", name="visit_task_once_key"),
    )
    op.create_index(op.f("ix_visit_task_area_code"), "visit_task", ["area_code"], unique=False)
    op.create_index(op.f("ix_visit_task_duty_id"), "visit_task", ["duty_id"], unique=False)
    op.create_index(op.f("ix_visit_task_purchase_id"), "visit_task", ["purchase_id"], unique=False)
    op.create_index(
        "visit_task_open_idx",
        "visit_task",
        ["area_code", "due_on"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "visit_task_actor",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("part IN ('lead', 'companion')", name="visit_task_actor_part_check"),
        sa.CheckConstraint("until IS NULL OR until >= since", name="visit_task_actor_dates_check"),
        sa.ForeignKeyConstraint(
            ["actor_kind"],
            ["visit_actor_kind.code"],
        ),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["set_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["visit_task.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_visit_task_actor_area_code"), "visit_task_actor", ["area_code"], unique=False)
    op.create_index(op.f("ix_visit_task_actor_task_id"), "visit_task_actor", ["task_id"], unique=False)
    op.create_index(
        "visit_task_actor_hers_idx",
        "visit_task_actor",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "visit_task_actor_once_idx",
        "visit_task_actor",
        ["task_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "visit_task_actor_one_lead_idx",
        "visit_task_actor",
        ["task_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL AND part = 'lead'"),
    )
    op.add_column("visit_duty", sa.Column("grid_id", sa.BigInteger(), nullable=True))
    op.add_column("visit_duty", sa.Column("far", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column(
        "visit_duty",
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("visit_duty", sa.Column("end_recorded_at", sa.DateTime(timezone=True), nullable=True))

    op.add_column("visit", sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
    # what stands was known on its day; from now on the moment of knowing is kept
    op.execute("UPDATE visit_duty SET recorded_at = since::timestamp AT TIME ZONE 'Asia/Shanghai'")
    op.execute(
        "UPDATE visit_duty SET end_recorded_at = ended_on::timestamp AT TIME ZONE 'Asia/Shanghai' WHERE ended_on IS NOT NULL"
    )
    kinds = sa.table(
        "visit_actor_kind",
        *(sa.column(name) for name in ("code", "name_zh", "name_en", "leads", "accompanies", "rank")),
    )
    names = ("code", "name_zh", "name_en", "leads", "accompanies", "rank")
    op.bulk_insert(kinds, [dict(zip(names, kind, strict=True)) for kind in KINDS])
