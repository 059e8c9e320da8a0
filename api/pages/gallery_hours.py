"""Fixed examples of the pages about saved hours for the gallery: booking, giving, the counter. Invented people."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from api.pages.gallery_desks import AREA
from api.pages.gallery_people import END, FAMILY, NOW, OWN, START, Example

TODAY = date(2026, 11, 23)
BOOKING = SimpleNamespace(
    id=3,
    need_id=5,
    title="来看看我",
    starts_at=START,
    ends_at=END,
    state="held",
    held_minutes=60,
    settled_minutes=None,
    from_grant=True,
    professional=False,
    reason="老人来电，由女儿代订",
)
SPENT = SimpleNamespace(**{**BOOKING.__dict__, "id": 2, "state": "settled", "settled_minutes": 45, "reason": None})
BACK = SimpleNamespace(**{**BOOKING.__dict__, "id": 1, "state": "released", "reason": None})
OWN_PURSE = SimpleNamespace(kind="own", available_minutes=210, held_minutes=60)
GRANTED = SimpleNamespace(kind="grant", available_minutes=120, held_minutes=0)
KINDS = [{"code": "friendly_visit", "name": "来看看我", "plain": "志愿者上门聊天、读报"}]
MOVEMENTS = [
    SimpleNamespace(
        kind="gift", minutes=60, happened_at=NOW, gone=True, by_right="self", reason=None, entered_by_name=None
    ),
    SimpleNamespace(
        kind="donate",
        minutes=30,
        happened_at=NOW - timedelta(days=3),
        gone=True,
        by_right="office:officer",
        reason="本人到柜台，不会用手机",
        entered_by_name="赵建国",
    ),
]
VOLUNTEER = SimpleNamespace(
    person_id=12,
    full_name="李文华",
    display_name="李老师",
    passport_number="GY3201-00000012",
    trained_on=date(2026, 3, 1),
    insured_until=date(2027, 3, 1),
    left_on=None,
    died_on=None,
    group_name=None,
)
LAPSED = SimpleNamespace(
    **{**VOLUNTEER.__dict__, "person_id": 13, "full_name": "刘春梅", "insured_until": date(2026, 1, 1)}
)
TIME: dict[str, Any] = {
    **OWN,
    "kind": "friendly_visit",
    "title": "来看看我",
    "explanation": "志愿者上门聊天、读报",
    "days": [{"day": date(2026, 11, 26), "slots": [{"start": START, "end": END}]}],
    "purse": "own",
    "cost_minutes": 60,
    "asks_reason": False,
    "reason": "",
    "step": 2,
    "steps": 3,
    "errors": {},
}
COUNTER: dict[str, Any] = {**AREA, "said": "", "today": TODAY, "event_key": "kit-0001", "errors": {}}
HOURS: dict[str, Example] = {
    "elder-hours": (
        "order/hours.html",
        {
            **OWN,
            "can_order": True,
            "purses": [OWN_PURSE, GRANTED],
            "kinds": KINDS,
            "bookings": [BOOKING, SPENT, BACK],
        },
    ),
    "elder-hours-time": ("order/hours_time.html", TIME),
    "family-hours-refused": (
        "order/hours_time.html",
        {
            **TIME,
            **FAMILY,
            "purse": "grant",
            "asks_reason": True,
            "errors": {"reason": "代他人办理须写明原因。"},
        },
    ),
    "elder-hours-booking": (
        "order/hours_booking.html",
        {**OWN, "booking": BOOKING, "may_order": True, "errors": {}},
    ),
    "family-hours-spent": ("order/hours_booking.html", {**FAMILY, "booking": SPENT, "may_order": True, "errors": {}}),
    "volunteer-give": (
        "volunteer/give.html",
        {
            "said": "",
            "purse": OWN_PURSE,
            "gift_to": ["spouse", "direct_relative", "friend", "pool"],
            "movements": MOVEMENTS,
            "values": {"passport_number": "GY3201-00000099", "minutes": "60", "donated_minutes": ""},
            "event_key": "kit-0001",
            "errors": {"passport_number": "没有找到这个志愿者证号，请核对后再试。"},
        },
    ),
    "officer-time": (
        "officer/time.html",
        {
            **COUNTER,
            "q": "王",
            "volunteers": [VOLUNTEER, LAPSED],
            "groups": [(SimpleNamespace(id=1, name="新街口小学"), 150)],
            "elders": [{"id": 7, "name": "王秀兰", "years": 78, "community": "兰园社区"}],
        },
    ),
    "officer-time-volunteer": (
        "officer/time_volunteer.html",
        {
            **COUNTER,
            "volunteer": VOLUNTEER,
            "held": SimpleNamespace(posted=1290, pending_in=90, pending_out=60),
            "policy": SimpleNamespace(moving_away="keep", inheritance="heir"),
            "movements": MOVEMENTS,
            "paper": "kit-paper-code",
            "year_ago": date(2025, 11, 23),
        },
    ),
    "officer-time-died": (
        "officer/time_volunteer.html",
        {
            **COUNTER,
            "volunteer": SimpleNamespace(**{**VOLUNTEER.__dict__, "died_on": TODAY}),
            "held": SimpleNamespace(posted=1290, pending_in=0, pending_out=0),
            "policy": SimpleNamespace(moving_away="keep", inheritance="heir"),
            "movements": [],
            "paper": "",
            "year_ago": date(2025, 11, 23),
            "errors": {"heir_passport": "没有找到这个志愿者证号，请核对后再试。"},
        },
    ),
    "officer-time-newcomer": (
        "officer/time_newcomer.html",
        {
            **COUNTER,
            "given": {
                "full_name": "何小小",
                "id_number": "320102201101010123",
                "phone": "",
                "area_code": "320102003902000",
                "display_name": "小小",
                "guardian_full_name": "何晓燕",
                "guardian_id_number": "",
                "guardian_phone": "",
                "guardian_relation": "母亲",
                "guardian_consent": "signed",
                "reason": "本人和母亲到柜台",
            },
            "communities": [(320102003902000, "兰园社区"), (320102003904000, "大悲巷社区")],
            "least_age": 18,
            "minor_age": 14,
            "errors": {"guardian_id_number": "身份证号须为18位。"},
        },
    ),
    "officer-time-district": (
        "officer/time_district.html",
        {
            **COUNTER,
            "person": {"id": 12, "full_name": "李文华"},
            "has_hours": True,
            "streets": [(320104006000000, "秦淮区 五老村街道"), (320104007000000, "秦淮区 洪武路街道")],
            "follows": True,
            "districts": True,
            "area_code": 0,
            "reason": "",
            "errors": {"reason": "代他人办理须写明原因。"},
        },
    ),
    "officer-time-moves": (
        "officer/time_moves.html",
        {
            **COUNTER,
            "said": "asked",
            "moves": [
                {
                    "id": number,
                    "full_name": name,
                    "from_name": "梅园新村街道",
                    "to_name": "五老村街道",
                    "granted": False,
                    "minutes": minutes,
                    "state": state,
                    "refusal": refusal,
                    "asked_at": NOW,
                    "reason": "户口簿",
                    "undoable": state == "closed",
                }
                for number, name, minutes, state, refusal in (
                    (3, "李文华", 0, "waiting", "full"),
                    (2, None, 1290, "closed", None),
                    (1, None, 60, "undone", None),
                )
            ],
        },
    ),
    "officer-time-elder": (
        "officer/time_elder.html",
        {
            **COUNTER,
            "elder": SimpleNamespace(id=7, full_name="王秀兰", years=78),
            "purse": GRANTED,
            "needs": [SimpleNamespace(id=5, title="来看看我", starts_at=START, ends_at=END)],
            "bookings": [SimpleNamespace(**{**BOOKING.__dict__, "professional": True}), SPENT],
            "sessions": [
                SimpleNamespace(
                    id=9,
                    title="来看看我",
                    started_at=START,
                    ended_at=END,
                    credit_minutes=90,
                    volunteer_id=12,
                    volunteer_name="李文华",
                )
            ],
            "is_volunteer": False,
            "kinds": [("friendly_visit", "来看看我")],
            "providers": [(1, "康乐居家养老服务中心")],
        },
    ),
}
