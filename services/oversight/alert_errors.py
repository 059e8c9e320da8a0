"""Why an alert or a rule could not be written down, and what to do instead."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class AlertNotFound(NotFound):
    """No such alert, or it is another area's."""

    message_zh = "没有这条提醒，或者它不在您的辖区里。"


class AlertResolved(Conflict):
    """Somebody has resolved it: `resolved_by`."""

    message_zh = "这条提醒已经办结了。"


class NoReason(Invalid):
    """A resolution says what was done."""

    message_zh = "请写明办了什么（2到500字）。"


class RuleNotFound(NotFound):
    """No such rule, or it has ended."""

    message_zh = "没有这条提醒规则，或者它已经停用。"


class NotYourRule(NotAllowed):
    """A rule is changed by the officers of the area it watches."""

    message_zh = "提醒规则由它所管地区的民政干部修改；您可以为本辖区另立一条。"


class BadRule(Invalid):
    """A condition names what it is about; `field` says which part is wrong."""

    message_zh = "提醒规则没有写全，请检查条件、级别和找谁。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "alert_rule_one_in_force_idx": BadRule,
    "alert_rule_code_check": BadRule,
    "alert_one_standing_idx": Conflict,
}
