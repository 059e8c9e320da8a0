"""Why a complaint could not be filed, answered or reopened."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class UnknownComplaint(NotFound):
    """No such complaint, or it may not be seen."""

    message_zh = "没有这份投诉，或者您无权查看。"


class ComplaintIncomplete(Invalid):
    """What it is about, what happened or how to reach the caller is missing; facts: field."""

    message_zh = "请写明投诉谁、什么事；代人登记的请写联系电话。"


class NobodyToComplainOf(Invalid):
    """No provider has taken this order yet; facts: order_id."""

    message_zh = "这一单还没有机构接，请直接打服务热线。"


class OwnProvider(NotAllowed):
    """Who works for a provider does not complain of it here; facts: provider_id."""

    message_zh = "不能投诉自己工作的机构。"


class NotForComplaints(NotAllowed):
    """Complaints are answered by officers of the area; facts: role."""

    message_zh = "投诉由本辖区的民政干部办理。"


class NotAboutYou(NotAllowed):
    """Only the provider concerned states its case; facts: provider_id."""

    message_zh = "只有被投诉的机构可以说明情况。"


class ComplaintAnswered(Conflict):
    """The complaint was answered before; facts: complaint_id."""

    message_zh = "这份投诉已经答复过了。"


class ComplaintNotAnswered(Conflict):
    """Only an answered complaint is reopened; facts: complaint_id."""

    message_zh = "这份投诉还没有答复，不用重新提出。"


class ReopenedBefore(Conflict):
    """A complaint is reopened once; facts: complaint_id."""

    message_zh = "这份投诉已经重新办理过一次了。"


class TooLateToReopen(Conflict):
    """The city's days to reopen are over; facts: until."""

    message_zh = "重新提出的期限已经过了，可以另提一份投诉。"


class NotAnOfficerThere(Invalid):
    """Whoever takes a complaint over must be an officer of its area; facts: field."""

    message_zh = "接手的人须是这个辖区的民政干部。"


class NoOfficerForComplaint(Conflict):
    """No officer covers the area, so nobody could own the complaint."""

    message_zh = "这个片区还没有登记民政干部，请打服务热线。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "complaint_has_an_owner_check": NoOfficerForComplaint,
    "complaint_fits_its_order_check": ComplaintIncomplete,
    "complaint_step_check": ComplaintAnswered,
    "complaint_reopened_once_check": ReopenedBefore,
}
