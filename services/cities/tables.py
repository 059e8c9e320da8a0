"""Cities, the rules they run under, and the areas in which their elders live."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _code_key() -> Column[Any]:
    return Column(BigInteger, primary_key=True, autoincrement=False)


class City(SQLModel, table=True):
    """A city whose elders are served here; `demonstration` marks one with invented people."""

    __tablename__ = "city"
    __table_args__ = (
        CheckConstraint("code BETWEEN 110000000000000 AND 999999999999999", name="city_code_15_digits_check"),
    )

    code: int = Field(sa_column=_code_key())
    key: str = Field(sa_column=Column(String(40), nullable=False, unique=True))
    name_zh: str
    name_en: str
    demonstration: bool = False


class CityPackVersion(SQLModel, table=True):
    """One published version of a city's rules; never edited, only followed by another."""

    __tablename__ = "city_pack_version"
    __table_args__ = (
        UniqueConstraint("city_code", "version", name="city_pack_version_is_published_once_key"),
        Index("city_pack_version_in_force_idx", "city_code", "valid_from"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    city_code: int = Field(sa_column=Column(BigInteger, ForeignKey("city.code"), nullable=False))
    version: str = Field(sa_column=Column(String(60), nullable=False))
    sha256: str = Field(sa_column=Column(String(64), nullable=False))
    loaded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class RulesAdoption(SQLModel, table=True):
    """From which day a city runs under which city's rules; facts of earlier days keep the earlier ones."""

    __tablename__ = "rules_adoption"

    city_code: int = Field(sa_column=Column(BigInteger, ForeignKey("city.code"), primary_key=True))
    adopted_from: date = Field(sa_column=Column(Date, primary_key=True))
    rules_city_code: int = Field(sa_column=Column(BigInteger, ForeignKey("city.code"), nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class RulesStamp(SQLModel, table=True):
    """A word that changes whenever rules, adoptions or a catalogue do; a single row (sql/430_known_rules.sql)."""

    __tablename__ = "rules_stamp"
    __table_args__ = (CheckConstraint("id = 1", name="rules_stamp_single_row_check"),)

    id: int = Field(default=1, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    stamp: str = Field(sa_column=Column(Text, nullable=False))


class Area(SQLModel, table=True):
    """A province, city, district, street, community or quarter, with the days it existed.

    `geom` is a MULTIPOLYGON in EPSG:4326, (lon, lat), where it is known. A street that was renamed or
    split keeps its row; the new one names it in `predecessor_code`.
    """

    __tablename__ = "area"
    __table_args__ = (
        CheckConstraint("code BETWEEN 110000000000000 AND 999999999999999", name="area_code_15_digits_check"),
        CheckConstraint(
            "level IN ('province', 'city', 'district', 'street', 'community', 'quarter')",
            name="area_level_is_known_check",
        ),
        CheckConstraint("parent_code < code", name="area_parent_is_a_prefix_check"),
        CheckConstraint("valid_to > valid_from", name="area_ends_after_it_begins_check"),
    )

    code: int = Field(sa_column=_code_key())
    level: str = Field(sa_column=Column(String(10), nullable=False))
    name: str
    parent_code: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("area.code"), nullable=True, index=True)
    )
    valid_from: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    valid_to: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    predecessor_code: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("area.code"), nullable=True)
    )
    geom: Any = Field(default=None, sa_column=Column(Geometry("MULTIPOLYGON", srid=4326), nullable=True))


class NationalStreet(SQLModel, table=True):
    """One of the 41,352 streets and towns of China, so that an address anywhere can be placed."""

    __tablename__ = "national_street"

    code: int = Field(sa_column=_code_key())
    name: str
    district_code: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    city_code: int = Field(sa_column=Column(BigInteger, nullable=False))


class Building(SQLModel, table=True):
    """A house that an address can name, so that an elder without coordinates is found on the map offline.

    `geom` is a point inside it, EPSG:4326, (lon, lat); `code` is the source's own number (an OpenStreetMap id).
    """

    __tablename__ = "building"
    __table_args__ = (
        CheckConstraint(
            "original_crs IN ('wgs84', 'gcj02', 'bd09', 'cgcs2000')", name="building_original_crs_is_known_check"
        ),
        Index("building_area_code_geom_idx", "area_code", "geom", postgresql_using="gist"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    code: str = Field(sa_column=Column(String(80), nullable=False, unique=True))
    name: str | None = None
    road: str | None = None
    house_number: str | None = None
    building_number: str | None = None
    address: str | None = None
    area_code: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    geom: Any = Field(sa_column=Column(Geometry("POINT", srid=4326, spatial_index=False), nullable=False))
    original_lon: float
    original_lat: float
    original_crs: str
    invented: bool = False
