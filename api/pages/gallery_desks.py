"""Fixed examples of the provider's, officer's and operator's pages for the gallery. Invented people and figures."""

from datetime import timedelta
from typing import Any

from api.pages.gallery_people import ADDRESS, BATH, END, LEFT_OUT, NOW, OPTIONS, START, Example

AREA = {"area_name": "玄武门街道", "as_of": NOW, "read_only": False}
OFFER = {
    "id": 3,
    **BATH,
    "community_name": "兰园社区",
    "walk_seconds": 372,
    "price_fen": 12000,
    "reasons": ["离老人最近", "星期四上午有空"],
    "expires_at": NOW + timedelta(minutes=10),
    "soon": False,
}
JOB = {
    "order_id": 40,
    **BATH,
    "community_name": "兰园社区",
    "elder_name": "王秀兰",
    "carer_name": "陈芳",
    "status": "assigned",
}
CHEN = {"id": 21, "name": "陈芳", "skills": ["bathing", "first_aid"]}
ZHOU = {"id": 22, "name": "周桂英", "skills": ["cleaning", "food_hygiene"]}
BOARD: dict[str, Any] = {
    "provider_name": "康乐居家养老服务中心",
    "now": NOW,
    "said": "",
    "problem": None,
    "offers": [
        OFFER,
        {
            **OFFER,
            "id": 4,
            "service_name": "送饭上门",
            "soon": True,
            "expires_at": NOW + timedelta(minutes=2),
        },
    ],
    "unassigned": [{**JOB, "order_id": 42, "skills": ["bathing"], "free": [CHEN], "others": [ZHOU]}],
    "carers": [{**CHEN, "jobs": [JOB]}, {**ZHOU, "jobs": []}],
    "movable": [{**JOB, "free": [ZHOU]}],
}
RISK_ROW = {
    "elder_id": 90,
    "name_masked": "孙**",
    "community_name": "百子亭社区",
    "risk_words": "高：85 岁独居",
    "days_since": 41,
    "attempts": 2,
    "over": True,
}


def _tier(tier: str, name: str, minutes: int, reached: int, straight: float) -> dict[str, Any]:
    return {
        "tier": tier,
        "name": name,
        "limit": f"{minutes}分钟",
        "reached": reached,
        "total": 1480,
        "share": reached / 1480,
        "straight_share": straight,
        "href": f"/officer/coverage?tier={tier}&profile=elder",
        "definition": f"{name}步行覆盖：走真实的路，不超过{minutes}分钟。",
        "others": [
            {
                "name": "国标服务半径",
                "limit": "500米",
                "share": 0.72,
                "href": f"/officer/coverage?tier={tier}&profile=gb50180",
            }
        ],
    }


def _owned(tier: str, name: str, owning: int, lacking: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "tier": tier,
        "name": name,
        "owning": owning,
        "total": 9,
        "share": owning / 9,
        "target": 0.9,
        "target_year": 2025,
        "lacking": lacking,
        "lacking_count": 9 - owning,
        "href": f"/officer/areas?tier={tier}",
        "definition": "拥有合格设施的区域数÷全部区域数；不等于步行可达。",
    }


POINTS = [
    {"label": f"2025-{m:02d}" if m < 13 else f"2026-{m - 12:02d}", "share": 0.4716 + 0.00512 * i}
    for i, m in enumerate(range(10, 24))
]
COMMUNITIES = ("兰园", "百子亭", "大树根", "天山路", "台城花园", "高楼门", "公教一村", "洪武北路", "珠江路")
OFFICER: dict[str, Any] = {
    **AREA,
    "open_escalations": 1,
    "circles": {
        "confidence_good": True,
        "confidence_reasons": [],
        "estimated": False,
        "profile": "elder",
        "profile_words": "老人步速 0.8 米/秒",
        "profiles": [("elder", "老人步速 0.8 米/秒"), ("gb50180", "国标服务半径")],
        "computed_at": NOW,
        "rules_version": "2021-2025.1",
        "network_name": "nanjing.osm",
        "in_margin": 40,
        "tiers": [
            _tier("street_15", "街道", 15, 1321, 1.0),
            _tier("community_10", "社区", 10, 942, 0.97),
            _tier("quarter_5", "小区", 5, 518, 0.71),
        ],
    },
    "owned": [
        _owned("street_15", "街道", 9, []),
        _owned("community_10", "社区", 8, [{"name": "兰园社区", "what": "兰园日间照料中心还缺：助浴"}]),
    ],
    "beds": {
        "nursing": 412,
        "total": 766,
        "ratio": 412 / 766,
        "target": 0.55,
        "target_year": 2022,
        "definition_words": "护理型床位 / 养老机构床位",
        "missing_beds": 10,
        "area_nursing": 40,
        "area_total": 80,
        "rules_version": "2021-2025.1",
        "points": POINTS,
    },
    "visits": {
        "due": 131,
        "done": 93,
        "attempts": 6,
        "share": 93 / 131,
        "late_only": 2,
        "target": 1.0,
        "definition": "当月至少成功探访一次的老人数÷在册老人数",
        "rules_version": "2021-2025.1",
    },
    "by_risk": [RISK_ROW, {**RISK_ROW, "elder_id": 91, "name_masked": "刘**", "days_since": None, "over": False}],
    "ledger": {
        "ok": True,
        "transfers": 2316,
        "posted_minutes": 184_320,
        "pending_minutes": 450,
        "checked_at": NOW,
        "first_bad": None,
        "definition": "全部分录逐笔重算。",
    },
    "definitions": [{"name": "街道", "words": "走真实的路，不超过15分钟。"}],
    "map_tier_name": "小区",
    "map": {
        "center": [118.795, 32.058],
        "zoom": 13.5,
        "bounds": [118.775, 32.045, 118.815, 32.072],
        "circles_url": "",
        "query": "tier=quarter_5&profile=elder",
        "types": {"day_care": [1, "日间照料中心"], "meal_site": [2, "助餐点"]},
    },
    "areas": [
        {
            "code": 320102002001000 + n * 1000,
            "name": f"{name}社区",
            "lon": 118.78 + n * 0.004,
            "lat": 32.05 + n * 0.002,
            "total": 3 if n == 6 else 120 + n * 11,
            "uncertain": n in (1, 4),
            "shares": {}
            if n == 6
            else {"street_15": 0.98 - n * 0.01, "community_10": 0.81 - n * 0.06, "quarter_5": 0.55 - n * 0.05},
        }
        for n, name in enumerate(COMMUNITIES)
    ],
}
ESCALATION = {
    "left": "还剩 1 小时 20 分",
    "id": 2,
    "elder_id": 90,
    "elder_name": "孙福生",
    "community_name": "百子亭社区",
    "opened_at": NOW,
    "due_at": NOW + timedelta(hours=2),
    "late": False,
    "responsible_name": "赵建国",
    "step_words": "请邻居去敲门",
    "events": [
        {"happened_at": NOW, "words": "志愿者敲门、打电话，没人应", "more": "李文华", "tone": "bad"},
        {
            "happened_at": NOW + timedelta(minutes=5),
            "words": "已告诉赵建国",
            "more": "短信送达",
            "tone": "info",
        },
    ],
}
DESK_ELDER = {
    "id": 7,
    "name": "王秀兰",
    "age": 78,
    "community_name": "兰园社区",
    "phone_masked": "139****0001",
    "address_masked": "玄武区兰园街道 **",
    "lives_alone": True,
    "notes": "耳朵背，说慢些",
    "balance_words": "这个月还有 480 元",
}
DESKS: dict[str, Example] = {
    "provider-board": ("provider/board.html", BOARD),
    "provider-board-refused": (
        "provider/board.html",
        {
            **BOARD,
            "problem": {
                "carer_name": "陈芳",
                "order_id": 42,
                "words": "她星期四上午9点到11点已经有上门助浴，时间重了。请换一个人，或换个时间。",
            },
        },
    ),
    "provider-decline": (
        "provider/decline.html",
        {
            "offer": OFFER,
            "errors": {},
            "reasons": [("no_carer", "那个时间没有人"), ("too_far", "太远"), ("skill", "没有会做的人")],
        },
    ),
    "officer-desk": ("officer/desk.html", OFFICER),
    "officer-rows": (
        "officer/rows.html",
        {
            **AREA,
            "title": "还没见到的老人",
            "rules_version": "2021-2025.1",
            "note": "本月应访，还没有一次联系上的",
            "columns": [
                {"name": "老人", "href": "?sort=name"},
                {"name": "社区"},
                {"name": "风险"},
                {"name": "多少天没见", "figures": True, "sorted": "descending"},
            ],
            "rows": [
                [{"text": "孙**", "href": "/officer/visits/90"}, "百子亭社区", "高：85 岁独居", 41],
                [{"text": "刘**", "href": "/officer/visits/91"}, "兰园社区", "重点：失能", 33],
            ],
            "count": 2,
            "export_href": "/officer/visits.csv",
            "more_href": None,
            "filters": [{"name": "risk", "label": "风险", "value": "", "choices": [("", "全部"), ("high", "高")]}],
        },
    ),
    "officer-escalations": (
        "officer/escalations.html",
        {
            **AREA,
            "now": NOW,
            "open": [ESCALATION],
            "errors": {},
            "outcomes": [("safe", "人平安"), ("hospital", "在医院"), ("moved", "搬走了")],
            "closed": [
                {
                    "elder_id": 92,
                    "elder_name": "刘玉珍",
                    "closed_at": NOW - timedelta(days=2),
                    "outcome_words": "在女儿家，人平安",
                }
            ],
        },
    ),
    "officer-map": (
        "officer/map_page.html",
        {
            **{name: OFFICER[name] for name in ("circles", "map", "areas")},
            **AREA,
            "tier": "community_10",
            "tier_name": "社区",
            "chosen": None,
            "sites": [
                {
                    "id": 5,
                    "name": "兰园社区日间照料中心",
                    "type_words": "日间照料中心",
                    "counts": True,
                    "lon": 118.795,
                    "lat": 32.058,
                    "chosen": False,
                    "href": "/officer/map?facility=5",
                }
            ],
            "filters": [
                {"name": "tier", "value": "community_10", "choices": [("community_10", "社区")]},
                {"name": "profile", "value": "elder", "choices": [("elder", "老人步速 0.8 米/秒")]},
            ],
        },
    ),
    "officer-elder": (
        "officer/elder.html",
        {
            **AREA,
            "case": [("对象类别", "独居、失能"), ("风险", "高风险"), ("网格", "百子亭网格")],
            "elder": {
                "id": 90,
                "name": "孙福生",
                "age": 85,
                "community_name": "百子亭社区",
                "address_masked": "百子亭***",
                "phone_masked": "139****0003",
                "phone": "",
                "lives_alone": True,
            },
            "events": ESCALATION["events"],
            "channels": [("home", "上门"), ("phone", "打电话")],
            "outcomes": [("seen", "见到了本人"), ("no_answer", "没人应")],
            "days": [("2026-11-24", "2026-11-24")],
            "values": {"channel": "", "outcome": "", "day": "2026-11-24", "time": "09:30", "note": ""},
            "errors": {"channel": "请选怎么找的"},
            "written": False,
        },
    ),
    "officer-proxies": (
        "officer/proxies.html",
        {
            **AREA,
            "errors": {},
            "waiting": [
                {
                    "id": 3,
                    "elder_id": 7,
                    "elder_name": "王秀兰",
                    "community_name": "兰园社区",
                    "relative_name": "李敏",
                    "relation": "女儿",
                    "scopes_words": "看情况、下单",
                    "requested_at": NOW,
                }
            ],
        },
    ),
    "desk-phone-order": (
        "desk/phone_order.html",
        {
            "query": "8361",
            "read_only": False,
            "searched": False,
            "placed": None,
            "doubled": False,
            "found": [],
            "elder": DESK_ELDER,
            "open_orders": [{"id": 41, **BATH, "status": "assigned"}],
            "services": [("bath", "上门助浴"), ("meal", "送饭上门")],
            "days": [("2026-11-26", "11月26日 星期四")],
            "windows": [("09:00", "上午9点")],
            "values": {"service": "bath", "day": "2026-11-26", "window": "09:00", "call_note": ""},
            "errors": {},
            "idempotency_key": "kit-3",
            "options": OPTIONS,
            "left_out": LEFT_OUT,
        },
    ),
    "dev-messages": (
        "development/messages.html",
        {
            "query": "",
            "messages": [
                {
                    "sent_at": NOW,
                    "channel": "sms",
                    "to_name": "李敏",
                    "to_masked": "138****0002",
                    "text": "【银龄圈】验证码 483 920，5 分钟内有效。",
                    "receipt_words": "已送达",
                },
                {
                    "sent_at": START,
                    "channel": "wechat",
                    "to_name": "王秀兰",
                    "to_masked": "139****0001",
                    "text": f"陈芳到了：{ADDRESS}",
                    "receipt_words": "已读",
                },
            ],
        },
    ),
    "dev-clock": (
        "development/clock.html",
        {"now": END, "offset_words": "比真的时间快 2 天 3 小时", "errors": {}},
    ),
}
