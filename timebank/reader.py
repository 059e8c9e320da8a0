"""Reads of the ledger: what a volunteer holds now or held then, and the statement she can take away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from timebank.errors import AccountNotFound, TransferNotFound
from timebank.writer import Transfer, transfer_from_row


@dataclass(frozen=True)
class Balance:
    """An account's minutes: posted, held on the way out, held on the way in. Limits None: unlimited."""

    account_id: int
    floor_minutes: int | None
    cap_minutes: int | None
    posted: int
    pending_out: int
    pending_in: int

    @property
    def available_minutes(self) -> int | None:
        """What can still be given away; None when the account has no floor."""
        return None if self.floor_minutes is None else self.posted - self.pending_out - self.floor_minutes


@dataclass(frozen=True)
class Entry:
    """One line of a statement, seen from its account: positive minutes came in, negative went out."""

    transfer_id: int
    other_account_id: int
    entry_type: str
    phase: str
    pending_id: int | None
    posted_minutes: int
    held_minutes: int
    service_minutes: int
    rule_version: str | None
    subject_type: str | None
    subject_id: str | None
    event_at: datetime
    recorded_at: datetime
    seq: int | None
    hash: bytes | None


@dataclass(frozen=True)
class Statement:
    """A page of an account's entries between two moments with the balances around the whole span."""

    account_id: int
    opening_minutes: int
    entries: list[Entry]
    closing_minutes: int
    closing: Balance
    next_after_id: int | None


@dataclass(frozen=True)
class TrialRow:
    """One kind of account in a bank; the balances of all kinds sum to zero."""

    kind: str
    accounts: int
    debit_minutes: int
    credit_minutes: int
    balance_minutes: int


def read_balance(session: Session, account_id: int, at: datetime | None = None) -> Balance:
    """Give what an account holds now, or held at a past moment (aware). Raises AccountNotFound."""
    row = session.execute(
        text("SELECT * FROM timebank.read_balance(:account_id, :at)"), {"account_id": account_id, "at": at}
    )
    found = row.mappings().one_or_none()
    if found is None:
        raise AccountNotFound(account_id=account_id)
    return Balance(**found)


def read_transfer(session: Session, transfer_id: int) -> Transfer:
    """Give one transfer by its number. Raises TransferNotFound."""
    rows = session.execute(text("SELECT * FROM timebank.read_transfer(:id)"), {"id": transfer_id})
    found = rows.mappings().one_or_none()
    if found is None:
        raise TransferNotFound(transfer_id=transfer_id)
    return transfer_from_row(found)


def read_statement(
    session: Session, account_id: int, start: datetime, end: datetime, after_id: int = 0, limit: int = 100
) -> Statement:
    """Give a page of entries recorded in [start, end), oldest first, with opening and closing minutes.

    Ask again with `after_id=next_after_id` until that is None; at most 1,000 entries a page.
    """
    opening = read_balance(session, account_id, start - timedelta(microseconds=1))
    closing = read_balance(session, account_id, end - timedelta(microseconds=1))
    rows = session.execute(
        text("SELECT * FROM timebank.read_entries(:account_id, :start, :end, :after_id, :limit)"),
        {"account_id": account_id, "start": start, "end": end, "after_id": after_id, "limit": limit},
    )
    entries = [Entry(**row) for row in rows.mappings()]
    more = entries[-1].transfer_id if len(entries) == min(limit, 1000) else None
    return Statement(account_id, opening.posted, entries, closing.posted, closing, more)


def read_trial_balance(session: Session, ledger: int, at: datetime | None = None) -> list[TrialRow]:
    """Give a bank's totals by kind of account, now or at a past moment."""
    rows = session.execute(
        text("SELECT * FROM timebank.read_trial_balance(:ledger, :at)"), {"ledger": ledger, "at": at}
    )
    return [TrialRow(**row) for row in rows.mappings()]
