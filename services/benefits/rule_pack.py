"""A city's entitlement rules as one TOML file: who, from when, what, who pays. Money in fen, times in minutes."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from services.cities.pack_part import Code, Named, Part, Source

Living = Literal["alone", "couple", "with_family", "with_carer", "institution"]


class PackEntitlement(Named):
    """One rule as it is written in the file; `areas` in 6, 9, 12 or 15 digits."""

    valid_from: date
    valid_to: date | None = None
    areas: tuple[str, ...] = ()
    groups: tuple[Code, ...] = ()
    living: tuple[Living, ...] = ()
    min_age: int = Field(default=60, ge=0, le=120)
    max_age: int | None = Field(default=None, ge=0, le=130)
    scheme: str | None = None
    min_level: int | None = Field(default=None, ge=0, le=9)
    max_level: int | None = Field(default=None, ge=0, le=9)
    gives: Literal["share", "hours", "money"]
    service_codes: tuple[Code, ...] = ()
    kinds: tuple[Code, ...] = ()
    percent: int = Field(default=100, ge=0, le=100)
    monthly_cap_fen: int | None = Field(default=None, gt=0)
    monthly_minutes: int | None = Field(default=None, gt=0)
    monthly_fen: int | None = Field(default=None, gt=0)
    payer: Literal["government", "insurance", "fund"] = "government"
    stack: Literal["exclusive", "highest", "additive"] = "highest"
    stack_group: Code
    rank: int = Field(default=1, ge=1)
    source: Code
    assumed: bool = False

    @model_validator(mode="after")
    def _says_what_it_gives(self) -> PackEntitlement:
        wanted = {"share": "monthly_cap_fen", "hours": "monthly_minutes", "money": "monthly_fen"}[self.gives]
        if getattr(self, wanted) is None:
            raise ValueError(f"gives = {self.gives} 须写{wanted} / needs {wanted}")
        if self.gives == "hours" and self.monthly_cap_fen is None:
            raise ValueError("按时长给予也须写monthly_cap_fen / hours need monthly_cap_fen too")
        if (self.scheme is None) != (self.min_level is None) or (self.scheme is None) != (self.max_level is None):
            raise ValueError("等级须写明是哪种评估的：scheme、min_level、max_level同写 / a level names its scheme")
        if self.gives != "money" and not (self.service_codes or self.kinds):
            raise ValueError("须写明用于哪些服务 / say which services")
        return self


class EntitlementPack(Part):
    """The entitlement rules of one city."""

    city: Code
    notice: str = ""
    sources: tuple[Source, ...] = Field(min_length=1)
    rules: tuple[PackEntitlement, ...] = Field(min_length=1)


def broken_sources(pack: EntitlementPack) -> list[tuple[tuple[str | int, ...], str]]:
    """Give (place, sentence) of every source a rule names and the file does not."""
    known = {source.id for source in pack.sources}
    return [
        (("rules", index, "source"), f"没有列出来源{rule.source} / unknown source {rule.source}")
        for index, rule in enumerate(pack.rules)
        if rule.source not in known
    ]
