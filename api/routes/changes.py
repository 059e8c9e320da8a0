"""The feed of public changes: for platforms above, which follow by a cursor and miss nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from api.deps import OpenWork
from api.errors import problems
from api.schemas.visits import Out
from services.oversight.changes import START, changes_after

router = APIRouter(prefix="/api/v1", tags=["open data"])
Kind = Literal["organization", "facility", "service", "beds", "table"]


class ChangeOut(Out):
    """One object that changed: its stable code and UUID, and what it says now (not what it said then)."""

    cursor: str
    kind: Kind
    code: str
    uuid: str | None
    area_code: int
    changed_at: datetime
    now: dict[str, Any]


class ChangesOut(Out):
    """Changes oldest first; ask again with `after` = `next_cursor`, at once while there is `more`."""

    changes: list[ChangeOut]
    next_cursor: str
    more: bool


@router.get("/changes", response_model=ChangesOut, responses=problems(), summary="What changed in the public register")
def changes(
    work: OpenWork,
    after: Annotated[
        str, Query(max_length=40, description="next_cursor of the answer before; 0.0 from the beginning")
    ] = START,
    area: Annotated[int | None, Query(ge=110000000000000, le=999999999999999, description="15-digit area")] = None,
    kind: Annotated[list[Kind] | None, Query(description="only these kinds")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> ChangesOut:
    """Give changes of organisations, sites, services, bed counts and published tables; no person is in it."""
    kinds: list[str] | None = None if kind is None else [*kind]
    found = changes_after(work.session, work.now, after, area_code=area, kinds=kinds, most=limit)
    return ChangesOut.model_validate(found)
