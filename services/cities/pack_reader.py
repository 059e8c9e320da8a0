"""Reading a pack's TOML so that a mistake is answered with its line and its field, in two languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from services.cities.errors import BadPack
from services.cities.pack import CityPack
from services.cities.pack_links import broken_links
from services.cities.pack_part import Part

Place = tuple[str | int, ...]
AnyPart = TypeVar("AnyPart", bound=Part)

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\"]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+)\s*=")
_TOML_LINE = re.compile(r"at line (\d+)")
_SENTENCES = {
    "missing": "缺少这一项 / missing",
    "extra_forbidden": "没有这一项，请检查拼写 / unknown field, check the spelling",
    "greater_than": "须大于{gt} / must be greater than {gt}",
    "greater_than_equal": "须不小于{ge} / must be at least {ge}",
    "less_than_equal": "须不大于{le} / must be at most {le}",
    "literal_error": "须为{expected}之一 / must be one of {expected}",
    "string_pattern_mismatch": "写法不合要求 / does not match {pattern}",
    "string_too_short": "不能为空 / must not be empty",
    "too_short": "至少{min_length}项 / at least {min_length} entries",
    "int_type": "须为整数 / must be a whole number",
    "int_parsing": "须为整数 / must be a whole number",
    "int_from_float": "须为整数 / must be a whole number",
    "decimal_type": "须为数字 / must be a number",
    "decimal_parsing": "须为数字 / must be a number",
    "string_type": "须为文字 / must be text in quotes",
    "bool_type": "须为true或false / must be true or false",
    "bool_parsing": "须为true或false / must be true or false",
    "date_type": "须为日期 / must be a date",
    "date_from_datetime_parsing": "须为日期 / must be a date",
    "date_parsing": "须为日期 / must be a date",
    "tuple_type": "须为列表 / must be a list",
    "model_type": "须为一组键值 / must be a table",
    "dict_type": "须为一组键值 / must be a table",
}


def read_pack(text: str) -> CityPack:
    """Read one city's pack from TOML text. Raises BadPack, as read_part does."""
    return read_part(text, CityPack, broken_links)


def read_part(text: str, model: type[AnyPart], broken: Callable[[AnyPart], list[tuple[Place, str]]]) -> AnyPart:
    """Read a file of rules from TOML text into its model; `broken` gives what does not fit together, by its place.

    Raises BadPack with `problems`, a list of {"line", "field", "message"}: all mistakes at once, so that
    an officer corrects the file in one go.
    """
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        found = _TOML_LINE.search(str(error))
        line = int(found.group(1)) if found else len(text.splitlines())
        raise _bad([_problem(line, (), f"TOML写法有误 / not valid TOML: {error}")]) from error
    lines = _lines_of(text)
    try:
        pack = model.model_validate(raw)
    except ValidationError as error:
        raise _bad([_from_pydantic(lines, dict(item)) for item in error.errors()]) from error
    unfit = broken(pack)
    if unfit:
        raise _bad([_problem(_line_of(lines, place), place, sentence) for place, sentence in unfit])
    return pack


def _bad(problems: list[dict[str, Any]]) -> BadPack:
    first = problems[0]
    rest = f"（另有{len(problems) - 1}处）" if len(problems) > 1 else ""
    return BadPack(f"规则包有误：{first['message']}{rest}", field=first["field"], problems=problems)


def _problem(line: int, place: Place, sentence: str) -> dict[str, Any]:
    field = _field_name(place)
    chinese, _, english = sentence.partition(" / ")
    message = f"第{line}行 {field}：{chinese}"
    if english:
        message += f" (line {line}, {field}: {english})"
    return {"line": line, "field": field, "message": message}


def _from_pydantic(lines: dict[Place, int], item: dict[str, Any]) -> dict[str, Any]:
    place: Place = item["loc"]
    sentence = _SENTENCES.get(item["type"])
    if sentence is not None:
        sentence = sentence.format(**item.get("ctx", {}))
    else:
        sentence = str(item["msg"]).removeprefix("Value error, ")
    return _problem(_line_of(lines, place), place, sentence)


def _field_name(place: Place) -> str:
    name = ""
    for step in place:
        name += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if name else step
    return name or "(文件/file)"


def _line_of(lines: dict[Place, int], place: Place) -> int:
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 1


def _lines_of(text: str) -> dict[Place, int]:
    """Give the line on which each table header, key and one-line list entry stands, by its place."""
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    entries: tuple[Place, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if entries is not None and line.lstrip().startswith("{"):
            lines[(*entries[0], entries[1])] = number
            entries = (entries[0], entries[1] + 1)
        elif header:
            table, entries = _open_table(header.group(2), header.group(1) == "[[", counts), None
            lines[table] = number
        elif key:
            place = (*table, key.group(1))
            lines.setdefault(place, number)
            entries = (place, 0) if line.rstrip().endswith("[") else None
    return lines


def _open_table(dotted: str, is_array: bool, counts: dict[Place, int]) -> Place:
    place: Place = ()
    parts = [part.strip('"') for part in dotted.split(".")]
    for depth, part in enumerate(parts):
        place = (*place, part)
        if is_array and depth == len(parts) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place
