"""Why a volunteer cannot take this need, or these minutes cannot be booked: each says what to do."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class NotAVolunteer(NotAllowed):
    """Only a registered volunteer who has not left takes needs."""

    message_zh = "请先实名注册成为志愿者。"


class AlreadyAVolunteer(Conflict):
    """She is on the register already."""

    message_zh = "您已经是注册志愿者了。"


class TooYoung(NotAllowed):
    """Younger than the city's time bank allows: `age`, `least`."""

    message_zh = "年龄还不到本市时间银行对志愿者的要求。"


class NotTrained(NotAllowed):
    """The training tick is missing."""

    message_zh = "还没有完成志愿者培训，请联系社区报名；培训后就可以接单。"


class NotInsured(NotAllowed):
    """The insurance ends before the day of the need: `insured_until`."""

    message_zh = "志愿者保险在服务当天没有生效，请联系社区续保后再接。"


class OwnRelative(NotAllowed):
    """The city does not let volunteers earn minutes with their own relatives."""

    message_zh = "按本市规定，为自己的亲属服务不计入时间银行，请让别的志愿者来接。"


class NeedNotFound(NotFound):
    """No such need, or it was taken by somebody else, which looks the same."""

    message_zh = "没有找到这个需求，它可能已被别的志愿者接走。"


class NeedTaken(Conflict):
    """Another volunteer was first."""

    message_zh = "这个需求刚刚被别的志愿者接走了，谢谢您的热心。"


class NeedNotOpen(Conflict):
    """The need has moved on: `state`."""

    message_zh = "这个需求现在的状态不能这样操作。"


class NeedPast(Conflict):
    """The time of the need has passed."""

    message_zh = "这个需求的时间已经过了。"


class OtherVisitThen(Conflict):
    """The volunteer promised another visit at that time: `visit_id`."""

    message_zh = "这个时间您已经有别的上门安排。"


class UnknownNeedKind(Invalid):
    """Not one of the services that volunteers give."""

    message_zh = "没有这种志愿服务，请从列表里选择。"


class BoardShowsNoNames(Invalid):
    """The title holds a name, a number or a door; the board is read by strangers."""

    message_zh = "标题会公开在需求板上，请不要写姓名、电话和门牌号。"


class BadWindow(Invalid):
    """The end lies before the start, the start in the past, or the span is longer than a day."""

    message_zh = "请填写将来的时间，结束须晚于开始，且不超过一天。"


class SessionNotFound(NotFound):
    """No such served time, or it is not yours to see."""

    message_zh = "没有找到这次服务记录。"


class NotYoursToConfirm(NotAllowed):
    """Nobody confirms her own minutes; the elder, her family or the community does."""

    message_zh = "服务时间须由老人、家人或社区确认，志愿者本人不能确认。"


class AlreadySettled(Conflict):
    """The minutes were posted or voided before: `state`."""

    message_zh = "这次服务的时间已经确认或作废，不能再改；有差错请联系社区更正。"


class NoAccount(Conflict):
    """The volunteer has no account in the time bank."""

    message_zh = "这位志愿者还没有时间银行账户，请联系社区开户。"


class StatementNotYours(NotFound):
    """Accounts are read by their owner and her community's office."""

    message_zh = "没有找到这个时间银行账户。"


class GuardianNeeded(NotAllowed):
    """A minor of the age the city allows, whose guardian has not agreed: `age`, `least`."""

    message_zh = "未成年人参加志愿服务须由监护人同意，请到社区办理。"


class GuardianTooYoung(Invalid):
    """Who agrees for a minor is of age herself."""

    message_zh = "监护人须年满18岁。"


class NotARealName(Invalid):
    """No name, or an ID number that is not right: `field`."""

    message_zh = "实名登记须填写姓名和18位身份证号。"


class KnownElsewhere(Conflict):
    """She is registered in another office's area; her own community registers her as a volunteer."""

    message_zh = "这个人登记在别的街道，请到她所在的社区办理。"


class MayNotRedeem(NotAllowed):
    """The city's policy does not let these hours be spent so: `refusal`, `relation`."""

    message_zh = "按本市规定，这些时间现在不能这样兑换。"


class TooYoungToRedeem(MayNotRedeem):
    """Too young to spend hours on herself."""

    message_zh = "还没到本市规定的兑换年龄。"


class RelativeTooYoung(MayNotRedeem):
    """The relative has not reached the age."""

    message_zh = "受助的亲属还没到本市规定的年龄。"


class TooLittleSaved(MayNotRedeem):
    """Saved less than the city asks before the first redemption: `least_minutes`."""

    message_zh = "存的时间还没到本市规定的起兑数。"


class NotEnoughHours(Conflict):
    """Less is free to spend than needed: `needed_minutes`, `available_minutes`; fresh minutes wait out their days."""

    message_zh = "可用的时间不够；刚存入的时间要过了冷静期才能用。"


class NoGrantedHours(Conflict):
    """Nobody granted this elder hours."""

    message_zh = "这位老人没有发放的时间。"


class ReasonNeeded(Invalid):
    """Who enters something for another says why."""

    message_zh = "代他人办理须写明原因。"


class RedemptionNotFound(NotFound):
    """No such booking with hours, or it is not yours to see."""

    message_zh = "没有找到这笔兑换。"


class RedemptionEnded(Conflict):
    """Settled or released before: `state`."""

    message_zh = "这笔兑换已经结清或退回。"


class NoReserve(Conflict):
    """The city's policy has no reserve for professionals, or it is empty."""

    message_zh = "本市没有可用的保障储备，不能由专业人员代做。"


class MayNotGive(NotAllowed):
    """The city's policy does not allow this gift: `to`."""

    message_zh = "按本市规定，时间不能这样转赠。"


class SameKeyOtherGift(Conflict):
    """This key was used for another gift: `movement_id`, `minutes` as they were written."""

    message_zh = "同一个办理编号已用于另一笔，请刷新页面后重新填写。"


class ReceiverNotFound(NotFound):
    """No active volunteer has this passport in this city."""

    message_zh = "没有找到这个志愿者证号，请核对后再试。"


class BanksApart(Conflict):
    """The two banks do not honour each other's minutes: `to_ledger`."""

    message_zh = "这两家时间银行还没有通存通兑，这些时间暂时不能跨区用。"


class BanksFull(Conflict):
    """The two banks owe each other as much as they agreed to: `to_ledger`, `room_minutes`."""

    message_zh = "两区之间往来的时间已到上限，等两区结清后才能再跨区；本区内照常使用。"


class GroupMinutesOnlyDonate(NotAllowed):
    """A group's minutes can only be donated; a member's cannot be spent by herself."""

    message_zh = "团体服务的时间只能捐赠。"


class GroupNotFound(NotFound):
    """No such volunteer group in your area."""

    message_zh = "没有找到这个志愿团体。"


class GroupNameTaken(Conflict):
    """A group of this name is on the register."""

    message_zh = "这个名称的志愿团体已经登记过了。"


class OfficeOnly(NotAllowed):
    """Only the community's office enters this."""

    message_zh = "这一项由社区工作人员办理。"


class NotToCallBack(Conflict):
    """This session was not drawn for a call-back, or it has been answered: `state`."""

    message_zh = "这次服务不在回访名单里，或已经回访过。"


class BadNewPlace(Invalid):
    """Not another street or community of the same city: `area_code`."""

    message_zh = "请选本市的另一个街道或社区。"


class HoursOnTheirWay(Conflict):
    """Her hours are on their way to another bank already."""

    message_zh = "她的时间已经在转往另一个区，请等转好再办。"


class HourMoveNotFound(NotFound):
    """No such move of hours between districts, or it is not yours to see."""

    message_zh = "没有找到这次转区。"


class HourMoveEnded(Conflict):
    """Nothing went over yet, it went back already, or she moved on since: `state`."""

    message_zh = "这次转区还没有转好，或已经退回，不能再退。"


class NothingLeft(Conflict):
    """The account holds nothing that could move."""

    message_zh = "账户里没有可以转出的时间。"


class PaperNotFound(NotFound):
    """No paper bears this code."""

    message_zh = "没有这份证明，请核对二维码。"


class BadDays(Invalid):
    """The days of a paper run backwards or into the future."""

    message_zh = "起止日期不对：开始不晚于结束，结束不晚于今天。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "need_window_check": BadWindow,
    "need_not_taken_by_the_elder_check": OwnRelative,
    "volunteer_session_no_overlap_excl": AlreadySettled,
    "volunteer_session_one_per_visit_key": AlreadySettled,
    "volunteer_pkey": AlreadyAVolunteer,
    "volunteer_passport_number_key": AlreadyAVolunteer,
    "redemption_one_per_need_key": RedemptionEnded,
    "redemption_by_another_has_reason_check": ReasonNeeded,
    "hour_movement_key_key": NothingLeft,
    "volunteer_guardian_is_another_check": GuardianNeeded,
    "volunteer_group_name_key": GroupNameTaken,
    "volunteer_minor_has_guardian_check": GuardianNeeded,
    "volunteer_guardian_of_age_check": GuardianTooYoung,
    "hour_move_one_from_an_account_key": HoursOnTheirWay,
}
