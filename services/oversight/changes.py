"""Following the public register: its changes in an order in which nothing can slip in behind a reader.

A sequence number is drawn when a row is written and seen when its transaction commits, so reading by it can miss a row of
a transaction that ends late. Every change carries the number of its transaction (xid8); a reader is told only of
transactions older than the oldest one still open, ordered by that number. One that is still open has a higher place than
all that were told, so the next reading finds it. A long transaction holds the feed back; it never tears it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.cities.rules import area_range
from services.clock import civil_date
from services.errors import Invalid
from services.oversight.hsds import stable_id

START = "0.0"
_CURSOR = re.compile(r"^([0-9]{1,19})\.([0-9]{1,18})$")
_CHANGES = text(
    "SELECT written_in::text AS place, id, kind, object_id, object_code, in_area, changed_at FROM public_change"
    " WHERE (written_in, id) > (CAST(:place AS xid8), :id) AND written_in < pg_snapshot_xmin(pg_current_snapshot())"
    " AND (CAST(:lo AS bigint) IS NULL OR in_area BETWEEN :lo AND :hi)"
    " AND (CAST(:kinds AS text[]) IS NULL OR kind = ANY (CAST(:kinds AS text[])))"
    " ORDER BY written_in, id LIMIT :most"
)
_BEDS = text(
    "SELECT facility_id, count(*) AS beds, count(*) FILTER (WHERE nursing_from <= :day) AS nursing,"
    " count(*) FILTER (WHERE dementia) AS dementia FROM bed WHERE facility_id = ANY (CAST(:ids AS bigint[]))"
    " AND kind <> 'home' AND opened_on <= :day AND (closed_on IS NULL OR closed_on > :day) GROUP BY 1"
)
_SITES = text(
    "SELECT id, name, type_code, functions, status FROM facility WHERE id = ANY (CAST(:ids AS bigint[]))"
)  # fmt: skip
_TABLES = text("SELECT id, city_code, month, content_hash FROM open_table WHERE id = ANY (CAST(:ids AS bigint[]))")
UUID_KINDS = {"organization": "organization", "facility": "location", "beds": "location", "service": "service.line"}


@dataclass(frozen=True)
class PublicChange:
    """One object that changed, as it stands now; `cursor` is its place in the feed."""

    cursor: str
    kind: str
    code: str
    uuid: str | None
    area_code: int
    changed_at: datetime
    now: dict[str, Any]


@dataclass(frozen=True)
class Changes:
    """Some changes, the cursor to go on from, and whether more are there already."""

    changes: list[PublicChange]
    next_cursor: str
    more: bool


def is_cursor(told: str) -> bool:
    """Tell whether a text is a place of the feed."""
    return _CURSOR.match(told) is not None


def changes_after(
    session: Session,
    now: datetime,
    cursor: str = START,
    *,
    area_code: int | None = None,
    kinds: list[str] | None = None,
    most: int = 200,
) -> Changes:
    """Give the changes after a cursor, oldest first, at most `most`. Raises Invalid for what is no cursor."""
    told = _CURSOR.match(cursor)
    if told is None:
        raise Invalid("游标不对，请用上次返回的 next_cursor。", field="after")
    lo, hi = area_range(area_code) if area_code is not None else (None, None)
    asked = {"place": told[1], "id": int(told[2]), "lo": lo, "hi": hi, "kinds": kinds, "most": most + 1}
    rows = session.connection().execute(_CHANGES, asked).all()
    some = rows[:most]
    standing = _standing(session, now, some)
    changes = [
        PublicChange(
            f"{row.place}.{row.id}", row.kind, row.object_code,
            stable_id(UUID_KINDS[row.kind], row.object_id) if row.kind in UUID_KINDS else None,
            row.in_area, row.changed_at, standing.get((row.kind, row.object_id), {}),
        )
        for row in some
    ]  # fmt: skip
    return Changes(changes, changes[-1].cursor if changes else cursor, len(rows) > most)


def _standing(session: Session, now: datetime, rows: Any) -> dict[tuple[str, int], dict[str, Any]]:
    """What the changed objects say now: sites, counts of beds, published tables."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for kind, statement in (("facility", _SITES), ("beds", _BEDS), ("table", _TABLES)):
        ids = [row.object_id for row in rows if row.kind == kind]
        if not ids:
            continue
        asked = {"ids": ids} | ({"day": civil_date(now)} if kind == "beds" else {})
        for one in session.connection().execute(statement, asked):
            told = dict(one._mapping)
            number = told.pop("facility_id" if kind == "beds" else "id")
            if "month" in told:
                told["month"] = f"{told['month']:%Y-%m}"
            found[kind, number] = told
    return found
