"""An elder's order (点单) from wish to rating."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words

ORDER_STATES = (
    "placed",
    "offering",
    "unfilled",
    "accepted",
    "assigned",
    "in_service",
    "served",
    "confirmed",
    "cancelled",
)


class CareOrder(SQLModel, table=True):
    """A wish for one service at one time, and how far it has come. Prices are in fen and add up.

    `chosen_provider_id` is the elder's wish; `provider_id` who accepted. Final: confirmed, cancelled.
    """

    __tablename__ = "care_order"
    __table_args__ = (
        CheckConstraint("state IN ('" + "', '".join(ORDER_STATES) + "')", name="care_order_state_check"),
        CheckConstraint("starts_at < ends_at", name="care_order_window_check"),
        CheckConstraint(
            "government_fen >= 0 AND voucher_fen >= 0 AND self_fen >= 0"
            " AND price_fen = government_fen + voucher_fen + self_fen",
            name="care_order_price_adds_up_check",
        ),
        CheckConstraint(
            "(state IN ('accepted', 'assigned', 'in_service', 'served', 'confirmed')) <= (provider_id IS NOT NULL)",
            name="care_order_accepted_has_provider_check",
        ),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="care_order_cancelled_has_moment_check"
        ),
        UniqueConstraint("placed_by", "idempotency_key", name="care_order_idempotency_key"),
        Index("care_order_elder_idx", "elder_id", "starts_at"),
        Index("care_order_provider_idx", "provider_id", "starts_at"),
    )
    id: int | None = own_id()
    order_number: str = words(unique=True)
    elder_id: int = link("person.id")
    area_code: int = area_code()
    service_code: str = words()
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    state: str = words(default="placed")
    price_fen: int = number()
    government_fen: int = number()
    voucher_fen: int = number(default=0)
    self_fen: int = number()
    chosen_provider_id: int | None = link("provider.id", optional=True)
    provider_id: int | None = link("provider.id", optional=True)
    placed_by: int = link("person.id")
    by_right: str = words()
    channel: str = words()
    idempotency_key: str = words()
    request_hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    note: str | None = words(optional=True)
    offer_round: int = Field(default=1, nullable=False, sa_column_kwargs={"server_default": "1"})
    placed_at: datetime = moment(index=True)
    accepted_at: datetime | None = moment(optional=True)
    confirmed_at: datetime | None = moment(optional=True)
    cancelled_at: datetime | None = moment(optional=True)
    cancelled_reason: str | None = words(optional=True)


class OrderStep(SQLModel, table=True):
    """One allowed step in an order's life and the event that says it; rows are written by sql/211_order_steps.sql."""

    __tablename__ = "order_step"
    __table_args__ = (
        CheckConstraint(
            "from_state NOT IN ('confirmed', 'cancelled')", name="order_step_final_states_are_never_left_check"
        ),
        Index("order_step_by_event_idx", "from_state", "event_kind", unique=True),
    )
    from_state: str = Field(sa_type=Text, primary_key=True)
    to_state: str = Field(sa_type=Text, primary_key=True)
    event_kind: str = Field(sa_type=Text, primary_key=True)
    what_happens: str = words()


class OrderEvent(SQLModel, table=True):
    """One event in an order's life, written once: the timeline families read.

    `state_after` is stamped by the database; the last one is where the order stands.
    """

    __tablename__ = "order_event"
    __table_args__ = (Index("order_event_order_idx", "order_id", "id"),)
    id: int | None = own_id()
    order_id: int = link("care_order.id")
    elder_id: int = number()
    area_code: int = area_code()
    kind: str = words()
    happened_at: datetime = moment()
    actor_id: int | None = number(optional=True)
    facts: dict[str, Any] = document()
    state_after: str = words(default=None)


class Rating(SQLModel, table=True):
    """The receiver's judgement (评单): 3 good, 2 fair, 1 poor; one per order, never by the provider.

    `by_call`: an operator called and asked (`rated_by` is who asked). The provider's side reads it from `opens_at`
    on, or when it has rated too (rating_reveal); rows without `opens_at` are open.
    """

    __tablename__ = "rating"
    __table_args__ = (
        CheckConstraint("face BETWEEN 1 AND 3", name="rating_face_check"),
        UniqueConstraint("order_id", name="rating_one_per_order_key"),
        Index("rating_provider_idx", "provider_id", "rated_at"),
    )
    id: int | None = own_id()
    order_id: int = link("care_order.id")
    elder_id: int = number()
    area_code: int = area_code()
    provider_id: int = link("provider.id")
    face: int = Field(nullable=False)
    comment: str | None = words(optional=True)
    rated_by: int = link("person.id")
    by_right: str = words()
    by_call: bool = Field(default=False, nullable=False, sa_column_kwargs={"server_default": text("false")})
    opens_at: datetime | None = moment(optional=True)
    rated_at: datetime = moment()
