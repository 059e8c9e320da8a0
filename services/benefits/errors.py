"""Why government could not pay its part of an order."""

from __future__ import annotations

from services.errors import Conflict, DomainError


class EntitlementUsedUp(Conflict):
    """The month's government money ran out between the quote and the order; ask for a new quote."""

    message_zh = "本月的政府补贴额度刚刚用完，请重新查看您要付多少。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {"entitlement_use_month_cap_check": EntitlementUsedUp}
