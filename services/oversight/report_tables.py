"""Monthly reports as they were made, and the forms an office has filled from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, moment, number, own_id, words

STATES = ("promised", "made", "failed")


class AreaReport(SQLModel, table=True):
    """The report of one area about one month, made once and never changed; made again it is another row.

    `known_by` is the moment whose knowledge it holds, so that it can be worked out again to the same numbers.
    `content_hash` is the SHA-256 of `content` as canonical JSON. Its numbers are sums; no person is in it.
    """

    __tablename__ = "area_report"
    __table_args__ = (
        CheckConstraint("state IN ('" + "', '".join(STATES) + "')", name="area_report_state_check"),
        CheckConstraint("date_part('day', month) = 1", name="area_report_month_is_its_first_day_check"),
        CheckConstraint(
            "(state = 'made') = (content IS NOT NULL AND content_hash IS NOT NULL AND made_at IS NOT NULL)",
            name="area_report_made_with_its_content_check",
        ),
        CheckConstraint("steps_done BETWEEN 0 AND steps", name="area_report_steps_check"),
        Index("area_report_month_idx", "area_code", text("month DESC"), text("id DESC")),
        Index(
            "area_report_one_promise_idx",
            "area_code",
            "month",
            unique=True,
            postgresql_where=text("state = 'promised'"),
        ),
    )
    id: int | None = own_id()
    area_code: int = area_code()
    month: date = Field(nullable=False)
    state: str = words(default="promised")
    steps_done: int = number(default=0)
    steps: int = number(default=0)
    asked_at: datetime = moment()
    asked_by: int | None = number(optional=True)
    known_by: datetime = moment()
    made_at: datetime | None = moment(optional=True)
    rules_version: str | None = words(optional=True)
    content: dict[str, Any] | None = document(optional=True)
    content_hash: str | None = words(optional=True)
    failure: str | None = words(optional=True)


class ReportForm(SQLModel, table=True):
    """An office's own form: an XLSX workbook in whose cells named fields stand, filled from a month's report."""

    __tablename__ = "report_form"
    __table_args__ = (CheckConstraint("size_bytes > 0", name="report_form_has_content_check"),)
    id: int | None = own_id()
    area_code: int = area_code()
    title: str = words()
    content: bytes = Field(sa_type=LargeBinary, nullable=False)
    size_bytes: int = number()
    fields: int = number()
    uploaded_at: datetime = moment()
    uploaded_by: int = number()
    withdrawn_at: datetime | None = moment(optional=True)
