"""The other half of a rating: how the provider's side found the cooperation, and when both may be read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, words


class CooperationRating(SQLModel, table=True):
    """How the carer or her provider found the cooperation at the door: 3 good, 2 fair, 1 poor; one per order."""

    __tablename__ = "cooperation_rating"
    __table_args__ = (
        CheckConstraint("face BETWEEN 1 AND 3", name="cooperation_rating_face_check"),
        CheckConstraint("as_role IN ('carer', 'dispatcher')", name="cooperation_rating_role_check"),
        UniqueConstraint("order_id", name="cooperation_rating_one_per_order_key"),
    )
    id: int | None = own_id()
    order_id: int = link("care_order.id")
    elder_id: int = number(index=True)
    area_code: int = area_code()
    provider_id: int = link("provider.id")
    face: int = Field(nullable=False)
    comment: str | None = words(optional=True)
    rated_by: int = link("person.id")
    as_role: str = words()
    rated_at: datetime = moment()


class RatingReveal(SQLModel, table=True):
    """From when both sides of an order may read each other: both had rated, or the time had passed. Written once."""

    __tablename__ = "rating_reveal"
    __table_args__ = (CheckConstraint("because IN ('both', 'time')", name="rating_reveal_because_check"),)
    order_id: int = Field(
        sa_type=BigInteger, primary_key=True, sa_column_args=(ForeignKey("care_order.id"),),
        sa_column_kwargs={"autoincrement": False},
    )  # fmt: skip
    elder_id: int = number(index=True)
    area_code: int = area_code()
    revealed_at: datetime = moment()
    because: str = words()
