"""What the house found when it checked itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from services.columns import moment, number, own_id, words


class LedgerCheck(SQLModel, table=True):
    """One full recomputation of the time bank's chains and balances: whether it held, and the first bad row.

    Written by a job, because a request may not read other people's accounts.
    """

    __tablename__ = "ledger_check"
    __table_args__ = (
        CheckConstraint("ok = (first_bad IS NULL)", name="ledger_check_names_the_first_bad_check"),
        Index("ledger_check_checked_at_idx", "checked_at"),
    )
    id: int | None = own_id()
    checked_at: datetime = moment()
    ok: bool = Field(nullable=False)
    first_bad: str | None = words(optional=True)
    transfers: int = number()
