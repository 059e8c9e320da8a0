"""What the ledger refuses, each with a sentence and its facts: an elder is told what is missing, not only that it failed."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.exc import DBAPIError


class TimebankError(Exception):
    """The ledger refused; nothing was written. `facts` names the accounts, minutes and moments concerned."""

    message_zh = "时间银行没有办成这件事，账目没有改动。"

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message or type(self).__name__)
        self.facts = facts


class InsufficientMinutes(TimebankError):
    """The giving account would fall below its floor."""

    message_zh = "可用的时间不够：还在冻结或已经用掉的不能再用。"

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

    message_zh = "超过了账户的上限，存不下这么多。"

    def __init__(
        self, account_id: int | None = None, minutes: int = 0, room_minutes: int = 0, message: str = ""
    ) -> None:
        super().__init__(message, account_id=account_id, minutes=minutes, room_minutes=room_minutes)
        self.account_id = account_id
        self.minutes = minutes
        self.room_minutes = room_minutes


class DailyCapExceeded(CapExceeded):
    """She would earn more for services of one civil day than her bank allows; `facts["day"]` says which."""

    message_zh = "超过了这一天可以记入的时间。"

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

    message_zh = "这两家时间银行还没有通存通兑。"


class OneLegOnly(TimebankError):
    """Minutes cross between two banks with both legs or not at all."""

    message_zh = "跨行的时间须两家同时记账，不能只记一边。"


class IdempotencyConflict(TimebankError):
    """The same key came with another request."""

    message_zh = "同一个办理编号已用于另一件事，请刷新后重新办理。"


class AlreadyResolved(TimebankError):
    """The pending transfer was posted or voided before."""

    message_zh = "这笔时间已经确认或退回过了。"


class AccountNotFound(TimebankError):
    """No such account in this bank."""

    message_zh = "这家时间银行没有这个账户。"


class TransferNotFound(TimebankError):
    """No such transfer."""

    message_zh = "没有这笔时间记录。"


class NotPending(TimebankError):
    """Only a pending transfer can be posted or voided."""

    message_zh = "这笔时间不在待确认之列。"


class NotReversible(TimebankError):
    """Only minutes that moved can be reversed, and a reversal cannot."""

    message_zh = "只有已经入账的时间可以冲正，冲正和跨行的不能再冲。"


class AlreadyReversed(TimebankError):
    """The transfer has been reversed before."""

    message_zh = "这笔时间已经冲正过了。"


class PeriodClosed(TimebankError):
    """The month is closed: record it now, with its own `event_at`."""

    message_zh = "这个月的账已经结了，请记到现在，并写明服务的日期。"


class PeriodNotOver(TimebankError):
    """A month cannot be closed before it is over."""

    message_zh = "这个月还没有过完，不能结账。"


class ClockSteppedBack(TimebankError):
    """`now` lies more than five minutes before the account's last entry."""

    message_zh = "服务器的时钟往回走了，请稍后再试；账目没有改动。"


class InvalidMinutes(TimebankError):
    """Minutes are whole, above zero and below the limit."""

    message_zh = "时间须是大于零、不过大的整数分钟。"


class InvalidRequest(TimebankError):
    """The request breaks a rule of the ledger; `facts["rule"]` names the constraint."""

    message_zh = "这笔时间不合账本的规则，没有记账。"


class PairNotAllowed(TimebankError):
    """This kind of account may not give such an entry to that kind: an organisation cannot redeem."""

    message_zh = "这类账户之间不能这样转时间：如团体的时间只能捐赠。"


class SelfTransfer(TimebankError):
    """Nobody can move minutes to herself."""

    message_zh = "不能把时间转给自己。"


class SubjectAlreadyBooked(TimebankError):
    """This visit already has an entry of this type."""

    message_zh = "这次服务已经记过时间了。"


class EventInFuture(TimebankError):
    """A service cannot be recorded before it happened."""

    message_zh = "服务还没有发生，不能先记时间。"


class AppendOnly(TimebankError):
    """Entries are never edited: reverse instead."""

    message_zh = "账目只增不改，错了请冲正。"


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
