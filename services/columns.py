"""Column shapes that every table of the house shares, so that a moment is always a moment.

SQLModel fields cannot share one Column object, hence functions that give a fresh one.
"""

from __future__ import annotations

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import ARRAY, BigInteger, DateTime, Identity, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE
from sqlmodel import Field, SQLModel


def own_id() -> Any:
    """Give a BIGINT identity primary key; None until the row is written."""
    return Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))


def link(target: str, *, optional: bool = False, primary: bool = False, index: bool = False) -> Any:
    """Give a BIGINT foreign key to `table.column`; deleting a linked row is refused."""
    default: Any = None if optional else ...
    return Field(default, sa_type=BigInteger, foreign_key=target, nullable=optional, primary_key=primary, index=index)


def number(*, optional: bool = False, default: Any = ..., index: bool = False) -> Any:
    """Give a BIGINT: fen, minutes, codes, opaque ids."""
    if optional and default is ...:
        default = None
    return Field(default, sa_type=BigInteger, nullable=optional, index=index)


def area_code(*, optional: bool = False) -> Any:
    """Give the 15-digit administrative code that decides which officers may see the row."""
    return Field(None if optional else ..., sa_type=BigInteger, nullable=optional, index=True)


def moment(*, optional: bool = False, index: bool = False) -> Any:
    """Give a TIMESTAMPTZ; always aware, always UTC in Python."""
    return Field(
        None if optional else ...,
        sa_type=DateTime(timezone=True),
        nullable=optional,
        index=index,
    )


def words(*, optional: bool = False, default: Any = ..., unique: bool = False, index: bool = False) -> Any:
    """Give a TEXT column."""
    if optional and default is ...:
        default = None
    return Field(default, sa_type=Text, nullable=optional, unique=unique, index=index)


def word_list() -> Any:
    """Give a TEXT[] column, empty by default, never null."""
    return Field(default_factory=list, sa_type=ARRAY(Text), nullable=False)


def document(*, optional: bool = False) -> Any:
    """Give a JSONB column, an empty object by default."""
    if optional:
        return Field(None, sa_type=JSONB, nullable=True)
    return Field(default_factory=dict, sa_type=JSONB, nullable=False)


def place(*, optional: bool = True) -> Any:
    """Give a POINT in WGS-84, (lon, lat); its index is declared beside the area code."""
    return Field(
        None if optional else ...,
        sa_type=Geometry("POINT", srid=4326, spatial_index=False),
        nullable=optional,
    )


def during(*, optional: bool = False) -> Any:
    """Give a TSTZRANGE, start included and end excluded."""
    return Field(None if optional else ..., sa_type=TSTZRANGE, nullable=optional)


def table_of(model: type[SQLModel]) -> Table:
    """Give the Core table behind a table class, for reads that need no objects: `table_of(Person).c.full_name`."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
