"""What an elder is told she will pay, before she confirms, and until when that holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words


class Quote(SQLModel, table=True):
    """A price with its parts (券后价), held until `valid_until`, used for one order. Fen; parts add up."""

    __tablename__ = "quote"
    __table_args__ = (
        CheckConstraint("price_fen >= 0 AND self_fen >= 0 AND self_fen <= price_fen", name="quote_amounts_check"),
        CheckConstraint("valid_until > made_at", name="quote_holds_for_a_while_check"),
    )
    id: int | None = own_id()
    elder_id: int = number(index=True)
    area_code: int = area_code()
    service_code: str = words()
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    provider_id: int | None = link("provider.id", optional=True)
    price_fen: int = number()
    self_fen: int = number()
    parts: dict[str, Any] = document()
    made_by: int = link("person.id")
    by_right: str = words()
    made_at: datetime = moment()
    valid_until: datetime = moment()
    used_order_id: int | None = link("care_order.id", optional=True)
    used_at: datetime | None = moment(optional=True)
