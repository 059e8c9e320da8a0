"""The one door through which minutes are posted: a volunteer's hour becomes an entry nobody can edit.

Every function runs in the caller's transaction, takes its `now` (aware datetime) and never commits. After a
refusal PostgreSQL has aborted the transaction: roll back, or call inside `session.begin_nested()`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from timebank.errors import InvalidMinutes, InvalidRequest, translate
from timebank.tables import MOST_MINUTES


@dataclass(frozen=True)
class Transfer:
    """One movement of minutes as the ledger wrote it. Phase: single, pending, post or void."""

    id: int
    ledger: int
    phase: str
    pending_id: int | None
    debit_account_id: int
    credit_account_id: int
    entry_type: str
    coin_minutes: int
    service_minutes: int
    rule_version: str | None
    key: str
    event_at: datetime
    recorded_at: datetime
    subject_type: str | None
    subject_id: str | None
    reverses_id: int | None
    part_of_id: int | None


_FIELDS = tuple(field.name for field in fields(Transfer))
_COLUMNS = ", ".join(_FIELDS)


def transfer_from_row(row: Mapping[Any, Any]) -> Transfer:
    """Give the transfer a row of timebank.transfer describes."""
    return Transfer(**{name: row[name] for name in _FIELDS})


@dataclass(frozen=True)
class Request:
    """What one transfer asks for; the arguments of `record_transfer`, for a linked batch."""

    ledger: int
    key: str
    debit_account_id: int
    credit_account_id: int
    entry_type: str
    minutes: int
    service_minutes: int | None = None
    pending: bool = False
    event_at: datetime | None = None
    subject: tuple[str, int | str] | None = None
    rule_version: str | None = None
    overflow_account_id: int | None = None

    def arguments(self) -> dict[str, Any]:
        """Give the arguments of the SQL function, refusing minutes that are not whole or out of range."""
        subject_type, subject_id = self.subject or (None, None)
        return {
            "ledger": self.ledger,
            "key": self.key,
            "debit_account_id": self.debit_account_id,
            "credit_account_id": self.credit_account_id,
            "entry_type": self.entry_type,
            "coin_minutes": _whole(self.minutes),
            "service_minutes": None if self.service_minutes is None else _whole(self.service_minutes, 0),
            "pending": self.pending,
            "event_at": None if self.event_at is None else _aware(self.event_at),
            "subject_type": subject_type,
            "subject_id": None if subject_id is None else str(subject_id),
            "rule_version": self.rule_version,
            "overflow_account_id": self.overflow_account_id,
        }


def open_account(
    session: Session,
    now: datetime,
    *,
    ledger: int,
    kind: str,
    floor_minutes: int | None = None,
    cap_minutes: int | None = None,
    owner_label: str | None = None,
) -> int:
    """Open an account in a bank and give its number.

    `ledger`: the bank's code (area code). `kind`: see timebank.tables.ACCOUNT_KINDS. Savers (volunteer,
    elder_grant, organisation, guarantee, estate) need a floor of 0 or more; issuance and pool have no
    limits; clearing has both. Raises InvalidRequest naming the rule.
    """
    with typed_refusals():
        return int(
            session.execute(
                text("SELECT timebank.open_account(:now, :ledger, :kind, :floor, :cap, :owner)"),
                {
                    "now": _aware(now),
                    "ledger": ledger,
                    "kind": kind,
                    "floor": floor_minutes,
                    "cap": cap_minutes,
                    "owner": owner_label,
                },
            ).scalar_one()
        )


_RECORD = text(
    f"SELECT {_COLUMNS} FROM timebank.record_transfer(:now, :ledger, :key, :debit_account_id,"
    " :credit_account_id, :entry_type, :coin_minutes, :service_minutes, :pending, :event_at,"
    " :subject_type, :subject_id, :rule_version, :overflow_account_id)"
)


def record_transfer(
    session: Session,
    now: datetime,
    *,
    ledger: int,
    key: str,
    debit_account_id: int,
    credit_account_id: int,
    entry_type: str,
    minutes: int,
    service_minutes: int | None = None,
    pending: bool = False,
    event_at: datetime | None = None,
    subject: tuple[str, int | str] | None = None,
    rule_version: str | None = None,
    overflow_account_id: int | None = None,
) -> Transfer:
    """Move minutes from the debit to the credit account, or hold them when `pending`.

    `minutes` are coin minutes; `service_minutes` what was really served (default: the same). `event_at`
    when it happened (default now). `subject` e.g. ("visit", 17): one entry of a type each. With
    `overflow_account_id` (a pool) what exceeds the receiver's cap goes there in the same act; if nothing
    fits, the transfer returned is the overflow itself. The same key with the same request returns the
    transfer it made. Raises the errors of timebank.errors.
    """
    request = Request(
        ledger=ledger,
        key=key,
        debit_account_id=debit_account_id,
        credit_account_id=credit_account_id,
        entry_type=entry_type,
        minutes=minutes,
        service_minutes=service_minutes,
        pending=pending,
        event_at=event_at,
        subject=subject,
        rule_version=rule_version,
        overflow_account_id=overflow_account_id,
    )
    return _one(session, _RECORD, {"now": _aware(now), **request.arguments()})


def record_transfers(session: Session, now: datetime, requests: Sequence[Request]) -> list[Transfer]:
    """Write linked transfers, all or none, in one call; accounts are locked in sorted order first."""
    listed = [request.arguments() for request in requests]
    statement = text(f"SELECT {_COLUMNS} FROM timebank.record_transfers(:now, CAST(:requests AS jsonb))")
    with typed_refusals():
        rows = session.execute(
            statement, {"now": _aware(now), "requests": json.dumps(listed, default=datetime.isoformat)}
        )
        return [transfer_from_row(row) for row in rows.mappings()]


_RESOLVE = text(f"SELECT {_COLUMNS} FROM timebank.resolve_transfer(:now, :transfer_id, :outcome, :key)")


def post_transfer(session: Session, now: datetime, transfer_id: int, key: str) -> Transfer:
    """Post a pending transfer: the elder confirmed. Raises AlreadyResolved, NotPending, TransferNotFound."""
    values = {"now": _aware(now), "transfer_id": transfer_id, "outcome": "post", "key": key}
    return _one(session, _RESOLVE, values)


def void_transfer(session: Session, now: datetime, transfer_id: int, key: str) -> Transfer:
    """Void a pending transfer: disputed or cancelled, the hold is released. Raises as `post_transfer`."""
    values = {"now": _aware(now), "transfer_id": transfer_id, "outcome": "void", "key": key}
    return _one(session, _RESOLVE, values)


_REVERSE = text(f"SELECT {_COLUMNS} FROM timebank.reverse_transfer(:now, :transfer_id, :key, :clawback)")


def reverse_transfer(
    session: Session, now: datetime, transfer_id: int, key: str, clawback_account_id: int | None = None
) -> Transfer:
    """Answer a wrong transfer with its opposite; once.

    What the receiver has already spent is owed by `clawback_account_id` when given, else
    InsufficientMinutes. Raises AlreadyReversed, NotReversible, TransferNotFound.
    """
    values = {"now": _aware(now), "transfer_id": transfer_id, "key": key, "clawback": clawback_account_id}
    return _one(session, _REVERSE, values)


@contextmanager
def typed_refusals() -> Iterator[None]:
    """Raise PostgreSQL's refusals as the ledger's own errors; anything else passes unchanged."""
    try:
        yield
    except DBAPIError as error:
        refusal = translate(error)
        if refusal is None:
            raise
        raise refusal from error


def _one(session: Session, statement: Any, values: dict[str, Any]) -> Transfer:
    with typed_refusals():
        return transfer_from_row(session.execute(statement, values).mappings().one())


def _whole(minutes: int, least: int = 1) -> int:
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not least <= minutes <= MOST_MINUTES:
        raise InvalidMinutes(minutes=minutes, least=least, most=MOST_MINUTES)
    return minutes


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidRequest("a moment needs a time zone", moment=moment.isoformat())
    return moment
