"""Where a visitor was while she was with an elder, and never before or after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, own_id, place


class VisitPosition(SQLModel, table=True):
    """One position of a visitor's phone between check-in and check-out; a guard refuses any other moment."""

    __tablename__ = "visit_position"
    __table_args__ = (
        CheckConstraint("accuracy_m BETWEEN 0 AND 100000", name="visit_position_accuracy_check"),
        Index("visit_position_once_key", "visit_id", "taken_at", unique=True),
    )
    id: int | None = own_id()
    visit_id: int = link("visit.id")
    visitor_id: int = link("person.id", index=True)
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    place: Any = place(optional=False)
    accuracy_m: float | None = Field(default=None)
    taken_at: datetime = moment(index=True)
    recorded_at: datetime = moment()
