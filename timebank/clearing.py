"""Minutes between two districts' banks: what 李老师 saved in one is honoured in the other, both legs or none.

Each pair of banks has a clearing account on either side, capped both ways; its balance is what its bank owes the
peer. Settling moves that into the two banks' issuance on a schedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from timebank.writer import Request, typed_refusals


@dataclass(frozen=True)
class ClearingAct:
    """One act between two banks and its two transfers. Purpose: send (a person's minutes) or settle."""

    from_ledger: int
    key: str
    to_ledger: int
    purpose: str
    minutes: int
    out_transfer_id: int
    in_transfer_id: int
    recorded_at: datetime


@dataclass(frozen=True)
class ClearingRow:
    """What `ledger` owes `peer_ledger` (above zero) or is owed (below), what is held, and the most it may be."""

    ledger: int
    peer_ledger: int
    account_id: int
    owed_minutes: int
    held_out_minutes: int
    held_in_minutes: int
    most_minutes: int


_ACT = ", ".join(field.name for field in fields(ClearingAct))


def link_banks(
    session: Session,
    now: datetime,
    ledger: int,
    issuance_account_id: int,
    peer_ledger: int,
    peer_issuance_account_id: int,
    most_minutes: int,
) -> tuple[int, int]:
    """Let two banks honour each other's minutes, neither owing more than `most_minutes`; give both clearing accounts.

    Login `jobs`. Asking again changes nothing. Raises InvalidRequest when an issuance account is not its bank's.
    """
    with typed_refusals():
        rows = session.execute(
            text("SELECT account_id FROM timebank.link_banks(:now, :ledger, :issuance, :peer, :peer_issuance, :most)"),
            {
                "now": now,
                "ledger": ledger,
                "issuance": issuance_account_id,
                "peer": peer_ledger,
                "peer_issuance": peer_issuance_account_id,
                "most": most_minutes,
            },
        ).scalars()
        ours, theirs = list(rows)
        return ours, theirs


def send_between(session: Session, now: datetime, request: Request, to_ledger: int) -> ClearingAct:
    """Move minutes from an account of `request.ledger` to one of `to_ledger`, or hold them when pending.

    `request` as for a transfer; `credit_account_id` belongs to `to_ledger`; `entry_type` is "clearing" and there
    is no overflow. The same key and request gives the same act. Raises BanksNotLinked, CapExceeded (the two banks
    owe each other too much), InsufficientMinutes and the rest of timebank.errors.
    """
    values = {"now": now, "to_ledger": to_ledger, **request.arguments()}
    return _act(
        session,
        "timebank.send_between(:now, :ledger, :to_ledger, :key, :debit_account_id, :credit_account_id, :coin_minutes,"
        " :service_minutes, :pending, :event_at, :subject_type, :subject_id, :rule_version)",
        values,
    )


def resolve_between(
    session: Session, now: datetime, from_ledger: int, act_key: str, outcome: str, key: str
) -> ClearingAct:
    """Post or void both legs of a pending act, once. Raises AlreadyResolved, NotPending, TransferNotFound."""
    values = {"now": now, "from_ledger": from_ledger, "act_key": act_key, "outcome": outcome, "key": key}
    return _act(session, "timebank.resolve_between(:now, :from_ledger, :act_key, :outcome, :key)", values)


def settle_banks(session: Session, now: datetime, key: str) -> list[ClearingAct]:
    """Settle what every pair of banks owes; `key` (a month, say) makes it happen once. Login `jobs`."""
    with typed_refusals():
        rows = session.execute(text(f"SELECT {_ACT} FROM timebank.settle_banks(:now, :key)"), {"now": now, "key": key})
        return [ClearingAct(**row) for row in rows.mappings()]


def read_clearing(session: Session, ledger: int | None = None) -> list[ClearingRow]:
    """Give who owes whom, from the side of one bank or of all."""
    rows = session.execute(text("SELECT * FROM timebank.read_clearing(:ledger)"), {"ledger": ledger})
    return [ClearingRow(**row) for row in rows.mappings()]


def net_positions(rows: list[ClearingRow]) -> dict[int, int]:
    """Give each bank's position over all its peers: above zero it owes, below zero it is owed; they sum to zero."""
    position: dict[int, int] = {}
    for row in rows:
        position[row.ledger] = position.get(row.ledger, 0) + row.owed_minutes
    return position


def read_clearing_acts(session: Session, ledger: int, limit: int = 100) -> list[ClearingAct]:
    """Give a bank's acts with other banks, newest first, at most 1,000."""
    statement = text(f"SELECT {_ACT} FROM timebank.read_clearing_acts(:ledger, :limit)")
    return [ClearingAct(**row) for row in session.execute(statement, {"ledger": ledger, "limit": limit}).mappings()]


def _act(session: Session, call: str, values: Mapping[str, Any]) -> ClearingAct:
    with typed_refusals():
        return ClearingAct(**session.execute(text(f"SELECT {_ACT} FROM {call}"), dict(values)).mappings().one())
