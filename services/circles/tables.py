"""Who can walk to what: rebuilt by jobs from the streets, the register and the directory; never edited."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, moment, number, own_id, words


def _key(kind: Any) -> Any:
    return Field(sa_column=Column(kind, primary_key=True, autoincrement=False))


class Reach(SQLModel, table=True):
    """What the walk between a facility's door and a crossing costs: seconds, or metres for a distance profile.

    Filled by COPY in the hundreds of thousands, hence without foreign keys; `node_id` is geo.network_node.id.
    """

    __tablename__ = "reach"
    __table_args__ = (Index("reach_facility_id_idx", "facility_id"),)
    network_version_id: int = _key(BigInteger)
    profile: str = _key(Text)
    node_id: int = _key(Integer)
    facility_id: int = _key(BigInteger)
    cost: float = Field(sa_column=Column(Double, nullable=False))


class FacilitySnap(SQLModel, table=True):
    """Where a facility's door meets the street; `edge_id` null when nothing usable is within 300 m."""

    __tablename__ = "facility_snap"
    __table_args__ = (Index("facility_snap_edge_idx", "network_version_id", "edge_id"),)
    facility_id: int = _key(BigInteger)
    network_version_id: int = _key(BigInteger)
    step_free: bool = _key(Boolean)
    edge_id: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    fraction: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    distance_m: float | None = Field(default=None, sa_column=Column(Double, nullable=True))


class HomeSnap(SQLModel, table=True):
    """Where an elder's door meets the street: place along the edge from u (0) to v (1), metres to walk there.

    `edge_id` null: no usable street within 300 m. `step_free` rows avoid stairs (wheelchairs).
    """

    __tablename__ = "home_snap"
    person_id: int = _key(BigInteger)
    network_version_id: int = _key(BigInteger)
    step_free: bool = _key(Boolean)
    area_code: int = area_code()
    edge_id: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    fraction: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    distance_m: float | None = Field(default=None, sa_column=Column(Double, nullable=True))


class ElderReach(SQLModel, table=True):
    """One elder and one circle: the nearest facility that counts for it, on foot and as the crow flies.

    `cost` in the profile's unit, null when no street leads there. `in_margin`: her home is so near the edge of
    the map that she is left out of the statistics. `near_edge`: unreached, and a facility beyond the map
    could still be within the circle.
    """

    __tablename__ = "elder_reach"
    __table_args__ = (Index("elder_reach_tier_idx", "tier_code", "profile", "area_code"),)
    person_id: int = _key(BigInteger)
    tier_code: str = _key(Text)
    profile: str = _key(Text)
    network_version_id: int = number()
    area_code: int = area_code()
    facility_id: int | None = number(optional=True)
    cost: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    straight_m: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    within: bool = Field(nullable=False)
    straight_within: bool = Field(nullable=False)
    snapped: bool = Field(nullable=False)
    in_margin: bool = Field(nullable=False)
    near_edge: bool = Field(nullable=False)


class ReachRun(SQLModel, table=True):
    """One rebuilding of a city's reach: by which streets, which rules, for which day, with what counts."""

    __tablename__ = "reach_run"
    __table_args__ = (Index("reach_run_city_idx", "city_code", "computed_at"),)
    id: int | None = own_id()
    city_code: int = number()
    network_version_id: int = number()
    rules_version_id: int = number()
    judged_on: date = Field(nullable=False)
    computed_at: datetime = moment()
    profiles: str = words()
    report: dict[str, Any] = document()
