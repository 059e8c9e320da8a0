"""Fixed examples of the pages about who goes to see whom, and about alerts. Invented people."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from api.pages.gallery_people import END, NOW, START, Example

TODAY = NOW.date()
AREA: dict[str, Any] = {"area_name": "新街口街道", "as_of": NOW, "read_only": False, "errors": {}, "now": NOW}
KINDS = [("grid_worker", "网格员"), ("social_worker", "社会工作者"), ("volunteer", "志愿者")]
PEOPLE = [(7, "钱秀芳"), (14, "李文华")]
DOOR = SimpleNamespace(
    task_id=3, elder_id=1, elder_name="王秀兰", address="杨将军巷**号", visit_class="high", due_on=TODAY, part="lead",
    grid_name="杨将军巷网格", care_package=("理发", "测血压"), with_whom=(("companion", "李文华", "志愿者"),),
)  # fmt: skip
DOORS = [
    {"task": DOOR, "class_name": "高风险", "days": 0, "shown": {"address": "杨将军巷12号301", "phone": "025-00000001"}, "tried": "没人应",
     "silent": True, "map_href": "geo:32.04,118.79"},
    {"task": SimpleNamespace(**(DOOR.__dict__ | {"task_id": 4, "elder_name": "孙德福", "care_package": (), "with_whom": ()})),
     "class_name": "重点", "days": 5, "shown": {}, "tried": "", "silent": False, "map_href": None},
]  # fmt: skip
TASK = SimpleNamespace(
    id=3, elder_id=1, elder_name="王秀兰", grid_name="杨将军巷网格", from_on=TODAY, due_on=TODAY + timedelta(days=6), state="open",
    purchase_id=None,
)  # fmt: skip
GOERS = [
    SimpleNamespace(person_id=7, full_name="钱秀芳", part="lead", kind_name="网格员", since=START, until=None, reason=None),
    SimpleNamespace(person_id=14, full_name="李文华", part="companion", kind_name="志愿者", since=START, until=None, reason=None),
    SimpleNamespace(person_id=9, full_name="赵建国", part="lead", kind_name="社区工作者", since=START, until=END, reason="出差"),
]  # fmt: skip
GRID = SimpleNamespace(
    id=1,
    name="杨将军巷网格",
    far=True,
    outlined=True,
    lead_name="钱秀芳",
    companions=1,
    since=TODAY,
    area_code=320102003902000,
)
BOUGHT = SimpleNamespace(
    provider_name="康乐居家养老服务中心", contract_number="探访2026-01", area_code=320102003902000, from_on=TODAY,
    until_on=TODAY + timedelta(days=300), care_package=["理发", "测血压"], kept=41, waiting=9, spent_fen=123_000, left_fen=27_000,
)  # fmt: skip
AWAY = SimpleNamespace(
    id=2, full_name="周敏", first_on=TODAY, last_on=TODAY + timedelta(days=4), stand_in_id=9, stand_in_name="赵建国"
)
EVENTS = [{"happened_at": START, "words": "提醒了负责的人", "more": "钱秀芳", "tone": "info"}]
ALERT: dict[str, Any] = {
    "id": 5, "name": "本月还有老人没有探访", "area_name": "杨将军巷社区", "words": "应访41位，还有2位没见到（2026-11）", "href": "/officer/visits",
    "severity": "要办", "tone": "warn", "state": "open", "due_at": NOW + timedelta(hours=5), "late": False, "opened_at": START,
    "in_charge_name": "钱秀芳", "who": [{"name": "王**", "href": "/officer/visits/1"}, {"name": "孙**", "href": "/officer/visits/2"}],
    "events": EVENTS,
}  # fmt: skip
RULE: dict[str, Any] = {
    "id": 1, "name": "机构消防证书快到期", "kind": "日期快到了", "version": 2, "area_name": "南京市", "severity": "急", "valid_from": TODAY,
    "repeat_days": 14, "ladder": "街道民政干部 72.0 小时", "own": True,
}  # fmt: skip
FIRED = [{"on": TODAY, "area_name": "新街口街道", "words": "机构消防证书有2件在60天内到期，最早2026年12月11日"}]
ROUNDS: dict[str, Example] = {
    "visits-mine": (
        "visit/mine.html",
        {"home": "/me", "now": NOW, "worker_name": "钱秀芳", "read_only": False, "doors": DOORS, "written": "no_answer", "errors": {}},
    ),
    "officer-round": (
        "officer/round.html",
        {**AREA, "task": TASK, "community_name": "杨将军巷社区", "class_name": "高风险", "state_words": "待探访", "late": False, "goers": GOERS,
         "people": PEOPLE, "kinds": KINDS, "parts": [("lead", "负责去"), ("companion", "一起去")]},
    ),
    "officer-grids": (
        "officer/grids.html",
        {**AREA, "grids": [{"row": GRID, "community": "杨将军巷社区"}], "communities": [("320102003902000", "杨将军巷社区")], "people": PEOPLE,
         "kinds": KINDS, "parts": [("lead", "负责"), ("companion", "一起去")], "yes_no": [("", "不远"), ("yes", "路远，电话也算")],
         "providers": [(1, "康乐居家养老服务中心")], "areas": {320102003902000: "杨将军巷社区"}, "purchases": [BOUGHT], "absences": [AWAY],
         "today": TODAY, "later": TODAY + timedelta(days=364)},
    ),
    "officer-alerts": (
        "officer/alerts.html",
        {**AREA, "alerts": [ALERT, {**ALERT, "id": 6, "tone": "bad", "severity": "急", "late": True, "who": [], "name": "一天里没人应的太多"},
                            {**ALERT, "id": 7, "state": "acknowledged", "who": []}]},
    ),
    "officer-alert-rules": (
        "officer/alert_rules.html",
        {**AREA, "rules": [RULE], "kinds": [("date_nearing", "日期快到了")], "registers": [("site_fire", "机构消防证书")],
         "events": [("no_answer", "敲门打电话没人应")], "indicators": [("monthly_visit_rate", "月探访率")], "severities": [("urgent", "急")],
         "levels": [("street", "街道")], "roles": [("officer", "街道民政干部")], "values": {"days": "30"}, "fired": FIRED, "may_write": True},
    ),
    "officer-alert-rule": (
        "officer/alert_rule.html",
        {**AREA, "rule": SimpleNamespace(id=1, version=2, quiet=True, ended_on=None), "line": RULE, "told": 3, "fired": FIRED,
         "versions": [{"version": 2, "from": "2026年11月1日", "until": ""}, {"version": 1, "from": "2026年1月1日", "until": "2026年11月1日"}]},
    ),
}  # fmt: skip
