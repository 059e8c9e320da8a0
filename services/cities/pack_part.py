"""What every part of a city's pack has in common: read-only, named, and with a source for its numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from services.language import for_reader

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Percent = Annotated[Decimal, Field(ge=0, le=100)]
AreaLevel = Literal["province", "city", "district", "street", "community", "quarter"]


class Part(BaseModel):
    """Any part of a pack: read-only, and an unknown key is a mistake, not a note."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Called(Part):
    """A part that people call by a name, in Chinese and in English."""

    name_zh: str = Field(min_length=1)
    name_en: str = Field(min_length=1)

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return for_reader(self.name_zh, self.name_en)


class Named(Called):
    """A part that rules name by its code and people by name."""

    code: Code


NamedPart = TypeVar("NamedPart", bound=Named)


class Source(Part):
    """Where a number was read; `kind` "assumed" marks a default that the city must confirm."""

    id: Code
    title: str = Field(min_length=1)
    kind: Literal["plan", "national", "standard", "press", "assumed", "invented"]
    note: str = ""
