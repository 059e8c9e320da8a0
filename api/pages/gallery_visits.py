"""Fixed examples of the carer's and volunteer's pages for the gallery. Invented people."""

from datetime import date, timedelta
from types import SimpleNamespace

from api.pages.gallery_people import ADDRESS, END, FAMILY, NOW, OWN, SLOT, START, Example

VISIT = {
    "id": 12,
    "service_name": "上门助浴",
    "elder_name": "王秀兰",
    "elder_phone_masked": "139****0001",
    "call_phone": "13900000001",
    "address": ADDRESS,
    **SLOT,
    "notes": "左膝不好，洗澡椅在阳台",
    "checked_in_at": None,
    "checked_in_by": None,
    "checked_out_at": None,
    "status": "due",
    "confirmed": False,
}
CHECKLIST = [
    {"code": "temperature", "words": "试过水温", "done": True},
    {"code": "chair", "words": "洗澡椅放稳", "done": True},
    {"code": "dry", "words": "擦干、穿好衣服", "done": False},
]
VISIT_NAMES = {
    "checklist": CHECKLIST,
    "errors": {},
    "note": "",
    "plate": "",
    "event_key": "kit",
    "person_id": 7,
    "risks": [("fall", "跌倒过"), ("wound", "有伤口或瘀青"), ("no_food", "家里没有吃的")],
    "photos": 1,
    "may_photograph": True,
}
NEED = {
    "id": 5,
    "title": "来看看我",
    "place": "新街口街道兰园社区附近",
    "starts_at": START,
    "ends_at": START + timedelta(minutes=90),
    "credit_minutes": 90,
    "details": "志愿者上门聊天、读报，看看家里是否安好。",
    "standard": "不收礼、不推销；发现异常立即报告社区。",
}
SESSION = {**NEED, "need_id": 5, "elder_name": "王秀兰", "address": ADDRESS, "status": "taken", "today": True}
WISH = {
    "id": 5,
    "title": "来看看我",
    "starts_at": START,
    "ends_at": END,
    "status": "pending",
    "volunteer_name": "李文华",
    "credit_minutes": 90,
}
WISH_PAGE = {"need": WISH, "door_code": None, "may_order": True, "can_withdraw": False, "errors": {}}
VISITS: dict[str, Example] = {
    "carer-today": (
        "carer/today.html",
        {
            "carer_name": "陈芳",
            "person_id": 7,
            "phones": [SimpleNamespace(id=1, label="Android 手机", registered_at=NOW)],
            "now": NOW,
            "visits": [VISIT, {**VISIT, "id": 13, "elder_name": "孙福生", "status": "unanswered"}],
        },
    ),
    "carer-visit": ("carer/visit.html", {"visit": VISIT, **VISIT_NAMES}),
    "carer-visit-wrong-code": (
        "carer/visit.html",
        {"visit": VISIT, **VISIT_NAMES, "errors": {"code": "数字不对，请老人再念一遍"}},
    ),
    "carer-visit-started": (
        "carer/visit.html",
        {"visit": {**VISIT, "checked_in_at": START, "checked_in_by": "qr"}, **VISIT_NAMES},
    ),
    "carer-visit-plate": ("carer/visit.html", {"visit": VISIT, **VISIT_NAMES, "plate": "kit-plate"}),
    "carer-visit-unanswered": ("carer/visit.html", {"visit": {**VISIT, "status": "unanswered"}, **VISIT_NAMES}),
    "carer-visit-done": (
        "carer/visit.html",
        {
            "visit": {**VISIT, "checked_in_at": START, "checked_in_by": "code", "checked_out_at": END},
            **VISIT_NAMES,
        },
    ),
    "volunteer-board": (
        "volunteer/board.html",
        {
            "volunteer_name": "李文华",
            "from_here": False,
            "said": "released",
            "needs": [
                {**NEED, "walk_minutes": 6, "estimated": False},
                {**NEED, "id": 6, "title": "陪去医院", "walk_minutes": 14, "estimated": True},
            ],
            "kind": "",
            "when": "",
            "kinds": [("friendly_visit", "来看看我"), ("escort", "陪去医院")],
            "has_interests": True,
        },
    ),
    "volunteer-need": ("volunteer/need.html", {"need": NEED, "barred": ""}),
    "volunteer-sessions": (
        "volunteer/sessions.html",
        {
            "errors": {},
            "only": None,
            "plate": "",
            "said": "taken",
            "event_key": "kit",
            "sessions": [
                SESSION,
                {**SESSION, "id": 4, "status": "started"},
                {**SESSION, "id": 3, "status": "pending"},
            ],
        },
    ),
    "volunteer-statement": (
        "volunteer/statement.html",
        {
            "posted_minutes": 1290,
            "coins": "21.5",
            "coin_minutes": 60,
            "pending_minutes": 90,
            "opening_minutes": 1080,
            "from_day": date(2026, 11, 1),
            "to_day": date(2026, 11, 30),
            "passport_number": "GY3201-00000012",
            "entries": [
                {
                    "happened_at": NOW,
                    "words": "来看看我",
                    "kind": "earn",
                    "minutes": 90,
                    "balance_minutes": 1290,
                    "status": "pending",
                },
                {
                    "happened_at": NOW - timedelta(days=9),
                    "words": "",
                    "kind": "bonus",
                    "minutes": 210,
                    "balance_minutes": 1290,
                    "status": "posted",
                },
            ],
        },
    ),
    "elder-volunteers": (
        "order/volunteers.html",
        {
            **OWN,
            "can_order": True,
            "kinds": [{"code": "friendly_visit", "name": "来看看我", "plain": "志愿者上门聊天、读报"}],
            "needs": [WISH],
        },
    ),
    "elder-volunteer-time": (
        "order/volunteer_time.html",
        {
            **OWN,
            "kind": "friendly_visit",
            "title": "来看看我",
            "explanation": "志愿者上门聊天、读报",
            "days": [{"day": date(2026, 11, 26), "slots": [{"start": START, "end": END}]}],
            "step": 2,
            "steps": 3,
            "errors": {},
        },
    ),
    "elder-volunteer-need": ("order/volunteer_need.html", {**OWN, **WISH_PAGE}),
    "family-volunteer-taken": (
        "order/volunteer_need.html",
        {
            **FAMILY,
            **WISH_PAGE,
            "need": {**WISH, "status": "taken"},
            "door_code": "4072",
            "can_withdraw": True,
        },
    ),
}
