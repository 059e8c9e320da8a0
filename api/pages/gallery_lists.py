"""Fixed examples of the pages of lists for the gallery. Invented rows and figures."""

from types import SimpleNamespace
from typing import Any

from api.pages.gallery_people import NOW, Example
from api.pages.list_words import kind_words, state_words, system_words

FRAME: dict[str, Any] = {
    "area_name": "玄武门街道", "as_of": NOW, "read_only": False, "has_tabs": True,
    "kind_words": kind_words(), "state_words": state_words(), "errors": {},
}  # fmt: skip
COUNTS = {"rows": 57, "accepted": 43, "flagged": 5, "refused": 14, "need_place": 8}


def _run(state: str, counts: dict[str, int]) -> Any:
    return SimpleNamespace(
        id=4, kind="facilities", state=state, file_name="玄武门街道设施名录2026.xlsx", crs="gcj02", counts=counts,
        started_at=NOW,
    )  # fmt: skip


ROW = SimpleNamespace(
    id=71, run_id=4, kind="facilities", line=42, title="百子亭社区助餐点", state="waiting", trying=False, crs="gcj02",
    needs_place=True, cells={"name": "百子亭社区助餐点", "address": "百子亭8号"},
    found={"lon": 118.795, "lat": 32.058, "words": "百子亭6号", "confidence": 0.49},
)  # fmt: skip
LINE = {"row": ROW, "reasons": ["没有坐标"], "said": "没有坐标"}
LIST: dict[str, Any] = {
    **FRAME,
    "run": _run("checked", COUNTS),
    "fields": [
        {"name": "name", "name_zh": "名称", "needed": True, "column": "设施名称", "constant": ""},
        {"name": "status", "name_zh": "状态", "needed": False, "column": "", "constant": "open"},
    ],
    "columns": ["设施名称", "经度", "纬度"],
    "first": [{"设施名称": "兰园助餐点", "经度": "118.795", "纬度": "32.058"}],
    "first_columns": [{"name": "设施名称"}, {"name": "经度"}, {"name": "纬度"}],
    "kinds": [
        {"name": "没有坐标", "count": 2, "refuses": True},
        {"name": "与别的行同一坐标", "count": 12, "refuses": False},
    ],
    "told": [{"line": 42, "refused": True, "words": "没有坐标"}],
    "told_more": 13,
    "system": {
        "declared": "gcj02", "best": "bd09", "checked": True, "contradicted": True,
        "fits": {
            "gcj02": {"rows": 200, "outside": 31, "error_m": 34.1},
            "bd09": {"rows": 200, "outside": 4, "error_m": 10.6},
        },
    },
    "refusal": "",
}  # fmt: skip
LISTS: dict[str, Example] = {
    "officer-lists": (
        "officer/lists.html",
        {
            **FRAME,
            "runs": [_run("checked", COUNTS), _run("done", {**COUNTS, "created": 43, "updated": 0, "unchanged": 0})],
            "kinds": list(kind_words().items())[:3],
            "systems": system_words(),
            "given": {"kind": "", "crs": "", "sheet": ""},
            "errors": {"file": "请选一个文件"},
        },
    ),
    "officer-list": ("officer/list.html", LIST),
    "officer-list-rows": (
        "officer/list_rows.html",
        {**FRAME, "places": True, "rows": [LINE], "kind": "", "kinds": [("", "全部")], "more_after": 71},
    ),
    "officer-list-row": (
        "officer/list_row.html",
        {
            **FRAME,
            "row": ROW,
            "line": LINE,
            "may_mend": True,
            "fields": [
                {"name": "name", "name_zh": "名称", "text": "百子亭社区助餐点"},
                {"name": "address", "name_zh": "地址", "text": "百子亭8号"},
            ],
            "on_the_map": True,
            "systems": system_words(),
            "map": {"center": [118.795, 32.058], "zoom": 16, "bounds": None, "guess": [118.795, 32.058]},
        },
    ),
}
