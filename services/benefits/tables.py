"""What an elder is entitled to, and so who pays which part of an order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, word_list, words


class Assessment(SQLModel, table=True):
    """An ability assessment by a named scheme and version; levels of two schemes are never converted."""

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint("level BETWEEN 0 AND 6", name="assessment_level_check"),
        CheckConstraint("valid_until > assessed_on", name="assessment_validity_check"),
        Index("assessment_elder_idx", "elder_id", "assessed_on"),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    scheme: str = words(default="gbt42195-2022")
    level: int = Field(nullable=False)
    answers: dict[str, Any] = document()
    assessed_on: date = Field(nullable=False)
    valid_until: date = Field(nullable=False)
    recorded_at: datetime = moment()


class Entitlement(SQLModel, table=True):
    """A right to have government pay part of some services: a share of the price, up to a monthly cap."""

    __tablename__ = "entitlement"
    __table_args__ = (
        CheckConstraint("government_percent BETWEEN 0 AND 100", name="entitlement_percent_check"),
        CheckConstraint("monthly_cap_fen >= 0", name="entitlement_cap_check"),
        Index("entitlement_elder_idx", "elder_id"),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    kind: str = words()
    service_codes: list[str] = word_list()
    government_percent: int = Field(nullable=False)
    monthly_cap_fen: int = number()
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    ground: str = words()
    recorded_at: datetime = moment()


class EntitlementUse(SQLModel, table=True):
    """Government money held or spent for one order in one month; the month's sum is held by a trigger."""

    __tablename__ = "entitlement_use"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="entitlement_use_amount_check"),
        CheckConstraint("state IN ('held', 'spent', 'released')", name="entitlement_use_state_check"),
        Index("entitlement_use_month_idx", "entitlement_id", "month"),
        Index("entitlement_use_one_per_order_idx", "order_id", unique=True),
    )
    id: int | None = own_id()
    entitlement_id: int = link("entitlement.id")
    elder_id: int = number(index=True)
    area_code: int = area_code()
    order_id: int = number()
    month: date = Field(nullable=False)
    amount_fen: int = number()
    state: str = words(default="held")
    recorded_at: datetime = moment()
