"""What the payer is told of her money."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "payments.authorised": Template(
        "自付部分已预授权",
        "【银龄圈】{elder}的服务，自付部分{amount}已预授权，服务完成并确认后才会扣款。",
        waits_for_morning=True,
    ),
    "payments.awaiting_payer": Template(
        "请付自付部分",
        "【银龄圈】{elder}的服务，自付部分{amount}还没有付。请打开消息，用微信、支付宝或银行卡付款；不会付，请拨打服务热线。",
        waits_for_morning=True,
    ),
    "payments.captured": Template(
        "自付部分已扣款",
        "【银龄圈】{elder}的服务已完成，自付部分{amount}已扣款。有疑问请拨打服务热线。",
        waits_for_morning=True,
    ),
    "payments.released": Template(
        "预授权已解除", "【银龄圈】{elder}的订单未成行，自付部分{amount}已退回，不会扣款。", waits_for_morning=True
    ),
    "payments.refunded": Template(
        "已退款", "【银龄圈】{elder}的服务，已退回{amount}，按原支付方式到账。", waits_for_morning=True
    ),
    "payments.declined": Template(
        "支付没有成功",
        "【银龄圈】{elder}的服务，自付部分{amount}支付没有成功。订单仍然有效，请打开“订单”重新支付或联系服务热线。",
    ),
}
