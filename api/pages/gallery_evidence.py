"""Fixed examples of the pages about what stands behind visits and places. Invented people."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from api.pages.gallery_people import END, NOW, START, Example

AREA: dict[str, Any] = {"area_name": "新街口街道", "as_of": NOW, "read_only": False, "errors": {}, "now": NOW}


def _fact(code: str, words: str, source: str, **more: Any) -> dict[str, Any]:
    given = {"detail": {"caller": None}, "device_at": None, "recorded_at": None, "doubts": ()} | more
    return {
        "fact": SimpleNamespace(code=code, source=source, **given),
        "words": words,
        "clock": code in ("start", "end"),
    }


TIMES = {"device_at": START, "recorded_at": START + timedelta(minutes=40)}
FACTS = [
    _fact("service", "上门助浴", "order"),
    _fact("receiver", "王秀兰", "elder_code"),
    _fact("giver", "陈芳", "signed_device"),
    _fact("date", "11月24日", "signed_device"),
    _fact(
        "place", "", "elder_code", doubts=("far_from_home",),
        detail={"distance_m": 812, "accuracy_m": 60.0, "caller": None},
    ),
    _fact("start", "9:02", "signed_device", **TIMES),
    _fact("end", "10:31", "said", recorded_at=END, doubts=("exception",)),
]  # fmt: skip
EXCEPTION = SimpleNamespace(
    id=3, visit_id=12, fact="check_out", reason_name="手机没电或坏了", note="打老人家座机核实，十点半走的", raised_at=END,
    decision=None, decision_note=None,
)  # fmt: skip
ALERT = SimpleNamespace(
    id=4, visit_id=12, risk_name="跌倒过", elder_name="王秀兰", in_charge_name="周敏", opened_at=END, closed_at=None,
    due_at=NOW + timedelta(minutes=12), done=None,
)  # fmt: skip
DOUBT = SimpleNamespace(
    visit_id=12, points=35, formula_version="1", looked_at=None, looked_note=None, started_at=START, elder_name="王秀兰",
    visitor_name="陈芳", reasons=[{"code": "far_from_home", "points": 25}, {"code": "exception", "points": 10}],
)  # fmt: skip
SEEN = SimpleNamespace(
    visit=SimpleNamespace(id=12, state="finished", planned_start=START, planned_end=END, note="左膝还疼，约了下周复查", check_in_proof="elder_code"),
    verified=False, exceptions=[EXCEPTION], calls=[], alerts=[ALERT],
    photos=[SimpleNamespace(attachment_id=1, shows="洗澡椅")], doubt=DOUBT, may_photograph=True,
    vitals=SimpleNamespace(systolic_mmhg=148, diastolic_mmhg=86, pulse_per_minute=76, temperature_c=36.5, glucose_mmol=None),
)  # fmt: skip
MAY = SimpleNamespace(except_=True, decide=[3], call=True, wish=True, photos=False, look=True)
PAGE: dict[str, Any] = {
    "home": "/officer", "back_href": "/officer/evidence", "evidence": SEEN, "service_name": "上门助浴", "facts": FACTS,
    "may": MAY, "reasons": [("phone_dead", "手机没电或坏了")], "now_clock": "10:30", "call_key": "kit", "errors": {},
    "said": "",
}  # fmt: skip
STARTED = SimpleNamespace(
    **(SEEN.__dict__ | {"visit": SimpleNamespace(**(SEEN.visit.__dict__ | {"state": "started"}))})
)
EVIDENCE: dict[str, Example] = {
    "visit-evidence": ("visit/evidence.html", PAGE),
    "visit-evidence-call": (
        "visit/evidence.html",
        {**PAGE, "evidence": STARTED, "errors": {"caller": "来电号码既不是老人家的，也不是上门人的"}},
    ),
    "site-plate": (
        "visit/site.html",
        {
            "home": "/elder", "site_name": "康乐居家养老服务中心", "token": "kit", "errors": {},
            "bookings": [{"id": 1, "service_name": "社区食堂", "starts_at": START, "ends_at": END, "proof": None}],
        },
    ),
    "provider-evidence": (
        "provider/evidence.html",
        {
            "provider_name": "康乐居家养老服务中心", "exceptions": [EXCEPTION], "now": NOW,
            "visits": [SimpleNamespace(id=12, planned_start=START, visitor_name="陈芳", checked_in_at=START, checked_out_at=END, check_in_proof="elder_code")],
        },
    ),
    "officer-evidence": (
        "officer/evidence.html",
        {**AREA, "alerts": [ALERT], "exceptions": [EXCEPTION], "seed": "2026-11/1",
         "listed": [{"visit": DOUBT, "drawn": False}, {"visit": SimpleNamespace(**(DOUBT.__dict__ | {"points": 0, "reasons": []})), "drawn": True}]},
    ),
}  # fmt: skip
