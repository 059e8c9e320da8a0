"""What an import can find wrong with a row: each kind has a name, a weight and a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

REFUSES: dict[str, str] = {
    "broken_line": "列数不对",
    "missing_field": "必填项为空",
    "bad_cell": "填写有误",
    "missing_coordinates": "没有坐标",
    "bad_coordinates": "坐标填写有误",
    "swapped": "经纬度填反",
    "default_centre": "坐标是城市中心的默认点",
    "outside_city": "不在本市范围内",
    "outside_office": "不在您的辖区",
    "unknown_area": "没有这个区划",
    "no_area": "不知道在哪个社区或街道",
    "unknown_type": "没有这种类型",
    "unknown_function": "没有这种功能",
    "unknown_provider": "没有登记这家机构",
    "unknown_facility": "没有登记这处设施",
    "taken_elsewhere": "编码已被别的城市使用",
    "duplicate": "与前面的行重复",
    "near_duplicate": "与前面的行是同一处，只是写法不同",
    "bad_outline": "边界有误",
    "no_parent": "上级区划没有登记",
    "bad_id_number": "身份证号有误",
    "number_taken": "身份证号已属于别人",
    "fewer_beds": "床位数少于登记数",
    "unknown_bed": "没有登记这张床位",
    "unknown_elder": "没有登记这位老人",
    "stay_overlaps": "与已有的入住记录重叠",
    "later_standing": "之后已有登记",
}
"""Kinds that keep a row out of the register until it is mended."""

FLAGS: dict[str, str] = {
    "shared_point": "与别的行同一坐标",
    "shared_point_rewritten": "与别的行同一坐标，只是写法不同",
    "outside_named_area": "坐标不在所写的区划里",
    "placed_by_address": "按地址找到位置",
    "kept_place": "没有坐标，沿用已登记的位置",
    "unused_area": "所写的区划没有登记",
    "mended_outline": "边界已修补",
    "outside_parent": "边界超出上级区划",
    "under_60": "不满60岁",
    "phone_shared": "电话与别人相同",
    "no_id_number": "没有身份证号",
}
"""Kinds that are told and do not keep a row out."""

NEEDS_PLACE = {"missing_coordinates", "default_centre"}
NAMES = REFUSES | FLAGS


@dataclass(frozen=True)
class Finding:
    """One thing found in one row; `facts` are numbers and codes for programs."""

    kind: str
    message: str
    column: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def refuses(self) -> bool:
        """Tell whether it keeps the row out."""
        return self.kind in REFUSES

    def document(self) -> dict[str, Any]:
        """Give the finding as it is kept."""
        return {"kind": self.kind, "message": self.message, "column": self.column, "facts": self.facts}


def count_kinds(findings: Iterable[Iterable[Finding]]) -> dict[str, int]:
    """Give how many rows have each kind of finding, in the order of the names above."""
    counted = Counter(kind for row in findings for kind in {one.kind for one in row})
    return {kind: counted[kind] for kind in NAMES if counted[kind]}
