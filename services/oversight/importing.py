"""Which room takes over which kind of list, and the ground a city's lists are held against."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row as Found
from sqlmodel import Session

from geo.coordinates import CRS_NAMES
from services.acts import record_act
from services.beds.taking import BedLists
from services.beds.taking_homes import HomeLists
from services.beds.taking_stays import StayLists
from services.circles.taking import CompoundLists, compounds_of
from services.cities.outlines import buildings_of, outlines_of
from services.cities.rules import area_range
from services.cities.taking import AreaLists, BuildingLists
from services.directory.errors import UnknownCoordinates
from services.directory.planned_taking import CheckLists, ObligationLists, ProjectSiteLists
from services.directory.taking import FacilityLists
from services.intake.addresses import AddressBook
from services.intake.batch import Ground, Importer, Written
from services.intake.errors import UnknownList
from services.intake.flow import Judged, judge_again, judge_list, refuse_contradicted
from services.intake.mapping import Mapping, check_columns, guess_mapping, mapping_of, read_mapping
from services.intake.reading import RawTable, read_table
from services.intake.runs import (
    OUTLINE,
    SYSTEM_CELL,
    NewRun,
    change_row,
    change_run,
    find_row,
    find_run,
    open_run,
    take_over,
    unsealed,
)
from services.outbox import enqueue
from services.oversight.taking import StatisticLists
from services.people.moving import circles_follow
from services.people.taking import SECRETS, ElderLists
from services.settlement.purchase_taking import ContractLists
from services.unit_of_work import Actor

IMPORTERS: dict[str, Importer] = {
    one.kind: one
    for one in (
        FacilityLists(),
        CompoundLists(),
        ElderLists(),
        AreaLists(),
        BedLists(),
        HomeLists(),
        StayLists(),
        BuildingLists(),
        StatisticLists(),
        ContractLists(),
        ProjectSiteLists(),
        ObligationLists(),
        CheckLists(),
    )
}
KINDS_ZH = {
    "facilities": "设施", "compounds": "小区", "elders": "老人", "areas": "区划", "beds": "床位", "buildings": "楼栋",
    "homes": "机构性质", "stays": "入住", "statistics": "人口数",
    "contracts": "政府购买合同", "project_sites": "项目点位", "obligations": "小区配建", "facility_checks": "标准化检查",
}  # fmt: skip
CHANGES_CIRCLES = {"facilities", "elders", "compounds", "areas"}
"""Lists after which the city's circles are computed anew."""
REFRESH_SECONDS = 120
FEW_FACILITIES = 20
"""Up to so many changed sites are judged one by one, each touching only its neighbours; more, and the whole city is
judged at once. In a city of 100,000 elders one site takes up to half a second (docs/benchmarks.md), so twenty take
less than the city does."""
FEW_ELDERS = 2_000
"""A list that places no more elders than this is followed by one job for them alone, a longer one by a full recount."""


@dataclass(frozen=True)
class ListWish:
    """A list somebody wants taken in. `mapping` None: guess; `crs` may stand in the mapping instead."""

    kind: str
    file_name: str
    content: bytes
    city_code: int
    crs: str | None = None
    mapping_text: str | None = None
    sheet: str | None = None
    trust_crs: bool = False
    invented: bool = False
    source: str = ""


@dataclass(frozen=True)
class ReadList:
    """A list read and its columns understood, before any row is judged."""

    wish: ListWish
    table: RawTable
    mapping: Mapping
    guessed: bool
    crs: str | None


def importer_of(kind: str) -> Importer:
    """Give the room's importer of a kind. Raises UnknownList."""
    found = IMPORTERS.get(kind)
    if found is None:
        raise UnknownList(kind=kind[:40], known=list(IMPORTERS))
    return found


def ground_of(
    session: Session,
    city_code: int,
    *,
    lo: int | None = None,
    hi: int | None = None,
    invented: bool = False,
    source: str = "",
) -> Ground:
    """Give the outlines and known places of a city; `lo`..`hi` narrows to an office's range of codes."""
    first, last = area_range(city_code)
    outlines = outlines_of(session, city_code)
    places = buildings_of(session, city_code) + compounds_of(session, outlines)
    book = AddressBook(outlines, places)
    return Ground(city_code, lo or first, hi or last, outlines, book, SECRETS, invented, source)


def read_list(wish: ListWish) -> ReadList:
    """Read a list and its mapping; nothing is asked of the database.

    Raises UnreadableList, ListTooLarge, BadMapping (a guess that lacks a needed field too), UnknownCoordinates.
    """
    importer = importer_of(wish.kind)
    told = read_mapping(wish.mapping_text, wish.kind, importer.fields) if wish.mapping_text is not None else None
    sheet = wish.sheet or (told.sheet if told else None)
    table = read_table(wish.content, wish.file_name, sheet=sheet)
    mapping = told or guess_mapping(table.columns, importer.fields)
    crs = chosen_system(importer, wish.crs, mapping, table)
    return ReadList(wish, table, check_columns(mapping, table.columns, importer.fields), told is None, crs)


def chosen_system(importer: Importer, told: str | None, mapping: Mapping, table: RawTable) -> str | None:
    """Give the system of a list's coordinates: it is named, or nothing is taken over.

    What the person says wins over the mapping's file. Raises UnknownCoordinates where points or outlines come
    without a named system.
    """
    crs = told or mapping.crs
    needed = importer.on_the_map or any(row.geometry for row in table.rows)
    if crs is None and not needed:
        return None
    if crs not in CRS_NAMES:
        raise UnknownCoordinates(crs=(crs or "")[:40], known=list(CRS_NAMES))
    return crs


def judge(session: Session, now: datetime, ground: Ground, read: ReadList) -> Judged:
    """Judge every row of a read list; writes nothing."""
    return judge_list(session, now, importer_of(read.wish.kind), ground, read.table, read.mapping, read.crs)


def take_list(
    session: Session,
    now: datetime,
    actor: Actor,
    ground: Ground,
    read: ReadList,
    judged: Judged,
    tell: Callable[[int, int], None] | None = None,
) -> tuple[int, dict[str, int]]:
    """Take a judged list over in the caller's transaction; gives the run's id and its counts.

    Needs a login that may change the register (jobs or set-up). Raises CrsContradicted.
    """
    refuse_contradicted(judged, read.wish.trust_crs)
    wish = read.wish
    new = NewRun(
        wish.kind, wish.city_code, wish.city_code, wish.file_name, wish.content, read.crs, wish.trust_crs,
        wish.invented, sheet=read.table.sheet,
    )  # fmt: skip
    run_id = open_run(session, now, actor, new)
    written = take_over(session, now, actor, importer_of(wish.kind), ground, judged, run_id, tell)
    counts: dict[str, int] = find_run(session, run_id).counts
    follow(session, now, wish.kind, wish.city_code, written)
    return run_id, counts


def follow(session: Session, now: datetime, kind: str, city_code: int, written: Written) -> None:
    """Promise what must follow a changed register: circles around few changed sites or homes, or of the whole city."""
    if kind == "elders" and len(written.touched) <= FEW_ELDERS:
        circles_follow(session, now, written.touched)
        return
    if kind not in CHANGES_CIRCLES or not written.created + written.updated:
        return
    if kind == "facilities" and len(written.touched) <= FEW_FACILITIES:
        facts = {"city_code": city_code, "facility_ids": list(written.touched)}
        enqueue(session, now, "circles.facilities_changed", facts)
    else:
        enqueue(session, now, "circles.refresh", {"city_code": city_code})


def follow_one(session: Session, now: datetime, kind: str, city_code: int, written: Written) -> None:
    """Promise new circles after a single mended row: a site's or home's own at once, else one for two minutes' mending."""
    if kind in ("facilities", "elders"):
        follow(session, now, kind, city_code, written)
    elif kind in CHANGES_CIRCLES:
        turn = int(now.timestamp()) // REFRESH_SECONDS + 1
        later = datetime.fromtimestamp(turn * REFRESH_SECONDS, now.tzinfo)
        key = f"circles-after-mending-{city_code}-{turn}"
        enqueue(session, now, "circles.refresh", {"city_code": city_code}, not_before=later, key=key)


def check_run(session: Session, now: datetime, run_id: int) -> None:
    """Judge a handed-in list and keep the report, as a job; a file that cannot be read ends the run with the reason."""
    run = find_run(session, run_id, lock=True)
    if run.state != "checking":
        return
    read, ground = reread(session, run)
    judged = judge(session, now, ground, read)
    change_run(session, run_id, state="checked", counts=judged.counts(), report=judged.report())


def apply_run(session: Session, now: datetime, actor: Actor, run_id: int) -> None:
    """Take a confirmed list over, as a job: all accepted rows in this transaction, the rest set aside."""
    run = find_run(session, run_id, lock=True)
    if run.state != "confirmed":
        return
    read, ground = reread(session, run)
    judged = judge(session, now, ground, read)
    refuse_contradicted(judged, run.trust_crs)
    written = take_over(session, now, actor, importer_of(run.kind), ground, judged, run_id)
    follow(session, now, run.kind, run.city_code, written)


def reread(session: Session, run: Found[Any]) -> tuple[ReadList, Ground]:
    """Open a run's sealed file and read it with the mapping its person confirmed."""
    content = bytes.fromhex(SECRETS.unseal("import_file", run.file_sealed))
    wish = ListWish(
        run.kind, run.file_name, content, run.city_code, run.crs, None, run.sheet, run.trust_crs, run.invented
    )
    importer = importer_of(run.kind)
    table = read_table(content, run.file_name, sheet=run.sheet)
    mapping = mapping_of(run.mapping, run.kind, importer.fields)
    lo, hi = area_range(run.area_code)
    ground = ground_of(session, run.city_code, lo=lo, hi=hi, invented=run.invented, source=mapping.source or "")
    return ReadList(wish, table, check_columns(mapping, table.columns, importer.fields), False, run.crs), ground


def try_row(session: Session, now: datetime, actor: Actor, row_id: int) -> bool:
    """Try a mended row again, as a job or from the command line; tells whether it is in the register now."""
    kept = find_row(session, row_id, lock=True)
    importer, run = importer_of(kept.kind), find_run(session, kept.run_id)
    lo, hi = area_range(run.area_code)
    ground = ground_of(session, kept.city_code, lo=lo, hi=hi, invented=run.invented)
    cells = unsealed(SECRETS, kept.raw_sealed)
    outline, crs = cells.pop(OUTLINE, None), cells.pop(SYSTEM_CELL, None) or kept.crs
    shape = json.loads(outline) if outline else None
    row = judge_again(session, now, importer, ground, kept.line, cells, crs, shape)
    if row.refused:
        change_row(
            session, row_id, trying=False, findings=[one.document() for one in row.findings],
            needs_place=row.needs_place, found=row.match.document() if row.match else None,
        )  # fmt: skip
        return False
    written = importer.write(session, now, actor, ground, [row])
    change_row(
        session, row_id, state="mended", trying=False, findings=[one.document() for one in row.findings],
        closed_at=now, area_code=row.area_code or kept.area_code,
    )  # fmt: skip
    record_act(
        session, now, actor, "mend_import_row", area_code=row.area_code, subject=("import_row", row_id),
        facts={"kind": kept.kind},
    )  # fmt: skip
    follow_one(session, now, kept.kind, kept.city_code, written)
    return True
