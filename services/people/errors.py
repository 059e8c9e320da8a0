"""Why somebody could not be signed in, bound or represented."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, SignInNeeded, TooMany


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


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "person_phone_hash_key": PhoneTaken,
    "person_id_number_hash_key": IdNumberTaken,
    "proxy_one_active_idx": AlreadyBound,
    "proxy_is_another_person_check": Invalid,
    "role_grant_active_idx": Conflict,
}
