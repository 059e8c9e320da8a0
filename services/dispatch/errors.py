"""Why a carer could not be sent to an order."""

from __future__ import annotations

from services.errors import Conflict, DomainError, NotFound


class CarerBusy(Conflict):
    """The carer is promised elsewhere in an overlapping time, held by the database.

    Facts: carer_id, busy_from, busy_until, free: list of {carer_id, display_name}.
    """

    message_zh = "这位护理员这个时间已有安排。"


class CarerLacksSkill(Conflict):
    """The carer does not hold every skill the service needs; facts: carer_id, missing."""

    message_zh = "这位护理员没有这项服务要求的技能。"


class CertificateExpired(Conflict):
    """The carer's certificate is missing or runs out before the day; facts: carer_id, valid_until, on."""

    message_zh = "这位护理员的证书在服务那天已过期或没有登记。"


class NoSuchCarer(NotFound):
    """No carer of this provider has this id, or she has left; facts: carer_id, provider_id."""

    message_zh = "本机构没有这位护理员，或者她已离职。"


class NotAssignable(Conflict):
    """The order is not waiting for a carer; facts: order_id, state."""

    message_zh = "这一单现在不能派人。"


class AlreadyAssigned(Conflict):
    """A carer is already promised to the order; use reassigning. Facts: order_id, carer_id."""

    message_zh = "这一单已经派了人；要换人请用改派。"


class CannotReschedule(Conflict):
    """An order in this state is not put to another time any more; facts: order_id, state."""

    message_zh = "服务已经开始或已经做完，不能改时间；请拨打服务热线。"


class CannotGiveBack(Conflict):
    """Only an accepted order that has not begun is given back; facts: order_id, state."""

    message_zh = "这一单现在不能退回。"


class CarerBarred(Conflict):
    """The carer stands on the blacklist and is sent to nobody; facts: carer_id."""

    message_zh = "这位护理员在失信名单上，不能再派。"


class ProviderOnBlacklist(Conflict):
    """The provider stands on the blacklist: none of its carers is promised any more."""

    message_zh = "这家机构在失信名单上，不能再派单。"


class NoSuchDecision(NotFound):
    """No such visit waits for a decision, or it may not be seen; facts: visit_id."""

    message_zh = "没有这条待处理的上门安排，或者您无权查看。"


class DecidedBefore(Conflict):
    """What becomes of this visit was decided before; facts: decision."""

    message_zh = "这次上门已经有了处理决定。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "assignment_carer_no_overlap_excl": CarerBusy,
    "assignment_provider_not_barred_check": ProviderOnBlacklist,
    "assignment_carer_not_barred_check": CarerBarred,
    "assignment_carer_qualified_check": CertificateExpired,
    "assignment_one_planned_per_order_idx": AlreadyAssigned,
}
