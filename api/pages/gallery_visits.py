"""Fixed examples of the carer's and volunteer's pages for the gallery. Invented people."""

from datetime import date, timedelta

from api.pages.gallery_people import ADDRESS, END, NOW, SLOT, START, Example

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
}
CHECKLIST = [
    {"code": "temperature", "words": "试过水温", "done": True},
    {"code": "chair", "words": "洗澡椅放稳", "done": True},
    {"code": "dry", "words": "擦干、穿好衣服", "done": False},
]
VISIT_NAMES = {"checklist": CHECKLIST, "errors": {}, "note": "", "waiting": 2, "uploaded_at": NOW}
NEED = {
    "id": 5,
    "title": "陪王奶奶说说话",
    "elder_words": "78 岁，独居",
    "community_name": "兰园社区",
    "walk_seconds": 420,
    "starts_at": START,
    "ends_at": START + timedelta(minutes=90),
    "credit_minutes": 90,
    "details": "听她讲讲从前教书的事，看看家里有没有要修的。",
}
SESSION = {**NEED, "elder_name": "王秀兰", "address": ADDRESS, "status": "taken"}
VISITS: dict[str, Example] = {
    "carer-today": (
        "carer/today.html",
        {
            "carer_name": "陈芳",
            "now": NOW,
            "waiting": 0,
            "uploaded_at": NOW,
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
    "carer-visit-done": (
        "carer/visit.html",
        {
            "visit": {**VISIT, "checked_in_at": START, "checked_in_by": "code", "checked_out_at": END},
            **VISIT_NAMES,
        },
    ),
    "volunteer-board": (
        "volunteer/board.html",
        {"volunteer_name": "李文华", "notice": "", "needs": [NEED, {**NEED, "id": 6, "title": "陪去医院"}]},
    ),
    "volunteer-need": ("volunteer/need.html", {"need": NEED, "barred": "", "idempotency_key": "kit-2"}),
    "volunteer-sessions": (
        "volunteer/sessions.html",
        {
            "errors": {},
            "code_for": None,
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
            "pending_minutes": 90,
            "opening_minutes": 1080,
            "from_day": date(2026, 11, 1),
            "to_day": date(2026, 11, 30),
            "head_hash": "9f31c07a52be84d1",
            "entries": [
                {
                    "happened_at": NOW,
                    "words": "陪王奶奶说话",
                    "minutes": 90,
                    "balance_minutes": 1290,
                    "status": "pending",
                },
                {
                    "happened_at": NOW - timedelta(days=9),
                    "words": "陪孙大爷去医院",
                    "minutes": 210,
                    "balance_minutes": 1290,
                    "status": "posted",
                },
            ],
        },
    ),
}
