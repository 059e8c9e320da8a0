"""Handing a list in from a desk: upload, confirm the columns, read the report, take it over; then mend what waits.

A request writes no register: it keeps the sealed file and promises a job, so that a large list never holds a page up
and a killed job leaves nothing half loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import select
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import area_names, city_of_area
from services.cities.rules import area_range
from services.columns import table_of
from services.errors import DomainError
from services.intake.errors import (
    ListTooLarge,
    NotYourList,
    RowClosed,
    RowNotFound,
    RunNotFound,
    RunNotReady,
)
from services.intake.fields import FieldSpec
from services.intake.mapping import Mapping, check_columns, guess_mapping, mapping_of, read_mapping
from services.intake.reading import RawTable, first_rows, read_table
from services.intake.rules import MIB
from services.intake.runs import (
    OUTLINE,
    SYSTEM_CELL,
    NewRun,
    change_row,
    change_run,
    find_row,
    find_run,
    list_runs,
    open_run,
    sealed,
    unsealed,
    waiting_rows,
)
from services.outbox import enqueue
from services.oversight.importing import IMPORTERS, chosen_system, importer_of
from services.people.privacy import mask_address, mask_name
from services.people.tables import RoleGrant
from services.people.taking import SECRETS
from services.unit_of_work import Actor

LARGEST_UPLOAD = 10 * MIB
SHOWN_ROWS = 3
_grant = table_of(RoleGrant)


@dataclass(frozen=True)
class ListDesk:
    """Whose lists are taken in here: the area (15-digit codes), its city, and which kinds of list."""

    area_code: int
    area_name: str
    city_code: int
    kinds: tuple[str, ...]
    may_write: bool


def list_desk(session: Session, actor: Actor) -> ListDesk:
    """Give the desk of somebody who takes lists in, or may look on (the auditor). Raises NotYourList."""
    if actor.has_role("officer", "auditor") and actor.area_lo is not None:
        area = actor.area_lo
        kinds = tuple(kind for kind in IMPORTERS if kind not in ("areas", "buildings"))
    elif actor.role == "administrator":
        area = administered_area(session, actor)
        kinds = tuple(kind for kind in IMPORTERS if kind not in ("elders", "stays"))
    else:
        raise NotYourList(role=actor.role)
    name = area_names(session, {area}).get(area, str(area))
    may = not actor.read_only and actor.role in ("officer", "administrator")
    return ListDesk(area, name, city_of_area(session, area), kinds, may)


def administered_area(session: Session, actor: Actor) -> int:
    """Give the area an administrator's role was granted over. Raises NotYourList."""
    query = select(_grant.c.area_code).where(
        _grant.c.person_id == actor.person_id, _grant.c.role == "administrator", _grant.c.revoked_at.is_(None)
    )
    area: int | None = session.connection().execute(query.order_by(_grant.c.id).limit(1)).scalar()
    if area is None:
        raise NotYourList(role=actor.role)
    return area


def _writing_desk(session: Session, actor: Actor, kind: str | None = None) -> ListDesk:
    desk = list_desk(session, actor)
    if not desk.may_write or (kind is not None and kind not in desk.kinds):
        raise NotYourList(role=actor.role, kind=kind)
    return desk


def hand_in(
    session: Session,
    now: datetime,
    actor: Actor,
    kind: str,
    file_name: str,
    content: bytes,
    *,
    crs: str | None = None,
    mapping_text: str | None = None,
    sheet: str | None = None,
) -> int:
    """Keep a list sealed, with the columns guessed or as the mapping says; gives the run's id.

    Raises NotYourList, UnknownList, UnreadableList, ListTooLarge, BadMapping, UnknownCoordinates.
    """
    importer = importer_of(kind)
    desk = _writing_desk(session, actor, kind)
    if len(content) > LARGEST_UPLOAD:
        raise ListTooLarge(f"网页上传不超过{LARGEST_UPLOAD // MIB} MB，更大的请用命令行导入。", limit=LARGEST_UPLOAD)
    told = read_mapping(mapping_text, kind, importer.fields) if mapping_text else None
    table = read_table(content, file_name, sheet=sheet or (told.sheet if told else None))
    mapping = told or guess_mapping(table.columns, importer.fields)
    system = chosen_system(importer, crs, mapping, table)
    new = NewRun(kind, desk.city_code, desk.area_code, file_name, content, system, sheet=table.sheet)
    kept = SECRETS.seal("import_file", content.hex())
    run_id = open_run(session, now, actor, new, state="uploaded", file_sealed=kept)
    change_run(session, run_id, mapping=mapping.document(), report=_first_look(table, mapping, importer.fields))
    return run_id


def _first_look(table: RawTable, mapping: Mapping, fields: Sequence[FieldSpec]) -> dict[str, Any]:
    """What is shown for confirmation: the columns with the first rows, private columns left out."""
    private = {mapping.columns[spec.name] for spec in fields if spec.private and spec.name in mapping.columns}
    hides = any(spec.private for spec in fields)
    shown = [
        {name: text[:60] for name, text in cells.items() if name not in private}
        for cells in first_rows(table, SHOWN_ROWS)
    ]
    return {
        "form": table.form, "encoding": table.encoding, "sheet": table.sheet, "sheets": table.sheets[:50],
        "columns": table.columns, "rows": len(table.rows) + len(table.broken), "first": [] if hides else shown,
    }  # fmt: skip


def confirm_columns(
    session: Session, now: datetime, actor: Actor, run_id: int, columns: dict[str, str], constants: dict[str, str]
) -> None:
    """Confirm which column says what, and have every row checked by a job. Raises RunNotReady, BadMapping."""
    run = _own_run(session, actor, run_id, ("uploaded", "checked"))
    fields = importer_of(run.kind).fields
    told = run.mapping | {
        "columns": {name: column for name, column in columns.items() if column},
        "constants": {name: said for name, said in constants.items() if said},
    }
    mapping = check_columns(mapping_of(told, run.kind, fields), _columns(run), fields)
    change_run(session, run_id, mapping=mapping.document(), state="checking")
    enqueue(session, now, "intake.check", {"run_id": run_id})
    record_act(
        session, now, actor, "confirm_list_columns", area_code=run.area_code, subject=("import_run", run_id),
        facts={"columns": mapping.columns},
    )  # fmt: skip


def _columns(run: Found[Any]) -> list[str]:
    return list(run.report.get("columns") or [])


def confirm_list(session: Session, now: datetime, actor: Actor, run_id: int, *, trust_crs: bool = False) -> None:
    """Have a checked list taken over by a job. Raises RunNotReady; a contradicted system must be trusted by name."""
    run = _own_run(session, actor, run_id, ("checked",))
    system = run.report.get("system") or {}
    if system.get("contradicted") and not trust_crs:
        raise RunNotReady(
            "声明的坐标系与区划边界不符：请换一个坐标系重新上传，或写明仍信任它。", state=run.state, **system
        )
    change_run(session, run_id, state="confirmed", trust_crs=trust_crs)
    enqueue(session, now, "intake.apply", {"run_id": run_id}, key=f"intake-apply-{run_id}")
    record_act(
        session, now, actor, "confirm_list", area_code=run.area_code, subject=("import_run", run_id),
        facts={"trust_crs": trust_crs},
    )  # fmt: skip


def give_up(session: Session, now: datetime, actor: Actor, run_id: int) -> None:
    """Drop a list that was not taken over; its file is forgotten."""
    run = _own_run(session, actor, run_id, ("uploaded", "checking", "checked", "confirmed"))
    change_run(
        session, run_id, state="failed", file_sealed=None, finished_at=now, report=run.report | {"refusal": "已放弃"}
    )
    record_act(session, now, actor, "give_up_list", area_code=run.area_code, subject=("import_run", run_id))


def _own_run(session: Session, actor: Actor, run_id: int, states: tuple[str, ...]) -> Found[Any]:
    desk = _writing_desk(session, actor)
    run = _of_desk(desk, find_run(session, run_id, lock=True), RunNotFound(run_id=run_id))
    _writing_desk(session, actor, run.kind)
    if run.state not in states:
        raise RunNotReady(state=run.state)
    return run


def runs_of(session: Session, actor: Actor, limit: int = 50) -> list[Found[Any]]:
    """Give the desk's newest lists. Raises NotYourList."""
    return list_runs(session, area=area_range(list_desk(session, actor).area_code), limit=limit)


def run_of(session: Session, actor: Actor, run_id: int) -> Found[Any]:
    """Give one list with its report. Raises NotYourList, RunNotFound."""
    desk, run = list_desk(session, actor), find_run(session, run_id)
    return _of_desk(desk, run, RunNotFound(run_id=run_id))


@dataclass(frozen=True)
class WaitingRow:
    """A row that waits, as shown: private cells masked or left out."""

    id: int
    run_id: int
    kind: str
    line: int
    title: str
    cells: dict[str, str]
    findings: list[dict[str, Any]]
    needs_place: bool
    found: dict[str, Any] | None
    crs: str | None
    trying: bool
    state: str
    area_code: int


def rows_of(
    session: Session,
    actor: Actor,
    *,
    kind: str | None = None,
    run_id: int | None = None,
    needs_place: bool | None = None,
    after_id: int = 0,
    limit: int = 50,
) -> list[WaitingRow]:
    """Give the rows that wait in the desk's area, private cells masked. Raises NotYourList."""
    rows = waiting_rows(
        session, kind=kind, run_id=run_id, needs_place=needs_place, area=area_range(list_desk(session, actor).area_code),
        after_id=after_id, limit=limit,
    )  # fmt: skip
    return [_shown(row, full=False) for row in rows]


def row_of(session: Session, now: datetime, actor: Actor, row_id: int) -> WaitingRow:
    """Give one row to be mended; who may write sees all it says, and that look is noted where it is private."""
    desk = list_desk(session, actor)
    row = _of_desk(desk, find_row(session, row_id, waiting=False), RowNotFound(row_id=row_id))
    full = desk.may_write and row.kind in desk.kinds and row.state == "waiting"
    if full and any(spec.private for spec in importer_of(row.kind).fields):
        record_act(
            session, now, actor, "read_import_row", area_code=row.area_code, subject=("import_row", row_id)
        )  # fmt: skip
    return _shown(row, full=full)


def _shown(row: Found[Any], *, full: bool) -> WaitingRow:
    said = unsealed(SECRETS, row.raw_sealed)
    crs = said.get(SYSTEM_CELL) or row.crs
    cells = {name: text for name, text in said.items() if name not in (OUTLINE, SYSTEM_CELL)}
    private = {spec.name for spec in importer_of(row.kind).fields if spec.private}
    title = cells.get("name") or cells.get("facility_name") or cells.get("code") or f"第{row.line}行"
    if private and not full:
        title = mask_name(title)
        masked = {"address": mask_address(cells["address"])} if cells.get("address") else {}
        cells = {name: text for name, text in cells.items() if name not in private} | masked
    return WaitingRow(
        row.id, row.run_id, row.kind, row.line, title, cells, row.findings, row.needs_place,
        row.found if full or not private else None, crs, row.trying, row.state, row.area_code,
    )  # fmt: skip


def mend_row(session: Session, now: datetime, actor: Actor, row_id: int, changes: dict[str, str]) -> None:
    """Put other words into a waiting row and have it tried again by a job.

    `changes`: field -> text; `crs` names the system of a changed point. Raises RowNotFound, RowClosed, BadMapping.
    """
    row = _own_row(session, actor, row_id)
    fields = importer_of(row.kind).fields
    mapping_of({"constants": {name: text for name, text in changes.items() if name != "crs"}}, row.kind, fields)
    cells = unsealed(SECRETS, row.raw_sealed)
    for name, text in changes.items():
        cells[SYSTEM_CELL if name == "crs" else name] = text.strip()[:1000]
    change_row(session, row_id, raw_sealed=sealed(SECRETS, cells), trying=True)
    enqueue(session, now, "intake.try_row", {"row_id": row_id})
    record_act(
        session, now, actor, "mend_row", area_code=row.area_code, subject=("import_row", row_id),
        facts={"fields": sorted(changes)},
    )  # fmt: skip


def place_row(session: Session, now: datetime, actor: Actor, row_id: int, lon: float, lat: float, crs: str) -> None:
    """Set the point of a row that somebody found on the map, and have it tried again. (lon, lat) degrees in `crs`."""
    mend_row(session, now, actor, row_id, {"lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "crs": crs})


def drop_row(session: Session, now: datetime, actor: Actor, row_id: int) -> None:
    """Put a waiting row away for good: it is no site, or nobody lives there."""
    row = _own_row(session, actor, row_id)
    change_row(session, row_id, state="dropped", closed_at=now, closed_by=actor.person_id, trying=False)
    record_act(session, now, actor, "drop_row", area_code=row.area_code, subject=("import_row", row_id))


def _own_row(session: Session, actor: Actor, row_id: int) -> Found[Any]:
    desk = _writing_desk(session, actor)
    row = _of_desk(desk, find_row(session, row_id, lock=True), RowNotFound(row_id=row_id))
    _writing_desk(session, actor, row.kind)
    if row.trying:
        raise RowClosed("这一行正在重试，请稍后刷新。", row_id=row_id, state="trying")
    return row


def _of_desk(desk: ListDesk, found: Found[Any], otherwise: DomainError) -> Found[Any]:
    """Give what lies in the desk's area; the rest does not exist for it (an administrator's range is no row's policy)."""
    lo, hi = area_range(desk.area_code)
    if not lo <= found.area_code <= hi:
        raise otherwise
    return found
