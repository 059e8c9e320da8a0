"""What the ledger refuses, each with its facts: an elder is told what is missing, not only that it failed."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.exc import DBAPIError


class TimebankError(Exception):
    """The ledger refused; nothing was written. `facts` names the accounts, minutes and moments concerned."""

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message or type(self).__name__)
        self.facts = facts


class InsufficientMinutes(TimebankError):
    """The giving account would fall below its floor."""

    def __init__(
        self,
        account_id: int | None = None,
        needed_minutes: int = 0,
        available_minutes: int = 0,
        message: str = "",
    ) -> None:
        super().__init__(
            message, account_id=account_id, needed_minutes=needed_minutes, available_minutes=available_minutes
        )
        self.account_id = account_id
        self.needed_minutes = needed_minutes
        self.available_minutes = available_minutes


class CapExceeded(TimebankError):
    """The receiving account would rise above its cap."""

    def __init__(
        self, account_id: int | None = None, minutes: int = 0, room_minutes: int = 0, message: str = ""
    ) -> None:
        super().__init__(message, account_id=account_id, minutes=minutes, room_minutes=room_minutes)
        self.account_id = account_id
        self.minutes = minutes
        self.room_minutes = room_minutes


class DailyCapExceeded(CapExceeded):
    """She would earn more for services of one civil day than her bank allows; `facts["day"]` says which."""

    def __init__(
        self,
        account_id: int | None = None,
        minutes: int = 0,
        room_minutes: int = 0,
        message: str = "",
        day: str | None = None,
    ) -> None:
        super().__init__(account_id, minutes, room_minutes, message)
        self.facts["day"] = day


class BanksNotLinked(TimebankError):
    """These two banks have not agreed to honour each other's minutes."""


class OneLegOnly(TimebankError):
    """Minutes cross between two banks with both legs or not at all."""


class IdempotencyConflict(TimebankError):
    """The same key came with another request."""


class AlreadyResolved(TimebankError):
    """The pending transfer was posted or voided before."""


class AccountNotFound(TimebankError):
    """No such account in this bank."""


class TransferNotFound(TimebankError):
    """No such transfer."""


class NotPending(TimebankError):
    """Only a pending transfer can be posted or voided."""


class NotReversible(TimebankError):
    """Only minutes that moved can be reversed, and a reversal cannot."""


class AlreadyReversed(TimebankError):
    """The transfer has been reversed before."""


class PeriodClosed(TimebankError):
    """The month is closed: record it now, with its own `event_at`."""


class PeriodNotOver(TimebankError):
    """A month cannot be closed before it is over."""


class ClockSteppedBack(TimebankError):
    """`now` lies more than five minutes before the account's last entry."""


class InvalidMinutes(TimebankError):
    """Minutes are whole, above zero and below the limit."""


class InvalidRequest(TimebankError):
    """The request breaks a rule of the ledger; `facts["rule"]` names the constraint."""


class PairNotAllowed(TimebankError):
    """This kind of account may not give such an entry to that kind: an organisation cannot redeem."""


class SelfTransfer(TimebankError):
    """Nobody can move minutes to herself."""


class SubjectAlreadyBooked(TimebankError):
    """This visit already has an entry of this type."""


class EventInFuture(TimebankError):
    """A service cannot be recorded before it happened."""


class AppendOnly(TimebankError):
    """Entries are never edited: reverse instead."""


BY_SQLSTATE: dict[str, type[TimebankError]] = {
    "TB001": InsufficientMinutes,
    "TB002": CapExceeded,
    "TB003": IdempotencyConflict,
    "TB004": AlreadyResolved,
    "TB005": AccountNotFound,
    "TB006": PeriodClosed,
    "TB007": ClockSteppedBack,
    "TB008": NotPending,
    "TB009": TransferNotFound,
    "TB010": NotReversible,
    "TB011": AlreadyReversed,
    "TB012": InvalidRequest,
    "TB013": InvalidRequest,
    "TB014": PeriodNotOver,
    "TB015": DailyCapExceeded,
    "TB017": BanksNotLinked,
    "TB018": OneLegOnly,
    "TB020": AppendOnly,
    "22003": InvalidMinutes,
}
BY_CONSTRAINT: dict[str, type[TimebankError]] = {
    "balance_floor_check": InsufficientMinutes,
    "balance_cap_check": CapExceeded,
    "earned_day_cap_check": DailyCapExceeded,
    "transfer_ledger_key_key": IdempotencyConflict,
    "transfer_single_resolution_key": AlreadyResolved,
    "transfer_reversed_once_key": AlreadyReversed,
    "transfer_pair_allowed_fkey": PairNotAllowed,
    "transfer_debit_account_fkey": AccountNotFound,
    "transfer_credit_account_fkey": AccountNotFound,
    "transfer_minutes_positive_check": InvalidMinutes,
    "transfer_service_minutes_check": InvalidMinutes,
    "transfer_not_to_self_check": SelfTransfer,
    "transfer_subject_type_key": SubjectAlreadyBooked,
    "transfer_event_not_future_check": EventInFuture,
}


def translate(error: DBAPIError) -> TimebankError | None:
    """Turn PostgreSQL's refusal into a typed one by its SQLSTATE or its constraint's name, else None."""
    state = getattr(error.orig, "sqlstate", None) or ""
    diagnosis = getattr(error.orig, "diag", None)
    message = getattr(diagnosis, "message_primary", None) or str(error.orig)
    if state in BY_SQLSTATE:
        detail = getattr(diagnosis, "message_detail", None)
        facts = json.loads(detail) if state.startswith("TB") and detail else {}
        return BY_SQLSTATE[state](message=message, **facts)
    if not state.startswith("23"):
        return None
    rule = getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "column_name", None)
    kind = BY_CONSTRAINT.get(rule or "", InvalidRequest)
    if kind in (InsufficientMinutes, CapExceeded, DailyCapExceeded):
        return kind(message=message)
    return kind(message=message, rule=rule)
