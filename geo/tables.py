"""The walking networks of the cities: versions, crossings and streets, schema `geo`, (lon, lat) EPSG:4326."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _version_key() -> Any:
    target = ForeignKey("geo.network_version.id", ondelete="CASCADE")
    return Column("version_id", BigInteger, target, primary_key=True, autoincrement=False)


class NetworkVersion(SQLModel, table=True):
    """One import of a city's streets. One version a city is active; older ones stay and can be put back.

    `city_code` has 15 digits (negative for a place without an administrative code). `source_sha256` is of the
    file and how it was read, `rules_sha256` of the walkability table it was judged by. `report` is
    geo.report.NetworkReport. `content_key` names this content everywhere, also in a restored backup.
    `base_nodes`, `base_edges` count what the map holds; what gates add is numbered after it. `settled_gates` is
    the fingerprint of the gates that the stored edges follow (geo.gates.fingerprint).
    """

    __tablename__ = "network_version"
    __table_args__ = (
        Index(
            "network_version_one_active_key",
            "city_code",
            unique=True,
            postgresql_where=text("active"),
        ),
        {"schema": "geo"},
    )
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    city_code: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    name: str = Field(sa_column=Column(Text, nullable=False))
    source_name: str = Field(sa_column=Column(Text, nullable=False))
    source_sha256: str = Field(sa_column=Column(Text, nullable=False))
    rules_sha256: str = Field(sa_column=Column(Text, nullable=False))
    imported_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    active: bool = Field(nullable=False)
    report: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    content_key: UUID | None = Field(
        default=None,
        sa_column=Column(Uuid, nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    )
    base_nodes: int = Field(sa_column=Column(Integer, nullable=False))
    base_edges: int = Field(sa_column=Column(Integer, nullable=False))
    settled_gates: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=text("''")))


class NetworkNode(SQLModel, table=True):
    """A crossing or a street's end; `id` counts from 0 within the version."""

    __tablename__ = "network_node"
    __table_args__ = ({"schema": "geo"},)
    version_id: int = Field(sa_column=_version_key())
    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    osm_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    component: int = Field(sa_column=Column(Integer, nullable=False))
    geom: Any = Field(sa_column=Column(Geometry("POINT", srid=4326, spatial_index=False), nullable=False))


class NetworkEdge(SQLModel, table=True):
    """A street between two crossings, walked both ways, as the officers' gates leave it.

    `u`, `v` are network_node.id, `osm_node_ids` the map's numbers of the points of `geom`, ends included
    (negative at a gate); `length_m` geodesic metres; `is_steps`: stairs, or steps of no length at a stile;
    `no_wheels`: level, but said to bar wheelchairs.
    """

    __tablename__ = "network_edge"
    __table_args__ = (
        CheckConstraint("length_m >= 0", name="network_edge_length_not_negative_check"),
        Index("network_edge_geom_idx", "geom", postgresql_using="gist"),
        {"schema": "geo"},
    )
    version_id: int = Field(sa_column=_version_key())
    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    u: int = Field(sa_column=Column(Integer, nullable=False))
    v: int = Field(sa_column=Column(Integer, nullable=False))
    way_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    length_m: float = Field(sa_column=Column(Double, nullable=False))
    highway: str = Field(sa_column=Column(Text, nullable=False))
    is_steps: bool = Field(nullable=False)
    is_footway: bool = Field(nullable=False)
    no_wheels: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    component: int = Field(sa_column=Column(Integer, nullable=False))
    osm_node_ids: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    geom: Any = Field(sa_column=Column(Geometry("LINESTRING", srid=4326, spatial_index=False), nullable=False))


class NetworkEdgeBeforeGates(SQLModel, table=True):
    """A street as the map has it, kept while a gate or barrier has changed it in network_edge."""

    __tablename__ = "network_edge_before_gates"
    __table_args__ = ({"schema": "geo"},)
    version_id: int = Field(sa_column=_version_key())
    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    u: int = Field(sa_column=Column(Integer, nullable=False))
    v: int = Field(sa_column=Column(Integer, nullable=False))
    length_m: float = Field(sa_column=Column(Double, nullable=False))
    osm_node_ids: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    geom: Any = Field(sa_column=Column(Geometry("LINESTRING", srid=4326, spatial_index=False), nullable=False))


class InnerWay(SQLModel, table=True):
    """A lane for residents only: no part of the network until an officer opens a gate to it."""

    __tablename__ = "inner_way"
    __table_args__ = ({"schema": "geo"},)
    version_id: int = Field(sa_column=_version_key())
    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    way_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    highway: str = Field(sa_column=Column(Text, nullable=False))
    is_steps: bool = Field(nullable=False)
    is_footway: bool = Field(nullable=False)
    no_wheels: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    osm_node_ids: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    geom: Any = Field(sa_column=Column(Geometry("LINESTRING", srid=4326, spatial_index=False), nullable=False))


class NetworkGate(SQLModel, table=True):
    """What an officer knows better than the map: here one walks through, or here one does not.

    `kind` gate (opens a way through) or barrier (cuts the street there). A point of the city, not of a version:
    it holds for every later map. `geom` is WGS-84; what was given stands beside it. `area_code` is the smallest
    known area around it. `added_by`, `removed_by` are numbers of persons, unknown to this package.
    """

    __tablename__ = "network_gate"
    __table_args__ = (
        CheckConstraint("kind IN ('gate', 'barrier')", name="network_gate_kind_check"),
        CheckConstraint("removed_at >= valid_from", name="network_gate_is_removed_after_it_was_added_check"),
        Index("network_gate_city_idx", "city_code", "id"),
        {"schema": "geo"},
    )
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    city_code: int = Field(sa_column=Column(BigInteger, nullable=False))
    area_code: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    geom: Any = Field(sa_column=Column(Geometry("POINT", srid=4326, spatial_index=False), nullable=False))
    given_lon: float = Field(sa_column=Column(Double, nullable=False))
    given_lat: float = Field(sa_column=Column(Double, nullable=False))
    given_crs: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    added_by: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    removed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    removed_by: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class AreaConfidence(SQLModel, table=True):
    """How far the streets inside one area may be trusted, from the map alone (gates do not matter).

    Metres of street inside the area; shares made for walking and in usable parts; `confidence` high or low with
    the reasons in the officers' words.
    """

    __tablename__ = "area_confidence"
    __table_args__ = (
        CheckConstraint("confidence IN ('high', 'low')", name="area_confidence_is_high_or_low_check"),
        {"schema": "geo"},
    )
    version_id: int = Field(sa_column=_version_key())
    area_code: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    level: str = Field(sa_column=Column(Text, nullable=False))
    length_m: float = Field(sa_column=Column(Double, nullable=False))
    footway_share: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    usable_share: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    confidence: str = Field(sa_column=Column(Text, nullable=False))
    reasons: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    computed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
