"""consent, readings in clear, positions in the visit, WeChat accounts, retention and erasure

Revision: 0032, after 0031.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

FIRST_DAY = date(2021, 1, 1)
WRITTEN = datetime(2026, 11, 23, tzinfo=UTC)

PURPOSES = (
    ("health_to_carers", "elder", "separate", "把健康情况告诉上门的人", "Telling your health to who comes",
     "您的病史、过敏和要留心的事，只给当天上门的护理员或志愿者看，好让她照顾得稳当。每看一次都留记录。您不同意，照样可以订服务。",
     "Your illnesses, allergies and what to mind are shown only to the carer or volunteer who comes that day, so that she"
     " can care for you safely. Each look is recorded. You can order without agreeing."),
    ("photos", "elder", "separate", "拍照留存", "Keeping photographs",
     "上门服务时可以拍照，证明做了什么、家里有什么要修。照片加密保存，只有您、家人和社区能看，一年后删除。",
     "Photographs may be taken during a visit to show what was done or what needs repair. They are kept encrypted, seen only"
     " by you, your family and your community, and deleted after a year."),
    ("care_notes", "elder", "service", "记护理记录", "Keeping care notes",
     "上门的人离开时可以写一句您今天怎么样，家人和社区能看到。这是服务的一部分；您不要，说一声就不再写。",
     "Whoever comes may write a line on how you are when she leaves; your family and community can read it. It belongs to"
     " the service; say so and it is no longer written."),
    ("home_position", "elder", "service", "给上门的人看您家在地图上的位置", "Showing where you live on the map",
     "上门的人当天能在地图上看到您家的位置，免得走错楼。您不要，她只看到文字地址。",
     "Whoever comes sees on that day where your home is on the map, so that she finds the building. Without it she sees the"
     " written address only."),
    ("call_backs", "elder", "service", "打电话回访", "Calling you back",
     "服务以后，社区会抽一部分打电话问问做得怎么样。您不要，就不再打。",
     "After some visits the community calls to ask how it went. Say so and it no longer calls."),
    ("progress_messages", "elder", "service", "发进度通知", "Messages on progress",
     "有人到门口、换了机构、时间存进账户，给您和家人发一条通知。您不要，只发订单、改时间、费用和紧急的消息。",
     "A message when somebody arrives, when another provider is asked or when time is put to an account. Without it only"
     " orders, changes, costs and urgent matters are told."),
    ("research", "elder", "separate", "去掉姓名后用于研究", "Research without your name",
     "去掉姓名、电话、住址和生日，只留年龄段、街道和照护等级，每组少于五人的不给出，用来研究养老服务。",
     "Without name, phone, address and birthday: only age band, street and level of care, never a group of fewer than five,"
     " for research on care of the old."),
    ("visit_position", "visitor", "separate", "上门期间记录位置", "Recording your position during a visit",
     "只在签到到签退之间记录，用来证明您在场；之前之后都不记。三十天后删除。您不同意，照样可以用门牌或四位数字签到。",
     "Recorded only between check-in and check-out, to show that you were there; never before or after. Deleted after thirty"
     " days. Without it you still check in by door plate or the four digits."),
)  # fmt: skip

PERIODS = (
    ("visit_position", 30, "只为证明当天在场", "only to prove presence on the day"),
    ("visit_place_facts", 90, "付款争议期满即清除签到签退坐标", "coordinates of check-in and check-out, until disputes over payment end"),
    ("sign_in_code", 30, "验证码用后只为防滥用留存", "kept after use only against abuse"),
    ("sign_in_session", 180, "网络日志留存不少于六个月", "network logs are kept for at least six months"),
    ("photo", 365, "服务照片留存一年", "photographs of a service, one year"),
    ("copy", 30, "本人索取的副本，取走后即清除", "copies somebody asked for, cleared after they were fetched"),
    ("erasure_answer", 15, "注销申请的答复期限", "until a request for erasure must be answered"),
    ("import_row", 180, "导入名册的原始行，处理完后留存半年", "raw rows of lists that were taken in, half a year"),
    ("message_body", 730, "消息正文留存两年，送达回执另存", "text of messages, two years; receipts are kept apart"),
    ("care_note", 1095, "护理记录留存三年", "care notes, three years"),
    ("wechat_account", 180, "解绑的微信号半年后清除", "WeChat accounts half a year after they were unbound"),
)  # fmt: skip


def upgrade() -> None:
    keep_consent_purpose()
    keep_consent()
    keep_disclosure()
    keep_wechat_account()
    keep_fake_wechat_code()
    keep_visit_position()
    keep_retention_rule()
    keep_retention_run()
    keep_erasure_request()
    note_what_is_gone()
    say_what_is_asked()
    follow_who_moved()


def note_what_is_gone() -> None:
    """A code whose number the carrier refused, a file that was deleted, and copies larger than an upload may be."""
    op.add_column("sign_in_code", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attachment", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint("attachment_size_check", "attachment", type_="check")
    largest = "CASE purpose WHEN 'copy' THEN 1073741824 ELSE 10485760 END"
    op.create_check_constraint("attachment_size_check", "attachment", f"size_bytes BETWEEN 1 AND {largest}")


def say_what_is_asked() -> None:
    """Write down the first version of every purpose, and how long each kind of record is kept."""
    purpose = sa.table(
        "consent_purpose",
        *(sa.column(name) for name in ("code", "for_whom", "basis", "title_zh", "title_en", "text_zh", "text_en")),
        sa.column("version"), sa.column("asks_again"), sa.column("valid_from"), sa.column("published_at"),
    )  # fmt: skip
    names = ("code", "for_whom", "basis", "title_zh", "title_en", "text_zh", "text_en")
    first = {"version": 1, "asks_again": True, "valid_from": FIRST_DAY, "published_at": WRITTEN}
    op.bulk_insert(purpose, [dict(zip(names, row, strict=True)) | first for row in PURPOSES])
    rule = sa.table(
        "retention_rule",
        *(sa.column(name) for name in ("kind", "days", "ground_zh", "ground_en", "valid_from", "decided_at")),
    )
    names = ("kind", "days", "ground_zh", "ground_en")
    op.bulk_insert(
        rule,
        [dict(zip(names, row, strict=True)) | {"valid_from": FIRST_DAY, "decided_at": WRITTEN} for row in PERIODS],
    )


def follow_who_moved() -> None:
    """Give the current rows of elders who moved before this version to the office where they live now."""
    for table, current in (
        ("proxy", "state <> 'revoked'"),
        ("visit_duty", "ended_on IS NULL"),
        ("entitlement", "upper(during) IS NULL OR upper(during) > current_date"),
    ):
        op.execute(
            f"UPDATE {table} AS kept SET area_code = person.area_code FROM person "
            f"WHERE person.id = kept.elder_id AND kept.area_code <> person.area_code AND ({current})"
        )


def keep_consent_purpose() -> None:
    """Make the table consent_purpose."""
    op.create_table(
        "consent_purpose",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("for_whom", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("asks_again", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("basis IN ('separate', 'service')", name="consent_purpose_basis_check"),
        sa.CheckConstraint("for_whom IN ('elder', 'visitor')", name="consent_purpose_for_whom_check"),
        sa.CheckConstraint("version > 0", name="consent_purpose_version_check"),
        sa.PrimaryKeyConstraint("code", "version"),
    )


def keep_consent() -> None:
    """Make the table consent."""
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("by_person_id", sa.BigInteger(), nullable=False),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "NOT (given AND left(by_right, 7) = 'office:' AND attachment_id IS NULL)",
            name="consent_at_the_counter_has_paper_check",
        ),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["by_person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("consent_newest_idx", "consent", ["person_id", "purpose", "id"], unique=False)
    op.create_index(op.f("ix_consent_area_code"), "consent", ["area_code"], unique=False)


def keep_disclosure() -> None:
    """Make the table disclosure."""
    op.create_table(
        "disclosure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reader_id", sa.BigInteger(), nullable=True),
        sa.Column("reader_role", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "field IN ('phone', 'id_number', 'address', 'health', 'emergency_phone')", name="disclosure_field_check"
        ),
        sa.CheckConstraint(
            "purpose <> 'other' OR length(btrim(reason)) >= 2", name="disclosure_other_has_reason_check"
        ),
        sa.CheckConstraint(
            "purpose IN ('visit', 'contact', 'call_back', 'order_check', 'emergency', 'identity', 'correction', 'complaint', 'own', 'copy', 'other')",
            name="disclosure_purpose_check",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("disclosure_person_idx", "disclosure", ["person_id", "happened_at"], unique=False)
    op.create_index("disclosure_reader_idx", "disclosure", ["reader_id", "happened_at"], unique=False)
    op.create_index(op.f("ix_disclosure_area_code"), "disclosure", ["area_code"], unique=False)
    op.create_index(op.f("ix_disclosure_happened_at"), "disclosure", ["happened_at"], unique=False)


def keep_wechat_account() -> None:
    """Make the table wechat_account."""
    op.create_table(
        "wechat_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("openid_hash", sa.LargeBinary(), nullable=False),
        sa.Column("openid_sealed", sa.Text(), nullable=True),
        sa.Column("bound_how", sa.Text(), nullable=False),
        sa.Column("bound_by", sa.BigInteger(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unbound_by", sa.BigInteger(), nullable=True),
        sa.Column("unbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("bound_how IN ('phone_code', 'binding_card', 'signed_in')", name="wechat_account_how_check"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_wechat_account_area_code"), "wechat_account", ["area_code"], unique=False)
    op.create_index(op.f("ix_wechat_account_person_id"), "wechat_account", ["person_id"], unique=False)
    op.create_index(
        "wechat_account_one_person_idx",
        "wechat_account",
        ["openid_hash"],
        unique=True,
        postgresql_where=sa.text("unbound_at IS NULL"),
    )


def keep_fake_wechat_code() -> None:
    """Make the table fake_wechat_code."""
    op.create_table(
        "fake_wechat_code",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )


def keep_visit_position() -> None:
    """Make the table visit_position."""
    op.create_table(
        "visit_position",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("visitor_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column(
            "place",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("accuracy_m BETWEEN 0 AND 100000", name="visit_position_accuracy_check"),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visit.id"],
        ),
        sa.ForeignKeyConstraint(
            ["visitor_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_visit_position_area_code"), "visit_position", ["area_code"], unique=False)
    op.create_index(op.f("ix_visit_position_elder_id"), "visit_position", ["elder_id"], unique=False)
    op.create_index(op.f("ix_visit_position_taken_at"), "visit_position", ["taken_at"], unique=False)
    op.create_index(op.f("ix_visit_position_visitor_id"), "visit_position", ["visitor_id"], unique=False)
    op.create_index("visit_position_once_key", "visit_position", ["visit_id", "taken_at"], unique=True)


def keep_retention_rule() -> None:
    """Make the table retention_rule."""
    op.create_table(
        "retention_rule",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("ground_zh", sa.Text(), nullable=False),
        sa.Column("ground_en", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("days BETWEEN 1 AND 36500", name="retention_rule_days_check"),
        sa.PrimaryKeyConstraint("kind", "valid_from"),
    )


def keep_retention_run() -> None:
    """Make the table retention_run."""
    op.create_table(
        "retention_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("dry", sa.Boolean(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("NOT dry OR removed = 0", name="retention_run_dry_check"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_retention_run_ran_at"), "retention_run", ["ran_at"], unique=False)


def keep_erasure_request() -> None:
    """Make the table erasure_request."""
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("by_right", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proof_hash", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'done') = (proof_hash IS NOT NULL AND done_at IS NOT NULL)", name="erasure_request_proof_check"
        ),
        sa.CheckConstraint("(state = 'refused') <= (decision <> '')", name="erasure_request_refusal_has_reason_check"),
        sa.CheckConstraint(
            "(state IN ('approved', 'refused', 'done')) = (decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name="erasure_request_decided_check",
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'withdrawn', 'done')", name="erasure_request_state_check"
        ),
        sa.CheckConstraint("decided_by <> asked_by", name="erasure_request_decided_by_another_check"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "erasure_request_one_open_idx",
        "erasure_request",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'approved')"),
    )
    op.create_index(op.f("ix_erasure_request_area_code"), "erasure_request", ["area_code"], unique=False)
    op.create_index(op.f("ix_erasure_request_due_at"), "erasure_request", ["due_at"], unique=False)
    op.create_index(op.f("ix_erasure_request_person_id"), "erasure_request", ["person_id"], unique=False)


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
