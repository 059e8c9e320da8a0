"""What every part of a city's pack has in common: read-only, named, and with a source for its numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Percent = Annotated[Decimal, Field(ge=0, le=100)]
AreaLevel = Literal["province", "city", "district", "street", "community", "quarter"]


class Part(BaseModel):
    """Any part of a pack: read-only, and an unknown key is a mistake, not a note."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Named(Part):
    """A part that people call by name."""

    code: Code
    name_zh: str = Field(min_length=1)
    name_en: str = Field(min_length=1)


NamedPart = TypeVar("NamedPart", bound=Named)


class Source(Part):
    """Where a number was read; `kind` "assumed" marks a default that the city must confirm."""

    id: Code
    title: str = Field(min_length=1)
    kind: Literal["plan", "national", "standard", "press", "assumed", "invented"]
    note: str = ""
