"""Offers of one order to providers in turn: one open at a time, one accepted ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words


class Offer(SQLModel, table=True):
    """A provider is asked to take an order until `expires_at`; silence passes it on.

    `mode` says which way it came; a `shared` one is open to several providers at once, the first to accept has
    the order. `round` grows when an order is put to another time: everybody may be asked again.
    """

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn')", name="offer_state_check"),
        CheckConstraint("offered_at < expires_at", name="offer_expires_later_check"),
        CheckConstraint(
            "(state IN ('accepted', 'declined')) = (answered_by IS NOT NULL)",
            name="offer_answered_by_somebody_check",
        ),
        CheckConstraint("mode IN ('push', 'ranked', 'bureau', 'claim', 'alliance')", name="offer_mode_check"),
        UniqueConstraint("order_id", "provider_id", "round", name="offer_once_per_provider_key"),
        Index(
            "offer_one_open_per_order_idx",
            "order_id",
            unique=True,
            postgresql_where=text("state = 'open' AND NOT shared"),
        ),
        Index(
            "offer_one_accepted_per_order_idx",
            "order_id",
            unique=True,
            postgresql_where=text("state = 'accepted'"),
        ),
        Index("offer_provider_idx", "provider_id", "state", "expires_at"),
    )
    id: int | None = own_id()
    order_id: int = link("care_order.id")
    elder_id: int = number()
    area_code: int = area_code()
    provider_id: int = link("provider.id")
    rank: int = Field(nullable=False)
    mode: str = Field(default="ranked", sa_type=Text, nullable=False, sa_column_kwargs={"server_default": "ranked"})
    shared: bool = Field(default=False, nullable=False, sa_column_kwargs={"server_default": text("false")})
    round: int = Field(default=1, nullable=False, sa_column_kwargs={"server_default": "1"})
    state: str = words(default="open")
    offered_at: datetime = moment()
    expires_at: datetime = moment()
    answered_at: datetime | None = moment(optional=True)
    answered_by: int | None = link("person.id", optional=True)
    decline_reason: str | None = words(optional=True)
    reasons: dict[str, Any] = document()


class UnmetNeed(SQLModel, table=True):
    """Demand without supply (DY-35): an order nobody could serve, with why each provider was left out."""

    __tablename__ = "unmet_need"
    id: int | None = own_id()
    order_id: int | None = link("care_order.id", optional=True)
    elder_id: int = number(index=True)
    area_code: int = area_code()
    service_code: str = words()
    starts_at: datetime = moment()
    reasons: dict[str, Any] = document()
    recorded_at: datetime = moment()
