"""Which column says which field: written down in a TOML file, or guessed and shown for confirmation."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from services.intake.errors import BadMapping
from services.intake.fields import FieldSpec
from services.intake.rules import loose, plain

PARTS = {"kind", "crs", "sheet", "columns", "values", "constants", "centre", "source", "note"}
SYSTEMS = ("wgs84", "gcj02", "bd09", "cgcs2000")


@dataclass(frozen=True)
class Mapping:
    """How a list's columns become fields.

    `columns`: field -> column. `values`: field -> (what the list writes -> what the house writes). `constants`:
    field -> value for every row. `centre`: the (lon, lat), in the list's system, at which its maker puts what he
    could not find.
    """

    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    centre: tuple[float, float] | None = None
    crs: str | None = None
    sheet: str | None = None
    source: str | None = None

    def document(self) -> dict[str, Any]:
        """Give the mapping as it is kept with the run."""
        kept: dict[str, Any] = {"columns": self.columns, "values": self.values, "constants": self.constants}
        if self.centre:
            kept["centre"] = list(self.centre)
        return kept | {name: getattr(self, name) for name in ("crs", "sheet", "source") if getattr(self, name)}


def read_mapping(text: str, kind: str, fields: Sequence[FieldSpec]) -> Mapping:
    """Read a mapping file; raises BadMapping with every mistake in `problems`."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"列对照文件不是有效的TOML：{error}", problems=[str(error)]) from error
    return mapping_of(told, kind, fields)


def mapping_of(told: dict[str, Any], kind: str, fields: Sequence[FieldSpec]) -> Mapping:
    """Give the mapping of a document (a file's or a stored run's). Raises BadMapping."""
    problems = [f"不认识的项目 {name}" for name in told if name not in PARTS]
    if told.get("kind", kind) != kind:
        problems.append(f"这份列对照是给 {told['kind']} 的，现在导入的是 {kind}")
    columns, constants = _texts(told, "columns", fields, problems), _texts(told, "constants", fields, problems)
    values: dict[str, dict[str, str]] = {}
    for name, pairs in _table(told, "values", problems).items():
        if isinstance(pairs, dict):
            values[name] = {plain(str(key)): str(value) for key, value in pairs.items()}
        else:
            problems.append(f"values.{name} 须是对照表")
    known = {spec.name for spec in fields}
    problems += [f"没有字段 {name}" for name in {*columns, *constants, *values} - known]
    if told.get("crs") not in (None, *SYSTEMS):
        problems.append(f"坐标系须为 {'、'.join(SYSTEMS)}")
    centre = _centre(told.get("centre"), problems)
    if problems:
        raise BadMapping("；".join(problems)[:600], problems=problems)
    return Mapping(columns, values, constants, centre, told.get("crs"), told.get("sheet"), told.get("source"))


def _table(told: dict[str, Any], name: str, problems: list[str]) -> dict[str, Any]:
    part = told.get(name, {})
    if not isinstance(part, dict):
        problems.append(f"{name} 须是表")
        return {}
    return part


def _texts(told: dict[str, Any], name: str, fields: Sequence[FieldSpec], problems: list[str]) -> dict[str, str]:
    return {key: str(value) for key, value in _table(told, name, problems).items() if value not in (None, "")}


def _centre(told: Any, problems: list[str]) -> tuple[float, float] | None:
    if told is None:
        return None
    try:
        lon, lat = (float(part) for part in told)
    except (TypeError, ValueError):
        problems.append("centre 须写成 [经度, 纬度]")
        return None
    return lon, lat


def guess_mapping(columns: Sequence[str], fields: Sequence[FieldSpec]) -> Mapping:
    """Guess which column says which field, by the words people use for them, Chinese or English.

    First headers that are exactly one of a field's words, then headers that hold one; each column and each field
    is used once. The guess is shown and confirmed before anything is taken over.
    """
    chosen: dict[str, str] = {}
    for exact in (True, False):
        for spec in fields:
            if spec.name in chosen:
                continue
            free = [column for column in columns if column not in chosen.values()]
            found = next((column for column in free if _is_called(column, spec, exact)), None)
            if found is not None:
                chosen[spec.name] = found
    return Mapping(columns=chosen)


def _is_called(column: str, spec: FieldSpec, exact: bool) -> bool:
    header = loose(column)
    called = [loose(word) for word in (spec.name, spec.name_zh, *spec.synonyms)]
    if exact:
        return header in called
    return any(len(word) >= 2 and not word.isascii() and word in header for word in called)


def check_columns(mapping: Mapping, columns: Sequence[str], fields: Sequence[FieldSpec]) -> Mapping:
    """Hold a mapping against a list's columns: raises BadMapping for a missing column or a needed field unmapped."""
    problems = [
        f"名录里没有列“{column}”（字段 {name}）" for name, column in mapping.columns.items() if column not in columns
    ]
    told = {*mapping.columns, *mapping.constants}
    problems += [
        f"没有列说明“{spec.name_zh}”（{spec.name}）" for spec in fields if spec.needed and spec.name not in told
    ]
    if problems:
        raise BadMapping("；".join(problems)[:600], problems=problems, columns=list(columns))
    return mapping


def with_constants(mapping: Mapping, **constants: str) -> Mapping:
    """Give the mapping with a value for every row."""
    return replace(mapping, constants=mapping.constants | constants)


def fields_of_row(mapping: Mapping, cells: dict[str, str]) -> dict[str, str]:
    """Give a row's text by field: its columns, then the house's word for the list's, then the constants."""
    told = {name: cells.get(column, "") for name, column in mapping.columns.items()}
    for name, pairs in mapping.values.items():
        if name in told:
            told[name] = pairs.get(plain(told[name]), told[name])
    return {**{name: value for name, value in mapping.constants.items() if not told.get(name)}, **_filled(told)}


def _filled(told: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in told.items() if text}
