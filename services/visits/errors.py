"""Why a door stayed closed to a record: each refusal says what the visitor can do instead."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, TooMany
from services.visits.care_errors import BY_CONSTRAINT as OF_CARE
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


class UnknownReason(Invalid):
    """The reason is none of the house's words: `known`."""

    message_zh = "请从列出的原因里选一个。"


class NotToldWhy(Invalid):
    """An exception, a decision or a closing needs words."""

    message_zh = "请写清楚怎么回事，至少两个字。"


class AlreadyExcepted(Conflict):
    """This fact of the visit already has its exception."""

    message_zh = "这一项已经登记过例外。"


class ExceptionNotFound(NotFound):
    """No such exception, or it is of another area or provider."""

    message_zh = "没有找到这条例外登记。"


class AlreadyDecided(Conflict):
    """A supervisor decided already: `decision`."""

    message_zh = "这条例外已经有人审过了。"


class YourOwnWord(NotAllowed):
    """Nobody decides about her own visit or her own word."""

    message_zh = "自己上门、自己登记的例外，要由别人来审。"


class CallNotMatched(Conflict):
    """The caller's number is neither the elder's nor the visitor's."""

    message_zh = "来电号码既不是老人家的，也不是上门人的，不能凭这个电话签到。请核实后按例外登记。"


class CallNeedsCode(Conflict):
    """From her own phone a visitor proves the place with the elder's four digits."""

    message_zh = "用自己的电话签到，要报老人的四位数字码。"


class CallFitsNoVisit(Conflict):
    """No visit, or more than one, fits the call."""

    message_zh = "没有对得上的上门安排，或者不止一个，请由接线员登记。"


class NotForCalls(NotAllowed):
    """Calls are recorded by the phone operator or an office."""

    message_zh = "电话签到由接线员或社区工作人员登记。"


class CallNotSigned(NotAllowed):
    """The telephone exchange's notice carries no valid signature."""

    message_zh = "来电通知的签名不对。"


class UnknownRisk(Invalid):
    """A ticked risk is none of the house's words: `unknown`."""

    message_zh = "勾选的情况不在列表里。"


class BadVitals(Invalid):
    """A vital sign outside what a body can have: `field`."""

    message_zh = "测量值填写有误，请检查。"


class AlertNotFound(NotFound):
    """No such alert, or it is in other hands."""

    message_zh = "没有找到这条情况，或者不由您负责。"


class AlertClosed(Conflict):
    """Somebody already closed it: `closed_by`."""

    message_zh = "这条情况已经有人处理完了。"


class NoPhotosHere(NotAllowed):
    """The elder's side did not say that photos may be kept."""

    message_zh = "老人一方没有同意留照片，请不要拍。"


class TooManyPhotos(Conflict):
    """A visit keeps at most six photos."""

    message_zh = "一次上门最多留六张照片。"


class PhotoRefused(Invalid):
    """Not a JPEG, PNG or WebP picture of at most 5 MiB, or a broken one."""

    message_zh = "照片要是 JPEG、PNG 或 WebP，不超过5 MB。"


class DeviceNotFound(NotFound):
    """No such phone of this person, or it was revoked."""

    message_zh = "没有找到这部登记过的手机，或者它已经注销。"


class SignInAgain(NotAllowed):
    """A phone is registered shortly after signing in, not from an old session."""

    message_zh = "登记手机要在刚登录之后。请退出，重新登录一次再登记。"


class BadDeviceKey(Invalid):
    """Not a public key of ECDSA P-256 in SPKI."""

    message_zh = "这部手机给的密钥格式不对。"


class TooManyDevices(Conflict):
    """Three phones at most; revoke one first."""

    message_zh = "最多登记三部手机，请先注销一部。"


class KeyTaken(Conflict):
    """This key is already somebody's."""

    message_zh = "这部手机已经登记过了。"


class BadSignature(NotAllowed):
    """The bytes were not signed by this phone, or were altered on the way."""

    message_zh = "签名不对，这条记录不是这部手机签的，或者被改动过。"


class BadEvent(Invalid):
    """The signed bytes are not an event in canonical form."""

    message_zh = "离线记录的格式不对。"


class NumberTaken(Conflict):
    """Another event of this phone already bears this number."""

    message_zh = "这个序号已经用过，和原来的记录对不上。"


class ReviewNotFound(NotFound):
    """No such visit in the list for review."""

    message_zh = "没有找到这次上门的核查记录。"


class NotForReview(NotAllowed):
    """The list is read by the community's office."""

    message_zh = "核查名单给社区和街道工作人员看。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    **OF_CARE,
    **OF_COMPLAINTS,
    "visit_order_idx": VisitNotOpen,
    "visit_one_started_per_visitor_idx": AnotherVisitRunning,
    "visit_ends_after_start_check": BadMoment,
    "visit_attempt_not_in_the_future_check": BadMoment,
    "visit_attempt_outcome_check": Invalid,
    "visit_attempt_channel_check": Invalid,
    "escalation_closed_by_somebody_check": EscalationClosed,
    "visit_duty_dates_check": BadMoment,
    "visit_exception_supervisor_is_another_check": YourOwnWord,
    "visit_exception_one_per_fact_key": AlreadyExcepted,
    "visit_photo_with_consent_check": NoPhotosHere,
    "carer_device_key_key": KeyTaken,
    "device_event_one_per_number_key": NumberTaken,
}
