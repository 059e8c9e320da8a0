"""How long what is kept: periods are dated rows, the clearing runs once a month, and a dry run only counts.

Every run leaves a row for each kind, also when it found nothing: the auditor sees that it ran. docs/privacy.md
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.errors import Invalid, NotFound
from services.oversight.privacy_tables import RetentionRule, RetentionRun
from services.people.storage import storage
from services.unit_of_work import Actor

_rule, _run = table_of(RetentionRule), table_of(RetentionRun)


@dataclass(frozen=True)
class Kind:
    """One kind of record: which rows are past a moment, and what is done with them (None: the whole row goes)."""

    title_zh: str
    table: str
    past: str
    clear: str | None = None
    files: bool = False


KINDS: dict[str, Kind] = {
    "visit_position": Kind("上门期间的位置", "visit_position", "taken_at < :before"),
    "visit_place_facts": Kind(
        "签到签退的坐标",
        "visit",
        "checked_in_at < :before AND (check_in_facts ->> 'lon' IS NOT NULL OR check_out_facts ->> 'lon' IS NOT NULL)",
        "check_in_facts = check_in_facts - 'lon' - 'lat', check_out_facts = check_out_facts - 'lon' - 'lat'",
    ),
    "sign_in_code": Kind("验证码", "sign_in_code", "created_at < :before"),
    "sign_in_session": Kind(
        "结束了的登录", "sign_in_session", "LEAST(COALESCE(revoked_at, expires_at), expires_at) < :before"
    ),
    "photo": Kind(
        "服务照片",
        "attachment",
        "purpose = 'photo' AND uploaded_at < :before AND erased_at IS NULL",
        "erased_at = :now",
        True,
    ),
    "copy": Kind(
        "资料副本",
        "attachment",
        "purpose = 'copy' AND uploaded_at < :before AND erased_at IS NULL",
        "erased_at = :now",
        True,
    ),
    "import_row": Kind("名册的原始行", "import_row", "closed_at < :before"),
    "message_body": Kind("消息正文", "message", "created_at < :before AND body <> ''", "body = '', facts = '{}'"),
    "care_note": Kind("护理记录", "visit", "checked_out_at < :before AND note IS NOT NULL", "note = NULL"),
    "wechat_account": Kind("解绑的微信", "wechat_account", "unbound_at < :before"),
}
"""What the clearing can clear; how long each is kept is data."""


@dataclass(frozen=True)
class Cleared:
    """What one run did for one kind."""

    kind: str
    title_zh: str
    days: int
    before: datetime
    found: int
    removed: int


def rules_in_force(session: Session, now: datetime) -> dict[str, Row[Any]]:
    """Give the rule of each kind that holds today."""
    rows = session.connection().execute(
        select(_rule)
        .ext(distinct_on(_rule.c.kind))
        .where(_rule.c.valid_from <= civil_date(now))
        .order_by(_rule.c.kind, _rule.c.valid_from.desc())
    )
    return {row.kind: row for row in rows}


def days_kept(session: Session, now: datetime, kind: str) -> int:
    """Give a kind's days. Raises NotFound when no rule holds today."""
    rule = rules_in_force(session, now).get(kind)
    if rule is None:
        raise NotFound(kind=kind)
    return int(rule.days)


def set_period(
    session: Session, now: datetime, actor: Actor, kind: str, days: int, ground_zh: str, ground_en: str
) -> None:
    """Decide anew how long a kind is kept, from today on; runs as the house, on the command line's word.

    Raises Invalid for an unknown kind, days outside 1..36500, or a missing ground.
    """
    if kind not in rules_in_force(session, now) or not 1 <= days <= 36_500 or not ground_zh.strip():
        raise Invalid("请写明种类、天数和依据。", kind=kind, days=days)
    session.connection().execute(
        text(
            "INSERT INTO retention_rule (kind, valid_from, days, ground_zh, ground_en, decided_by, decided_at)"
            " VALUES (:kind, :day, :days, :zh, :en, :by, :now) ON CONFLICT (kind, valid_from) DO UPDATE SET"
            " days = excluded.days, ground_zh = excluded.ground_zh, ground_en = excluded.ground_en,"
            " decided_by = excluded.decided_by, decided_at = excluded.decided_at"
        ),
        {
            "kind": kind, "day": civil_date(now), "days": days, "zh": ground_zh, "en": ground_en, "now": now,
            "by": actor.person_id,
        },
    )  # fmt: skip
    record_act(session, now, actor, "set_retention", facts={"kind": kind, "days": days})


def clear_past_periods(session: Session, now: datetime, actor: Actor, *, dry: bool) -> list[Cleared]:
    """Clear what is past its period, kind by kind, and leave a row for each; a dry run counts only. As the house."""
    rules = rules_in_force(session, now)
    done = [
        _clear(session, now, name, kind, int(rules[name].days), dry) for name, kind in KINDS.items() if name in rules
    ]
    session.connection().execute(
        insert(_run),
        [
            {
                "kind": one.kind, "days": one.days, "before": one.before, "found": one.found, "removed": one.removed,
                "dry": dry, "ran_at": now,
            }
            for one in done
        ],
    )  # fmt: skip
    record_act(
        session, now, actor, "clear_past_periods", facts={"dry": dry, "removed": sum(one.removed for one in done)}
    )
    return done


def _clear(session: Session, now: datetime, name: str, kind: Kind, days: int, dry: bool) -> Cleared:
    before = now - timedelta(days=days)
    connection = session.connection()
    counted = text(f"SELECT count(*) FROM {kind.table} WHERE {kind.past}")
    found: int = connection.execute(counted, {"before": before}).scalar_one()
    removed = 0
    if found and not dry:
        if kind.files:
            keys = text(f"SELECT storage_key FROM {kind.table} WHERE {kind.past}")
            for key in connection.execute(keys, {"before": before}).scalars():
                storage().remove(key)
        statement = f"UPDATE {kind.table} SET {kind.clear}" if kind.clear else f"DELETE FROM {kind.table}"
        values = {"before": before} | ({"now": now} if kind.clear and ":now" in kind.clear else {})
        removed = connection.execute(text(f"{statement} WHERE {kind.past}"), values).rowcount
    return Cleared(name, kind.title_zh, days, before, found, removed)


def last_runs(session: Session, limit: int = 40) -> list[Row[Any]]:
    """Give the newest runs, kind by kind, for the auditor."""
    return list(session.connection().execute(select(_run).order_by(_run.c.ran_at.desc(), _run.c.id).limit(limit)))
