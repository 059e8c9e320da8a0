"""Who can walk to what: rebuilt by jobs from the streets, the register and the directory; never edited."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, place, words

PEOPLE = sa.Numeric(16, 6)
"""Elders as a number that need not be whole: a cell of a population grid holds 3.217463 of them, exactly."""


def _key(kind: Any) -> Any:
    return Field(sa_column=sa.Column(kind, primary_key=True, autoincrement=False))


def _maybe(kind: Any) -> Any:
    return Field(default=None, sa_type=kind, nullable=True)


class Reach(SQLModel, table=True):
    """What the walk between a facility's door and a crossing costs: seconds, or metres for a distance profile.

    Filled by COPY in the hundreds of thousands, hence without foreign keys; its key carries the cost for look-ups.
    """

    __tablename__ = "reach"
    __table_args__ = (
        sa.PrimaryKeyConstraint(
            "network_version_id", "profile", "node_id", "facility_id", name="reach_pkey", postgresql_include=["cost"]
        ),
        sa.Index("reach_facility_id_idx", "facility_id"),
    )
    network_version_id: int = _key(sa.BigInteger)
    profile: str = _key(sa.Text)
    node_id: int = _key(sa.Integer)
    facility_id: int = _key(sa.BigInteger)
    cost: float = Field(sa_column=sa.Column(sa.Double, nullable=False))


class FacilitySnap(SQLModel, table=True):
    """Where a facility's door meets the street; `edge_id` null when nothing usable is within 300 m."""

    __tablename__ = "facility_snap"
    __table_args__ = (sa.Index("facility_snap_edge_idx", "network_version_id", "edge_id"),)
    facility_id: int = _key(sa.BigInteger)
    network_version_id: int = _key(sa.BigInteger)
    step_free: bool = _key(sa.Boolean)
    edge_id: int | None = _maybe(sa.Integer)
    fraction: float | None = _maybe(sa.Double)
    distance_m: float | None = _maybe(sa.Double)


class HomeSnap(SQLModel, table=True):
    """Where an elder's door meets the street: place along the edge from u (0) to v (1), metres to walk there.

    `edge_id` null: no usable street within 300 m. `step_free` rows avoid stairs (wheelchairs). `u` and later are
    that edge's, copied so that a look-up opens no other table than `reach`.
    """

    __tablename__ = "home_snap"
    person_id: int = _key(sa.BigInteger)
    network_version_id: int = _key(sa.BigInteger)
    step_free: bool = _key(sa.Boolean)
    area_code: int = area_code()
    edge_id: int | None = _maybe(sa.Integer)
    fraction: float | None = _maybe(sa.Double)
    distance_m: float | None = _maybe(sa.Double)
    u: int | None = _maybe(sa.Integer)
    v: int | None = _maybe(sa.Integer)
    edge_m: float | None = _maybe(sa.Double)
    edge_is_steps: bool | None = _maybe(sa.Boolean)


class _Judged(SQLModel):
    """One place of demand and one circle: the nearest facility that counts for it, on foot and as the crow flies.

    `within` is what coverage counts, by the `method` this place is judged by: `walk` (the streets), `estimate`
    (straight line x detour, where streets are missing or poorly known) or `area` (its area owns a facility,
    where the city's rules switched minutes off). `walk_within` and `straight_within` stand beside it.
    `cost` in the profile's unit, null when no street leads there; `facility_id` is whose door that is, and
    `straight_facility_id` whose is nearest as the crow flies. `in_margin`: so near the edge of the map that it
    is left out of the statistics. `near_edge`: unreached, and a facility beyond the map could still be within
    the circle. `lon`, `lat` are the place, so that a changed facility finds whom it touches in one reading.
    """

    network_version_id: int | None = number(optional=True)
    area_code: int = area_code()
    lon: float = Field(sa_type=sa.Double, nullable=False)
    lat: float = Field(sa_type=sa.Double, nullable=False)
    method: str = Field(sa_type=sa.Text, nullable=False)
    facility_id: int | None = number(optional=True)
    cost: float | None = _maybe(sa.Double)
    straight_facility_id: int | None = number(optional=True)
    straight_m: float | None = _maybe(sa.Double)
    within: bool = Field(nullable=False)
    walk_within: bool = Field(nullable=False)
    straight_within: bool = Field(nullable=False)
    snapped: bool = Field(nullable=False)
    in_margin: bool = Field(nullable=False)
    near_edge: bool = Field(nullable=False)
    since: datetime = moment()


class ElderReach(_Judged, table=True):
    """One elder and one circle, as judged now; see _Judged. What it replaced is in elder_reach_past."""

    __tablename__ = "elder_reach"
    __table_args__ = (
        sa.Index("elder_reach_tier_idx", "tier_code", "profile", "area_code"),
        sa.Index("elder_reach_facility_idx", "facility_id"),
        sa.Index("elder_reach_straight_facility_idx", "straight_facility_id"),
    )
    person_id: int = _key(sa.BigInteger)
    tier_code: str = _key(sa.Text)
    profile: str = _key(sa.Text)


class ElderReachPast(SQLModel, table=True):
    """How an elder was judged from `since` until `until`: so last year's number keeps its rows."""

    __tablename__ = "elder_reach_past"
    __table_args__ = (
        sa.CheckConstraint("since < until", name="elder_reach_past_ends_after_it_begins_check"),
        sa.Index("elder_reach_past_tier_idx", "tier_code", "profile", "area_code", "until"),
    )
    id: int | None = own_id()
    person_id: int = number(index=True)
    tier_code: str = words()
    profile: str = words()
    network_version_id: int | None = number(optional=True)
    area_code: int = number()
    method: str = words()
    facility_id: int | None = number(optional=True)
    cost: float | None = _maybe(sa.Double)
    straight_facility_id: int | None = number(optional=True)
    straight_m: float | None = _maybe(sa.Double)
    within: bool = Field(nullable=False)
    walk_within: bool = Field(nullable=False)
    straight_within: bool = Field(nullable=False)
    snapped: bool = Field(nullable=False)
    in_margin: bool = Field(nullable=False)
    near_edge: bool = Field(nullable=False)
    since: datetime = moment()
    until: datetime = moment()


class Compound(SQLModel, table=True):
    """A residential compound (小区): households and elders living there, as the bureau's list estimates them.

    Filled by the importers. `elders` null where the list gives only households or people.
    """

    __tablename__ = "compound"
    __table_args__ = (
        sa.CheckConstraint("households >= 0 AND population >= 0 AND elders >= 0", name="compound_counts_check"),
        sa.CheckConstraint(
            "original_crs IN ('wgs84', 'gcj02', 'bd09', 'cgcs2000')", name="compound_original_crs_check"
        ),
        sa.Index("compound_area_code_geom_idx", "area_code", "geom", postgresql_using="gist"),
    )
    id: int | None = own_id()
    code: str = words(unique=True)
    name: str = words()
    area_code: int = area_code()
    address: str = words(default="")
    geom: Any = place(optional=True)
    original_lon: float | None = _maybe(sa.Double)
    original_lat: float | None = _maybe(sa.Double)
    original_crs: str = words(default="wgs84")
    households: int | None = number(optional=True)
    population: int | None = number(optional=True)
    elders: int | None = number(optional=True)
    source: str = words(default="")
    invented: bool = Field(default=False, nullable=False)
    created_at: datetime = moment()


class DemandSource(SQLModel, table=True):
    """Where a city's elders are counted from when not from the register: its compounds, or a population grid.

    `total` = what the source holds inside the city = placed + not placed, exactly; `report` says which part could
    not be placed and why. One source of a kind is active in a city; replaced ones stay for the past.
    """

    __tablename__ = "demand_source"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('compounds', 'population')", name="demand_source_kind_check"),
        sa.Index(
            "demand_source_one_active_key",
            "city_code",
            "kind",
            unique=True,
            postgresql_where=sa.text("active"),
        ),
    )
    id: int | None = own_id()
    city_code: int = number()
    kind: str = words()
    name: str = words()
    licence: str = words(default="")
    attribution: str = words(default="")
    described_on: date | None = Field(default=None)
    sha256: str = words()
    total: Decimal = Field(sa_type=PEOPLE, nullable=False)
    active: bool = Field(default=True, nullable=False)
    loaded_at: datetime = moment()
    report: dict[str, Any] = document()


class DemandPoint(SQLModel, table=True):
    """Elders counted at a place: one compound or one cell of a grid; `ref` is its code or "row,column"."""

    __tablename__ = "demand_point"
    __table_args__ = (
        sa.CheckConstraint("elders >= 0", name="demand_point_elders_check"),
        sa.UniqueConstraint("source_id", "ref", name="demand_point_source_id_ref_key"),
    )
    id: int | None = own_id()
    source_id: int = link("demand_source.id")
    ref: str = words()
    area_code: int = area_code()
    lon: float = Field(sa_column=sa.Column(sa.Double, nullable=False))
    lat: float = Field(sa_column=sa.Column(sa.Double, nullable=False))
    elders: Decimal = Field(sa_type=PEOPLE, nullable=False)


class DemandSnap(SQLModel, table=True):
    """Where a place of demand meets the street; as HomeSnap."""

    __tablename__ = "demand_snap"
    point_id: int = _key(sa.BigInteger)
    network_version_id: int = _key(sa.BigInteger)
    step_free: bool = _key(sa.Boolean)
    edge_id: int | None = _maybe(sa.Integer)
    fraction: float | None = _maybe(sa.Double)
    distance_m: float | None = _maybe(sa.Double)


class DemandReach(_Judged, table=True):
    """One place of demand and one circle, as judged now, with the elders counted there; see _Judged."""

    __tablename__ = "demand_reach"
    __table_args__ = (sa.Index("demand_reach_tier_idx", "source_id", "tier_code", "profile", "area_code"),)
    point_id: int = _key(sa.BigInteger)
    tier_code: str = _key(sa.Text)
    profile: str = _key(sa.Text)
    source_id: int = number()
    elders: Decimal = Field(sa_type=PEOPLE, nullable=False)


class CoverageSnapshot(SQLModel, table=True):
    """The coverage of one community (or, administratively, of one area) as it stood on a day, with its inputs.

    `source` elders, compounds, population or administrative; the last write of a Shanghai day stays. For
    `administrative`, total is 1, reached 0 or 1 and `facts` names the facilities or what is missing. An area
    whose last elder left has a row of zeros.
    """

    __tablename__ = "coverage_snapshot"
    __table_args__ = (
        sa.UniqueConstraint(
            "area_code", "source", "tier_code", "profile", "day", name="coverage_snapshot_one_a_day_key"
        ),
        sa.CheckConstraint(
            "source IN ('elders', 'compounds', 'population', 'administrative')", name="coverage_snapshot_source_check"
        ),
        sa.Index("coverage_snapshot_city_idx", "city_code", "source", "day"),
    )
    id: int | None = own_id()
    city_code: int = number()
    area_code: int = area_code()
    day: date = Field(nullable=False)
    source: str = words()
    tier_code: str = words()
    profile: str = words()
    total: Decimal = Field(sa_type=PEOPLE, nullable=False)
    reached: Decimal = Field(sa_type=PEOPLE, nullable=False)
    walk_reached: Decimal = Field(sa_type=PEOPLE, nullable=False)
    straight_reached: Decimal = Field(sa_type=PEOPLE, nullable=False)
    estimated: Decimal = Field(sa_type=PEOPLE, nullable=False)
    in_margin: Decimal = Field(sa_type=PEOPLE, nullable=False)
    unsnapped: Decimal = Field(sa_type=PEOPLE, nullable=False)
    near_edge: Decimal = Field(sa_type=PEOPLE, nullable=False)
    run_id: int = number()
    facts: dict[str, Any] = document()


class ReachFill(SQLModel, table=True):
    """One filling of a city's reach table by several workers together; see reach_part."""

    __tablename__ = "reach_fill"
    id: int | None = own_id()
    city_code: int = number(index=True)
    network_version_id: int = number()
    profiles: str = words()
    started_at: datetime = moment()
    finished_at: datetime | None = moment(optional=True)


class ReachPart(SQLModel, table=True):
    """One worker's share of a filling: the facilities whose walks it computes, and by which process it was done."""

    __tablename__ = "reach_part"
    fill_id: int = link("reach_fill.id", primary=True)
    part: int = _key(sa.Integer)
    facility_ids: list[int] = Field(sa_type=sa.ARRAY(sa.BigInteger), nullable=False)
    rows: int | None = number(optional=True)
    done_at: datetime | None = moment(optional=True)
    done_by: str | None = words(optional=True)


class AccessRun(SQLModel, table=True):
    """One computing of access that minds capacity (E2SFCA): for which capacity, circle and day; see geo.access."""

    __tablename__ = "access_run"
    __table_args__ = (
        sa.CheckConstraint("capacity IN ('places', 'beds')", name="access_run_capacity_check"),
        sa.Index("access_run_city_idx", "city_code", "capacity", "profile", "computed_at"),
    )
    id: int | None = own_id()
    city_code: int = number()
    capacity: str = words()
    profile: str = words()
    source: str = words()
    network_version_id: int = number()
    rules_version_id: int = number()
    judged_on: date = Field(nullable=False)
    computed_at: datetime = moment()
    facts: dict[str, Any] = document()


class AccessFacility(SQLModel, table=True):
    """One facility of an access run: what it holds, what is free, the weighted elders around it, and their ratio."""

    __tablename__ = "access_facility"
    run_id: int = link("access_run.id", primary=True)
    facility_id: int = _key(sa.BigInteger)
    area_code: int = area_code()
    capacity: int = number()
    free: int = number()
    demand: float = Field(sa_column=sa.Column(sa.Double, nullable=False))
    ratio: float | None = _maybe(sa.Double)


class AccessArea(SQLModel, table=True):
    """One community of an access run: its elders, their mean access, and how many have a place with room in reach.

    `seconds_to_room` is the mean walk to the nearest facility with room, of those who have one within the limit.
    """

    __tablename__ = "access_area"
    run_id: int = link("access_run.id", primary=True)
    area_code: int = _key(sa.BigInteger)
    elders: Decimal = Field(sa_type=PEOPLE, nullable=False)
    access: float = Field(sa_column=sa.Column(sa.Double, nullable=False))
    with_access: Decimal = Field(sa_type=PEOPLE, nullable=False)
    with_room: Decimal = Field(sa_type=PEOPLE, nullable=False)
    seconds_to_room: float | None = _maybe(sa.Double)


class OpenCoverage(SQLModel, table=True):
    """A published table of coverage: small counts already suppressed so that nobody can work them out."""

    __tablename__ = "open_coverage"
    __table_args__ = (sa.UniqueConstraint("city_code", "day", name="open_coverage_one_a_day_key"),)
    id: int | None = own_id()
    city_code: int = number()
    day: date = Field(nullable=False)
    published_at: datetime = moment()
    licence: str = words()
    document: dict[str, Any] = document()


class ReachRun(SQLModel, table=True):
    """One judging of a city's elders: by which streets, which rules, for which day, why, with what counts.

    `cause` is `all` (everybody anew), `facility` (one facility changed; `report` names it) or `elders` (some
    registered, moved or left).
    """

    __tablename__ = "reach_run"
    __table_args__ = (
        sa.Index("reach_run_city_idx", "city_code", "computed_at"),
        sa.CheckConstraint("cause IN ('all', 'facility', 'elders')", name="reach_run_cause_check"),
    )
    id: int | None = own_id()
    city_code: int = number()
    network_version_id: int | None = number(optional=True)
    cause: str = Field(default="all", sa_column=sa.Column(sa.Text, nullable=False, server_default="all"))
    rules_version_id: int = number()
    judged_on: date = Field(nullable=False)
    computed_at: datetime = moment()
    profiles: str = words()
    report: dict[str, Any] = document()
