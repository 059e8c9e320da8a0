"""Gaps of areas and the remedies chosen for them, over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["buy_back", "lease", "rebuild", "build", "share"]


class RemedyOut(BaseModel):
    """A remedy that stands, and by when the site shall be there."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    remedy: Kind
    due_on: date
    note: str


class AreaGapOut(BaseModel):
    """An area without a qualified site of a circle; `candidate` and `missing` name one below standard."""

    model_config = ConfigDict(from_attributes=True)
    area_code: int
    area_name: str
    tier_code: str
    tier_name: str
    candidate: str | None
    missing: list[str]
    remedy: RemedyOut | None


class RemedyIn(BaseModel):
    """How a gap will be closed: bought back, leased, rebuilt, built anew, or a neighbour's site shared."""

    model_config = ConfigDict(extra="forbid")
    area_code: int = Field(ge=11 * 10**13, lt=10**15)
    tier_code: str = Field(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$")
    remedy: Kind
    due_on: date
    note: str = Field(default="", max_length=200)


class RemedyMadeOut(BaseModel):
    """The remedy that was written down."""

    id: int


class RemedyWithdrawal(BaseModel):
    """Why a remedy is taken back."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=200)
