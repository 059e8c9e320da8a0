"""What a kind of list may say: its fields, the words headers use for them, and how a cell is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from services.intake.rules import plain

Reading = Literal["words", "count", "day", "yes_no", "degrees", "code", "list", "choice"]


class BadCell(ValueError):
    """A cell that does not say what its field needs; the text is the reason in Chinese."""


@dataclass(frozen=True)
class FieldSpec:
    """One field: its name in code, in Chinese, the headers people write for it, and whether it must be there.

    `private` fields are sealed at rest and masked on pages. `choices` gives the words people write for each code.
    """

    name: str
    name_zh: str
    synonyms: tuple[str, ...] = ()
    needed: bool = False
    reading: Reading = "words"
    private: bool = False
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    longest: int = 300


POINT = (
    FieldSpec(
        "lon", "经度", ("longitude", "lng", "lon", "x", "经度坐标", "坐标x", "geometry.lon", "point_x"),
        reading="degrees",
    ),
    FieldSpec(
        "lat", "纬度", ("latitude", "lat", "y", "纬度坐标", "坐标y", "geometry.lat", "point_y"), reading="degrees",
    ),
)  # fmt: skip
PLACE = (
    *POINT,
    FieldSpec("district", "区县", ("区", "所属区", "行政区", "区县名称", "district", "county", "所在区")),
    FieldSpec("street", "街道", ("街镇", "街道乡镇", "所属街道", "乡镇", "street", "town", "街道名称", "所在街道")),
    FieldSpec("community", "社区", ("居委会", "村居", "所属社区", "居村委", "community", "社区名称", "所在社区")),
    FieldSpec("area_code", "区划代码", ("行政区划代码", "区域代码", "adcode", "area_code", "areacode"), reading="code"),
)
"""Fields of every list whose rows stand somewhere."""


def read_cell(spec: FieldSpec, text: str) -> Any:
    """Give what a cell says: text, whole number, date, yes or no, degrees, a list or a code; None when empty.

    Raises BadCell with a Chinese reason.
    """
    told = plain(text)
    if not told:
        return [] if spec.reading == "list" else None
    if len(told) > spec.longest:
        raise BadCell(f"{spec.name_zh}超过{spec.longest}个字")
    return _READERS[spec.reading](spec, told)


def _words(spec: FieldSpec, told: str) -> str:
    return told


def _count(spec: FieldSpec, told: str) -> int:
    digits = re.sub(r"[,，]|(张|个|人|户|平方米|㎡|m2)$", "", told)
    digits = re.sub(r"\.0+$", "", digits)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise BadCell(f"{spec.name_zh}须为不小于0的整数：{told[:40]}")
    return int(digits)


_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?")
_SERIAL = re.compile(r"[1-6]\d{4}")
_FIRST_SERIAL = date(1899, 12, 30)


def _day(spec: FieldSpec, told: str) -> date:
    """2026-01-31, 2026/1/31, 2026.1.31, 2026年1月31日, 20260131, or a workbook's day number."""
    try:
        if _SERIAL.fullmatch(told):
            return date.fromordinal(_FIRST_SERIAL.toordinal() + int(told))
        if re.fullmatch(r"\d{8}", told):
            return date(int(told[:4]), int(told[4:6]), int(told[6:]))
        found = _DAY.fullmatch(told)
        if found and not re.fullmatch(r"\d+", told):
            return date(*map(int, found.groups()))
    except ValueError:
        pass
    raise BadCell(f"{spec.name_zh}不是日期（写成 2026-01-31）：{told[:40]}")


_YES, _NO = {"是", "有", "y", "yes", "true", "1", "√", "对"}, {"否", "无", "n", "no", "false", "0", "×", "没有"}


def _yes_no(spec: FieldSpec, told: str) -> bool:
    if told.casefold() in _YES:
        return True
    if told.casefold() in _NO:
        return False
    raise BadCell(f"{spec.name_zh}须写是或否：{told[:40]}")


def _degrees(spec: FieldSpec, told: str) -> float:
    try:
        value = float(told.rstrip("°EN东北"))
    except ValueError:
        raise BadCell(f"{spec.name_zh}不是数字：{told[:40]}") from None
    if not abs(value) <= 180:  # nan, infinite, metres of a projection
        raise BadCell(f"{spec.name_zh}超出范围（须为度）：{told[:40]}")
    return value


def _code(spec: FieldSpec, told: str) -> int:
    digits = told.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) in (2, 4, 6, 9, 12, 15)):
        raise BadCell(f"{spec.name_zh}须为2、4、6、9、12或15位数字：{told[:40]}")
    if not 11 <= int(digits[:2]) <= 99:
        raise BadCell(f"{spec.name_zh}不是区划代码：{told[:40]}")
    return int(digits.ljust(15, "0"))


def _list(spec: FieldSpec, told: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"[;；、,，|/]", told)]
    return [_choose(spec, part) for part in parts if part]


def _choice(spec: FieldSpec, told: str) -> str:
    return _choose(spec, told)


def _choose(spec: FieldSpec, told: str) -> str:
    if not spec.choices:
        return told
    for code, written in spec.choices:
        if told.casefold() == code or told in written:
            return code
    known = "、".join(words[0] if words else code for code, words in spec.choices)
    raise BadCell(f"{spec.name_zh}不认识“{told[:40]}”，可写：{known}")


_READERS: dict[str, Callable[[FieldSpec, str], Any]] = {
    "words": _words, "count": _count, "day": _day, "yes_no": _yes_no, "degrees": _degrees, "code": _code,
    "list": _list, "choice": _choice,
}  # fmt: skip
