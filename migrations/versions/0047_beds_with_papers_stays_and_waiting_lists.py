"""the register of homes and beds: flags with their papers, assessed stays, leaves, waiting lists, two sources

Revision: 0047, after 0046.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None
KINDS = (
    "facilities", "compounds", "elders", "areas", "beds", "buildings", "statistics",
    "contracts", "project_sites", "obligations", "staff", "trainings", "facility_checks", "homes", "stays",
)  # fmt: skip


def upgrade() -> None:
    keep_bed_reading()
    keep_bed_official()
    keep_bed_report()
    keep_bed_wait()
    keep_home_standing()
    keep_bed_care_level()
    keep_bed_certificate()
    keep_bed_flag_lapse()
    keep_bed_jump()
    keep_bed_offer()
    keep_bed_leave()
    widen_beds()
    widen_stays()
    kinds = "kind IN ('" + "', '".join(KINDS) + "')"
    for table in ("import_run", "import_row"):
        op.drop_constraint(f"{table}_kind_check", table)
        op.create_check_constraint(f"{table}_kind_check", table, kinds)


def widen_beds() -> None:
    """Date the flags of a bed, name it as its provider does, and count who is away."""
    op.add_column("bed", sa.Column("dementia_from", sa.Date(), nullable=True))
    op.add_column("bed", sa.Column("basic_guarantee_from", sa.Date(), nullable=True))
    op.add_column("bed", sa.Column("external_ref", sa.Text(), nullable=True))
    op.create_unique_constraint("bed_external_ref_key", "bed", ["facility_id", "external_ref"])
    op.add_column("bed_snapshot", sa.Column("on_leave", sa.BigInteger(), server_default="0", nullable=False))


def widen_stays() -> None:
    """Say on what a stay rests and how it ended; the provider follows the bed."""
    op.add_column("bed_stay", sa.Column("provider_id", sa.BigInteger(), nullable=True))
    op.add_column("bed_stay", sa.Column("basis", sa.Text(), server_default="register", nullable=False))
    op.add_column("bed_stay", sa.Column("assessment_id", sa.BigInteger(), nullable=True))
    op.add_column("bed_stay", sa.Column("emergency_reason", sa.Text(), nullable=True))
    op.add_column("bed_stay", sa.Column("assess_by", sa.Date(), nullable=True))
    op.add_column("bed_stay", sa.Column("moved_from", sa.BigInteger(), nullable=True))
    op.add_column("bed_stay", sa.Column("end_kind", sa.Text(), nullable=True))
    op.add_column("bed_stay", sa.Column("end_reason", sa.Text(), nullable=True))
    op.add_column("bed_stay", sa.Column("external_ref", sa.Text(), nullable=True))
    op.create_unique_constraint("bed_stay_external_ref_key", "bed_stay", ["provider_id", "external_ref"])
    op.create_index("bed_stay_provider_idx", "bed_stay", ["provider_id"], unique=False)
    op.create_foreign_key("bed_stay_moved_from_fkey", "bed_stay", "bed_stay", ["moved_from"], ["id"])
    op.create_foreign_key("bed_stay_provider_id_fkey", "bed_stay", "provider", ["provider_id"], ["id"])
    checks = {
        "bed_stay_basis_check": "basis IN ('assessed', 'emergency', 'register')",
        "bed_stay_emergency_says_why_check": "basis <> 'emergency' OR"
        " (COALESCE(emergency_reason, '') <> '' AND assess_by IS NOT NULL)",
        "bed_stay_assessed_names_it_check": "basis <> 'assessed' OR assessment_id IS NOT NULL",
        "bed_stay_end_kind_check": "end_kind IN ('discharge', 'transfer', 'death')",
    }
    for name, rule in checks.items():
        op.create_check_constraint(name, "bed_stay", rule)
    op.execute(
        "UPDATE bed_stay s SET provider_id = f.provider_id FROM bed b JOIN facility f ON f.id = b.facility_id"
        " WHERE b.id = s.bed_id"
    )


def keep_bed_reading() -> None:
    """Make the table bed_reading."""
    op.create_table(
        "bed_reading",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("ratio_code", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("nursing", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Float(), nullable=True),
        sa.Column("target_due", sa.Date(), nullable=True),
        sa.Column("forecast", sa.Float(), nullable=True),
        sa.Column("forecast_low", sa.Float(), nullable=True),
        sa.Column("forecast_high", sa.Float(), nullable=True),
        sa.Column("short_beds", sa.BigInteger(), nullable=False),
        sa.Column("places", postgresql.JSONB(), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("nursing <= total", name="bed_reading_counts_check"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("city_code", "ratio_code", "day", name="bed_reading_once_a_day_key"),
    )


def keep_bed_official() -> None:
    """Make the table bed_official."""
    op.create_table(
        "bed_official",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.BigInteger(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("fact IN ('total', 'nursing', 'dementia', 'occupied')", name="bed_official_fact_check"),
        sa.CheckConstraint("reason <> ''", name="bed_official_says_why_check"),
        sa.CheckConstraint("source IN ('home', 'inspector', 'register')", name="bed_official_source_check"),
        sa.ForeignKeyConstraint(
            ["chosen_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("bed_official_day_idx", "bed_official", ["facility_id", "day", "fact"], unique=False)
    op.create_index("ix_bed_official_area_code", "bed_official", ["area_code"], unique=False)


def keep_bed_report() -> None:
    """Make the table bed_report."""
    op.create_table(
        "bed_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("fact IN ('total', 'nursing', 'dementia', 'occupied')", name="bed_report_fact_check"),
        sa.CheckConstraint("source IN ('home', 'inspector')", name="bed_report_source_check"),
        sa.CheckConstraint("value BETWEEN 0 AND 100000", name="bed_report_value_check"),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reported_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("bed_report_day_idx", "bed_report", ["facility_id", "day", "fact", "source"], unique=False)
    op.create_index("ix_bed_report_area_code", "bed_report", ["area_code"], unique=False)


def keep_bed_wait() -> None:
    """Make the table bed_wait."""
    op.create_table(
        "bed_wait",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("elder_area_code", sa.BigInteger(), nullable=False),
        sa.Column("class_code", sa.Text(), nullable=False),
        sa.Column("class_rank", sa.Integer(), nullable=False),
        sa.Column("class_facts", postgresql.JSONB(), nullable=False),
        sa.Column("wants", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jumped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declines", sa.Integer(), nullable=False),
        sa.Column("applied_by", sa.BigInteger(), nullable=True),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('waiting', 'offered', 'accepted')) = (ended_at IS NULL)", name="bed_wait_ends_once_check"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'accepted', 'admitted', 'withdrawn', 'removed')",
            name="bed_wait_state_check",
        ),
        sa.CheckConstraint("wants IN ('nursing', 'dementia', 'basic_guarantee')", name="bed_wait_wants_check"),
        sa.ForeignKeyConstraint(
            ["applied_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "bed_wait_one_a_home_idx",
        "bed_wait",
        ["facility_id", "elder_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'offered', 'accepted')"),
    )
    op.create_index(
        "bed_wait_order_idx",
        "bed_wait",
        ["facility_id", "class_rank", "queued_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'offered', 'accepted')"),
    )
    op.create_index("ix_bed_wait_area_code", "bed_wait", ["area_code"], unique=False)
    op.create_index("ix_bed_wait_elder_id", "bed_wait", ["elder_id"], unique=False)
    op.create_index("ix_bed_wait_provider_id", "bed_wait", ["provider_id"], unique=False)


def keep_home_standing() -> None:
    """Make the table home_standing."""
    op.create_table(
        "home_standing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("ownership", sa.Text(), nullable=False),
        sa.Column("price_capped", sa.Boolean(), nullable=False),
        sa.Column("price_cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("embedded", sa.Boolean(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("facility_id"), "="), (sa.text("during"), "&&"), using="gist", name="home_standing_one_a_day_excl"
        ),
        sa.CheckConstraint(
            "ownership IN ('public', 'public_run_privately', 'private_non_profit', 'private')",
            name="home_standing_ownership_check",
        ),
        sa.CheckConstraint("NOT isempty(during)", name="home_standing_days_check"),
        sa.CheckConstraint("price_cap_fen > 0", name="home_standing_price_cap_check"),
        sa.CheckConstraint("price_capped OR price_cap_fen IS NULL", name="home_standing_cap_only_if_capped_check"),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_home_standing_area_code", "home_standing", ["area_code"], unique=False)


def keep_bed_care_level() -> None:
    """Make the table bed_care_level."""
    op.create_table(
        "bed_care_level",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bed_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("bed_id"), "="), (sa.text("during"), "&&"), using="gist", name="bed_care_level_one_a_day_excl"
        ),
        sa.CheckConstraint("level IN ('self_care', 'partial', 'full', 'special')", name="bed_care_level_level_check"),
        sa.CheckConstraint("NOT isempty(during)", name="bed_care_level_days_check"),
        sa.ForeignKeyConstraint(
            ["bed_id"],
            ["bed.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_bed_care_level_area_code", "bed_care_level", ["area_code"], unique=False)


def keep_bed_certificate() -> None:
    """Make the table bed_certificate."""
    op.create_table(
        "bed_certificate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bed_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("grants", sa.Boolean(), nullable=False),
        sa.Column("holds_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("flag IN ('nursing', 'dementia', 'basic_guarantee')", name="bed_certificate_flag_check"),
        sa.CheckConstraint("paper <> '' AND issued_by <> ''", name="bed_certificate_names_its_paper_check"),
        sa.CheckConstraint("grants OR valid_until IS NULL", name="bed_certificate_withdrawal_has_no_end_check"),
        sa.CheckConstraint("valid_until >= holds_from", name="bed_certificate_days_check"),
        sa.ForeignKeyConstraint(
            ["bed_id"],
            ["bed.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("bed_certificate_bed_idx", "bed_certificate", ["bed_id", "flag"], unique=False)
    op.create_index("ix_bed_certificate_area_code", "bed_certificate", ["area_code"], unique=False)


def keep_bed_flag_lapse() -> None:
    """Make the table bed_flag_lapse."""
    op.create_table(
        "bed_flag_lapse",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bed_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("bed_id"), "="),
            (sa.text("flag"), "="),
            (sa.text("during"), "&&"),
            using="gist",
            name="bed_flag_lapse_no_overlap_excl",
        ),
        sa.CheckConstraint("flag IN ('nursing', 'dementia', 'basic_guarantee')", name="bed_flag_lapse_flag_check"),
        sa.CheckConstraint("NOT isempty(during)", name="bed_flag_lapse_days_check"),
        sa.ForeignKeyConstraint(
            ["bed_id"],
            ["bed.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("bed_flag_lapse_bed_idx", "bed_flag_lapse", ["bed_id", "flag"], unique=False)
    op.create_index("ix_bed_flag_lapse_area_code", "bed_flag_lapse", ["area_code"], unique=False)


def keep_bed_jump() -> None:
    """Make the table bed_jump."""
    op.create_table(
        "bed_jump",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("wait_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("place_then", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="bed_jump_decided_by_somebody_check",
        ),
        sa.CheckConstraint("reason <> ''", name="bed_jump_says_why_check"),
        sa.CheckConstraint("state IN ('asked', 'approved', 'refused')", name="bed_jump_state_check"),
        sa.CheckConstraint("decided_by <> asked_by", name="bed_jump_two_people_check"),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.ForeignKeyConstraint(
            ["wait_id"],
            ["bed_wait.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "bed_jump_one_open_idx", "bed_jump", ["wait_id"], unique=True, postgresql_where=sa.text("state = 'asked'")
    )
    op.create_index("ix_bed_jump_area_code", "bed_jump", ["area_code"], unique=False)
    op.create_index("ix_bed_jump_elder_id", "bed_jump", ["elder_id"], unique=False)


def keep_bed_offer() -> None:
    """Make the table bed_offer."""
    op.create_table(
        "bed_offer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("wait_id", sa.BigInteger(), nullable=False),
        sa.Column("bed_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("elder_area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("offered_by", sa.BigInteger(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("by_right", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="bed_offer_answered_once_check"),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn', 'fulfilled')",
            name="bed_offer_state_check",
        ),
        sa.CheckConstraint("expires_at > offered_at", name="bed_offer_has_time_check"),
        sa.ForeignKeyConstraint(
            ["answered_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["bed_id"],
            ["bed.id"],
        ),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["offered_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.ForeignKeyConstraint(
            ["wait_id"],
            ["bed_wait.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "bed_offer_one_a_bed_idx",
        "bed_offer",
        ["bed_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'accepted')"),
    )
    op.create_index(
        "bed_offer_one_a_wait_idx",
        "bed_offer",
        ["wait_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'accepted')"),
    )
    op.create_index("ix_bed_offer_area_code", "bed_offer", ["area_code"], unique=False)
    op.create_index("ix_bed_offer_elder_id", "bed_offer", ["elder_id"], unique=False)
    op.create_index("ix_bed_offer_provider_id", "bed_offer", ["provider_id"], unique=False)
    op.create_index("ix_bed_offer_wait_id", "bed_offer", ["wait_id"], unique=False)


def keep_bed_leave() -> None:
    """Make the table bed_leave."""
    op.create_table(
        "bed_leave",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("stay_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("stay_id"), "="), (sa.text("during"), "&&"), using="gist", name="bed_leave_no_overlap_excl"
        ),
        sa.CheckConstraint("kind IN ('hospital', 'holiday')", name="bed_leave_kind_check"),
        sa.CheckConstraint("NOT isempty(during)", name="bed_leave_days_check"),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["stay_id"],
            ["bed_stay.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_bed_leave_area_code", "bed_leave", ["area_code"], unique=False)
    op.create_index("ix_bed_leave_elder_id", "bed_leave", ["elder_id"], unique=False)
    op.create_index("ix_bed_leave_stay_id", "bed_leave", ["stay_id"], unique=False)
