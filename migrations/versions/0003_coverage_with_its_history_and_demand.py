"""coverage with its history and demand

Revision: 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_tables()
    widen_elder_reach()


def make_tables() -> None:
    op.create_table(
        "access_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("network_version_id", sa.BigInteger(), nullable=False),
        sa.Column("rules_version_id", sa.BigInteger(), nullable=False),
        sa.Column("judged_on", sa.Date(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("capacity IN ('places', 'beds')", name="access_run_capacity_check"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "access_run_city_idx", "access_run", ["city_code", "capacity", "profile", "computed_at"], unique=False
    )
    op.create_table(
        "compound",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
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
        sa.Column("original_crs", sa.Text(), nullable=False),
        sa.Column("households", sa.BigInteger(), nullable=True),
        sa.Column("population", sa.BigInteger(), nullable=True),
        sa.Column("elders", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "original_crs IN ('wgs84', 'gcj02', 'bd09', 'cgcs2000')", name="compound_original_crs_check"
        ),
        sa.CheckConstraint("households >= 0 AND population >= 0 AND elders >= 0", name="compound_counts_check"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index(
        "compound_area_code_geom_idx", "compound", ["area_code", "geom"], unique=False, postgresql_using="gist"
    )
    op.create_index(op.f("ix_compound_area_code"), "compound", ["area_code"], unique=False)
    op.create_table(
        "coverage_snapshot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("tier_code", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("reached", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("walk_reached", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("straight_reached", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("estimated", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("in_margin", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("unsnapped", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("near_edge", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "source IN ('elders', 'compounds', 'population', 'administrative')", name="coverage_snapshot_source_check"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "area_code", "source", "tier_code", "profile", "day", name="coverage_snapshot_one_a_day_key"
        ),
    )
    op.create_index("coverage_snapshot_city_idx", "coverage_snapshot", ["city_code", "source", "day"], unique=False)
    op.create_index(op.f("ix_coverage_snapshot_area_code"), "coverage_snapshot", ["area_code"], unique=False)
    op.create_table(
        "demand_reach",
        sa.Column("network_version_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("straight_facility_id", sa.BigInteger(), nullable=True),
        sa.Column("straight_m", sa.Double(), nullable=True),
        sa.Column("within", sa.Boolean(), nullable=False),
        sa.Column("walk_within", sa.Boolean(), nullable=False),
        sa.Column("straight_within", sa.Boolean(), nullable=False),
        sa.Column("snapped", sa.Boolean(), nullable=False),
        sa.Column("in_margin", sa.Boolean(), nullable=False),
        sa.Column("near_edge", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("point_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tier_code", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("profile", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("elders", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.PrimaryKeyConstraint("point_id", "tier_code", "profile"),
    )
    op.create_index(
        "demand_reach_tier_idx", "demand_reach", ["source_id", "tier_code", "profile", "area_code"], unique=False
    )
    op.create_index(op.f("ix_demand_reach_area_code"), "demand_reach", ["area_code"], unique=False)
    op.create_table(
        "demand_snap",
        sa.Column("point_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("network_version_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step_free", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("edge_id", sa.Integer(), nullable=True),
        sa.Column("fraction", sa.Double(), nullable=True),
        sa.Column("distance_m", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("point_id", "network_version_id", "step_free"),
    )
    op.create_table(
        "demand_source",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("described_on", sa.Date(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("kind IN ('compounds', 'population')", name="demand_source_kind_check"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "demand_source_one_active_key",
        "demand_source",
        ["city_code", "kind"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "elder_reach_past",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("tier_code", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("network_version_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("straight_facility_id", sa.BigInteger(), nullable=True),
        sa.Column("straight_m", sa.Double(), nullable=True),
        sa.Column("within", sa.Boolean(), nullable=False),
        sa.Column("walk_within", sa.Boolean(), nullable=False),
        sa.Column("straight_within", sa.Boolean(), nullable=False),
        sa.Column("snapped", sa.Boolean(), nullable=False),
        sa.Column("in_margin", sa.Boolean(), nullable=False),
        sa.Column("near_edge", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("since < until", name="elder_reach_past_ends_after_it_begins_check"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "elder_reach_past_tier_idx", "elder_reach_past", ["tier_code", "profile", "area_code", "until"], unique=False
    )
    op.create_index(op.f("ix_elder_reach_past_person_id"), "elder_reach_past", ["person_id"], unique=False)
    op.create_table(
        "open_coverage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("city_code", "day", name="open_coverage_one_a_day_key"),
    )
    op.create_table(
        "reach_fill",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("network_version_id", sa.BigInteger(), nullable=False),
        sa.Column("profiles", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_reach_fill_city_code"), "reach_fill", ["city_code"], unique=False)
    op.create_table(
        "access_area",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("elders", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("access", sa.Double(), nullable=False),
        sa.Column("with_access", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("with_room", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("seconds_to_room", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["access_run.id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "area_code"),
    )
    op.create_table(
        "access_facility",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("free", sa.BigInteger(), nullable=False),
        sa.Column("demand", sa.Double(), nullable=False),
        sa.Column("ratio", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["access_run.id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "facility_id"),
    )
    op.create_index(op.f("ix_access_facility_area_code"), "access_facility", ["area_code"], unique=False)
    op.create_table(
        "demand_point",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("elders", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.CheckConstraint("elders >= 0", name="demand_point_elders_check"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["demand_source.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "ref", name="demand_point_source_id_ref_key"),
    )
    op.create_index(op.f("ix_demand_point_area_code"), "demand_point", ["area_code"], unique=False)
    op.create_table(
        "reach_part",
        sa.Column("fill_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("facility_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["fill_id"],
            ["reach_fill.id"],
        ),
        sa.PrimaryKeyConstraint("fill_id", "part"),
    )


def widen_elder_reach() -> None:
    """Keep what was judged so far as walks; a promised refresh judges everybody by the new rules."""
    op.add_column("elder_reach", sa.Column("lon", sa.Double()))
    op.add_column("elder_reach", sa.Column("lat", sa.Double()))
    op.add_column("elder_reach", sa.Column("method", sa.Text(), nullable=False, server_default="walk"))
    op.add_column("elder_reach", sa.Column("straight_facility_id", sa.BigInteger(), nullable=True))
    op.add_column("elder_reach", sa.Column("walk_within", sa.Boolean()))
    op.add_column("elder_reach", sa.Column("since", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE elder_reach AS r SET lon = ST_X(p.home), lat = ST_Y(p.home), walk_within = r.within,"
        " since = COALESCE((SELECT max(computed_at) FROM reach_run), now()) FROM person AS p WHERE p.id = r.person_id"
    )
    op.execute("DELETE FROM elder_reach WHERE lon IS NULL")
    for name in ("lon", "lat", "walk_within", "since"):
        op.alter_column("elder_reach", name, nullable=False)
    op.alter_column("elder_reach", "method", server_default=None)
    op.alter_column("elder_reach", "network_version_id", existing_type=sa.BigInteger(), nullable=True)
    op.add_column("reach_run", sa.Column("cause", sa.Text(), server_default="all", nullable=False))
    op.alter_column("reach_run", "network_version_id", existing_type=sa.BigInteger(), nullable=True)
    op.create_check_constraint("reach_run_cause_check", "reach_run", "cause IN ('all', 'facility')")
    op.create_index("elder_reach_facility_idx", "elder_reach", ["facility_id"])
    op.create_index("elder_reach_straight_facility_idx", "elder_reach", ["straight_facility_id"])
    op.execute(
        "INSERT INTO outbox (job, args, key, not_before, created_at, state, sends)"
        " SELECT 'circles.refresh', jsonb_build_object('city_code', city_code), 'circles.refresh:0003:' || city_code,"
        " now(), now(), 'waiting', 0 FROM (SELECT DISTINCT city_code FROM reach_run) AS cities"
        " ON CONFLICT (key) DO NOTHING"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
