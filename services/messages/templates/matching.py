"""What people are told while an order looks for a provider."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "matching.offered": Template(
        "有新单，请答复",
        "【银龄圈】新单{order_number}：{service}，{window}。请在{expires_at}前答复，过时转给下一家。",
    ),
    "matching.claimable": Template(
        "有单可以抢",
        "【银龄圈】单号{order_number}：{service}，{window}，几家同时收到，谁先接归谁。{expires_at}前有效。",
    ),
    "matching.claimed": Template(
        "一单已被别家接走",
        "【银龄圈】单号{order_number}（{service}，{window}）已经有人接了，不用再答复。",
        waits_for_morning=True,
    ),
    "matching.bureau_asked": Template(
        "有订单等您派",
        "【银龄圈】{elder}的{service}（{window}，单号{order_number}）等您安排机构，请在{expires_at}前派出。",
    ),
    "matching.bureau_silent": Template(
        "有订单没有及时派出",
        "【银龄圈】{elder}的{service}（{window}，单号{order_number}）民政没有及时安排，已改为逐家询问，请留意。",
    ),
    "matching.expired": Template(
        "一单已转给别家",
        "【银龄圈】单号{order_number}（{service}）没有在规定时间答复，已转给下一家。",
        waits_for_morning=True,
    ),
    "matching.withdrawn": Template(
        "一单已撤回",
        "【银龄圈】单号{order_number}（{service}，{window}）老人已取消，不用再答复。",
        waits_for_morning=True,
    ),
    "matching.accepted": Template(
        "已有机构接单",
        "【银龄圈】{provider}已接下{elder}的{service}（{window}，单号{order_number}），安排好人再告诉您。",
        waits_for_morning=True,
    ),
    "matching.passed_on": Template(
        "您选的机构没能接单",
        "【银龄圈】{provider}没能接下{elder}的{service}（{window}，单号{order_number}），正在问下一家，接下就告诉您。",
        waits_for_morning=True,
    ),
    "matching.slow": Template(
        "有订单迟迟没人接",
        "【银龄圈】{elder}的{service}（{window}，单号{order_number}）已问过{asked}家，还没有人接，请留意。",
    ),
}
