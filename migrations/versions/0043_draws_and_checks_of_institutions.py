"""draws of inspectors and institutions, checklists, inspections, certificates of houses

Revision: 0043, after 0042.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keep_checklist()
    keep_inspection_draw()
    keep_inspector()
    keep_drawn_target()
    keep_inspector_conflict()
    keep_key_target()
    keep_site_certificate()
    keep_inspection()
    keep_inspection_item()


def keep_checklist() -> None:
    """Make the table checklist."""
    op.create_table(
        "checklist",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", "version", name="checklist_version_key"),
    )


def keep_inspection_draw() -> None:
    """Make the table inspection_draw."""
    op.create_table(
        "inspection_draw",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("checklist_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("pool_hash", sa.Text(), nullable=False),
        sa.Column("seed_hash", sa.Text(), nullable=False),
        sa.Column("seed_sealed", sa.Text(), nullable=True),
        sa.Column("public_source", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("committed_by", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("public_word", sa.Text(), nullable=True),
        sa.Column("results", postgresql.JSONB(), nullable=True),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revealed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "pool_hash = encode(sha256(convert_to(pool, 'UTF8')), 'hex')", name="inspection_draw_pool_hash_check"
        ),
        sa.CheckConstraint(
            "public_word IS NULL OR (public_source = '') = (public_word = '')", name="inspection_draw_public_word_check"
        ),
        sa.CheckConstraint(
            "seed IS NULL OR seed_hash = encode(sha256(convert_to(seed, 'UTF8')), 'hex')",
            name="inspection_draw_keeps_its_word_check",
        ),
        sa.CheckConstraint("title <> ''", name="inspection_draw_titled_check"),
        sa.CheckConstraint(
            "(seed IS NULL) = (revealed_at IS NULL) AND (seed IS NULL) = (public_word IS NULL) AND (seed IS NULL) = (results IS NULL)",
            name="inspection_draw_revealed_whole_check",
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id"],
            ["checklist.id"],
        ),
        sa.ForeignKeyConstraint(
            ["committed_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["revealed_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_inspection_draw_area_code"), "inspection_draw", ["area_code"], unique=False)


def keep_inspector() -> None:
    """Make the table inspector."""
    op.create_table(
        "inspector",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("appointed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("code ~ '^[0-9A-Za-z-]{2,40}$'", name="inspector_code_check"),
        sa.ForeignKeyConstraint(
            ["appointed_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index(
        "inspector_person_idx", "inspector", ["person_id"], unique=True, postgresql_where=sa.text("left_on IS NULL")
    )
    op.create_index(op.f("ix_inspector_area_code"), "inspector", ["area_code"], unique=False)


def keep_drawn_target() -> None:
    """Make the table drawn_target."""
    op.create_table(
        "drawn_target",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("draw_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("list_name", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("inspectors", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["draw_id"],
            ["inspection_draw.id"],
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("draw_id", "facility_id", name="drawn_target_once_key"),
        sa.UniqueConstraint("draw_id", "place", name="drawn_target_place_key"),
    )
    op.create_index(op.f("ix_drawn_target_area_code"), "drawn_target", ["area_code"], unique=False)
    op.create_index(op.f("ix_drawn_target_facility_id"), "drawn_target", ["facility_id"], unique=False)


def keep_inspector_conflict() -> None:
    """Make the table inspector_conflict."""
    op.create_table(
        "inspector_conflict",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("inspector_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_by", sa.BigInteger(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name="inspector_conflict_says_why_check"),
        sa.ForeignKeyConstraint(
            ["declared_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"],
            ["inspector.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("inspector_id", "provider_id", name="inspector_conflict_once_key"),
    )
    op.create_index(op.f("ix_inspector_conflict_area_code"), "inspector_conflict", ["area_code"], unique=False)


def keep_key_target() -> None:
    """Make the table key_target."""
    op.create_table(
        "key_target",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("reason <> ''", name="key_target_says_why_check"),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= from_on", name="key_target_days_check"),
        sa.ForeignKeyConstraint(
            ["entered_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_key_target_area_code"), "key_target", ["area_code"], unique=False)
    op.create_index(
        "key_target_one_idx", "key_target", ["facility_id"], unique=True, postgresql_where=sa.text("ended_on IS NULL")
    )


def keep_site_certificate() -> None:
    """Make the table site_certificate."""
    op.create_table(
        "site_certificate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("certificate_number", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("certificate_number <> '' AND issuer <> ''", name="site_certificate_named_check"),
        sa.CheckConstraint("kind IN ('fire', 'food', 'building', 'medical')", name="site_certificate_kind_check"),
        sa.CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawn_reason IS NULL)", name="site_certificate_withdrawn_with_reason_check"
        ),
        sa.CheckConstraint("expires_on IS NULL OR expires_on > issued_on", name="site_certificate_days_check"),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("facility_id", "kind", "certificate_number", name="site_certificate_once_key"),
    )
    op.create_index(op.f("ix_site_certificate_area_code"), "site_certificate", ["area_code"], unique=False)
    op.create_index("site_certificate_expiry_idx", "site_certificate", ["expires_on"], unique=False)


def keep_inspection() -> None:
    """Make the table inspection."""
    op.create_table(
        "inspection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("checklist_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("planned_by", sa.BigInteger(), nullable=True),
        sa.Column("inspectors", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'drawn') = (target_id IS NOT NULL)", name="inspection_drawn_check"),
        sa.CheckConstraint(
            "(state = 'done') = (visited_on IS NOT NULL AND recorded_at IS NOT NULL AND conclusion IS NOT NULL)",
            name="inspection_done_check",
        ),
        sa.CheckConstraint("kind IN ('routine', 'drawn', 'complaint', 'follow_up')", name="inspection_kind_check"),
        sa.CheckConstraint("state = 'planned' OR cardinality(inspectors) > 0", name="inspection_by_somebody_check"),
        sa.CheckConstraint("state IN ('planned', 'done')", name="inspection_state_check"),
        sa.ForeignKeyConstraint(
            ["checklist_id"],
            ["checklist.id"],
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["drawn_target.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("target_id", name="inspection_one_a_target_key"),
    )
    op.create_index("inspection_site_idx", "inspection", ["facility_id", "visited_on"], unique=False)
    op.create_index(op.f("ix_inspection_area_code"), "inspection", ["area_code"], unique=False)
    op.create_index(op.f("ix_inspection_provider_id"), "inspection", ["provider_id"], unique=False)


def keep_inspection_item() -> None:
    """Make the table inspection_item."""
    op.create_table(
        "inspection_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("inspection_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.CheckConstraint("result IN ('pass', 'fail', 'na')", name="inspection_item_result_check"),
        sa.ForeignKeyConstraint(
            ["inspection_id"],
            ["inspection.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("inspection_id", "item_code", name="inspection_item_once_key"),
    )
    op.create_index(op.f("ix_inspection_item_area_code"), "inspection_item", ["area_code"], unique=False)
