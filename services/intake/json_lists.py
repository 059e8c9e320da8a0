"""JSON as lists: an array of objects, an object with one array, GeoJSON features (DataV's too), ESRI features."""

from __future__ import annotations

import json
from typing import Any

from services.intake.errors import ListTooLarge, UnreadableList
from services.intake.reading import RawRow, RawTable, bounded, checked_columns, refuse_more_rows
from services.intake.rules import MOST_COLUMNS

POINT_COLUMNS = ("geometry.lon", "geometry.lat")
_WRONG = (
    ("Expecting ',' delimiter", "缺少逗号，或括号没有配对"),
    ("Expecting ':' delimiter", "缺少冒号"),
    ("Expecting property name", "字段名要写在双引号里，最后一项后面不能有逗号"),
    ("Illegal trailing comma", "最后一项后面不能有逗号"),
    ("Expecting value", "这里缺少内容，或文件在此中断"),
    ("Unterminated string", "引号没有配对，或文件在此中断"),
    ("Extra data", "内容结束之后还有多余的字"),
    ("Invalid control character", "引号里有换行或制表符"),
    ("Invalid", "引号里的反斜杠写法不对"),
)


def read_json(text: str, file_name: str, encoding: str) -> RawTable:
    """Read a JSON list; the line of a row is its number in the list, counted from 2 as under a header.

    Nested objects become `outer.inner` columns, lists are joined with semicolons; a point's coordinates become
    `geometry.lon` and `geometry.lat`. Raises UnreadableList, ListTooLarge.
    """
    try:
        whole = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        where = f"第{error.lineno}行第{error.colno}列：{_plainly(error.msg)}"
        raise UnreadableList(f"不是有效的JSON：{where}", file_name=file_name) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableList("不是有效的JSON：嵌套太深，或数字太长", file_name=file_name) from error
    objects, form = _objects(whole, file_name)
    refuse_more_rows(len(objects))
    rows: list[RawRow] = []
    broken: list[tuple[int, str]] = []
    columns: dict[str, None] = {}
    for number, thing in enumerate(objects, 2):
        if not isinstance(thing, dict):
            broken.append((number, "这一项不是对象"))
            continue
        row = _row(number, thing, form)
        columns |= dict.fromkeys(row.cells)
        if len(columns) > MOST_COLUMNS:
            raise ListTooLarge(f"列数超过{MOST_COLUMNS}。", limit=MOST_COLUMNS, found=len(columns))
        rows.append(row)
    if not rows:
        raise UnreadableList("JSON里没有可读的数据。", file_name=file_name)
    return RawTable(form, encoding, checked_columns(list(columns), file_name), rows, broken=broken)


def _plainly(told: str) -> str:
    """Say what the reading library found wrong in the officer's words."""
    return next((ours for theirs, ours in _WRONG if told.startswith(theirs)), "这里写得不对")


def _objects(whole: Any, file_name: str) -> tuple[list[Any], str]:
    if isinstance(whole, list):
        return whole, "json"
    if whole.get("type") == "Feature":
        return [whole], "geojson"
    if isinstance(whole.get("features"), list):
        esri = "type" not in whole and any(isinstance(one, dict) and "attributes" in one for one in whole["features"])
        return whole["features"], "esri" if esri else "geojson"
    lists = {name: value for name, value in whole.items() if isinstance(value, list) and _holds_objects(value)}
    if len(lists) == 1:
        return next(iter(lists.values())), "json"
    inner = [value for value in whole.values() if isinstance(value, dict)]
    if not lists and len(inner) == 1:
        return _objects(inner[0], file_name)
    names = "、".join(lists)[:100] or "没有"
    raise UnreadableList(f"JSON里须正好有一个对象列表，现在有：{names}", file_name=file_name)


def _holds_objects(values: list[Any]) -> bool:
    return any(isinstance(value, dict) for value in values[:50])


def _row(number: int, thing: dict[str, Any], form: str) -> RawRow:
    if form == "json":
        return RawRow(number, _flat(thing))
    properties = thing.get("attributes" if form == "esri" else "properties")
    shape = thing.get("geometry")
    geometry = _from_esri(shape) if form == "esri" else shape if isinstance(shape, dict) else None
    cells = _flat(properties if isinstance(properties, dict) else {})
    if geometry and geometry.get("type") == "Point" and isinstance(geometry.get("coordinates"), list):
        cells |= dict(zip(POINT_COLUMNS, map(_text, geometry["coordinates"][:2]), strict=False))
    if "id" in thing and "id" not in cells and form == "geojson":
        cells["id"] = _text(thing["id"])
    return RawRow(number, cells, geometry)


def _from_esri(shape: Any) -> dict[str, Any] | None:
    """ESRI's x, y or rings as GeoJSON; rings of one area are told apart by the reader of outlines."""
    if not isinstance(shape, dict):
        return None
    if "x" in shape and "y" in shape:
        return {"type": "Point", "coordinates": [shape["x"], shape["y"]]}
    if isinstance(shape.get("rings"), list):
        return {"type": "EsriRings", "coordinates": shape["rings"]}
    return None


def _flat(thing: dict[str, Any], before: str = "", depth: int = 0) -> dict[str, str]:
    cells: dict[str, str] = {}
    for name, value in thing.items():
        column = f"{before}{name}"[:200]
        if isinstance(value, dict) and depth < 3:
            cells |= _flat(value, f"{column}.", depth + 1)
        else:
            cells[column] = _text(value)
    return cells


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        return bounded(";".join(_text(one) for one in value[:100] if not isinstance(one, dict)))
    return bounded(str(value) if not isinstance(value, dict) else json.dumps(value, ensure_ascii=False)[:500])
