"""A list of what inspectors look at, as data: GB 38600's safety items, fire, food. Read from a TOML file, never edited."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from services.cities.pack_part import Code, Named


class CheckItem(Named):
    """One thing looked at. `must`: failing it needs a finding; `basis` names where it is demanded."""

    group: Code
    must: bool = True
    basis: str = ""


class CheckGroup(Named):
    """A part of the list."""


class ChecklistPaper(Named):
    """A published version of a checklist; `assumed` says what was not compared with the standard's own text."""

    version: str = Field(min_length=1, max_length=40)
    valid_from: date
    about: Literal["service_safety", "fire", "food"]
    groups: tuple[CheckGroup, ...] = Field(min_length=1)
    items: tuple[CheckItem, ...] = Field(min_length=1, max_length=200)
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> ChecklistPaper:
        codes = [item.code for item in self.items]
        if len(set(codes)) != len(codes):
            raise ValueError("检查项目的代码重复 / an item's code stands twice")
        if {item.group for item in self.items} - {group.code for group in self.groups}:
            raise ValueError("检查项目写了没有的分组 / an item names a group that is not there")
        return self
