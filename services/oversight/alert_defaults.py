"""The rules every city begins with; each is a row an officer may replace by a new version, or end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.clock import civil_date
from services.columns import table_of
from services.oversight.alert_tables import AlertRule

_rule = table_of(AlertRule)
NEAR = [{"role": "advisor", "minutes": 1440}, {"role": "officer", "minutes": 2880}]
OFFICE = [{"role": "officer", "minutes": 4320}]
AT_ONCE = [{"role": "advisor", "minutes": 60}, {"role": "officer", "minutes": 120}]


def _one(code: str, kind: str, names: tuple[str, str], condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"severity": "warning", "level": "street", "ladder": OFFICE, "quiet": True, "repeat_days": 7}
    return {
        "code": code,
        "kind": kind,
        "name_zh": names[0],
        "name_en": names[1],
        "condition": condition,
        **told,
        **more,
    }


DEFAULTS = (
    _one(
        "visits_unmet", "visits_unmet", ("本月还有老人没有探访", "elders not visited this month"), {}, level="community",
        ladder=NEAR, repeat_days=0,
    ),
    _one(
        "counts_differ", "counts_differ", ("指标与夜间重算不一致", "indicators differ from the nightly recount"),
        {"at_least": 1}, level="city", repeat_days=1,
    ),
    _one(
        "target_missed", "target_missed", ("照趋势到期完不成的目标", "targets the trend will miss"),
        {"within_days": 400}, level="city", repeat_days=30,
    ),
    _one("beds_short", "beds_short", ("护理型床位不够", "nursing beds short"), {"at_least": 1}, level="city", repeat_days=30),
    _one(
        "carer_certificates", "date_nearing", ("护理员证书快到期", "carers' certificates end soon"),
        {"register": "carer_certificate", "days": 60}, repeat_days=30,
    ),
    _one(
        "grades_ending", "date_nearing", ("机构等级快到期", "grades of institutions end soon"),
        {"register": "institution_grade", "days": 90}, repeat_days=30,
    ),
    _one(
        "fire_certificates_ending", "date_nearing", ("机构消防证书快到期", "fire certificates of sites end soon"),
        {"register": "site_fire", "days": 60}, severity="urgent", repeat_days=14,
    ),
    _one(
        "food_certificates_ending", "date_nearing", ("机构食品证书快到期", "food certificates of sites end soon"),
        {"register": "site_food", "days": 60}, repeat_days=14,
    ),
    _one(
        "assessments_ending", "date_nearing", ("能力评估快到期", "assessments end soon"),
        {"register": "assessment", "days": 30}, level="community", ladder=NEAR, repeat_days=30,
    ),
    _one(
        "visit_contracts_ending", "date_nearing", ("购买探访的合同快到期", "contracts on bought visits end soon"),
        {"register": "visit_purchase", "days": 60}, repeat_days=30,
    ),
    _one(
        "many_silent_doors", "events_many", ("一天里没人应的太多", "too many silent doors in a day"),
        {"event": "no_answer", "days": 1, "at_least": 10}, severity="urgent", ladder=AT_ONCE, quiet=False, repeat_days=1,
    ),
    _one(
        "tasks_without_worker", "events_many", ("探访任务还没有人去", "visit tasks nobody goes on"),
        {"event": "task_without_worker", "days": 31, "at_least": 1}, level="community", ladder=NEAR, repeat_days=3,
    ),
)  # fmt: skip


def write_defaults(session: Session, now: datetime, city_code: int) -> int:
    """Give a city the rules it never had; give how many. A rule somebody ended stays ended. Runs as the house."""
    known = set(
        session.connection().execute(select(_rule.c.code).where(_rule.c.area_code == city_code).distinct()).scalars()
    )
    new = [one for one in DEFAULTS if one["code"] not in known]
    for one in new:
        row = insert(_rule).values(
            **one, area_code=city_code, version=1, valid_from=civil_date(now), entered_at=now, entered_by=None
        )
        session.connection().execute(row.on_conflict_do_nothing())
    return len(new)
