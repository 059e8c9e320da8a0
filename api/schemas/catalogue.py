"""The menu over HTTP: money in fen, times in minutes."""

from __future__ import annotations

from pydantic import BaseModel


class ServiceOut(BaseModel):
    """One service with its standard."""

    code: str
    category: str
    name_zh: str
    name_en: str
    plain_name: str
    explanation: str
    standard: str
    checklist: list[str]
    explanation_en: str
    standard_en: str
    checklist_en: list[str]
    minutes: int
    at_home: bool
    required_skills: list[str]
    guide_price_fen: int
    urgency: str


class MenuLineOut(BaseModel):
    """A service, how many providers of the city offer it, and from which price (fen)."""

    service: ServiceOut
    providers: int
    from_fen: int


class MenuCategoryOut(BaseModel):
    """One tile of the menu."""

    code: str
    lines: list[MenuLineOut]


class EntitlementOut(BaseModel):
    """A right to government money and what its month has held, spent and left (fen)."""

    entitlement_id: int
    kind: str
    ground: str
    service_codes: list[str]
    government_percent: int
    monthly_cap_fen: int
    held_fen: int
    spent_fen: int
    left_fen: int
