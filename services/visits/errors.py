"""Why a door stayed closed to a record: each refusal says what the visitor can do instead."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, TooMany
from services.visits.complaint_errors import BY_CONSTRAINT as OF_COMPLAINTS


class VisitNotFound(NotFound):
    """No such visit, or it is somebody else's."""

    message_zh = "没有找到这次上门，或者它不是派给您的。"


class VisitNotOpen(Conflict):
    """The visit was cancelled or already ended; `state` says which."""

    message_zh = "这次上门已取消或已结束，请刷新今日安排。"


class TooEarly(Conflict):
    """Check-in opens at `opens_at`."""

    message_zh = "还没到签到时间，请在预约时间前一小时内签到。"


class TooLate(Conflict):
    """Check-in closed at `closed_at`."""

    message_zh = "已超过可签到的时间，请致电服务机构或服务热线补办，并说明原因。"


class AlreadyCheckedIn(Conflict):
    """Another check-in of this visit already stands."""

    message_zh = "这次上门已经签到过了。"


class AnotherVisitRunning(Conflict):
    """The visitor has not left the previous door yet: `visit_id`."""

    message_zh = "您还有一次上门没有签退，请先签退。"


class WrongDoor(Conflict):
    """The plate belongs to another door, was revoked, or is none of ours."""

    message_zh = "这块门牌不是这位老人家的，或者已经作废。请核对地址，也可以请老人报四位数字码。"


class WrongElderCode(Conflict):
    """The four digits are wrong; `tries_left` remain."""

    message_zh = "四位数字码不对，请再向老人核对一次。"


class CodeLocked(TooMany):
    """Five wrong codes: this way in is closed for this visit, the plate still works."""

    message_zh = "数字码已输错5次，不能再试。请扫门口的二维码门牌，或请服务机构给老人打电话核实后代为签到。"


class NotCheckedIn(Conflict):
    """Nobody can leave a door at which she has not arrived."""

    message_zh = "还没有签到，不能签退。"


class AlreadyCheckedOut(Conflict):
    """Another check-out of this visit already stands."""

    message_zh = "这次上门已经签退过了。"


class BadMoment(Invalid):
    """A time without zone, in the future, before arrival, or too long ago."""

    message_zh = "时间填写有误，请检查。"


class UnknownTask(Invalid):
    """A ticked task is not on this service's list: `unknown`."""

    message_zh = "勾选的项目不在这项服务的清单里。"


class CodeNotForYou(NotAllowed):
    """Only the elder's side reads the code; whoever must prove her arrival does not."""

    message_zh = "数字码只给老人和家人看，请上门时向老人询问。"


class NotASupervisor(NotAllowed):
    """Records for somebody else are made by the community's office or the provider's dispatcher."""

    message_zh = "代为签到、签退由社区工作人员、接线员或服务机构派单员办理。"


class NotAVisitor(NotAllowed):
    """Attempts to see an elder are recorded by an office or by the visitor who stood at the door."""

    message_zh = "探访记录由社区工作人员或上门的人填写。"


class AttemptNotFound(NotFound):
    """No such attempt."""


class EscalationNotFound(NotFound):
    """No such unanswered door, or it is in other hands."""

    message_zh = "没有找到这条未应答记录，或者不由您负责。"


class EscalationClosed(Conflict):
    """Somebody already closed it: `closed_by`, `resolution`."""

    message_zh = "这条未应答记录已经有人处理完了。"


class NobodyInCharge(Conflict):
    """No person of the needed office covers this area."""

    message_zh = "这个片区还没有登记负责人，请先在系统里指定社区或街道负责人。"


class DutyNotFound(NotFound):
    """The elder is not on the list of those who must be visited."""

    message_zh = "这位老人不在探访名单上。"


class PlateNotFound(NotFound):
    """The elder has no plate in use."""

    message_zh = "这位老人家没有正在使用的门牌。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    **OF_COMPLAINTS,
    "visit_order_idx": VisitNotOpen,
    "visit_one_started_per_visitor_idx": AnotherVisitRunning,
    "visit_ends_after_start_check": BadMoment,
    "visit_attempt_not_in_the_future_check": BadMoment,
    "visit_attempt_outcome_check": Invalid,
    "visit_attempt_channel_check": Invalid,
    "escalation_closed_by_somebody_check": EscalationClosed,
    "visit_duty_dates_check": BadMoment,
}
