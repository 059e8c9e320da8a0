"""The words of a case file: what codes of events, payments and proofs are called when an auditor reads them."""

from __future__ import annotations

STEPS_ZH = {
    "placed": "已下单",
    "offered": "派给机构",
    "declined": "机构没接",
    "accepted": "机构接单",
    "assigned": "派人",
    "reassigned": "换人",
    "in_service": "开始服务",
    "served": "服务做完",
    "confirmed": "已确认",
    "cancelled": "已取消",
    "rated": "评价",
    "unfilled": "没有机构接",
    "rescheduled": "改了时间",
    "given_back": "机构退单",
    "owed": "记下应付",
    "authorise_requested": "请求预扣",
    "authorise_sent": "预扣已发出",
    "authorised": "已预扣",
    "capture_requested": "请求扣款",
    "capture_sent": "扣款已发出",
    "captured": "已扣款",
    "released": "已放开",
    "failed": "没有成功",
    "release_requested": "请求放开",
    "release_sent": "放开已发出",
}
"""Kinds of order and payment events; an unknown one stays as it is written in the row."""
PROOFS_ZH = {
    "door_plate": "门牌码",
    "elder_code": "四位码",
    "phone_call": "电话核实",
    "phone_in": "打电话签到",
    "supervisor": "督导确认",
}
STATES_ZH = {
    "open": "等答复",
    "accepted": "接了",
    "declined": "没接",
    "expired": "过时未答",
    "withdrawn": "收回",
    "planned": "已派",
    "done": "做完",
    "cancelled": "取消",
    "spent": "已用",
    "held": "预留",
    "released": "退回",
}
MOVES_ZH = {
    "reserve": "预留",
    "capture": "使用",
    "release": "退回",
    "refund": "退款",
    "lapse": "失效",
    "elsewhere": "别处用掉",
}
