"""Monthly reports over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.visits import Day, In, Out


class ReportIn(In):
    """Which area's report about which month (any day of it); the month must be over."""

    area_code: int = Field(ge=110000000000000, le=999999999999999)
    month: Day


class ReportCardOut(Out):
    """A report without its content: how far its making has come, and its fingerprint once it is made."""

    id: int
    area_code: int
    month: date
    state: Literal["promised", "made", "failed"]
    steps_done: int
    steps: int
    asked_at: datetime
    known_by: datetime
    made_at: datetime | None
    rules_version: str | None
    content_hash: str | None
    failure: str | None


class ReportOut(ReportCardOut):
    """A report with its content as it was kept; `content_hash` is the SHA-256 of its canonical JSON."""

    content: dict[str, Any] | None


class ReportRecountOut(Out):
    """A report worked out again with the knowledge it was made with; `where` names what differs."""

    equal: bool
    content_hash: str
    found_hash: str
    where: list[str]
