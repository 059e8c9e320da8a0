"""Examples for the gallery: indicators with their promises, trend and rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

AS_OF = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
AREA = {"area_name": "东营市", "read_only": False, "as_of": AS_OF, "title_area": "东营市", "on": date(2026, 11, 20)}
CARD: dict[str, Any] = {
    "code": "nursing_bed_ratio",
    "name": "养老机构护理型床位占比",
    "figure": "54.20%",
    "share": 0.542,
    "aim": 0.6,
    "aim_words": "目标 60%（2025 年）",
    "kept": False,
    "parts": "3,794 / 7,000",
    "missing": 406,
    "thing": "张床",
    "href": "/officer/indicators/nursing_bed_ratio?area=370500000000000&on=2026-11-20",
    "counted_on": date(2026, 11, 19),
    "population_href": None,
}
COUNT = CARD | {"code": "meal_sites", "name": "老年食堂数", "figure": "136", "share": None, "aim": None, "aim_words": "",
                "kept": None, "parts": "", "missing": None, "thing": "处机构"}  # fmt: skip
POINTS = [
    {"label": f"2026-{month:02d}-28", "value": 50 + month * 0.4, "words": f"{50 + month * 0.4:.2f}%"}
    for month in range(1, 11)
]
PROMISES = [
    {"plan": "东营“十四五”", "aim": "目标 60%（2025 年）", "due_on": date(2025, 12, 31), "kept": False, "missing": 406,
     "thing": "张床", "days_left": -324, "leads": ""},
    {"plan": "国家“十五五”", "aim": "目标 73%（2030 年）", "due_on": date(2030, 12, 31), "kept": False, "missing": 1316,
     "thing": "张床", "days_left": 1502, "leads": "照现在的走势到期约 73.80%（八成可能在 71.90% 至 75.70% 之间）"},
]  # fmt: skip
FIGURES: dict[str, tuple[str, dict[str, Any]]] = {
    "officer-indicators": (
        "officer/indicators.html",
        {
            **AREA,
            "today": date(2026, 11, 20),
            "cards": [CARD, COUNT],
            "areas": [("370500000000000", "东营市"), ("370502000000000", "东营区")],
            "chosen": "370500000000000",
            "rules_version": "2021-2025.2",
        },
    ),
    "officer-indicator": (
        "officer/indicator.html",
        {
            **AREA,
            "card": CARD,
            "definition": "护理型床位（按开放床位）÷床位（按开放床位）。",
            "sources": ["东营市“十四五”民政事业发展规划"],
            "rules_version": "2021-2025.2",
            "promises": PROMISES,
            "missing": {"missing": 406, "thing": "张床", "whole": 2, "beds": True,
                        "places": [{"name": "清风院", "count": 300}, {"name": "河口敬老院", "count": 106}]},
            "points": POINTS,
            "aim": 60.0,
            "published": [{"on": date(2020, 12, 31), "words": "46.77%", "plan": "东营“十四五”",
                           "source": "东营市“十四五”民政事业发展规划"}],
            "rows": [{"href": "/officer/indicators/nursing_bed_ratio/rows?side=numerator", "words": "计入的是哪些：护理型床位"}],
            "again_href": "/officer/indicators/nursing_bed_ratio?again=true",
            "recounted": {"equal": True, "figure": "54.20%", "parts": "3,794 / 7,000"},
            "back": "/officer/indicators",
        },
    ),
}  # fmt: skip
