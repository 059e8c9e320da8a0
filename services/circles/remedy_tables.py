"""How an area without its site, or with one below standard, will come by one: the remedy its office chose."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, own_id, words


class GapRemedy(SQLModel, table=True):
    """The remedy chosen for one area and circle, by when; one stands at a time, those before it are kept withdrawn."""

    __tablename__ = "gap_remedy"
    __table_args__ = (
        CheckConstraint("remedy IN ('buy_back', 'lease', 'rebuild', 'build', 'share')", name="gap_remedy_kind_check"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            name="gap_remedy_withdrawn_check",
        ),
        Index(
            "gap_remedy_one_stands_idx", "area_code", "tier_code", unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )  # fmt: skip
    id: int | None = own_id()
    area_code: int = area_code()
    tier_code: str = words()
    remedy: str = words()
    due_on: date = Field(nullable=False)
    note: str = words(default="")
    chosen_by: int | None = link("person.id", optional=True)
    chosen_at: datetime = moment()
    withdrawn_at: datetime | None = moment(optional=True)
    withdrawn_by: int | None = link("person.id", optional=True)
    withdrawn_reason: str | None = words(optional=True)
