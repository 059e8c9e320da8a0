"""A way to assess elders, as data: groups of items with points, levels, raising rules. Read from a TOML file.

Nothing about a scheme is a constant in code. Every part names its source; `assumed` marks what nobody has yet
compared with the standard itself.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from services.cities.pack_part import Called, Code, Named, Part, Source


class Choice(Part):
    """One answer to an item, with its points."""

    points: int = Field(ge=0)
    text_zh: str = Field(min_length=1)
    text_en: str = Field(min_length=1)


class SchemeItem(Named):
    """One thing that is looked at, with its answers, best first; `choices_of` takes them from a shared list."""

    about_zh: str = ""
    about_en: str = ""
    choices: tuple[Choice, ...] = ()
    choices_of: Code | None = None


class SharedChoices(Part):
    """Answers that several items have in common."""

    code: Code
    choices: tuple[Choice, ...] = Field(min_length=2)


class Grade(Called):
    """What the points of one group amount to (both bounds included)."""

    grade: int = Field(ge=0)
    lowest_points: int = Field(ge=0)
    highest_points: int = Field(ge=0)


class SchemeGroup(Named):
    """A first-level indicator: its items and their sum; with grades where levels come from a grid of grades."""

    items: tuple[SchemeItem, ...] = Field(min_length=1)
    grades: tuple[Grade, ...] = ()


class SchemeLevel(Called):
    """A level, 0 the ablest; with bounds of the total where the sum decides."""

    level: int = Field(ge=0, le=9)
    lowest_points: int | None = Field(default=None, ge=0)
    highest_points: int | None = Field(default=None, ge=0)


class Raise(Named):
    """A fact that changes the level found: up by some levels, or straight to one."""

    up: int = Field(default=0, ge=0, le=5)
    to_level: int | None = Field(default=None, ge=0, le=9)
    source: Code
    assumed: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Raise:
        if (self.up > 0) == (self.to_level is not None):
            raise ValueError("升级规则须且只能写up或to_level之一 / a raise says either up or to_level")
        return self


class GridRow(Part):
    """One cell of a grid: the level for these grades, group by group; the first row that fits decides.

    `worst` per group is the highest grade the row still takes.
    """

    level: int = Field(ge=0, le=9)
    lowest: tuple[int, ...]
    worst: tuple[int, ...]


class Scheme(Part):
    """A scheme in one version. `level_from`: score (our assessors answer the items) or certificate (others did).

    With `certificate` items may still be listed, to explain a result; the level is the one on the paper.
    """

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{2,39}$")
    version: str = Field(min_length=1, max_length=40)
    name_zh: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    valid_from: date
    level_from: Literal["score", "certificate"]
    decides: Literal["sum", "grid", "paper"]
    assessors: int = Field(ge=1, le=2)
    valid_months: int = Field(gt=0, le=60)
    warn_days: int = Field(default=60, gt=0)
    appeal_days: int = Field(gt=0)
    raises_add_up: bool = False
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)
    shared_choices: tuple[SharedChoices, ...] = ()
    groups: tuple[SchemeGroup, ...] = ()
    levels: tuple[SchemeLevel, ...] = Field(min_length=2)
    raises: tuple[Raise, ...] = ()
    grid: tuple[GridRow, ...] = ()

    @model_validator(mode="after")
    def _closes(self) -> Scheme:
        shared = {one.code for one in self.shared_choices}
        for item in (item for group in self.groups for item in group.items):
            if (item.choices_of in shared) == bool(item.choices):
                raise ValueError(f"{item.code}：须写choices或choices_of之一 / give choices or choices_of")
        if [one.level for one in self.levels] != list(range(len(self.levels))):
            raise ValueError("等级须从0起连续 / levels run from 0 without a gap")
        if self.decides == "sum":
            self._bands_close()
        if self.decides == "grid" and not (self.grid and all(group.grades for group in self.groups)):
            raise ValueError("组合法须有grades和grid / a grid needs grades and rows")
        if any(one.to_level is not None and one.to_level >= len(self.levels) for one in self.raises):
            raise ValueError("升级规则指向不存在的等级 / a raise names a level that is not there")
        return self

    def _bands_close(self) -> None:
        highest = self.maximum_points
        for one in self.levels:
            if one.highest_points != highest or one.lowest_points is None or one.lowest_points > highest:
                raise ValueError(f"等级{one.level}的分数段与满分或相邻等级不衔接 / the bands leave a gap")
            highest = one.lowest_points - 1
        if highest != -1:
            raise ValueError("最低等级须到0分 / the last level must reach 0 points")

    @property
    def items(self) -> tuple[SchemeItem, ...]:
        """Every item, group by group."""
        return tuple(item for group in self.groups for item in group.items)

    @property
    def maximum_points(self) -> int:
        """The points of who can do everything."""
        return sum(max(choice.points for choice in self.choices(item)) for item in self.items)

    def choices(self, item: SchemeItem) -> tuple[Choice, ...]:
        """Give an item's answers, its own or the shared ones."""
        if item.choices_of is None:
            return item.choices
        return next(one.choices for one in self.shared_choices if one.code == item.choices_of)

    def level_named(self, level: int) -> SchemeLevel:
        """Give a level with its names; raises KeyError."""
        if not 0 <= level < len(self.levels):
            raise KeyError(level)
        return self.levels[level]
