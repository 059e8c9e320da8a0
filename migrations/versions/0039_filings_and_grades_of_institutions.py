"""filings of institutions step by step, certificates of grade, requests to be graded

Revision: 0039, after 0038.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "institution_filing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("filing_number", sa.Text(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("documents", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step IN ('applied', 'filed', 'changed', 'withdrawn')", name="institution_filing_step_check"
        ),
        sa.CheckConstraint(
            "step IN ('applied', 'withdrawn') OR (filing_number <> '' AND authority <> '')",
            name="institution_filing_numbered_check",
        ),
        sa.CheckConstraint("step <> 'withdrawn' OR note <> ''", name="institution_filing_withdrawn_with_reason_check"),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("institution_filing_site_idx", "institution_filing", ["facility_id", "id"])
    op.create_index(
        "institution_filing_number_idx",
        "institution_filing",
        ["filing_number"],
        unique=True,
        postgresql_where=sa.text("step = 'filed'"),
    )
    op.create_index("ix_institution_filing_area_code", "institution_filing", ["area_code"])
    keep_grades()
    keep_requests()


def keep_grades() -> None:
    """Make the table institution_grade."""
    op.create_table(
        "institution_grade",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("certificate_number", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("issuing_level", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=True),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        sa.Column("mistaken", sa.Boolean(), nullable=False),
        sa.CheckConstraint("grade BETWEEN 1 AND 5", name="institution_grade_grade_check"),
        sa.CheckConstraint("expires_on > issued_on", name="institution_grade_days_check"),
        sa.CheckConstraint(
            "certificate_number <> '' AND issuer <> '' AND standard <> ''", name="institution_grade_named_check"
        ),
        sa.CheckConstraint(
            "issuing_level IN ('national', 'province', 'city', 'district')", name="institution_grade_level_check"
        ),
        sa.CheckConstraint(
            "(revoked_on IS NULL) = (revoke_reason IS NULL) AND (revoked_on IS NULL) = (revoked_by IS NULL)"
            " AND (NOT mistaken OR revoked_on IS NOT NULL)",
            name="institution_grade_revoked_with_reason_check",
        ),
        sa.CheckConstraint("points BETWEEN 0 AND 1000", name="institution_grade_points_check"),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("facility_id", "certificate_number", name="institution_grade_once_key"),
    )
    op.create_index("institution_grade_site_idx", "institution_grade", ["facility_id", "issued_on"])
    op.create_index("institution_grade_expiry_idx", "institution_grade", ["expires_on"])
    op.create_index("ix_institution_grade_area_code", "institution_grade", ["area_code"])


def keep_requests() -> None:
    """Make the table grade_request."""
    op.create_table(
        "grade_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grade_id", sa.BigInteger(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("wanted BETWEEN 1 AND 5", name="grade_request_wanted_check"),
        sa.CheckConstraint("state IN ('asked', 'graded', 'refused')", name="grade_request_state_check"),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'graded') = (grade_id IS NOT NULL)"
            " AND (state = 'refused') <= (reply IS NOT NULL)",
            name="grade_request_decided_check",
        ),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["grade_id"], ["institution_grade.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "grade_request_one_open_idx",
        "grade_request",
        ["facility_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_index("ix_grade_request_area_code", "grade_request", ["area_code"])
    op.create_index("ix_grade_request_provider_id", "grade_request", ["provider_id"])
