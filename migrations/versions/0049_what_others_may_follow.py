"""the feed of public changes, and tables of sums that were published

Revision: 0049, after 0048.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.oversight.exchange_tables import TransactionNumber

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

STANDING = (
    "INSERT INTO public_change (kind, object_id, object_code, in_area, changed_at)"
    " SELECT 'organization', id, code, area_code, created_at FROM provider"
    " UNION ALL SELECT 'facility', f.id, f.code, f.area_code, p.created_at FROM facility f JOIN provider p ON p.id = f.provider_id"
    " UNION ALL SELECT 'service', l.id, p.code || '/' || l.service_code, f.area_code, p.created_at FROM service_line l"
    " JOIN provider p ON p.id = l.provider_id JOIN facility f ON f.id = l.facility_id"
    " UNION ALL SELECT 'beds', f.id, f.code, f.area_code, p.created_at FROM facility f JOIN provider p ON p.id = f.provider_id"
    " WHERE EXISTS (SELECT FROM bed b WHERE b.facility_id = f.id)"
)


def upgrade() -> None:
    op.create_table(
        "public_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("written_in", TransactionNumber(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("object_code", sa.Text(), nullable=False),
        sa.Column("in_area", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('organization', 'facility', 'service', 'beds', 'table')", name="public_change_kind_check"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_public_change_in_area", "public_change", ["in_area"])
    op.create_index("public_change_order_idx", "public_change", ["written_in", "id"])
    op.create_index("public_change_object_idx", "public_change", ["kind", "object_id", sa.text("changed_at DESC")])
    op.execute(STANDING)
    op.create_table(
        "open_table",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("withheld", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("date_part('day', month) = 1", name="open_table_month_is_its_first_day_check"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("city_code", "code", "month", name="open_table_published_once_key"),
    )
