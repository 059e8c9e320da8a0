"""Who was told by message after each step of the story, and over which channel it reached her."""

from __future__ import annotations

import time

from sqlalchemy import Row, text

from services.unit_of_work import SYSTEM, unit_of_work

CHANNELS = {"wechat": "微信", "sms": "短信", "call": "电话", "person": "当面"}
PATIENCE_SECONDS = 8.0
SHOWN = 40

_DUE = text("SELECT EXISTS (SELECT FROM outbox WHERE state IN ('waiting', 'sent') AND not_before <= :now)")
_NEWEST = text("SELECT coalesce(max(id), 0) FROM message")
_SINCE = text(
    "SELECT m.id, m.body, p.full_name,"
    " (SELECT d.channel FROM message_delivery AS d WHERE d.message_id = m.id AND d.state IN ('sent', 'delivered')"
    "   ORDER BY d.id DESC LIMIT 1) AS channel"
    " FROM message AS m JOIN person AS p ON p.id = m.recipient_id WHERE m.id > :last ORDER BY m.id"
)


class Told:
    """Remembers the newest message already spoken of; calling it gives a line for each that came since."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.patience_seconds = patience_seconds
        with unit_of_work(SYSTEM, login="jobs") as work:
            self.last_id = int(work.session.connection().execute(_NEWEST).scalar_one())

    def __call__(self) -> list[str]:
        """Wait until the jobs that are due are done (not for ever), then say who was told what, and how."""
        deadline = time.monotonic() + self.patience_seconds
        while _jobs_are_due() and time.monotonic() < deadline:
            time.sleep(0.15)
        with unit_of_work(SYSTEM, login="jobs") as work:
            rows = work.session.connection().execute(_SINCE, {"last": self.last_id}).all()
        self.last_id = rows[-1].id if rows else self.last_id
        return [_line(row) for row in rows]


def _jobs_are_due() -> bool:
    with unit_of_work(SYSTEM, login="jobs") as work:
        return bool(work.session.connection().execute(_DUE, {"now": work.now}).scalar_one())


def _line(row: Row[tuple[int, str, str, str | None]]) -> str:
    way = CHANNELS.get(row.channel or "", "站内消息")
    body = row.body if len(row.body) <= SHOWN else f"{row.body[:SHOWN]}…"
    return f"告知 {row.full_name}（{way}）：{body}"
