"""Fixed examples of the elder's, family's, carer's and volunteer's pages for the gallery. Invented people."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

Example = tuple[str, dict[str, Any]]

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
END = START + timedelta(hours=2)
SLOT = {"slot_start": START, "slot_end": END}
BATH = {"service_name": "上门助浴", **SLOT}
ADDRESS = "玄武区兰园街道 18 号 3 幢 402 室"
OWN = {"shell": "elder", "base": "/elder", "elder_name": "王奶奶"}
FAMILY = {"shell": "phone", "base": "/family/7", "elder_name": "王奶奶"}
STEPS = {"step": 2, "steps": 3}
EVENTS = [
    {
        "happened_at": NOW - timedelta(hours=2),
        "words": "李敏替您下单",
        "more": "女儿，从深圳",
        "tone": "ok",
    },
    {
        "happened_at": NOW - timedelta(minutes=90),
        "words": "安康没有答复，转给下一家",
        "more": "",
        "tone": "bad",
    },
    {
        "happened_at": NOW - timedelta(minutes=82),
        "words": "康乐居家养老服务中心接单",
        "more": "",
        "tone": "ok",
    },
    {
        "happened_at": NOW - timedelta(minutes=60),
        "words": "陈芳来，星期四上午9点",
        "more": "护理员，有助浴证",
        "tone": "info",
    },
]
ORDER = {
    "id": 41,
    "number": "2026-1124-0041",
    "status": "assigned",
    **BATH,
    "provider_name": "康乐居家养老服务中心",
    "provider_phone": "025-8477 1203",
    "carer_name": "陈芳",
    "address": ADDRESS,
    "price_fen": 12000,
    "government_fen": 8000,
    "pay_fen": 4000,
    "door_code": "4 0 7 2".replace(" ", ""),
    "can_cancel": True,
    "can_confirm": False,
    "can_rate": False,
    "rating": None,
}
OPTIONS = [
    {
        "provider_name": "康乐居家养老服务中心",
        "at_home": True,
        "walk_seconds": 372,
        "walk_estimated": False,
        "price_fen": 12000,
        "pay_fen": 4000,
        "grade_words": "四星机构，去年 212 位老人打了好评",
        "reasons": ["星期四上午有两个人能来", "常来您家的陈芳在这家"],
        "href": "/elder/order/service/bath/confirm?provider=3",
        "value": "3",
    },
    {
        "provider_name": "玄武门街道综合养老中心",
        "at_home": False,
        "walk_seconds": 655,
        "walk_estimated": True,
        "price_fen": 6000,
        "pay_fen": 2000,
        "grade_words": "三星机构",
        "reasons": ["浴室有扶手和淋浴椅"],
        "href": "/elder/order/service/bath/confirm?provider=9",
        "value": "9",
    },
]
LEFT_OUT = [
    {"provider_name": "夕阳红助浴点", "why": "走过去要 24 分钟，超过 15 分钟"},
    {"provider_name": "同仁护理站", "why": "星期四上午没有空的人"},
]
SUMMARY = {
    **BATH,
    "provider_name": "康乐居家养老服务中心",
    "provider_phone": "025-8477 1203",
    "address": ADDRESS,
    "at_home": True,
    "price_fen": 12000,
    "government_fen": 8000,
    "pay_fen": 4000,
}
MESSAGES = [
    {
        "sent_at": NOW,
        "text": "陈芳星期四上午9点来帮您洗澡。到门口请把四位数字念给她。",
        "unread": True,
        "href": "/elder/orders/41",
    },
    {
        "sent_at": NOW - timedelta(days=3),
        "text": "社区食堂明天有萝卜烧肉和蒸蛋。",
        "unread": False,
        "href": None,
    },
]
REASONS = [("time", "时间不合适"), ("provider", "想换一家"), ("other", "不需要了")]
PROXY = {
    "id": 1,
    "name": "李敏",
    "relation": "女儿",
    "scopes": ["view", "order", "pay"],
    "status": "confirmed",
    "by_elder": True,
    "confirmed_at": NOW,
    "mine": True,
}
CONFIRM = {
    "summary": SUMMARY,
    "step": 3,
    "steps": 3,
    "back_href": "/elder/order/service/bath",
    "hidden": {"service": "bath", "provider": "3", "start": "2026-11-26T09:00+08:00"},
    "idempotency_key": "kit-1",
    "errors": {},
    "warning": "",
}
PLACED = {"order": ORDER, "phone": "12349", "answer_minutes": 10}
PEOPLE: dict[str, Example] = {
    "front": (
        "front.html",
        {
            "cast": [
                {
                    "name": "李敏",
                    "phone": "138****0002",
                    "who": "女儿，在深圳",
                    "href": "/sign-in?phone=13800000002",
                },
                {
                    "name": "赵建国",
                    "phone": "138****0006",
                    "who": "街道民政干部",
                    "href": "/sign-in?phone=13800000006",
                },
            ],
        },
    ),
    "problem": (
        "problem.html",
        {
            "title": "这一页打不开",
            "words": "可能已经取消，或者不是您的单。",
            "back_href": "/elder",
            "reference": "a41c09",
        },
    ),
    "sign-in-phone": (
        "sign_in/phone.html",
        {"errors": {}, "phone": "", "back": "/elder", "wechat_href": "/sign-in/wechat", "from_wechat": False},
    ),
    "sign-in-code-wrong": (
        "sign_in/code.html",
        {
            "errors": {"code": "数字不对，还可以试 3 次"},
            "phone": "13800000002",
            "phone_masked": "138****0002",
            "back": "/family",
            "on_its_way": False,
            "minutes_valid": 5,
            "code_page": "/dev/messages",
        },
    ),
    "bound": (
        "sign_in/bound.html",
        {"ok": True, "elder_name": "王奶奶", "bound_by": "女儿 李敏", "reason": ""},
    ),
    "bound-refused": (
        "sign_in/bound.html",
        {"ok": False, "elder_name": "", "bound_by": "", "reason": "这张卡昨天已经停用。"},
    ),
    "me": (
        "sign_in/me.html",
        {
            "person": {
                "name": "李敏",
                "phone_masked": "138****0002",
                "role_words": "家人",
                "area_name": "兰园社区",
                "bound_until": None,
            },
            "roles": [
                {"code": "family", "words": "家人", "current": True},
                {"code": "volunteer", "words": "志愿者", "current": False},
            ],
        },
    ),
    "elder-home": (
        "elder/home.html",
        {
            "elder_name": "王奶奶",
            "part_of_day": "morning",
            "now": NOW,
            "orders": [ORDER],
            "unread": 1,
            "waiting": [{"href": "/elder/volunteers/5", "name": "李文华", "title": "来看看我"}],
            "call_phone": "12349",
        },
    ),
    "elder-home-empty": (
        "elder/home.html",
        {
            "elder_name": "孙大爷",
            "part_of_day": "afternoon",
            "now": NOW,
            "orders": [],
            "unread": 0,
            "waiting": [],
            "call_phone": "12349",
        },
    ),
    "elder-messages": ("elder/messages.html", {"messages": MESSAGES}),
    "order-service": (
        "order/service.html",
        {
            **OWN,
            "step": 1,
            "steps": 3,
            "category": "bathing",
            "by_volunteers": False,
            "services": [
                {"code": "bath", "name": "上门助浴", "plain": "护理员到家帮您洗", "from_fen": 4000},
                {"code": "bath-centre", "name": "到中心洗", "plain": "有扶手，有人照看", "from_fen": 2000},
            ],
        },
    ),
    "order-when": (
        "order/when.html",
        {
            **OWN,
            "service_name": "上门助浴",
            "back_href": "/elder/order/service/bath",
            "days": [
                {
                    "day": date(2026, 11, 26) + timedelta(days=ahead),
                    "slots": [
                        {
                            "start": START + timedelta(days=ahead, hours=h),
                            "end": END + timedelta(days=ahead, hours=h),
                            "href": f"/elder/order/service/bath?day={ahead}&hour={h}",
                        }
                        for h in (0, 5)
                    ],
                }
                for ahead in range(3)
            ],
        },
    ),
    "order-provider": (
        "order/provider.html",
        {
            **OWN,
            **STEPS,
            **BATH,
            "when_href": "/elder/order/service/bath/when",
            "back_href": "/elder",
            "options": OPTIONS[:1],
            "more_options": OPTIONS[1:],
            "left_out": LEFT_OUT,
        },
    ),
    "order-provider-none": (
        "order/provider.html",
        {
            **OWN,
            **STEPS,
            **BATH,
            "when_href": "/elder/order/service/bath/when",
            "back_href": "/elder",
            "options": [],
            "more_options": [],
            "left_out": LEFT_OUT,
        },
    ),
    "order-confirm": ("order/confirm.html", {**OWN, **CONFIRM}),
    "order-placed": ("order/placed.html", {**OWN, **PLACED}),
    "order": ("order/order.html", {**OWN, "order": ORDER, "events": EVENTS, "is_open": False}),
    "order-cancel": (
        "order/cancel.html",
        {**OWN, "order": ORDER, "fee_fen": 0, "errors": {}, "reasons": REASONS},
    ),
    "order-cancelled": (
        "order/cancelled.html",
        {**OWN, "order": ORDER, "again_href": "/elder/order/bathing", "phone": "12349"},
    ),
    "order-confirm-done": (
        "order/confirm_done.html",
        {**OWN, "order": ORDER, "service_minutes": 95, "errors": {}},
    ),
    "order-confirmed": (
        "order/confirmed.html",
        {**OWN, "order": ORDER},
    ),
    "family-home": (
        "family/home.html",
        {
            "base": "/family/7",
            "elders": [
                {"id": 7, "name": "王秀兰", "relation": "母亲", "current": True},
                {"id": 8, "name": "李德明", "relation": "父亲", "current": False},
            ],
            "elder": {
                "name": "王秀兰",
                "relation": "女儿",
                "years": 78,
                "community_name": "兰园社区",
                "lives_alone": True,
            },
            "can_order": True,
            "can_pay": True,
            "today": [{"order_id": 41, **ORDER}],
            "waiting": [],
            "awaiting": [{"order_id": 38, **ORDER, "service_name": "打扫", "status": "served"}],
            "spend": {"month_pay_fen": 9600, "month_government_fen": 31200, "voucher_left_fen": 48000},
            "events": EVENTS,
        },
    ),
    "family-categories": ("family/categories.html", {"base": "/family/7", "elder_name": "王秀兰"}),
    "family-order-provider": (
        "order/provider.html",
        {
            **FAMILY,
            **STEPS,
            **BATH,
            "when_href": "/family/7/order/service/bath/when",
            "back_href": "/family/7/order",
            "options": OPTIONS[:1],
            "more_options": OPTIONS[1:],
            "left_out": LEFT_OUT,
        },
    ),
    "family-order-confirm": (
        "order/confirm.html",
        {**FAMILY, **CONFIRM, "warning": "您姐姐李静今天已经订了同一天的助浴。"},
    ),
    "family-order": ("order/order.html", {**FAMILY, "order": ORDER, "events": EVENTS, "is_open": False}),
    "family-messages": ("family/messages.html", {"base": "/family/7", "messages": MESSAGES}),
    "family-consent": (
        "family/consent.html",
        {**FAMILY, "errors": {}, "is_elder": False, "proxies": [PROXY]},
    ),
    "elder-consent": (
        "family/consent.html",
        {
            **OWN,
            "errors": {},
            "is_elder": True,
            "proxies": [
                {**PROXY, "mine": False},
                {**PROXY, "id": 2, "name": "李静", "status": "waiting", "confirmed_at": None, "mine": False},
            ],
        },
    ),
    "family-bind": (
        "family/bind.html",
        {
            "given": {"elder_name": "王秀兰", "elder_id_number": "", "relation": "女儿"},
            "missing": ("elder_id_number",),
            "refusals": {},
            "scopes": ("view", "order", "pay"),
            "asked": [{"id": 2, "relation": "女儿", "requested_at": NOW}],
            "bound": False,
        },
    ),
}
