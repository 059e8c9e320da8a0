"""Why somebody could not be signed in, bound or represented."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, SignInNeeded, TooMany, Unavailable


class WrongCode(SignInNeeded):
    """The one-time code is wrong, used or expired; `tries_left` says how often it may still be tried."""

    message_zh = "验证码不对或已过期，请核对短信，或重新获取。"


class CodeTriesUsedUp(TooMany):
    """The code was tried too often and is void."""

    message_zh = "验证码输错次数过多，请重新获取。"


class TooManyCodes(TooMany):
    """More codes were asked for one phone, or by one sender, than an hour allows."""

    message_zh = "获取验证码过于频繁，请一小时后再试，或拨打社区电话。"


class UnknownPhone(NotFound):
    """No person with this phone is registered; told only after the code was proved."""

    message_zh = "这个手机号还没有登记，请联系社区工作人员登记。"


class CardUsed(NotAllowed):
    """The binding card was used, replaced or has expired."""

    message_zh = "这张绑定卡已经用过或已过期，请向社区换一张新卡。"


class BadPhone(Invalid):
    """Not an 11-digit mainland mobile number or an area-coded landline."""

    message_zh = "请输入11位手机号。"


class ElderNotFound(NotFound):
    """No elder with this ID number and name; which of the two is wrong is not told."""

    message_zh = "姓名与身份证号不匹配，请核对后再试。"


class AlreadyBound(Conflict):
    """The relative is already bound, or has already asked."""

    message_zh = "您已经申请过或已绑定这位老人。"


class ProxyNotOpen(Conflict):
    """The request was already answered or revoked."""

    message_zh = "这个申请已经处理过了。"


class PhoneTaken(Conflict):
    """Another person is registered with this phone."""

    message_zh = "这个手机号已登记在另一个人名下。"


class IdNumberTaken(Conflict):
    """Another person is registered with this ID number."""

    message_zh = "这个身份证号已经登记过了。"


class ConsentMissing(NotAllowed):
    """The person has not agreed to this use, or has withdrawn; `purpose` says to which."""

    message_zh = "没有取得本人同意，不能这样使用。"


class UnknownPurpose(Invalid):
    """No such purpose is asked today, or another version of it was shown."""

    message_zh = "这项同意书已经换了新版本，请刷新页面再看一遍。"


class PaperMissing(Invalid):
    """At the counter a consent needs the signed paper, kept as an attachment about this elder."""

    message_zh = "柜台代办要先上传老人签了字的同意书。"


class NotOnTheDay(NotAllowed):
    """Health and the emergency phone are read by who visits her, on the day of the visit."""

    message_zh = "只有当天上门的人、上门之前和上门期间可以看。"


class PositionOutsideVisit(Conflict):
    """A position taken before check-in, after check-out, or by somebody else."""

    message_zh = "只能在签到之后、签退之前记录位置。"


class CodeNotCarried(Conflict):
    """The carrier refused the number for good, so no text will come."""

    message_zh = "运营商没有把短信送到这个号码（空号、停机或拒收）。请核对号码，换一个号码，或拨打社区电话。"


class WechatRefused(NotAllowed):
    """WeChat does not know the code: used, expired, or given to another application."""

    message_zh = "微信登录没有成功，请从公众号菜单重新打开。"


class WechatStateWrong(NotAllowed):
    """The answer does not belong to the browser that asked."""

    message_zh = "这次微信登录已过期，请重新点登录。"


class WechatAway(Unavailable):
    """WeChat does not answer just now."""

    message_zh = "微信暂时没有回应，请稍后再试，或用手机号登录。"


class WechatTaken(Conflict):
    """The WeChat account already signs somebody else in."""

    message_zh = "这个微信已经绑定了另一个人，请先在那里解绑。"


class NoSuchWechat(NotFound):
    """No such bound WeChat account of this person."""

    message_zh = "没有这个绑定的微信。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "person_phone_hash_key": PhoneTaken,
    "person_id_number_hash_key": IdNumberTaken,
    "proxy_one_active_idx": AlreadyBound,
    "proxy_is_another_person_check": Invalid,
    "role_grant_active_idx": Conflict,
    "wechat_account_one_person_idx": WechatTaken,
    "disclosure_consent_check": ConsentMissing,
    "disclosure_on_the_day_check": NotOnTheDay,
    "visit_position_consent_check": ConsentMissing,
    "visit_position_between_check_in_and_out_check": PositionOutsideVisit,
    "consent_at_the_counter_has_paper_check": PaperMissing,
}
