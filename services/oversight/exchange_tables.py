"""What others may follow: the changes of the public register in the order in which they became visible."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel

from services.columns import document, moment, number, own_id, words

KINDS = ("organization", "facility", "service", "beds", "table")


class TransactionNumber(UserDefinedType[str]):
    """PostgreSQL's xid8: the number of the transaction that wrote a row, never used twice."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Give the type's name in SQL."""
        return "xid8"


class PublicChange(SQLModel, table=True):
    """One object of the public register changed. Written by triggers only, in the change's own transaction.

    Readers follow (`written_in`, `id`) and never beyond the oldest transaction still open, so that a transaction that
    ends late cannot slip in behind them. `object_code` is the stable code; no person is ever named.
    """

    __tablename__ = "public_change"
    __table_args__ = (
        CheckConstraint("kind IN ('" + "', '".join(KINDS) + "')", name="public_change_kind_check"),
        Index("public_change_order_idx", "written_in", "id"),
        Index("public_change_object_idx", "kind", "object_id", text("changed_at DESC")),
    )
    id: int | None = own_id()
    written_in: str = Field(
        sa_type=TransactionNumber, nullable=False, sa_column_kwargs={"server_default": text("pg_current_xact_id()")}
    )
    kind: str = words()
    object_id: int = number()
    object_code: str = words()
    in_area: int = number(index=True)
    changed_at: datetime = moment()


class OpenTableRow(SQLModel, table=True):
    """One table of sums a city published about a month, small counts withheld; published once and never changed.

    `content_hash` is the SHA-256 of its canonical JSON. No person is in it, and none can be worked out of it.
    """

    __tablename__ = "open_table"
    __table_args__ = (
        CheckConstraint("date_part('day', month) = 1", name="open_table_month_is_its_first_day_check"),
        UniqueConstraint("city_code", "code", "month", name="open_table_published_once_key"),
    )
    id: int | None = own_id()
    city_code: int = number()
    code: str = words()
    month: date = Field(nullable=False)
    published_at: datetime = moment()
    licence: str = words()
    content: dict[str, Any] = document()
    content_hash: str = words()
    withheld: int = number()
