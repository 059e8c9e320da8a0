"""A city's service standards as one TOML file: what each item is, for whom, by whom paid, at most for how much."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from services.catalogue.tables import KINDS, UNITS
from services.cities.pack_part import Code, Named, Part, Source


class PackStandard(Named):
    """One service item as it is written in the file. Prices in fen per unit; `cut_off` as "9:30" of the Shanghai day.

    `menu` is what the menu needs of an item the house does not know yet: its tile, plain name and tasks.
    """

    kind: str
    valid_from: date
    content: str = Field(min_length=1)
    content_en: str = ""
    minutes: int | None = Field(default=None, gt=0)
    unit: str = "visit"
    required_skills: tuple[Code, ...] = ()
    acceptance: str = Field(min_length=1)
    acceptance_en: str = ""
    price_fen: int | None = Field(default=None, ge=0)
    price_ceiling_fen: int | None = Field(default=None, ge=0)
    notice_minutes: int = Field(default=0, ge=0)
    cut_off_days: int = Field(default=0, ge=0, le=30)
    cut_off: str | None = Field(default=None, pattern=r"^([01]?\d|2[0-3]):[0-5]\d$")
    areas: tuple[str, ...] = ()
    orderable: bool = True
    basic: bool = True
    recipients: str = Field(min_length=1)
    recipients_en: str = ""
    provision: str = Field(min_length=1)
    provision_en: str = ""
    standard: str = Field(min_length=1)
    standard_en: str = ""
    payer: str = Field(min_length=1)
    payer_en: str = ""
    source: Code
    assumed: bool = False
    at_home: bool = True
    category: Code | None = None
    plain_name: str = ""
    urgency: Literal["urgent", "normal", "planned"] = "normal"
    checklist: tuple[str, ...] = ()
    checklist_en: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> PackStandard:
        if self.kind not in KINDS:
            raise ValueError(f"没有这种类别：{self.kind} / unknown kind")
        if self.unit not in UNITS:
            raise ValueError(f"没有这种单位：{self.unit} / unknown unit")
        if self.orderable and (self.minutes is None or self.price_fen is None):
            raise ValueError("可以下单的项目须写minutes和price_fen / an item to order needs minutes and price_fen")
        if (
            self.price_fen is not None
            and self.price_ceiling_fen is not None
            and self.price_fen > self.price_ceiling_fen
        ):
            raise ValueError("指导价高于最高限价 / the guide price lies above the ceiling")
        return self

    @property
    def cut_off_minute(self) -> int | None:
        """The cut-off as a minute of the day."""
        if self.cut_off is None:
            return None
        hours, minutes = self.cut_off.split(":")
        return int(hours) * 60 + int(minutes)


class CataloguePack(Part):
    """The service standards of one city."""

    city: Code
    notice: str = ""
    sources: tuple[Source, ...] = Field(min_length=1)
    items: tuple[PackStandard, ...] = Field(min_length=1)


def broken_items(pack: CataloguePack) -> list[tuple[tuple[str | int, ...], str]]:
    """Give (place, sentence) of every source that is not listed and every item listed twice."""
    known, seen, problems = {source.id for source in pack.sources}, set(), []
    for index, item in enumerate(pack.items):
        if item.source not in known:
            problems.append((("items", index, "source"), f"没有列出来源{item.source} / unknown source {item.source}"))
        if item.code in seen:
            problems.append((("items", index, "code"), f"{item.code}写了两次 / {item.code} is there twice"))
        seen.add(item.code)
    return list(problems)
