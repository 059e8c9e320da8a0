"""Changing what an open account may hold: a volunteer's cap rises by a decision that names who and why."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from timebank.writer import typed_refusals


@dataclass(frozen=True)
class LimitChange:
    """One decision on an account's limits; it holds for the entries after `after_seq`. Minutes; None: no limit."""

    id: int
    account_id: int
    floor_minutes: int | None
    cap_minutes: int | None
    daily_cap_minutes: int | None
    after_seq: int
    decided_by: str
    reason: str
    recorded_at: datetime
    hash: bytes


_COLUMNS = ", ".join(field.name for field in fields(LimitChange))


def change_limits(
    session: Session,
    now: datetime,
    account_id: int,
    *,
    floor_minutes: int | None,
    cap_minutes: int | None,
    daily_cap_minutes: int | None = None,
    decided_by: str,
    reason: str,
) -> LimitChange:
    """Give an open account other limits; the decision is chained, sealed and kept. Login `jobs`. Does not commit.

    `daily_cap_minutes`: the most that may be earned for services of one civil day (Asia/Shanghai); None keeps
    what holds now, for a daily cap once set can be raised but not removed. `decided_by`: an opaque label. Raises
    AccountNotFound, InsufficientMinutes or CapExceeded (it holds less, or more, than that already), InvalidRequest.
    """
    statement = text(
        f"SELECT {_COLUMNS} FROM timebank.change_limits(:now, :account_id, :floor, :cap, :daily, :decided_by, :reason)"
    )
    values = {
        "now": now,
        "account_id": account_id,
        "floor": floor_minutes,
        "cap": cap_minutes,
        "daily": daily_cap_minutes,
        "decided_by": decided_by,
        "reason": reason,
    }
    with typed_refusals():
        return LimitChange(**session.execute(statement, values).mappings().one())


def read_limit_changes(session: Session, account_id: int) -> list[LimitChange]:
    """Give every decision on an account's limits, oldest first."""
    rows = session.execute(text(f"SELECT {_COLUMNS} FROM timebank.read_limit_changes(:id)"), {"id": account_id})
    return [LimitChange(**row) for row in rows.mappings()]
