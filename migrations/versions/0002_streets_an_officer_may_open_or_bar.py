"""streets an officer may open or bar

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LINE = Geometry("LINESTRING", srid=4326, spatial_index=False)
POINT = Geometry("POINT", srid=4326, spatial_index=False)
VERSION = "geo.network_version.id"


def upgrade() -> None:
    expand_versions()
    create_gates()
    create_area_confidence()


def expand_versions() -> None:
    """Versions imported before this day hold nothing but their map."""
    key = sa.text("gen_random_uuid()")
    op.add_column(
        "network_version", sa.Column("content_key", sa.Uuid(), nullable=False, server_default=key), schema="geo"
    )
    op.create_unique_constraint("network_version_content_key_key", "network_version", ["content_key"], schema="geo")
    for counted, table in (("base_nodes", "network_node"), ("base_edges", "network_edge")):
        op.add_column("network_version", sa.Column(counted, sa.Integer(), nullable=True), schema="geo")
        op.execute(
            f"UPDATE geo.network_version AS v SET {counted} ="
            f" (SELECT count(*) FROM geo.{table} AS t WHERE t.version_id = v.id)"
        )
        op.alter_column("network_version", counted, nullable=False, schema="geo")
    none = sa.text("''")
    op.add_column(
        "network_version", sa.Column("settled_gates", sa.Text(), nullable=False, server_default=none), schema="geo"
    )


def create_gates() -> None:
    """Gates and barriers, the lanes behind them, and streets as they were before."""
    op.create_table(
        "network_gate",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("geom", POINT, nullable=False),
        sa.Column("given_lon", sa.Double(), nullable=False),
        sa.Column("given_lat", sa.Double(), nullable=False),
        sa.Column("given_crs", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('gate', 'barrier')", name="network_gate_kind_check"),
        sa.CheckConstraint("removed_at >= valid_from", name="network_gate_is_removed_after_it_was_added_check"),
        schema="geo",
    )
    op.create_index("network_gate_city_idx", "network_gate", ["city_code", "id"], schema="geo")
    op.create_table(
        "inner_way",
        *version_and_number(),
        sa.Column("way_id", sa.BigInteger(), nullable=False),
        sa.Column("highway", sa.Text(), nullable=False),
        sa.Column("is_steps", sa.Boolean(), nullable=False),
        sa.Column("is_footway", sa.Boolean(), nullable=False),
        sa.Column("osm_node_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("geom", LINE, nullable=False),
        schema="geo",
    )
    op.create_table(
        "network_edge_before_gates",
        *version_and_number(),
        sa.Column("u", sa.Integer(), nullable=False),
        sa.Column("v", sa.Integer(), nullable=False),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("osm_node_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("geom", LINE, nullable=False),
        schema="geo",
    )


def create_area_confidence() -> None:
    """How far each area's streets may be trusted."""
    op.create_table(
        "area_confidence",
        *version_and_number("area_code", sa.BigInteger()),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("footway_share", sa.Double(), nullable=True),
        sa.Column("usable_share", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("confidence IN ('high', 'low')", name="area_confidence_is_high_or_low_check"),
        schema="geo",
    )


def version_and_number(name: str = "id", kind: sa.types.TypeEngine[int] | None = None) -> list[sa.Column[int]]:
    """The two columns every table of a version is keyed by; its rows go when the version goes."""
    version = sa.ForeignKey(VERSION, ondelete="CASCADE")
    return [
        sa.Column("version_id", sa.BigInteger(), version, primary_key=True, autoincrement=False),
        sa.Column(name, kind or sa.Integer(), primary_key=True, autoincrement=False),
    ]


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
