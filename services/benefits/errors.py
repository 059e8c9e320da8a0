"""Why government could not pay its part of an order."""

from __future__ import annotations

from services.benefits.assessment_errors import BY_CONSTRAINT as OF_ASSESSMENTS
from services.errors import Conflict, DomainError


class EntitlementUsedUp(Conflict):
    """The month's government money ran out between the quote and the order; ask for a new quote."""

    message_zh = "本月的政府补贴额度刚刚用完，请重新查看您要付多少。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {"entitlement_use_month_cap_check": EntitlementUsedUp}


class MinutesUsedUp(Conflict):
    """The month's hours ran out between the quote and the order; ask for a new quote."""

    message_zh = "本月的服务时长刚刚用完，请重新查看您要付多少。"


BY_CONSTRAINT |= OF_ASSESSMENTS | {"entitlement_use_month_minutes_check": MinutesUsedUp}


class VoucherUsedUp(Conflict):
    """The voucher's money went to another order between the quote and the order; ask for a new quote."""

    message_zh = "这张券刚刚用完，请重新查看您要付多少。"


class VoucherNotGood(Conflict):
    """The voucher is not good on the day of the service, or has lapsed."""

    message_zh = "这张券在服务那天不能用。"


class VoucherUsedBefore(Conflict):
    """A voucher that is used once only stands in another order already."""

    message_zh = "这张券只能用一次，已经用在另一单上。"


class NoSuchReservation(Conflict):
    """More was to be used or given back than is reserved of the voucher for this order."""

    message_zh = "这一单没有预留这么多券额。"


class VouchersTogether(Conflict):
    """Two vouchers that may not be held together, in one period."""

    message_zh = "这两种券不能同时领取。"


BY_CONSTRAINT |= {
    "voucher_available_check": VoucherUsedUp,
    "voucher_in_its_period_check": VoucherNotGood,
    "voucher_single_use_check": VoucherUsedBefore,
    "voucher_use_open_check": NoSuchReservation,
    "voucher_not_negative_check": NoSuchReservation,
    "voucher_use_not_negative_check": NoSuchReservation,
    "voucher_one_of_a_group_excl": VouchersTogether,
}
