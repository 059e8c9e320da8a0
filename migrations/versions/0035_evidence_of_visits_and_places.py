"""what stands behind a visit: reasons, risks, exceptions, photos, calls, signed events, doubts; and proof at places

Revision: 0035, after 0034.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None
PROOFS = "check_in_proof IN ('door_plate', 'elder_code', 'phone_call', 'phone_in', 'supervisor')"
REASONS = (
    ("no_signal", "没有信号，定位或上传不了", "no signal: no position, nothing could be sent"),
    ("phone_dead", "手机没电或坏了", "the phone was dead or broken"),
    ("forgot", "忘了签到或签退", "check-in or check-out was forgotten"),
    ("code_forgotten", "老人说不出数字码", "the elder could not say the code"),
    ("plate_missing", "门牌丢了或扫不了", "the door plate is lost or unreadable"),
    ("elsewhere", "服务在别处进行，如陪同就医", "the service took place elsewhere, such as an escort to hospital"),
    ("clock_wrong", "手机时间不准", "the clock of the phone was wrong"),
    ("stand_in", "临时换人上门", "somebody else came instead"),
    ("left_early", "老人要求提前结束", "the elder asked to end early"),
    ("other", "其他原因，见说明", "another reason, see the note"),
)
NEAR = [{"role": "advisor", "minutes": 60}, {"role": "officer", "minutes": 240}]
AT_ONCE = [{"role": "advisor", "minutes": 15}, {"role": "officer", "minutes": 30}, {"role": "officer", "minutes": 60}]
RISKS = (
    ("fall", "跌倒过", "had a fall", AT_ONCE),
    ("wound", "有伤口或瘀青", "a wound or a bruise", AT_ONCE),
    ("no_food", "家里没有吃的", "no food at home", NEAR),
    ("confusion", "神志不清、认不出人", "confused, does not know people", AT_ONCE),
    ("unwell", "发热、胸闷等身体不适", "unwell: fever, tightness of the chest", AT_ONCE),
    ("medicine", "漏服、错服药", "medicine missed or mixed up", NEAR),
    ("unsafe_home", "煤气、用电等家中不安全", "gas, wiring or the like unsafe at home", NEAR),
    ("low_mood", "情绪很低落", "very low in spirits", NEAR),
    ("abuse", "疑似被打骂、被骗", "may have been hurt or cheated", AT_ONCE),
)
FORMULA = {
    "far_from_home": {"points": 25, "beyond_m": 300},
    "no_position": {"points": 5},
    "mock_location": {"points": 30},
    "clock_skew": {"points": 10, "seconds": 120},
    "short": {"points": 30, "percent": 50},
    "long": {"points": 10, "percent": 250},
    "overlap": {"points": 40},
    "impossible_travel": {"points": 30, "metres_per_second": 14},
    "identical_position": {"points": 20, "visits": 3},
    "same_minutes": {"points": 10, "visits": 5},
    "exception": {"points": 10},
    "proof": {"points": {"phone_in": 5, "phone_call": 15, "supervisor": 25}},
    "review": {"from_points": 30, "sample_percent": 5},
}


def upgrade() -> None:
    op.add_column("visit", sa.Column("risks", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.add_column("visit", sa.Column("vitals_sealed", sa.Text(), nullable=True))
    op.drop_constraint("visit_proof_check", "visit", type_="check")
    op.create_check_constraint("visit_proof_check", "visit", PROOFS)
    op.add_column("place_booking", sa.Column("code_sealed", sa.Text(), nullable=True))
    op.add_column("place_booking", sa.Column("code_tries", sa.BigInteger(), nullable=False, server_default="0"))
    keep_evidence_reason()
    keep_risk_sign()
    keep_plausibility_formula()
    keep_visit_exception()
    keep_visit_alert()
    keep_visit_photo()
    keep_visit_call()
    keep_carer_device()
    keep_device_event()
    keep_visit_doubt()
    keep_place_evidence()
    keep_site_plate()
    say_the_first_words()


def say_the_first_words() -> None:
    """Write the reasons, the risks and the first formula; later versions are published beside them."""
    write = op.get_bind().execute
    for rank, (code, chinese, english) in enumerate(REASONS):
        write(
            sa.text("INSERT INTO evidence_reason (code, name_zh, name_en, rank) VALUES (:c, :z, :e, :r)"),
            {"c": code, "z": chinese, "e": english, "r": rank},
        )
    for rank, (code, chinese, english, ladder) in enumerate(RISKS):
        write(
            sa.text(
                "INSERT INTO risk_sign (code, name_zh, name_en, rank, ladder) VALUES (:c, :z, :e, :r, CAST(:l AS jsonb))"
            ),
            {"c": code, "z": chinese, "e": english, "r": rank, "l": json.dumps(ladder)},
        )
    write(
        sa.text(
            "INSERT INTO plausibility_formula (version, in_force_from, weights, published_at)"
            " VALUES ('1', '2020-01-01', CAST(:w AS jsonb), now())"
        ),
        {"w": json.dumps(FORMULA)},
    )


def keep_evidence_reason() -> None:
    """Make the table evidence_reason."""
    op.create_table(
        "evidence_reason",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,39}$'", name="evidence_reason_code_check"),
        sa.PrimaryKeyConstraint("code"),
    )


def keep_risk_sign() -> None:
    """Make the table risk_sign."""
    op.create_table(
        "risk_sign",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("ladder", postgresql.JSONB(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,39}$'", name="risk_sign_code_check"),
        sa.CheckConstraint(
            "jsonb_typeof(ladder) = 'array' AND jsonb_array_length(ladder) > 0", name="risk_sign_ladder_check"
        ),
        sa.PrimaryKeyConstraint("code"),
    )


def keep_plausibility_formula() -> None:
    """Make the table plausibility_formula."""
    op.create_table(
        "plausibility_formula",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("weights", postgresql.JSONB(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version"),
        sa.UniqueConstraint("in_force_from", name="plausibility_formula_one_a_day_key"),
    )


def keep_visit_exception() -> None:
    """Make the table visit_exception."""
    op.create_table(
        "visit_exception",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("visitor_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("raised_by", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("decision IN ('accepted', 'refused')", name="visit_exception_decision_check"),
        sa.CheckConstraint(
            "fact IN ('check_in', 'check_out', 'place', 'giver', 'time')", name="visit_exception_fact_check"
        ),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decision_note IS NULL)",
            name="visit_exception_decided_by_somebody_check",
        ),
        sa.CheckConstraint(
            "decided_by <> visitor_id AND decided_by <> raised_by", name="visit_exception_supervisor_is_another_check"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["raised_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reason_code"],
            ["evidence_reason.code"],
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visit.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("visit_id", "fact", name="visit_exception_one_per_fact_key"),
    )
    op.create_index(("ix_visit_exception_area_code"), "visit_exception", ["area_code"], unique=False)
    op.create_index(("ix_visit_exception_elder_id"), "visit_exception", ["elder_id"], unique=False)


def keep_visit_alert() -> None:
    """Make the table visit_alert."""
    op.create_table(
        "visit_alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("risk_code", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("in_charge_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Text(), nullable=True),
        sa.Column("history", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (done IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)",
            name="visit_alert_closed_by_somebody_check",
        ),
        sa.CheckConstraint("step >= 1", name="visit_alert_step_check"),
        sa.ForeignKeyConstraint(
            ["closed_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["elder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["in_charge_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["risk_code"],
            ["risk_sign.code"],
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visit.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("visit_id", "risk_code", name="visit_alert_one_per_sign_key"),
    )
    op.create_index(("ix_visit_alert_area_code"), "visit_alert", ["area_code"], unique=False)
    op.create_index(("ix_visit_alert_elder_id"), "visit_alert", ["elder_id"], unique=False)
    op.create_index(("ix_visit_alert_in_charge_id"), "visit_alert", ["in_charge_id"], unique=False)
    op.create_index(
        "visit_alert_open_idx", "visit_alert", ["due_at"], unique=False, postgresql_where=sa.text("closed_at IS NULL")
    )


def keep_visit_photo() -> None:
    """Make the table visit_photo."""
    op.create_table(
        "visit_photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=False),
        sa.Column("shows", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["taken_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visit.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("attachment_id", name="visit_photo_attachment_key"),
    )
    op.create_index(("ix_visit_photo_area_code"), "visit_photo", ["area_code"], unique=False)
    op.create_index(("ix_visit_photo_visit_id"), "visit_photo", ["visit_id"], unique=False)


def keep_visit_call() -> None:
    """Make the table visit_call."""
    op.create_table(
        "visit_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_key", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("caller_hash", sa.LargeBinary(), nullable=False),
        sa.Column("matched", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("elder_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.BigInteger(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name="visit_call_direction_check"),
        sa.CheckConstraint("matched IN ('elder', 'visitor', 'nobody')", name="visit_call_matched_check"),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visit.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("call_key", name="visit_call_once_key"),
    )
    op.create_index(("ix_visit_call_area_code"), "visit_call", ["area_code"], unique=False)
    op.create_index(("ix_visit_call_visit_id"), "visit_call", ["visit_id"], unique=False)


def keep_carer_device() -> None:
    """Make the table carer_device."""
    op.create_table(
        "carer_device",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_session_id", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)", name="carer_device_revoked_by_somebody_check"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["revoked_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_key", name="carer_device_key_key"),
    )
    op.create_index(("ix_carer_device_person_id"), "carer_device", ["person_id"], unique=False)


def keep_device_event() -> None:
    """Make the table device_event."""
    op.create_table(
        "device_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("kind IN ('check_in', 'check_out')", name="device_event_kind_check"),
        sa.CheckConstraint("outcome IN ('recorded', 'refused')", name="device_event_outcome_check"),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["carer_device.id"],
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visit.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("device_id", "event_key", name="device_event_once_key"),
        sa.UniqueConstraint("device_id", "seq", name="device_event_one_per_number_key"),
    )
    op.create_index(("ix_device_event_person_id"), "device_event", ["person_id"], unique=False)
    op.create_index(("ix_device_event_visit_id"), "device_event", ["visit_id"], unique=False)


def keep_visit_doubt() -> None:
    """Make the table visit_doubt."""
    op.create_table(
        "visit_doubt",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("visitor_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("formula_version", sa.Text(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_by", sa.BigInteger(), nullable=True),
        sa.Column("looked_note", sa.Text(), nullable=True),
        sa.CheckConstraint("points BETWEEN 0 AND 100", name="visit_doubt_points_check"),
        sa.ForeignKeyConstraint(
            ["formula_version"],
            ["plausibility_formula.version"],
        ),
        sa.ForeignKeyConstraint(
            ["looked_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visit.id"],
        ),
        sa.PrimaryKeyConstraint("visit_id"),
    )
    op.create_index(("ix_visit_doubt_area_code"), "visit_doubt", ["area_code"], unique=False)
    op.create_index(("ix_visit_doubt_started_at"), "visit_doubt", ["started_at"], unique=False)
    op.create_index(("ix_visit_doubt_visitor_id"), "visit_doubt", ["visitor_id"], unique=False)
    op.create_index("visit_doubt_points_idx", "visit_doubt", ["area_code", "points"], unique=False)


def keep_place_evidence() -> None:
    """Make the table place_evidence."""
    op.create_table(
        "place_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("elder_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "proof IN ('elder_code', 'site_plate', 'hand_over_code', 'attest')", name="place_evidence_proof_check"
        ),
        sa.CheckConstraint("happened_at <= recorded_at", name="place_evidence_not_in_the_future_check"),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["place_booking.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("booking_id", "on_day", name="place_evidence_one_a_day_key"),
    )
    op.create_index(("ix_place_evidence_area_code"), "place_evidence", ["area_code"], unique=False)
    op.create_index(("ix_place_evidence_elder_id"), "place_evidence", ["elder_id"], unique=False)
    op.create_index(("ix_place_evidence_order_id"), "place_evidence", ["order_id"], unique=False)


def keep_site_plate() -> None:
    """Make the table site_plate."""
    op.create_table(
        "site_plate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["provider.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index(
        "site_plate_one_active_idx",
        "site_plate",
        ["facility_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: write the next one")
