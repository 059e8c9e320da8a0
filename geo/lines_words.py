"""How a bureau's file of lines is to be read, and what bureaus call their streets in OpenStreetMap's words."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from geo.walkability import RULES, WALK_RULES

SUFFIXES = (".gpkg", ".shp", ".zip", ".geojson", ".json", ".geojsonl")
FIELDS = ("id", "highway", "foot", "steps", "private", "barrier", "wheelchair", "level")
COLUMN_WORDS: dict[str, tuple[str, ...]] = {
    "id": ("osm_id", "way_id", "id", "fid", "objectid", "gid", "编号", "道路编号", "路段编号"),
    "highway": (
        "highway", "fclass", "class", "road_class", "roadclass", "type", "kind", "category",
        "道路类别", "道路类型", "道路等级", "等级", "类别", "类型", "dldj", "lx",
    ),
    "foot": ("foot", "walk", "walkable", "pedestrian", "步行", "可步行", "是否步行", "行人"),
    "steps": ("steps", "stairs", "台阶", "有台阶", "阶梯", "楼梯"),
    "private": ("private", "internal", "内部", "内部道路", "是否内部", "小区内部", "封闭"),
    "barrier": ("barrier", "gate", "阻隔", "障碍", "门禁", "围挡"),
    "wheelchair": ("wheelchair", "轮椅", "轮椅通行", "可通轮椅"),
    "level": ("level", "layer", "z_level", "zlevel", "层", "层级"),
}  # fmt: skip
"""Our fields and the names of columns they are guessed from, likeliest first, in lower case."""

CLASS_WORDS: dict[str, str] = {
    "人行道": "footway", "步行道": "footway", "步道": "footway", "人行步道": "footway", "慢行道": "footway",
    "绿道": "path", "小路": "path", "小径": "path", "步行街": "pedestrian", "广场": "pedestrian",
    "台阶": "steps", "阶梯": "steps", "楼梯": "steps", "梯道": "steps", "电梯": "elevator",
    "人行天桥": "footway", "过街天桥": "footway", "天桥": "footway", "地下通道": "footway", "人行地道": "footway",
    "人行横道": "footway", "斑马线": "footway", "连廊": "corridor", "室内通道": "corridor", "站台": "platform",
    "内部道路": "service", "内部路": "service", "小区道路": "service", "园区道路": "service", "出入口": "service",
    "街巷": "residential", "巷": "residential", "弄": "residential", "胡同": "residential", "里弄": "residential",
    "居住区道路": "residential", "支路": "unclassified", "乡道": "unclassified", "村道": "unclassified",
    "县道": "tertiary", "次干路": "secondary", "次干道": "secondary", "主干路": "primary", "主干道": "primary",
    "省道": "primary", "国道": "primary", "快速路": "trunk", "匝道": "trunk_link", "高速": "motorway",
    "高速公路": "motorway", "自行车道": "cycleway", "非机动车道": "cycleway", "轮渡": "ferry", "在建": "construction",
}  # fmt: skip
YES = frozenset({"1", "1.0", "yes", "y", "true", "t", "是", "有", "可", "on"})
NO = frozenset({"0", "0.0", "no", "n", "false", "f", "否", "无", "不可", "off", ""})
_BARRIERS = frozenset(value for rule in RULES if rule.topic == "barrier" for value in rule.values)


@dataclass(frozen=True)
class LinesSource:
    """How a file of lines is read.

    `columns`: our field (FIELDS) -> the file's column; None: guessed from the columns' names. `values`: field ->
    the file's value -> OpenStreetMap's. `crs`: wgs84, gcj02, bd09, cgcs2000 or an EPSG code; None: as declared.
    `tolerance_m`: join lines within so many metres; None: only at shared points.
    """

    columns: dict[str, str] | None = None
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    crs: str | None = None
    layer: str | None = None
    tolerance_m: float | None = None
    encoding: str | None = None

    def told(self) -> str:
        """All of it as text, in a fixed order."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


def is_lines_file(path: str | Path) -> bool:
    """Whether a file is a bureau's own lines rather than OpenStreetMap, by its name."""
    return Path(path).suffix.lower() in SUFFIXES


def as_tags(row: dict[str, Any], values: dict[str, dict[str, str]]) -> dict[str, str]:
    """One line's fields as OpenStreetMap tags; a class nobody knows is a road of unknown class."""
    said = {ours: _said(ours, value, values) for ours, value in row.items() if ours not in ("id", "level")}
    kind = said.get("highway", "")
    tags = {"highway": kind if kind in WALK_RULES else CLASS_WORDS.get(kind, "road")}
    if is_yes(said.get("steps", "")):
        tags["highway"] = "steps"
    foot = said.get("foot", "")
    if foot:
        tags["foot"] = "yes" if is_yes(foot) else "no" if foot.lower() in NO else foot
    if is_yes(said.get("private", "")):
        tags["access"] = "private"
    wheels = said.get("wheelchair", "")
    if wheels:
        tags["wheelchair"] = "yes" if is_yes(wheels) else "no" if wheels.lower() in NO else wheels
    barrier = said.get("barrier", "")
    if barrier and barrier.lower() not in NO:
        tags["barrier"] = barrier if barrier in _BARRIERS else "wall"
    return tags


def is_yes(value: str) -> bool:
    """Whether a bureau's word means yes."""
    return value.strip().lower() in YES


def _said(ours: str, value: Any, values: dict[str, dict[str, str]]) -> str:
    told = "" if value is None else str(value).strip()
    translation = values.get(ours, {})
    return translation.get(told, translation.get("*", told))
