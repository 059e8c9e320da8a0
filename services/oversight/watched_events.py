"""Registers of what happened: what the alert "too often" may watch. One line a register.

Each gives (row_id, area_code, happened_at). A room that keeps another such register adds its line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class WatchedEvent:
    """A register of events: its name in both languages, its rows in SQL, and the page that shows them."""

    name_zh: str
    name_en: str
    sql: str
    href: str


WATCHED_EVENTS: dict[str, WatchedEvent] = {
    "no_answer": WatchedEvent(
        "敲门打电话没人应", "doors and phones nobody answered",
        "SELECT id AS row_id, area_code, happened_at FROM visit_attempt WHERE outcome = 'no_answer'",
        "/officer/attempts?met=no",
    ),
    "risk_sign": WatchedEvent(
        "上门时发现情况", "signs of risk found at visits",
        "SELECT id AS row_id, area_code, opened_at AS happened_at FROM visit_alert",
        "/officer/evidence",
    ),
    "task_without_worker": WatchedEvent(
        "还没有人去的探访任务", "visit tasks nobody goes on",
        "SELECT t.id AS row_id, t.area_code, t.created_at AS happened_at FROM visit_task t WHERE t.state = 'open'"
        " AND NOT EXISTS (SELECT FROM visit_task_actor a WHERE a.task_id = t.id AND a.part = 'lead' AND a.until IS NULL)",
        "/officer/rounds?state=nobody",
    ),
    "complaint": WatchedEvent(
        "投诉", "complaints",
        "SELECT id AS row_id, area_code, filed_at AS happened_at FROM complaint",
        "/officer/complaints",
    ),
    "unmet_need": WatchedEvent(
        "没人能做的需求", "needs nobody could meet",
        "SELECT id AS row_id, area_code, recorded_at AS happened_at FROM unmet_need",
        "/officer/orders",
    ),
}  # fmt: skip


def events_since(session: Session, event: str, since: datetime, until: datetime, lo: int, hi: int) -> list[Found]:
    """Give the rows of a register between two moments in an area, newest first. Raises KeyError."""
    sql = (
        f"SELECT * FROM ({WATCHED_EVENTS[event].sql}) AS x WHERE happened_at >= :since AND happened_at <= :until"
        " AND area_code BETWEEN :lo AND :hi ORDER BY happened_at DESC, row_id DESC"
    )
    return list(session.connection().execute(text(sql), {"since": since, "until": until, "lo": lo, "hi": hi}))
