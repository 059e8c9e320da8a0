"""Fixed examples of the pages about people's own data. Invented people and figures."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from api.pages.gallery_people import NOW, Example

AREA: dict[str, Any] = {"area_name": "新街口街道", "as_of": NOW, "read_only": False, "errors": {}}
PHOTOS = SimpleNamespace(
    code="photos", version=1, basis="separate", title="拍照留存",
    text="上门服务时可以拍照，证明做了什么。照片加密保存，一年后删除。", allowed=False, said=False, said_version=1,
    said_at=NOW - timedelta(days=3), by_right="self",
)  # fmt: skip
NOTES = SimpleNamespace(
    code="care_notes", version=1, basis="service", title="记护理记录", text="上门的人离开时可以写一句您今天怎么样。",
    allowed=True, said=None, said_version=None, said_at=None, by_right="",
)  # fmt: skip
HEALTH = SimpleNamespace(
    code="health_to_carers", version=2, basis="separate", title="把健康情况告诉上门的人",
    text="您的病史、过敏和要留心的事，只给当天上门的人看。", allowed=True, said=True, said_version=2,
    said_at=NOW - timedelta(days=9), by_right="office:officer",
)  # fmt: skip
READINGS: list[dict[str, Any]] = [
    {"at": NOW - timedelta(hours=2), "name": "陈芳", "role": "护理员", "person_id": 90, "person_name": "王秀兰",
     "field": "住址", "purpose": "上门服务", "reason": "上门服务"},
    {"at": NOW - timedelta(days=2), "name": "赵建国", "role": "街道民政干部", "person_id": 90, "person_name": "王秀兰",
     "field": "手机号", "purpose": "其他（写明原因）", "reason": "核对名册上的号码"},
]  # fmt: skip
ASKED = SimpleNamespace(id=4, state="asked", due_at=NOW + timedelta(days=15), decision="")
MINE: dict[str, Any] = {
    "shell": "elder", "base": "/elder", "home": "/elder", "elder_name": "王奶奶", "mine": True, "may_say": True,
    "consents": [HEALTH, PHOTOS, NOTES], "readings": READINGS, "erasure": None, "erasure_words": "",
    "copies": [SimpleNamespace(id=7, uploaded_at=NOW)], "accounts": [SimpleNamespace(id=3, bound_at=NOW)],
    "wechat_href": "/sign-in/wechat", "errors": {}, "done": "said",
}  # fmt: skip
PROOF = {
    "erased": [{"table": "person", "title": "本人", "rows": 1, "left": 0, "columns": ["full_name"]}], "left": 0,
    "kept": [{"table": "payable", "title": "应付", "rows": 3, "why": "accounts", "zh": "会计凭证，只留编号"}],
}  # fmt: skip
REQUEST: dict[str, Any] = {
    "id": 4, "name": "王秀兰", "person_id": 90, "asked_at": NOW, "due_at": NOW + timedelta(days=15), "late": False,
    "state": "asked", "words": "等答复", "decision": "", "proof": {}, "proof_hash": None, "mine": False,
    "waiting": ["还有没办完的订单"],
}  # fmt: skip
COUNTER: dict[str, Any] = {
    **AREA, "done": "", "consents": [HEALTH, PHOTOS], "readings": READINGS, "copies": [], "erasure": None,
    "erasure_words": "", "shown": None, "fields": [("phone", "手机号")], "purposes": [("contact", "探访联系")],
    "elder": {"id": 90, "name": "王秀兰", "phone": "199****0001", "id_number": "320102**********28",
              "address": "杨将军巷***", "health": True, "emergency_phone": True},
}  # fmt: skip
RULE = SimpleNamespace(days=30, ground_zh="只为证明当天在场", ground_en="only to prove presence on the day")
RUN = SimpleNamespace(ran_at=NOW, dry=False, before=NOW - timedelta(days=30), found=12, removed=12)
READER = SimpleNamespace(reader_id=9, reader_name="陈芳", reader_role="carer", readings=14, people=6)
MIND: dict[str, Any] = {
    "visit": {"id": 5, "elder_name": "王秀兰"}, "today": True, "agreed": True, "home": "/carer", "errors": {},
    "kept": {"health": True, "emergency_phone": True}, "words": {"health": "健康情况", "emergency_phone": "紧急联系电话"},
    "shown": {"field": "health", "value": "高血压，青霉素过敏"},
}  # fmt: skip

PRIVACY: dict[str, Example] = {
    "elder-privacy": ("privacy/page.html", MINE),
    "carer-mind": ("carer/mind.html", MIND),
    "desk-privacy-shown": (
        "officer/privacy.html", COUNTER | {"shown": {"field": "手机号", "value": "19900000001"}, "erasure": ASKED, "erasure_words": "等答复"},
    ),
    "desk-readings": (
        "officer/readings.html",
        {**AREA, "readings": READINGS, "readers": [READER], "days": 31, "periods": (7, 31), "field": "", "purpose": "",
         "fields": [("phone", "手机号")], "purposes": [("visit", "上门服务")]},
    ),
    "desk-erasures": (
        "officer/erasures.html",
        {**AREA, "may_decide": True, "requests": [
            REQUEST, REQUEST | {"id": 5, "waiting": [], "mine": True},
            REQUEST | {"id": 6, "state": "done", "words": "已清除", "name": "已注销91", "waiting": [], "proof": PROOF,
                       "proof_hash": "3f" * 32},
        ]},
    ),
    "desk-retention": (
        "officer/retention.html",
        {**AREA, "kinds": [{"title": "上门期间的位置", "rule": RULE}], "runs": [{"title": "上门期间的位置", "row": RUN}]},
    ),
    "sign-in-wechat": ("sign_in/wechat.html", {"name": "李敏", "back": "/me"}),
    "dev-wechat": (
        "development/wechat.html",
        {"asked": {"appid": "wx", "redirect_uri": "x", "state": "y"}, "right": True, "new_one": "fake-new-telephone",
         "people": [{"openid": "fake-wang", "name": "王秀兰", "who": "王奶奶，78岁，独居"}]},
    ),
}  # fmt: skip
