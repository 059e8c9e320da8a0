"""Why money could not be asked for, held, taken or given back."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, Unavailable


class PayableNotFound(NotFound):
    """No such payable, or it may not be seen."""

    message_zh = "没有这笔应付款。"


class OwedOtherwise(Conflict):
    """The subject already owes another amount; amounts are not edited, they are released and owed anew."""

    message_zh = "这项服务已有一笔金额不同的应付款。"


class PaymentStateConflict(Conflict):
    """The payable is in a state in which this cannot be asked."""

    message_zh = "这笔款项现在不能这样处理。"


class RefundTooLarge(Conflict):
    """More was to be given back than was taken and not yet given back; facts: captured_fen, asked_fen."""

    message_zh = "退款不能超过已扣的金额。"


class NoDifference(NotFound):
    """No such difference of a reconciliation, or it may not be seen."""

    message_zh = "没有这条对账差异。"


class PaymentDeclined(Conflict):
    """The gateway answered: no. `reference` names the charge when one exists."""

    message_zh = "支付没有成功，请换一种方式或联系服务热线。"


class GatewayUnknown(Unavailable):
    """The gateway did not answer: perhaps it was done. Ask again with the same key."""

    message_zh = "支付渠道没有答复，稍后自动重试。"


class BadEventSignature(NotAllowed):
    """A notice that does not come from the gateway, or an old one played again."""

    message_zh = "支付通知的签名无效。"


class BadEvent(Invalid):
    """A signed notice that cannot be read."""

    message_zh = "支付通知无法读取。"


class NoEventSecret(Unavailable):
    """The house was not given the secret by which notices are checked."""

    message_zh = "未配置支付通知密钥。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {"payable_refund_within_captured_check": RefundTooLarge}
