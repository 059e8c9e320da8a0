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
