"""One list from its file to its report: judged row by row, then taken over in one transaction or not at all."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from services.intake.batch import Ground, Importer, Row, read_row, read_rows
from services.intake.declared_crs import Verdict
from services.intake.errors import CrsContradicted
from services.intake.findings import count_kinds
from services.intake.mapping import Mapping
from services.intake.placing import (
    check_system,
    find_areas,
    find_default_centres,
    find_shared_points,
    name_areas,
    place_by_address,
    put_on_the_map,
    read_points,
)
from services.intake.reading import RawTable

MOST_TOLD = 10_000


@dataclass(frozen=True)
class Judged:
    """A list with all that was found in it; nothing is written yet."""

    kind: str
    table: RawTable
    mapping: Mapping
    crs: str | None
    rows: list[Row]
    verdict: Verdict | None

    @property
    def accepted(self) -> list[Row]:
        """The rows that nothing keeps out."""
        return [row for row in self.rows if not row.refused]

    def counts(self) -> dict[str, int]:
        """Give how many rows there are, are accepted, flagged, kept out, and wait for a place."""
        return {
            "rows": len(self.rows),
            "accepted": len(self.accepted),
            "flagged": sum(bool(row.findings) and not row.refused for row in self.rows),
            "refused": sum(row.refused for row in self.rows),
            "need_place": sum(row.needs_place for row in self.rows),
        }

    def report(self) -> dict[str, Any]:
        """Give the report that is kept: how the file was read, each kind's count, and every row told by line."""
        told = [
            {"line": row.line, "refused": row.refused, "findings": [one.document() for one in row.findings]}
            for row in self.rows
            if row.findings
        ]
        return {
            "form": self.table.form,
            "encoding": self.table.encoding,
            "sheet": self.table.sheet,
            "columns": self.table.columns[:100],
            "kinds": count_kinds(row.findings for row in self.rows),
            "system": self.verdict.document() if self.verdict else None,
            "told": told[:MOST_TOLD],
            "told_in_all": len(told),
        }


def judge_list(
    session: Session,
    now: datetime,
    importer: Importer,
    ground: Ground,
    table: RawTable,
    mapping: Mapping,
    crs: str | None,
) -> Judged:
    """Judge every row of a list against the city; writes nothing."""
    rows = read_rows(table.rows, mapping, importer.fields, crs or "wgs84")
    for line, reason in table.broken:
        broken = Row(line, {}, crs or "wgs84")
        broken.find("broken_line", reason)
        rows.append(broken)
    rows.sort(key=lambda row: row.line)
    whole = [row for row in rows if not row.has("broken_line")]
    verdict = _find_points(whole, mapping, ground, crs) if importer.on_the_map and crs else None
    judge_rows(session, now, importer, ground, whole)
    return Judged(importer.kind, table, mapping, crs, rows, verdict)


def _find_points(rows: list[Row], mapping: Mapping, ground: Ground, crs: str) -> Verdict:
    read_points(rows)
    name_areas(rows, ground.outlines)
    find_default_centres(rows, mapping, ground.outlines)
    find_shared_points(rows)
    verdict = check_system(rows, ground.outlines, crs)
    put_on_the_map(rows)
    return verdict


def judge_rows(session: Session, now: datetime, importer: Importer, ground: Ground, rows: list[Row]) -> None:
    """Judge rows whose points were read: doubles, what the room knows, then addresses and areas."""
    for row in rows:
        row.key = importer.key(row) or json.dumps(row.cells, sort_keys=True, ensure_ascii=False)
    _find_duplicates(rows)
    importer.judge(session, now, ground, rows)
    if importer.on_the_map:
        place_by_address(rows, ground)
        find_areas(rows, ground)


def judge_again(
    session: Session,
    now: datetime,
    importer: Importer,
    ground: Ground,
    line: int,
    cells: dict[str, str],
    crs: str | None,
    outline: dict[str, Any] | None = None,
) -> Row:
    """Judge one mended row as if it were a list of its own."""
    row = read_row(line, cells, importer.fields, crs or "wgs84", outline)
    if importer.on_the_map:
        read_points([row])
        name_areas([row], ground.outlines)
        put_on_the_map([row])
    judge_rows(session, now, importer, ground, [row])
    return row


def _find_duplicates(rows: list[Row]) -> None:
    """Of the rows of one key the first that has a point stays; the others say the same or something else."""
    same: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if not row.has("missing_field"):
            same[row.key].append(row)
    for doubled in same.values():
        if len(doubled) < 2:
            continue
        kept = next((row for row in doubled if row.original is not None), doubled[0])
        for row in doubled:
            if row is not kept:
                _tell_double(row, kept)


def _tell_double(row: Row, kept: Row) -> None:
    """An exact double says the same of the same site, perhaps at another point; a near one is only written otherwise."""
    points = {"lon", "lat"}
    own, other = ({name: text for name, text in one.cells.items() if name not in points} for one in (row, kept))
    same = row.cells == kept.cells
    if own == other:
        words = "完全重复" if same else "重复，但坐标不同"
        row.find("duplicate", f"与第{kept.line}行{words}", same_as=kept.line, same_point=same)
    else:
        row.find("near_duplicate", f"与第{kept.line}行是同一处，但内容不同", same_as=kept.line)


def refuse_contradicted(judged: Judged, trust_crs: bool) -> None:
    """Raise CrsContradicted, with the error of the declared and of the better system, unless told to trust it."""
    verdict = judged.verdict
    if verdict is None or not verdict.contradicted or trust_crs:
        return
    mine = verdict.fits["wgs84" if verdict.declared == "cgcs2000" else verdict.declared]
    other = verdict.fits[verdict.best]
    raise CrsContradicted(
        f"声明的坐标系 {verdict.declared} 与区划边界不符：{mine.rows}行里有{mine.outside}行落在所写区划之外，"
        f"平均误差{mine.error_m:.1f}米；按 {other.crs} 只有{other.outside}行，平均误差{other.error_m:.1f}米。"
        f"请改用 {other.crs}；确认无误时可加 --trust-crs（信任声明的坐标系）。",
        declared=verdict.declared,
        best=verdict.best,
        fits=verdict.document()["fits"],
    )
