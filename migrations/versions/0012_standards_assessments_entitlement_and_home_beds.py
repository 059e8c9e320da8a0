"""standards assessments entitlement rules and home care beds

Revision: 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    publish_standards()
    keep_schemes_and_assessors()
    sign_assessments()
    date_entitlement_rules()
    contract_home_beds()


def publish_standards() -> None:
    """Publish what each service must be in a city, version after version."""
    op.create_table(
        "service_standard",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_en", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("required_skills", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("acceptance", sa.Text(), nullable=False),
        sa.Column("acceptance_en", sa.Text(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=True),
        sa.Column("price_ceiling_fen", sa.BigInteger(), nullable=True),
        sa.Column("notice_minutes", sa.BigInteger(), nullable=False),
        sa.Column("cut_off_days", sa.Integer(), nullable=False),
        sa.Column("cut_off_minute", sa.Integer(), nullable=True),
        sa.Column("area_codes", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("orderable", sa.Boolean(), nullable=False),
        sa.Column("basic", sa.Boolean(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("recipients_en", sa.Text(), nullable=False),
        sa.Column("provision", sa.Text(), nullable=False),
        sa.Column("provision_en", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("standard_en", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payer_en", sa.Text(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("city_code"), "="),
            (sa.text("code"), "="),
            (sa.text("during"), "&&"),
            using="gist",
            name="service_standard_one_version_a_day_excl",
        ),
        sa.CheckConstraint(
            "kind IN ('meals', 'bathing', 'cleaning', 'emergency', 'medical', 'mobility', 'personal_care', 'nursing', 'rehabilitation', 'day_care', 'respite', 'company', 'advice', 'devices', 'adaptation', 'assessment', 'allowance', 'residential')",
            name="service_standard_kind_check",
        ),
        sa.CheckConstraint(
            "recipients <> '' AND provision <> '' AND standard <> '' AND payer <> ''",
            name="service_standard_five_fields_check",
        ),
        sa.CheckConstraint(
            "unit IN ('visit', 'meal', 'hour', 'day', 'month', 'stay', 'device', 'home', 'time')",
            name="service_standard_unit_check",
        ),
        sa.CheckConstraint("NOT isempty(during)", name="service_standard_days_check"),
        sa.CheckConstraint(
            "notice_minutes >= 0 AND cut_off_days >= 0 AND cut_off_minute BETWEEN 0 AND 1439",
            name="service_standard_notice_check",
        ),
        sa.CheckConstraint(
            "orderable <= (minutes > 0 AND price_fen IS NOT NULL)", name="service_standard_orderable_check"
        ),
        sa.CheckConstraint("price_fen <= price_ceiling_fen", name="service_standard_price_within_ceiling_check"),
        sa.CheckConstraint(
            "price_fen >= 0 AND price_ceiling_fen >= 0", name="service_standard_price_not_negative_check"
        ),
        sa.ForeignKeyConstraint(["city_code"], ["city.code"]),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("city_code", "code", "version", name="service_standard_version_key"),
    )


def keep_schemes_and_assessors() -> None:
    """Keep the ways to assess, and who may sign."""
    op.create_table(
        "assessment_scheme",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", "version", name="assessment_scheme_version_key"),
    )
    op.create_table(
        "assessor",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("certificate_number", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("registered_by", sa.BigInteger(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["registered_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_index(("ix_assessor_area_code"), "assessor", ["area_code"], unique=False)


def sign_assessments() -> None:
    """Let two people sign an assessment, and let it be appealed against; answers are sealed from now on."""
    op.create_table(
        "assessment_appeal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("assessment_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("reason_sealed", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('upheld', 'changed')) = (decided_by_id IS NOT NULL)", name="assessment_appeal_decided_check"
        ),
        sa.CheckConstraint("state IN ('open', 'upheld', 'changed', 'withdrawn')", name="assessment_appeal_state_check"),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"]),
        sa.ForeignKeyConstraint(["decided_by_id"], ["assessment.id"]),
        sa.ForeignKeyConstraint(["elder_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "assessment_appeal_one_open_idx",
        "assessment_appeal",
        ["assessment_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(("ix_assessment_appeal_area_code"), "assessment_appeal", ["area_code"], unique=False)
    op.create_index(("ix_assessment_appeal_elder_id"), "assessment_appeal", ["elder_id"], unique=False)
    op.add_column("assessment", sa.Column("scheme_version", sa.Text(), nullable=True))
    op.add_column("assessment", sa.Column("reason", sa.Text(), nullable=False, server_default="initial"))
    op.add_column("assessment", sa.Column("state", sa.Text(), nullable=False, server_default="signed"))
    op.add_column("assessment", sa.Column("detail_sealed", sa.Text(), nullable=True))
    op.add_column("assessment", sa.Column("certificate_number", sa.Text(), nullable=True))
    op.add_column("assessment", sa.Column("issued_by", sa.Text(), nullable=True))
    op.add_column("assessment", sa.Column("assessor_id", sa.BigInteger(), nullable=True))
    op.add_column("assessment", sa.Column("second_assessor_id", sa.BigInteger(), nullable=True))
    op.add_column("assessment", sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("assessment", sa.Column("replaces_id", sa.BigInteger(), nullable=True))
    op.create_index("assessment_expiry_idx", "assessment", ["valid_until"], unique=False)
    op.create_foreign_key(None, "assessment", "person", ["second_assessor_id"], ["id"])
    op.create_foreign_key(None, "assessment", "assessment", ["replaces_id"], ["id"])
    op.create_foreign_key(None, "assessment", "person", ["assessor_id"], ["id"])
    op.drop_column("assessment", "answers")
    op.create_check_constraint(
        "assessment_state_check", "assessment", "state IN ('awaiting_second', 'returned', 'signed')"
    )
    op.create_check_constraint(
        "assessment_reason_check", "assessment", "reason IN ('initial', 'periodic', 'immediate', 'appeal')"
    )
    op.create_check_constraint("assessment_two_people_check", "assessment", "second_assessor_id <> assessor_id")
    op.create_check_constraint(
        "assessment_signed_by_two_check",
        "assessment",
        "(state = 'signed' AND assessor_id IS NOT NULL AND certificate_number IS NULL) <= (second_assessor_id IS NOT NULL AND signed_at IS NOT NULL)",
    )
    op.create_check_constraint(
        "assessment_appeal_names_first_check", "assessment", "(reason = 'appeal') <= (replaces_id IS NOT NULL)"
    )
    for name in ("reason", "state"):
        op.alter_column("assessment", name, server_default=None)


def date_entitlement_rules() -> None:
    """Say from a day on who is entitled to what, and which rule gave a right."""
    op.create_table(
        "entitlement_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("city_code", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("area_codes", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("groups", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("living", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("min_age", sa.Integer(), nullable=False),
        sa.Column("max_age", sa.Integer(), nullable=True),
        sa.Column("scheme", sa.Text(), nullable=True),
        sa.Column("min_level", sa.Integer(), nullable=True),
        sa.Column("max_level", sa.Integer(), nullable=True),
        sa.Column("gives", sa.Text(), nullable=False),
        sa.Column("service_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("kinds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("co_payment_percent", sa.Integer(), nullable=False),
        sa.Column("monthly_cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("monthly_minutes", sa.BigInteger(), nullable=True),
        sa.Column("monthly_fen", sa.BigInteger(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("stack", sa.Text(), nullable=False),
        sa.Column("stack_group", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("city_code"), "="),
            (sa.text("code"), "="),
            (sa.text("during"), "&&"),
            using="gist",
            name="entitlement_rule_one_version_a_day_excl",
        ),
        sa.CheckConstraint(
            "(gives = 'money') = (monthly_fen IS NOT NULL) AND (gives = 'hours') = (monthly_minutes IS NOT NULL) AND (gives <> 'money') = (monthly_cap_fen IS NOT NULL)",
            name="entitlement_rule_amount_check",
        ),
        sa.CheckConstraint(
            "gives = 'money' OR cardinality(service_codes) + cardinality(kinds) > 0",
            name="entitlement_rule_names_services_check",
        ),
        sa.CheckConstraint("gives IN ('share', 'hours', 'money')", name="entitlement_rule_gives_check"),
        sa.CheckConstraint("payer IN ('government', 'insurance', 'fund')", name="entitlement_rule_payer_check"),
        sa.CheckConstraint("stack IN ('exclusive', 'highest', 'additive')", name="entitlement_rule_stack_check"),
        sa.CheckConstraint(
            "(scheme IS NULL) = (min_level IS NULL) AND (scheme IS NULL) = (max_level IS NULL)",
            name="entitlement_rule_level_names_scheme_check",
        ),
        sa.CheckConstraint("NOT isempty(during)", name="entitlement_rule_days_check"),
        sa.CheckConstraint("min_level <= max_level AND min_age <= max_age", name="entitlement_rule_bounds_check"),
        sa.CheckConstraint(
            "monthly_fen > 0 AND monthly_minutes > 0 AND monthly_cap_fen > 0", name="entitlement_rule_positive_check"
        ),
        sa.CheckConstraint("percent + co_payment_percent = 100", name="entitlement_rule_co_payment_check"),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name="entitlement_rule_percent_check"),
        sa.ForeignKeyConstraint(["city_code"], ["city.code"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("city_code", "code", "version", name="entitlement_rule_version_key"),
    )
    op.add_column("entitlement", sa.Column("rule_id", sa.BigInteger(), nullable=True))
    op.add_column("entitlement", sa.Column("payer", sa.Text(), nullable=False, server_default="government"))
    op.add_column("entitlement", sa.Column("monthly_cap_minutes", sa.BigInteger(), nullable=True))
    op.create_foreign_key(None, "entitlement", "entitlement_rule", ["rule_id"], ["id"])
    op.add_column("entitlement_use", sa.Column("minutes", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_check_constraint("entitlement_minutes_check", "entitlement", "monthly_cap_minutes > 0")
    op.create_check_constraint("entitlement_payer_check", "entitlement", "payer IN ('government', 'insurance', 'fund')")
    op.create_check_constraint("entitlement_use_minutes_check", "entitlement_use", "minutes >= 0")
    op.alter_column("entitlement", "payer", server_default=None)
    op.alter_column("entitlement_use", "minutes", server_default=None)


def contract_home_beds() -> None:
    """Contract care beds at home, with a list of services and a monthly check."""
    op.create_table(
        "home_bed",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_number", sa.Text(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("signed_by", sa.BigInteger(), nullable=False),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("registered_by", sa.BigInteger(), nullable=True),
        sa.Column("monthly_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("government_fen", sa.BigInteger(), nullable=False),
        sa.Column("family_fen", sa.BigInteger(), nullable=False),
        sa.Column("care_plan_sealed", sa.Text(), nullable=True),
        sa.Column("devices", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("elder_id"), "="), (sa.text("during"), "&&"), using="gist", name="home_bed_one_per_elder_excl"
        ),
        sa.CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name="home_bed_end_has_reason_check"),
        sa.CheckConstraint("NOT isempty(during)", name="home_bed_term_check"),
        sa.CheckConstraint(
            "government_fen >= 0 AND family_fen >= 0 AND monthly_price_fen = government_fen + family_fen",
            name="home_bed_price_adds_up_check",
        ),
        sa.ForeignKeyConstraint(["elder_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.ForeignKeyConstraint(["registered_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["signed_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("contract_number"),
    )
    op.create_index(("ix_home_bed_area_code"), "home_bed", ["area_code"], unique=False)
    op.create_index(("ix_home_bed_provider_id"), "home_bed", ["provider_id"], unique=False)
    op.create_table(
        "home_bed_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("home_bed_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("delivered_minutes", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("owed >= 0 AND delivered >= 0", name="home_bed_check_counts_check"),
        sa.ForeignKeyConstraint(["elder_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["home_bed_id"], ["home_bed.id"]),
        sa.ForeignKeyConstraint(["noted_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("home_bed_id", "month", "service_code", name="home_bed_check_once_key"),
    )
    op.create_index(("ix_home_bed_check_area_code"), "home_bed_check", ["area_code"], unique=False)
    op.create_index(("ix_home_bed_check_elder_id"), "home_bed_check", ["elder_id"], unique=False)
    op.create_table(
        "home_bed_service",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("home_bed_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("every", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("every IN ('week', 'month')", name="home_bed_service_every_check"),
        sa.CheckConstraint("times BETWEEN 1 AND 62 AND minutes > 0", name="home_bed_service_amount_check"),
        sa.ForeignKeyConstraint(["elder_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["home_bed_id"], ["home_bed.id"]),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("home_bed_id", "service_code", name="home_bed_service_one_line_key"),
    )
    op.create_index(("ix_home_bed_service_area_code"), "home_bed_service", ["area_code"], unique=False)
    op.create_index(("ix_home_bed_service_elder_id"), "home_bed_service", ["elder_id"], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
