"""lists taken in and rows set aside

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = "kind IN ('facilities', 'compounds', 'elders', 'areas', 'beds', 'buildings')"
SYSTEMS = "('wgs84', 'gcj02', 'bd09', 'cgcs2000')"


def upgrade() -> None:
    make_buildings()
    make_runs()
    make_rows()


def make_buildings() -> None:
    """Houses that an address can name."""
    op.create_table(
        "building",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("road", sa.String(), nullable=True),
        sa.Column("house_number", sa.String(), nullable=True),
        sa.Column("building_number", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("geom", Geometry("POINT", srid=4326, spatial_index=False, nullable=False), nullable=False),
        sa.Column("original_lon", sa.Float(), nullable=False),
        sa.Column("original_lat", sa.Float(), nullable=False),
        sa.Column("original_crs", sa.String(), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"original_crs IN {SYSTEMS}", name="building_original_crs_is_known_check"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("building_area_code_geom_idx", "building", ["area_code", "geom"], postgresql_using="gist")
    op.create_index("ix_building_area_code", "building", ["area_code"])


def make_runs() -> None:
    """Every list that was handed in."""
    op.create_table(
        "import_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("crs", sa.Text(), nullable=True),
        sa.Column("trust_crs", sa.Boolean(), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.Column("dry", sa.Boolean(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("mapping", JSONB(), nullable=False),
        sa.Column("counts", JSONB(), nullable=False),
        sa.Column("report", JSONB(), nullable=False),
        sa.Column("file_sealed", sa.Text(), nullable=True),
        sa.Column("started_by", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"crs IS NULL OR crs IN {SYSTEMS}", name="import_run_crs_is_known_check"),
        sa.CheckConstraint(KINDS, name="import_run_kind_check"),
        sa.CheckConstraint(
            "state IN ('uploaded', 'checking', 'checked', 'confirmed', 'done', 'failed')",
            name="import_run_state_check",
        ),
        sa.CheckConstraint(
            "state NOT IN ('done', 'failed') OR file_sealed IS NULL", name="import_run_keeps_no_file_at_its_end_check"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("import_run_newest_idx", "import_run", ["city_code", sa.text("id DESC")])
    op.create_index("ix_import_run_area_code", "import_run", ["area_code"])


def make_rows() -> None:
    """The rows that wait to be mended."""
    op.create_table(
        "import_row",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("raw_sealed", sa.Text(), nullable=False),
        sa.Column("crs", sa.Text(), nullable=True),
        sa.Column("findings", JSONB(), nullable=False),
        sa.Column("needs_place", sa.Boolean(), nullable=False),
        sa.Column("found", JSONB(), nullable=True),
        sa.Column("trying", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'waiting') = (closed_at IS NULL)", name="import_row_waits_until_it_is_closed_check"
        ),
        sa.CheckConstraint(KINDS, name="import_row_kind_check"),
        sa.CheckConstraint(
            "state IN ('waiting', 'mended', 'dropped', 'replaced')", name="import_row_state_check"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("import_row_key_idx", "import_row", ["row_key"], postgresql_where=waiting)
    op.create_index("import_row_waiting_idx", "import_row", ["kind", "area_code"], postgresql_where=waiting)
    op.create_index("ix_import_row_area_code", "import_row", ["area_code"])
    op.create_index("ix_import_row_run_id", "import_row", ["run_id"])


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
