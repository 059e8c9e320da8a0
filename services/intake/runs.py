"""What is kept of every import: the run with its report, and the rows set aside until somebody mends them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.intake.batch import Ground, Importer, Row, Secrets, Written
from services.intake.errors import RowClosed, RowNotFound, RunNotFound
from services.intake.flow import Judged
from services.intake.tables import ImportRow, ImportRun
from services.unit_of_work import Actor

_run, _row = table_of(ImportRun), table_of(ImportRow)
SEALED_AS = "import_row"
SYSTEM_CELL, OUTLINE = "_crs", "_outline"
"""Cells that are no fields: the system of a point set by hand, and the shape a GeoJSON feature came with."""


@dataclass(frozen=True)
class NewRun:
    """A list as it was handed in."""

    kind: str
    city_code: int
    area_code: int
    file_name: str
    content: bytes
    crs: str | None
    trust_crs: bool = False
    invented: bool = False
    dry: bool = False
    sheet: str | None = None


def open_run(
    session: Session,
    now: datetime,
    actor: Actor,
    new: NewRun,
    *,
    state: str = "checking",
    file_sealed: str | None = None,
) -> int:
    """Note a list that was handed in; gives the run's id."""
    run_id: int = session.connection().execute(
        insert(_run)
        .values(
            kind=new.kind, state=state, city_code=new.city_code, area_code=new.area_code,
            file_name=new.file_name[:200], sha256=hashlib.sha256(new.content).hexdigest(), size_bytes=len(new.content),
            crs=new.crs, trust_crs=new.trust_crs, invented=new.invented, dry=new.dry, sheet=new.sheet,
            mapping={}, counts={}, report={}, file_sealed=file_sealed, started_by=actor.person_id, started_at=now,
        )
        .returning(_run.c.id)
    ).scalar_one()  # fmt: skip
    facts = {"kind": new.kind, "crs": new.crs, "size_bytes": len(new.content), "dry": new.dry}
    record_act(
        session, now, actor, "hand_in_list", area_code=new.area_code, subject=("import_run", run_id), facts=facts
    )
    return run_id


def change_run(session: Session, run_id: int, **values: Any) -> None:
    """Note how far a run has come."""
    session.connection().execute(update(_run).where(_run.c.id == run_id).values(**values))


def find_run(session: Session, run_id: int, *, lock: bool = False) -> Found[Any]:
    """Give a run. Raises RunNotFound."""
    query = select(_run).where(_run.c.id == run_id)
    found = session.connection().execute(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise RunNotFound(run_id=run_id)
    return found


def list_runs(
    session: Session, *, city_code: int | None = None, area: tuple[int, int] | None = None, limit: int = 50
) -> list[Found[Any]]:
    """Give the runs the actor may see, the newest first, without their reports; `area` narrows to a range of codes."""
    kept = [column for column in _run.c if column.name not in ("report", "file_sealed", "mapping")]
    query = select(*kept).order_by(_run.c.id.desc()).limit(min(limit, 200))
    if city_code is not None:
        query = query.where(_run.c.city_code == city_code)
    if area is not None:
        query = query.where(_run.c.area_code.between(*area))
    return list(session.connection().execute(query))


CHUNK = 2_000


def take_over(
    session: Session,
    now: datetime,
    actor: Actor,
    importer: Importer,
    ground: Ground,
    judged: Judged,
    run_id: int,
    tell: Callable[[int, int], None] | None = None,
) -> Written:
    """Write what nothing keeps out, set the rest aside, and close the run; all in the caller's transaction.

    `tell(done, of)` hears how many rows are written.
    """
    accepted = judged.accepted
    written = Written()
    for begin in range(0, len(accepted), CHUNK):
        part = importer.write(session, now, actor, ground, accepted[begin : begin + CHUNK])
        written = written.and_then(part)
        if tell:
            tell(min(begin + CHUNK, len(accepted)), len(accepted))
    set_aside(session, now, ground, judged, run_id)
    report = judged.report()
    counts = judged.counts() | {
        "created": written.created, "updated": written.updated, "unchanged": written.unchanged,
    }  # fmt: skip
    change_run(
        session, run_id, state="done", counts=counts, report=report, mapping=judged.mapping.document(),
        file_sealed=None, finished_at=now,
    )  # fmt: skip
    record_act(
        session, now, actor, f"import_{judged.kind}", area_code=find_run(session, run_id).area_code,
        subject=("import_run", run_id), facts=counts | {"crs": judged.crs, "kinds": report["kinds"]},
    )  # fmt: skip
    return written


_REPLACE = text("""
    UPDATE import_row SET state = 'replaced', closed_at = :now
    WHERE state = 'waiting' AND kind = :kind AND city_code = :city AND row_key = ANY(CAST(:keys AS text[]))
""")
_DROPPED = text("""
    SELECT DISTINCT row_key FROM import_row
    WHERE state = 'dropped' AND closed_by IS NOT NULL AND kind = :kind AND city_code = :city
      AND row_key = ANY(CAST(:keys AS text[]))
""")


def set_aside(session: Session, now: datetime, ground: Ground, judged: Judged, run_id: int) -> int:
    """Keep the rows that were not taken over; they replace what an older list said of the same; gives how many wait.

    An exact double has nothing to mend: it is kept as dropped. What somebody dropped before stays dropped.
    """
    connection = session.connection()
    keys = {id(row): key_of(ground.secrets, judged.kind, row.key) for row in judged.rows}
    asked = {"kind": judged.kind, "city": ground.city_code, "keys": list(set(keys.values()))}
    connection.execute(_REPLACE, asked | {"now": now})
    dropped = set(connection.execute(_DROPPED, asked).scalars())
    run_area = find_run(session, run_id).area_code
    kept = []
    for row in judged.rows:
        if not row.refused or keys[id(row)] in dropped:
            continue
        closed = now if _says_nothing_new(row) else None
        kept.append(
            {
                "run_id": run_id,
                "kind": judged.kind,
                "city_code": ground.city_code,
                "area_code": row.area_code if row.area_code and ground.lo <= row.area_code <= ground.hi else run_area,
                "line": row.line,
                "row_key": keys[id(row)],
                "raw_sealed": sealed(ground.secrets, with_shape(row)),
                "crs": judged.crs,
                "findings": [one.document() for one in row.findings],
                "needs_place": row.needs_place,
                "found": row.match.document() if row.match else None,
                "trying": False,
                "state": "dropped" if closed else "waiting",
                "closed_at": closed,
                "closed_by": None,
            }  # fmt: skip
        )
    if kept:
        connection.execute(insert(_row), kept)
    return sum(one["state"] == "waiting" for one in kept)


def _says_nothing_new(row: Row) -> bool:
    return any(one.kind == "duplicate" and one.facts.get("same_point") for one in row.findings)


def with_shape(row: Row) -> dict[str, str]:
    """Give a row's cells with its outline, so that a mended area still has one."""
    outline = row.geometry if row.geometry and row.geometry.get("type") != "Point" else None
    kept: dict[str, str] = {OUTLINE: json.dumps(outline)} if outline else {}
    return row.cells | kept


def key_of(secrets: Secrets, kind: str, key: str) -> str:
    """Give the keyed hash under which a row is known again; nobody reads a name or a number back out of it."""
    return secrets.fingerprint(f"import:{kind}", key).hex()


def sealed(secrets: Secrets, cells: dict[str, str]) -> str:
    """Seal what a row says."""
    return secrets.seal(SEALED_AS, json.dumps(cells, ensure_ascii=False, sort_keys=True))


def unsealed(secrets: Secrets, raw_sealed: str) -> dict[str, str]:
    """Open what a row says."""
    cells: dict[str, str] = json.loads(secrets.unseal(SEALED_AS, raw_sealed))
    return cells


def waiting_rows(
    session: Session,
    *,
    kind: str | None = None,
    run_id: int | None = None,
    needs_place: bool | None = None,
    area: tuple[int, int] | None = None,
    after_id: int = 0,
    limit: int = 50,
) -> list[Found[Any]]:
    """Give the waiting rows the actor may see, oldest first; at most 500."""
    query = select(_row).where(_row.c.state == "waiting", _row.c.id > after_id).order_by(_row.c.id)
    if kind is not None:
        query = query.where(_row.c.kind == kind)
    if run_id is not None:
        query = query.where(_row.c.run_id == run_id)
    if needs_place is not None:
        query = query.where(_row.c.needs_place == needs_place)
    if area is not None:
        query = query.where(_row.c.area_code.between(*area))
    return list(session.connection().execute(query.limit(min(limit, 500))))


def find_row(session: Session, row_id: int, *, lock: bool = False, waiting: bool = True) -> Found[Any]:
    """Give a set-aside row. Raises RowNotFound, and RowClosed for one that no longer waits."""
    query = select(_row).where(_row.c.id == row_id)
    found = session.connection().execute(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise RowNotFound(row_id=row_id)
    if waiting and found.state != "waiting":
        raise RowClosed(row_id=row_id, state=found.state)
    return found


def change_row(session: Session, row_id: int, **values: Any) -> None:
    """Note what became of a set-aside row."""
    session.connection().execute(update(_row).where(_row.c.id == row_id).values(**values))
