"""Fixed examples of the pages about services, assessments, entitlement and home care beds. Invented people and figures."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from api.pages.gallery_people import NOW, Example

AREA: dict[str, Any] = {"area_name": "玄武门街道", "as_of": NOW, "read_only": False, "errors": {}}
TODAY = date(2026, 11, 24)
CITY = {"code": 370500000000000, "key": "dongying", "name": "东营市"}
FIVE = {
    "code": "home_bath", "name": "上门助浴", "recipients": "享受政府购买服务的老年人，其他老年人可自费",
    "provision": "定点机构上门", "standard": "浴前测血压体温；全程有人在旁", "payer": "县区财政按规定负担",
}  # fmt: skip
VERSION: dict[str, Any] = FIVE | {
    "version": 2, "kind": "bathing", "content": "护理员带设备到家里，帮老人洗一次澡。", "acceptance": "做完由老人确认",
    "minutes": 90, "unit": "visit", "price_fen": 12000, "price_ceiling_fen": 15000, "notice_minutes": 120,
    "cut_off_days": 0, "cut_off_minute": 930, "first_day": TODAY, "end_day": None, "assumed": True, "reason": "标准提高",
    "orderable": True, "skills": ["bathing"],
}  # fmt: skip
RULE: dict[str, Any] = {
    "name": "高龄独居、空巢、留守老年人居家服务", "reasons": [], "gives": "share", "percent": 50, "co_payment_percent": 50,
    "monthly_cap_fen": 30000, "monthly_minutes": None, "monthly_fen": None, "payer": "government",
    "services": "上门助浴、居家保洁", "assumed": True,
}  # fmt: skip
HOURS = RULE | {"name": "长期护理保险居家护理", "gives": "hours", "percent": 70, "co_payment_percent": 30,
                "monthly_minutes": 1800, "monthly_cap_fen": 150000, "payer": "insurance"}  # fmt: skip
WHY = RULE | {"name": "高龄津贴（80至99岁）", "gives": "money", "monthly_fen": 10000, "monthly_cap_fen": None,
              "reasons": ["须满80岁，现在78岁"]}  # fmt: skip
ASSESSED: dict[str, Any] = {
    "id": 8, "scheme": "老年人能力评估规范（GB/T 42195-2022）", "level": 2, "level_name": "中度失能", "state": "signed",
    "holds": True, "assessed_on": TODAY - timedelta(days=9), "valid_until": TODAY + timedelta(days=356),
    "reason": "initial", "appeal_state": None, "appeal_until": TODAY + timedelta(days=20), "issued_by": None,
    "certificate_number": None, "assessors": [{"name": "赵建国", "certificate": "演1", "organisation": "演示评估机构"}],
}  # fmt: skip
HOME_BED = {
    "id": 3, "contract_number": "家床2026-001", "first_day": TODAY, "last_day": TODAY + timedelta(days=364),
    "monthly_price_fen": 120000, "government_fen": 80000, "family_fen": 40000,
    "services": [{"name": "上门助浴", "times": 1, "every": "week", "minutes": 90}],
}  # fmt: skip
DECIDED: dict[str, Any] = {
    "on": TODAY, "given": [RULE, HOURS], "others": [WHY],
    "month_left": [{"left_fen": 24000, "left_minutes": None, "payer": "government"}],
}  # fmt: skip
ELDERS = {"assessments": [ASSESSED], "home_beds": [HOME_BED], "may_appeal": True, "errors": {}}
WAITING = SimpleNamespace(
    assessment_id=9, elder_id=90, elder_name="孙德福", scheme="gbt42195-2022", assessed_on=TODAY,
    valid_until=TODAY + timedelta(days=50), appeal_id=4,
)  # fmt: skip
WHO = {"id": 90, "name": "孙德福", "years": 85}
SCHEME: dict[str, Any] = {
    "code": "gbt42195-2022", "name": ASSESSED["scheme"], "by_paper": False, "levels": [(0, "能力完好"), (1, "轻度失能")],
    "raises": [("dementia", "确诊为痴呆")],
    "groups": [{"name": "自理能力", "items": [
        {"code": "eating", "name": "进食", "about": "把食物送入口中并咽下", "choices": [(4, "独立进食"), (3, "在提示下完成")]},
    ]}],
}  # fmt: skip
GIVEN = {
    "assessed_on": "2026-11-24",
    "note": "",
    "appeal_id": "",
    "level": "",
    "certificate_number": "",
    "issued_by": "",
}
FORM: dict[str, Any] = AREA | {
    "elder": WHO, "schemes": [("gbt42195-2022", ASSESSED["scheme"])], "scheme": SCHEME, "given": GIVEN, "raised": [],
}  # fmt: skip
SIGNING: dict[str, Any] = AREA | {
    "elder": WHO, "one": ASSESSED | {"state": "awaiting_second", "points": 60, "note": "走路要扶"},
    "answers": [{"name": "进食", "points": 3, "words": "在提示下完成"}], "sums": [("自理能力", 20)], "raised": ["确诊为痴呆"],
}  # fmt: skip
BEDS: dict[str, Any] = AREA | {
    "beds": [{
        "id": 3, "elder_id": 90, "elder_name": "孙德福", "contract_number": "家床2026-001", "provider_name": "康乐居家养老服务中心",
        "last_day": TODAY, "monthly_price_fen": 120000,
        "checks": [{"id": 5, "month": date(2026, 10, 1), "name": "上门助浴", "owed": 4, "delivered": 3, "missing": 1, "note": ""}],
    }],
}  # fmt: skip

CARE: dict[str, Example] = {
    "services": ("catalogue/services.html", {"city": CITY, "cities": [CITY], "on": TODAY, "items": [FIVE]}),
    "service-standard": (
        "catalogue/service.html",
        {"city": CITY, "code": "home_bath", "versions": [VERSION], "may_change": True, "tomorrow": TODAY, "errors": {}},
    ),
    "elder-entitlement": (
        "family/entitlement.html",
        {"shell": "elder", "base": "/elder", "home": "/elder", "elder_name": "王奶奶", **DECIDED, **ELDERS},
    ),
    "family-entitlement": (
        "family/entitlement.html",
        {"shell": "phone", "base": "/family/7", "home": "/family/7", "elder_name": "王秀兰", **DECIDED, **ELDERS},
    ),
    "officer-assessments": (
        "officer/assessments.html",
        {**AREA, "awaiting": [WAITING], "appeals": [WAITING], "expiring": [WAITING]},
    ),
    "officer-assessment-form": ("officer/assessment_form.html", FORM),
    "officer-assessment": ("officer/assessment.html", SIGNING),
    "officer-entitlement": ("officer/entitlement.html", {**AREA, "elder": WHO, "assessments": [ASSESSED], **DECIDED}),
    "officer-home-beds": ("officer/home_beds.html", BEDS),
}
