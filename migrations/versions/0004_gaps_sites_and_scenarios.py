"""gaps sites and scenarios

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_scenarios()
    make_changes()
    make_siting_runs()


def own_id() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def moment(name: str, *, optional: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def document(name: str) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False)


def make_scenarios() -> None:
    op.create_table(
        "scenario",
        own_id(),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        moment("created_at"),
        moment("changed_at"),
        moment("shared_at", optional=True),
        moment("archived_at", optional=True),
        sa.Column("copied_from", sa.BigInteger(), nullable=True),
        sa.Column("network_version_id", sa.BigInteger(), nullable=True),
        sa.Column("rules_version_id", sa.BigInteger(), nullable=True),
        sa.Column("judged_on", sa.Date(), nullable=True),
        document("figures"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 80", name="scenario_name_check"),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_scenario_area_code"), "scenario", ["area_code"], unique=False)
    op.create_index(op.f("ix_scenario_created_by"), "scenario", ["created_by"], unique=False)


def make_changes() -> None:
    op.create_table(
        "scenario_change",
        own_id(),
        sa.Column("scenario_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("type_code", sa.Text(), nullable=True),
        sa.Column("functions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("original_lon", sa.Double(), nullable=True),
        sa.Column("original_lat", sa.Double(), nullable=True),
        sa.Column("original_crs", sa.Text(), nullable=True),
        moment("created_at"),
        moment("undone_at", optional=True),
        sa.CheckConstraint("kind IN ('add', 'move', 'close')", name="scenario_change_kind_check"),
        sa.CheckConstraint(
            "(kind = 'add') = (facility_id IS NULL AND added_by IS NULL)", name="scenario_change_subject_check"
        ),
        sa.CheckConstraint("facility_id IS NULL OR added_by IS NULL", name="scenario_change_one_subject_check"),
        sa.CheckConstraint("(kind = 'close') = (geom IS NULL)", name="scenario_change_place_check"),
        sa.CheckConstraint("(kind = 'add') = (type_code IS NOT NULL)", name="scenario_change_type_check"),
        sa.CheckConstraint(
            "original_crs IN ('wgs84', 'gcj02', 'bd09', 'cgcs2000')", name="scenario_change_original_crs_check"
        ),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"]),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenario.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("scenario_id", "step", name="scenario_change_scenario_id_step_key"),
    )
    op.create_index(op.f("ix_scenario_change_scenario_id"), "scenario_change", ["scenario_id"], unique=False)


def make_siting_runs() -> None:
    op.create_table(
        "siting_run",
        own_id(),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        moment("asked_at"),
        document("question"),
        sa.Column("state", sa.Text(), nullable=False),
        document("progress"),
        document("answer"),
        sa.Column("network_version_id", sa.BigInteger(), nullable=True),
        sa.Column("rules_version_id", sa.BigInteger(), nullable=True),
        moment("finished_at", optional=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="siting_run_state_check"),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="siting_run_finished_check"
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_siting_run_area_code"), "siting_run", ["area_code"], unique=False)
    op.create_index(op.f("ix_siting_run_asked_by"), "siting_run", ["asked_by"], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
