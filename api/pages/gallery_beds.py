"""Fixed examples of the pages about beds, stays and waiting lists. Invented people and figures."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from api.pages.gallery_people import NOW, Example

TODAY = date(2026, 11, 24)
AREA: dict[str, Any] = {"area_name": "玄武门街道", "as_of": NOW, "read_only": False, "errors": {}}
FLAGS = [("nursing", "护理型"), ("dementia", "认知症"), ("basic_guarantee", "保基本")]
LEVELS = [("self_care", "自理"), ("partial", "半自理"), ("full", "全护理"), ("special", "特护")]
OWNERSHIPS = [("public", "公办"), ("private_non_profit", "民办非营利")]
COUNTED = [("total", "总床位"), ("nursing", "护理型"), ("dementia", "认知症"), ("occupied", "已入住")]
SOURCES = [("home", "机构填报"), ("inspector", "检查核实"), ("register", "床位登记")]
WAIT: dict[str, Any] = {
    "id": 4, "facility_id": 9, "facility_name": "康乐养老院（演示）", "elder_id": 1, "elder_name": "王秀兰", "wants": None,
    "state": "waiting", "applied_at": NOW - timedelta(days=40), "jumped_at": None, "declines": 0, "place": 3, "waiting": 8,
    "offer_id": None, "offer_state": None, "bed_label": None, "first_day": None, "expires_at": None, "jump_id": None,
    "jump_reason": None,
}  # fmt: skip
WAITING = {"entry": SimpleNamespace(**WAIT), "why": "前面有：优先类别的 2 位", "class_name": "失能失智老年人"}
OFFERED = {
    "entry": SimpleNamespace(**{
        **WAIT, "id": 5, "facility_name": "同心福利院（演示）", "place": 1, "offer_id": 7, "offer_state": "open", "state": "offered",
        "bed_label": "203-1", "first_day": TODAY + timedelta(days=2), "expires_at": NOW + timedelta(hours=60),
    }),
    "why": "前面没有人", "class_name": "特困人员",
}  # fmt: skip
JUMP = {
    "entry": SimpleNamespace(**{**WAIT, "id": 6, "elder_name": "孙德福", "place": 4, "jump_id": 2, "jump_reason": "女儿住院，家中无人"}),
    "why": "前面有：优先类别的 2 位、同类别里先申请的 1 位", "class_name": "失能失智老年人",
}  # fmt: skip
BED: dict[str, Any] = {
    "id": 31, "label": "203-1", "nursing": True, "dementia": True, "basic_guarantee": False, "level": "full", "stay_id": 8,
    "elder_name": "王秀兰", "since": date(2026, 3, 2), "basis": "assessed", "assessment_id": 3, "assess_by": None, "leave_id": None,
    "leave_kind": None, "away_since": None, "offer_id": None, "offer_state": None, "expires_at": None, "first_day": None,
    "offered_to": None, "offered_name": None,
}  # fmt: skip
NO_STAY = {"stay_id": None, "elder_name": None, "since": None, "basis": None, "assessment_id": None, "dementia": False}
BEDS = [
    SimpleNamespace(**BED),
    SimpleNamespace(**{**BED, "id": 32, "label": "203-2", "elder_name": "孙德福", "leave_id": 2, "leave_kind": "hospital",
                       "basis": "emergency", "assessment_id": None, "assess_by": date(2026, 11, 29)}),
    SimpleNamespace(**{**BED, **NO_STAY, "id": 33, "label": "204-1", "offer_id": 7, "offer_state": "open", "offered_to": 1,
                       "offered_name": "李玉珍", "expires_at": NOW + timedelta(hours=60), "first_day": TODAY}),
    SimpleNamespace(**{**BED, **NO_STAY, "id": 34, "label": "204-2", "nursing": False, "level": None}),
]  # fmt: skip
CARD = SimpleNamespace(
    facility_id=9, name="康乐养老院（演示）", ownership="private_non_profit", price_capped=True, embedded=False, open=40,
    nursing=22, dementia=6, basic_guarantee=10, occupied=31, on_leave=2,
)  # fmt: skip
TWO: dict[str, Any] = {
    "facility_id": 9, "facility_name": "康乐养老院（演示）", "day": TODAY, "fact": "occupied", "register": 31, "home": 33,
    "inspector": 30, "official": None, "official_source": None, "official_reason": None, "open": True,
}  # fmt: skip
SAME = {"fact": "total", "register": 40, "home": 40, "inspector": None, "open": False}
CHOSEN = {
    "open": False,
    "official": 30,
    "official_source": "inspector",
    "official_reason": "现场清点",
    "day": TODAY - timedelta(days=9),
}
HOME: dict[str, Any] = {
    **AREA, "tabs": "officer/tabs.html", "here_base": "/officer/homes", "back_to": "/officer/beds/register", "facility_id": 9,
    "home_name": "康乐养老院（演示）", "today": TODAY, "said": "", "beds": BEDS, "bed": BEDS[0], "papers": [SimpleNamespace(
        flag="nursing", grants=True, holds_from=date(2025, 6, 1), valid_until=None, paper="宁民认〔2025〕8号", issued_by="区民政局",
    )], "free": BEDS[3:], "card": CARD, "sources": [SimpleNamespace(**{**TWO, **SAME}), SimpleNamespace(**TWO)], "entries": [OFFERED, WAITING, JUMP],
    "may": True, "by_office": True, "flags": FLAGS, "levels": LEVELS, "ownerships": OWNERSHIPS, "facts_counted": COUNTED,
}  # fmt: skip
RATIO = SimpleNamespace(
    definition="养老机构床位中的护理型床位（演示）", on=TODAY, nursing=410, total=820, ratio=0.5, target=0.55,
    target_due=date(2026, 12, 31), short_beds=41,
)  # fmt: skip
HERE = SimpleNamespace(facility_id=9, name="康乐养老院（演示）", nursing=22, total=40)
WOULD = SimpleNamespace(
    ratio=0.515, nursing=422, total=820, short_after=29, meets_target=False,
    homes=[SimpleNamespace(name=HERE.name, before=HERE, nursing=34, total=40)],
)  # fmt: skip
WHAT_IF: dict[str, Any] = {
    **AREA, "found": RATIO, "ahead": SimpleNamespace(expected=51.2, low=49.8, high=52.6), "places": [(HERE, 18)], "would": WOULD,
    "choices": [(9, HERE.name)], "given": {"home": "9", "certify": "12", "more": ""},
}  # fmt: skip
TIMES = [{"name": "特困人员", "time": SimpleNamespace(
    moved_in=4, median_days=21, longest_days=60, waiting=2, waiting_median_days=9, waiting_longest_days=12,
)}]  # fmt: skip
SIDE: dict[str, Any] = {
    "entries": [OFFERED, WAITING], "choices": [(9, "康乐养老院（演示）")], "flags": FLAGS, "may_apply": True, "errors": {},
}  # fmt: skip
BED_EXAMPLES: dict[str, Example] = {
    "elder-beds": ("family/beds.html", {**SIDE, "shell": "elder", "base": "/elder", "elder_name": "王奶奶", "home": "/elder"}),
    "family-beds": ("family/beds.html", {**SIDE, "shell": "phone", "base": "/family/1", "elder_name": "王秀兰", "home": "/family/1"}),
    "officer-home": ("beds/home.html", HOME),
    "provider-home": ("beds/home.html", {
        **HOME, "tabs": "provider/tabs.html", "here_base": "/provider/beds", "back_to": "/provider/beds", "by_office": False,
        "bed": BEDS[3], "home": "/provider",
    }),
    "provider-beds": ("provider/beds.html", {
        "provider_name": "康乐居家养老服务中心", "today": TODAY, "homes": [CARD], "waiting": {9: 3}, "home": "/provider",
    }),
    "officer-bed-waiting": ("officer/bed_waiting.html", {**AREA, "entries": [OFFERED, WAITING, JUMP], "times": TIMES}),
    "officer-bed-sources": ("officer/bed_sources.html", {
        **AREA, "rows": [SimpleNamespace(**TWO), SimpleNamespace(**{**TWO, **CHOSEN})], "fact_words": dict(COUNTED), "source_words": dict(SOURCES),
        "sources": SOURCES,
    }),
    "officer-bed-what-if": ("officer/bed_what_if.html", WHAT_IF),
}  # fmt: skip
