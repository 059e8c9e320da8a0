"""What people are told about an order on its way."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "orders.placed": Template(
        "订单已提交",
        "【银龄圈】已为{elder}预约{service}，时间{window}，单号{order_number}。"
        "正在联系机构接单；没有人接，我们会打电话告诉您。",
        waits_for_morning=True,
    ),
    "orders.place_held": Template(
        "位子订好了",
        "【银龄圈】已为{elder}订好{provider}的{service}，{window}，单号{order_number}。不去了请早点取消，位子让给别人。",
        waits_for_morning=True,
    ),
    "orders.place_taken": Template(
        "有人订了位子",
        "【银龄圈】{window}的{service}有新的预订，单号{order_number}。忌口请看“今天来的人”。",
        waits_for_morning=True,
    ),
    "orders.series_missed": Template(
        "这一次没有订上",
        "【银龄圈】{elder}的定期预约{service}（{starts_at}）这一次没有订上，请打开“定期”看原因，或拨打服务热线。",
    ),
    "orders.series_stopped": Template(
        "定期预约停了",
        "【银龄圈】{elder}的定期预约{service}已停止（{starts_at}起）：原来下单的人不再有权办理。需要的话请重新预约。",
    ),
    "orders.not_come": Template(
        "今天没有等到您",
        "【银龄圈】{provider}今天没有等到{elder}来{service}（{window}，单号{order_number}），这一单已取消，不收钱。",
    ),
    "orders.cancelled_with_fee": Template(
        "订单已取消，收取消费",
        "【银龄圈】{elder}的{service}（{window}，单号{order_number}）已取消。临近服务时间取消，收取消费{amount}，其余退回。",
        waits_for_morning=True,
    ),
    "orders.cancelled": Template(
        "订单已取消",
        "【银龄圈】{elder}的{service}（{window}，单号{order_number}）已取消。没有做的服务不收钱。",
    ),
    "orders.cancelled_for_provider": Template(
        "老人取消了订单", "【银龄圈】{window}的{service}（单号{order_number}）已取消，请不要再派人上门。"
    ),
    "orders.served": Template(
        "服务做完了，请确认",
        "【银龄圈】{elder}的{service}已做完，单号{order_number}。请打开“订单”确认并评价；没来或没做完，请拨打服务热线。",
        waits_for_morning=True,
    ),
    "orders.confirmed": Template(
        "订单已确认",
        "【银龄圈】单号{order_number}（{service}）已由老人一方确认，将计入本月结算。",
        waits_for_morning=True,
    ),
    "orders.unfilled": Template(
        "暂时没有人能接单",
        "【银龄圈】{elder}预约的{service}（{window}）暂时没有机构能接。社区话务员会打电话和您商量，您不用付钱。",
    ),
    "orders.unfilled_for_operator": Template(
        "有订单无人接，请回电",
        "【银龄圈】{elder}的{service}（{window}，单号{order_number}）没有机构能接，请尽快回电。",
    ),
    "orders.rated_poor": Template(
        "有差评，请回访",
        "【银龄圈】{elder}对{provider}的{service}（单号{order_number}）评价“不好”，请电话回访。",
    ),
}
