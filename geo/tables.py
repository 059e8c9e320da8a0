"""The walking networks of the cities: versions, crossings and streets, schema `geo`, (lon, lat) EPSG:4326."""

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
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
    file, `rules_sha256` of the walkability table it was judged by. `report` is geo.report.NetworkReport.
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
    """A street between two crossings, walked both ways.

    `u`, `v` are network_node.id, `osm_node_ids` the map's numbers of the points of `geom`, ends included;
    `length_m` geodesic metres.
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
    component: int = Field(sa_column=Column(Integer, nullable=False))
    osm_node_ids: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    geom: Any = Field(sa_column=Column(Geometry("LINESTRING", srid=4326, spatial_index=False), nullable=False))
