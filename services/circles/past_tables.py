"""What was judged of places of demand and holds no more: so that last year's number of a quarter keeps its rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Column, Double, Index
from sqlmodel import Field, SQLModel

from services.circles.tables import PEOPLE
from services.columns import moment, number, own_id, words


class DemandReachPast(SQLModel, table=True):
    """How a place of demand was judged from `since` until `until`; as ElderReachPast, with the elders counted there."""

    __tablename__ = "demand_reach_past"
    __table_args__ = (
        CheckConstraint("since < until", name="demand_reach_past_ends_after_it_begins_check"),
        Index("demand_reach_past_area_idx", "source_id", "area_code", "until"),
    )
    id: int | None = own_id()
    source_id: int = number()
    point_id: int = number(index=True)
    tier_code: str = words()
    profile: str = words()
    elders: Decimal = Field(sa_type=PEOPLE, nullable=False)
    network_version_id: int | None = number(optional=True)
    area_code: int = number()
    method: str = words()
    facility_id: int | None = number(optional=True)
    cost: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    straight_facility_id: int | None = number(optional=True)
    straight_m: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    within: bool = Field(nullable=False)
    walk_within: bool = Field(nullable=False)
    straight_within: bool = Field(nullable=False)
    snapped: bool = Field(nullable=False)
    in_margin: bool = Field(nullable=False)
    near_edge: bool = Field(nullable=False)
    since: datetime = moment()
    until: datetime = moment()
