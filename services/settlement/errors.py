"""Why accounts could not be drawn, closed, corrected or held back, and why money could not be taken in advance."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from services.settlement.purchase_errors import BY_CONSTRAINT as OF_PURCHASE


class NotForAccounts(NotAllowed):
    """Accounts are kept by the officer of the provider's area."""

    message_zh = "结算由机构所在地的民政干部办理。"


class SettlementNotFound(NotFound):
    """No such accounts or line, or they may not be seen."""

    message_zh = "没有这份结算，或者您无权查看。"


class MonthNotOver(Conflict):
    """A month is closed after its last day; facts: month."""

    message_zh = "这个月还没有过完，不能关账。"


class MonthClosed(Conflict):
    """A closed month does not change; corrections go into an open one."""

    message_zh = "这个月已经关账，不能再改；更正会记入下一个未关账的月份。"


class NothingToCorrect(Conflict):
    """The line is a correction itself, or was countered in full."""

    message_zh = "这一行已经全部冲回，没有可更正的金额。"


class AlreadyHeld(Conflict):
    """The order is held back already."""

    message_zh = "这一单已经暂扣。"


class NotHeld(Conflict):
    """The order is not held back, or is settled already."""

    message_zh = "这一单没有被暂扣，或者已经结算。"


class ReasonMissing(Invalid):
    """A correction or hold needs a reason of up to 200 characters."""

    message_zh = "请写明原因（200字以内）。"


class ComplaintOpen(Conflict):
    """The order has a complaint that is not answered yet: nothing of it is settled."""

    message_zh = "这一单有投诉还没有答复，先不结算。"


class PrepaidOverCap(Conflict):
    """More would be held in advance than the city allows; facts: cap_fen, balance_fen, asked_fen."""

    message_zh = "超过预收费上限，不能收取。"


class PrepaidTooLittle(Conflict):
    """More was to be used or given back than is held."""

    message_zh = "预收费余额不足。"


class PrepaidLeft(Conflict):
    """The resident has left; what is held goes back."""

    message_zh = "老人已经离院，不能再收预收费。"


class PrepaidKeyReused(Conflict):
    """The same entry number came with another amount."""

    message_zh = "这个编号已经记过另一笔账。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "settlement_closed_is_final_check": MonthClosed,
    "settlement_line_no_open_complaint_check": ComplaintOpen,
    "settlement_hold_one_open_idx": AlreadyHeld,
    "prepaid_account_cap_check": PrepaidOverCap,
    "prepaid_entry_of_its_account_check": PrepaidLeft,
}
BY_CONSTRAINT |= OF_PURCHASE
