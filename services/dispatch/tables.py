"""Which carer goes to which door, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import SQLModel

from services.columns import area_code, during, link, moment, number, own_id, words


class Assignment(SQLModel, table=True):
    """A carer's promised time for one order; the database refuses two promises at one time."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("state IN ('planned', 'done', 'cancelled')", name="assignment_state_check"),
        ExcludeConstraint(
            (text("carer_id"), "="),
            (text("during"), "&&"),
            where=text("state = 'planned'"),
            name="assignment_carer_no_overlap_excl",
            using="gist",
        ),
        Index(
            "assignment_one_planned_per_order_idx",
            "order_id",
            unique=True,
            postgresql_where=text("state <> 'cancelled'"),
        ),
        Index("assignment_carer_idx", "carer_id", "state"),
    )
    id: int | None = own_id()
    order_id: int = link("care_order.id")
    elder_id: int = link("person.id")
    area_code: int = area_code()
    carer_id: int = link("carer.person_id")
    provider_id: int = link("provider.id", index=True)
    during: Any = during()
    state: str = words(default="planned")
    assigned_by: int | None = number(optional=True)
    assigned_at: datetime = moment()
    cancelled_reason: str | None = words(optional=True)
