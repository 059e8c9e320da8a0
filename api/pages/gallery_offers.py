"""Fixed examples of paying, wishes, baskets, and what providers offer, for the gallery. Invented people."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import segno

from api.pages.gallery_care import AREA, TODAY, WHO
from api.pages.gallery_people import BATH, END, NOW, OWN, START, Example

LINE: dict[str, Any] = {
    "id": 5, "state": "waiting", "method": "wechat_pay", "amount_fen": 4000, "captured_fen": 4000, "refunded_fen": 1000,
    "disputed_fen": 0, "updated_at": NOW, "order": {"id": 41, "starts_at": START, "ends_at": END, **BATH},
}  # fmt: skip
BACK = SimpleNamespace(amount_fen=1000, state="done", reason="complaint", updated_at=NOW)
OPEN = SimpleNamespace(amount_fen=4000, state="open", recorded_at=NOW, closed_at=None)
ALLERGENS = {"peanut": "花生", "milk": "牛奶", "shellfish": "虾蟹贝"}
IN_BASKET: dict[str, Any] = {
    "elder_name": "王秀兰", "service_name": "上门助浴", "starts_at": START, "ends_at": END, "pay_fen": 4000, "why": "",
    "provider_name": "康乐居家养老服务中心", "written": "7~home_bath~2026-11-26T09~3", "without_href": "/family/basket",
}  # fmt: skip
PLAN: dict[str, Any] = {
    "id": 1, "service_name": "食堂午餐", "kind": "meal_dine_in", "facility_name": "兰园助餐点", "weekdays": ["1", "3"],
    "from_minute": 660, "to_minute": 750, "capacity": 20, "cut_off_days_before": 1, "cut_off_minute": 540, "valid_to": None,
}  # fmt: skip
DISH = SimpleNamespace(id=1, facility_name="兰园助餐点", on_day=TODAY, name_zh="盐水虾", contains=("shellfish",))

OFFERS: dict[str, Example] = {
    "payment": (
        "order/payment.html",
        {
            **OWN, "payment": LINE, "refunds": [BACK], "disputes": [OPEN], "link": "", "played": "", "may_pay": True,
            "code": segno.make("weixin://wxpay/demo").svg_data_uri(scale=6, border=3), "is_open": True, "errors": {},
            "methods": ("card", "wechat_pay", "alipay"), "phone": "12349",
        },
    ),
    "wishes": (
        "order/wishes.html",
        {
            **OWN, "home": "/elder", "may_say": True, "said": "wish", "errors": {}, "avoids": ("milk",),
            "wish": SimpleNamespace(gender="female", languages=("nanjing",), must=False, carer_id=3, carer_name="陈芳"),
            "carers": [(3, "陈芳"), (4, "刘英")], "genders": {"female": "女护理员", "male": "男护理员"},
            "tongues": {"mandarin": "普通话", "nanjing": "南京话"}, "allergens": ALLERGENS,
        },
    ),
    "basket": (
        "order/basket.html",
        {
            "elders": [(7, "王秀兰"), (8, "李德明")], "services": [("home_bath", "上门助浴")], "full": False, "errors": {},
            "days": [("2026-11-26", "11月26日 星期四")], "hours": [("09", "上午9点")], "pay_fen": 4000, "whole": False,
            "lines": [IN_BASKET, {**IN_BASKET, "elder_name": "李德明", "why": "那时没有人能来，请换一个时间。", "pay_fen": None}],
            "idempotency_key": "k", "warning": "",
        },
    ),
    "provider-offers": (
        "provider/offers.html",
        {
            "provider_name": "康乐居家养老服务中心", "said": "places", "errors": {"price-2": "价格高于最高限价。"},
            "sites": [(4, "兰园助餐点")], "services": [("canteen", "食堂午餐")], "plans": [PLAN],
            "kinds": ("day_care", "bath", "meal_dine_in", "meal_delivery"),
            "days": [TODAY + timedelta(days=n) for n in range(7)], "dishes": [DISH], "allergens": ALLERGENS,
            "lines": [{"id": 2, "service_name": "上门助浴", "price_fen": 12050, "ceiling_fen": 15000, "active": True}],
        },
    ),
    "officer-payments": (
        "officer/payments.html",
        AREA
        | {
            "reasons": ("correction", "complaint"),
            "payments": [
                {**LINE, "state": "captured", "order_number": "2026-1124-0041", "refunds": [BACK], "disputes": [OPEN]},
            ],
        },
    ),
    "home-bed-form": (
        "officer/home_bed_form.html",
        AREA
        | {
            "elder": WHO, "providers": [(3, "康乐居家养老服务中心")], "signers": [(90, "孙德福")],
            "rows": [{"service": "home_bath", "times": "1", "every": "month", "minutes": "90"}],
            "services": [("home_bath", "上门助浴")],
            "given": dict.fromkeys(
                ("provider", "contract_number", "first_day", "last_day", "signed_on", "signed_by", "monthly", "government",
                 "family", "care_plan", "devices"), ""
            ),
        },
    ),
}  # fmt: skip
