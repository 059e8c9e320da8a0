"""Telling a platform, in two transactions with the call between them: what will be sent, then what came back.

The cursor moves only behind an answer that says the platform has it. A try that nobody ever heard of (a killed worker)
counts as a failure when the next begins, for the failure is written before the call.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.rules import area_range
from services.columns import table_of
from services.messages.actions import tell
from services.outbox import enqueue
from services.oversight.changes import PublicChange, changes_after
from services.oversight.webhook_calling import Answer
from services.oversight.webhook_rules import MOST_FAILURES, place, sign, wait_after
from services.oversight.webhook_tables import Webhook, WebhookTry
from services.oversight.webhooks import SECRET
from services.people.privacy import unseal
from services.unit_of_work import SYSTEM

JOB = "webhooks.deliver"
BATCH = 100
LEASE = timedelta(minutes=3)
"""How long a try may be on its way before another is begun."""
_webhook, _try = table_of(Webhook), table_of(WebhookTry)
_DUE = text(
    "SELECT w.id, w.turn FROM webhook w WHERE w.state = 'active' AND w.next_try_at <= :now AND EXISTS ("
    "SELECT FROM public_change c WHERE (c.written_in, c.id) >"
    " (CAST(split_part(w.cursor, '.', 1) AS xid8), CAST(split_part(w.cursor, '.', 2) AS bigint))"
    " AND c.written_in < pg_snapshot_xmin(pg_current_snapshot()))"
)
_END = text(
    "SELECT written_in::text || '.' || id FROM public_change WHERE written_in < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY written_in DESC, id DESC LIMIT 1"
)
_ANY = text("SELECT EXISTS (SELECT FROM webhook WHERE state = 'active')")


@dataclass(frozen=True)
class Message:
    """One message as it is sent; `turn` is the try it belongs to, None for a test."""

    webhook_id: int
    area_code: int
    turn: int | None
    url: str
    message_id: str
    headers: dict[str, str]
    body: bytes
    from_cursor: str | None = None
    to_cursor: str | None = None
    changes: int = 0


def any_active(session: Session) -> bool:
    """Tell whether anybody wants to be told."""
    return bool(session.connection().execute(_ANY).scalar_one())


def promise_due(session: Session, now: datetime) -> int:
    """Promise a try for each platform whose time has come and behind whose place something lies; gives how many."""
    due = session.connection().execute(_DUE, {"now": now}).all()
    for one in due:
        _promise(session, now, one.id, one.turn, now)
    return len(due)


def _promise(session: Session, now: datetime, webhook_id: int, turn: int, at: datetime) -> None:
    args = {"webhook_id": webhook_id, "turn": turn}
    enqueue(session, now, JOB, args, key=f"{JOB}:{webhook_id}:{turn}", not_before=at)


def begin_try(session: Session, now: datetime, webhook_id: int, turn: int) -> Message | None:
    """Write down that the next batch is being sent, and give it; None when it is not this turn's time or nothing waits."""
    row = _locked(session, webhook_id)
    if row is None or row.state != "active" or row.turn != turn or row.next_try_at > now:
        return None
    if row.failures >= MOST_FAILURES:
        _pause(session, now, row, "unheard")
        return None
    seen: str | None = session.connection().execute(_END).scalar()  # before the batch: what comes between stays ahead
    changes = _batch(session, now, row)
    if not changes:  # what lies behind its place is not of its kinds and area, and is passed by
        _write(session, webhook_id, turn=turn + 1, cursor=max(row.cursor, seen or row.cursor, key=place))
        return None
    end = changes[-1].cursor
    wait = wait_after(row.failures + 1) or LEASE
    _write(
        session, webhook_id, turn=turn + 1, batch_end=end, failures=row.failures + 1, next_try_at=now + max(LEASE, wait)
    )  # fmt: skip
    message_id = f"msg_{webhook_id}_{row.round}_{row.cursor}_{end}".replace(".", "-")
    data = {"changes": [_told(one) for one in changes], "next_cursor": end}
    return _message(row, now, message_id, "register.changes", data, turn + 1, (row.cursor, end), len(changes))


def _batch(session: Session, now: datetime, row: Row[Any]) -> list[PublicChange]:
    """Give what lies behind the cursor; a batch that was begun ends where it ended."""
    found = changes_after(session, now, row.cursor, area_code=row.area_code, kinds=list(row.kinds), most=BATCH).changes
    if row.batch_end is None:
        return found
    return [one for one in found if place(one.cursor) <= place(row.batch_end)]


def _told(change: PublicChange) -> dict[str, Any]:
    return {
        "id": f"chg_{change.cursor.replace('.', '-')}", "cursor": change.cursor, "kind": change.kind, "code": change.code,
        "uuid": change.uuid, "area_code": change.area_code, "changed_at": change.changed_at.isoformat(), "now": change.now,
    }  # fmt: skip


def probe_message(session: Session, now: datetime, webhook_id: int, outbox_id: int) -> Message | None:
    """Give a test message, which says nothing and moves nothing; None for a subscription that ended."""
    row = _locked(session, webhook_id)
    if row is None or row.state == "ended":
        return None
    return _message(row, now, f"test_{webhook_id}_{outbox_id}", "webhook.test", {"kinds": list(row.kinds)}, None)


def _message(
    row: Row[Any],
    now: datetime,
    message_id: str,
    kind: str,
    data: dict[str, Any],
    turn: int | None,
    cursors: tuple[str | None, str | None] = (None, None),
    changes: int = 0,
) -> Message:
    told = {"type": kind, "timestamp": now.isoformat(), "data": data}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    secrets = [unseal(SECRET, row.secret_sealed)]
    if row.secret_before_until is not None and row.secret_before_until > now:
        secrets.append(unseal(SECRET, row.secret_before_sealed))
    headers = sign(secrets, message_id, now, body)
    return Message(row.id, row.area_code, turn, row.url, message_id, headers, body, *cursors, changes)


def hear_answer(session: Session, now: datetime, sent: Message, answer: Answer) -> None:
    """Write down what came back; move the cursor, or wait longer, or pause it and tell the administrator."""
    row = _locked(session, sent.webhook_id)
    if row is None:
        return
    outcome = "delivered" if answer.taken else "refused" if answer.refused else "failed"
    session.connection().execute(
        insert(_try).values(
            webhook_id=sent.webhook_id, area_code=sent.area_code, kind="test" if sent.turn is None else "changes",
            message_id=sent.message_id, from_cursor=sent.from_cursor, to_cursor=sent.to_cursor, changes=sent.changes,
            tried_at=now, outcome=outcome, answer=answer.status, why=answer.refused or answer.lost,
        )
    )  # fmt: skip
    if sent.turn is None or row.turn != sent.turn or row.state != "active":
        return  # a test, or the administrator has said something else meanwhile
    if answer.taken:
        _write(
            session, row.id, cursor=sent.to_cursor, batch_end=None, failures=0, next_try_at=now, delivered_at=now
        )  # fmt: skip
        if sent.changes >= BATCH:
            _promise(session, now, row.id, row.turn, now)
        return
    wait = wait_after(row.failures)
    if wait is None or answer.status == 410 or answer.refused:
        _pause(session, now, row, "gone" if answer.status == 410 else answer.refused or "failures")
        return
    _write(session, row.id, next_try_at=now + wait)
    _promise(session, now, row.id, row.turn, now + wait)


def _pause(session: Session, now: datetime, row: Row[Any], why: str) -> None:
    """Stop telling a platform and say so to the administrators of its area; its place stays."""
    _write(session, row.id, state="paused", paused_because=why, turn=row.turn + 1)
    city, _ = area_range(row.area_code // 10**11 * 10**11)
    tell(
        session, now, recipient_ids=[row.made_by], audience={"office": {"role": "administrator", "area_code": city}},
        template="oversight.webhook_paused", facts={"number": row.id, "failures": row.failures}, area_code=row.area_code,
        subject=("webhook", row.id), key=f"oversight.webhook_paused:{row.id}:{row.turn}",
    )  # fmt: skip
    facts = {"why": why, "failures": row.failures, "cursor": row.cursor}
    record_act(
        session, now, SYSTEM, "pause_webhook", area_code=row.area_code, subject=("webhook", row.id), facts=facts
    )  # fmt: skip


def _locked(session: Session, webhook_id: int) -> Row[Any] | None:
    query = select(_webhook).where(_webhook.c.id == webhook_id).with_for_update()
    found: Row[Any] | None = session.connection().execute(query).one_or_none()
    return found


def _write(session: Session, webhook_id: int, **values: Any) -> None:
    session.connection().execute(update(_webhook).where(_webhook.c.id == webhook_id).values(values))
