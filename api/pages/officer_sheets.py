"""The rows behind a number as a page and as a CSV file that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response
from markupsafe import Markup

from api.pages.filters import day_and_clock, full_date
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Office, speaking
from services.acts import record_act
from services.oversight.rows import EVERYTHING, PAGE, holds_invented

Cell = str | int | float | dict[str, str]
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Sheet:
    """One table with what it says: title, definition, day, the rules' version, and its rows.

    `count` is how many rows there are in all; `asked` are the filters as they stand in the address.
    """

    title: str
    note: str
    columns: list[dict[str, Any]]
    rows: list[list[Cell]]
    count: int
    rules_version: str
    as_of: datetime
    asked: dict[str, str] = field(default_factory=dict)
    filters: list[dict[str, Any]] = field(default_factory=list)


Build = Callable[[int, int], Sheet]
"""Gives the sheet for at most so many rows after so many."""


def answer(request: Request, office: Office, build: Build, after: int = 0) -> Response:
    """Show the sheet 200 rows a page, or hand all of it out when the address ends in .csv."""
    path = request.url.path
    with speaking(request):
        if path.endswith(".csv"):
            return _file(office, build(EVERYTHING, 0), path)
        sheet = build(PAGE, after)
    shown = after + len(sheet.rows)
    further = urlencode({**sheet.asked, "after": str(shown)})
    names = office.names(
        title=sheet.title,
        note=sheet.note,
        as_of=sheet.as_of,
        rules_version=sheet.rules_version,
        columns=sheet.columns,
        rows=sheet.rows,
        count=sheet.count,
        filters=sheet.filters,
        export_href=f"{path}.csv?{urlencode(sheet.asked)}",
        more_href=f"{path}?{further}" if shown < sheet.count else None,
    )
    return render(request, "officer/rows.html", names)


def figure(name: str, order: str = "") -> dict[str, Any]:
    """Give a column of figures; `order` says how its rows are sorted."""
    return {"name": name, "figures": True, **({"sorted": order} if order else {})}


def plain(name: str, order: str = "") -> dict[str, Any]:
    """Give a column of words."""
    return {"name": name, **({"sorted": order} if order else {})}


def safe_cell(cell: Cell) -> str | int | float:
    """Write a cell for a spreadsheet: words that would start a formula are quoted with an apostrophe."""
    text = cell["text"] if isinstance(cell, dict) else cell
    if isinstance(text, Markup):
        text = str(text.striptags())
    if isinstance(text, str) and text.lstrip(" ").startswith(FORMULA_BEGINS):
        return f"'{text}"
    return text


def as_csv(sheet: Sheet, area_name: str, *, invented: bool) -> str:
    """Write a sheet as CSV with its definition, day and rules above the columns; begins with a byte order mark.

    `invented` adds a line that says so: a file leaves the page whose footer says it.
    """
    out = io.StringIO()
    write = csv.writer(out)
    day = f"{full_date(sheet.as_of)} {day_and_clock(sheet.as_of)[6:]}"
    write.writerow([safe_cell(sheet.title), safe_cell(area_name)])
    write.writerow([translate("截至"), day, translate("规则版本"), safe_cell(sheet.rules_version)])
    write.writerow([translate("口径"), safe_cell(sheet.note)])
    if invented:
        write.writerow([translate("演示数据：人物虚构")])
    write.writerow([safe_cell(column["name"]) for column in sheet.columns])
    write.writerows([safe_cell(cell) for cell in row] for row in sheet.rows)
    return "\ufeff" + out.getvalue()


def _file(office: Office, sheet: Sheet, path: str) -> Response:
    work, name = office.work, path.rsplit("/", 1)[1]
    if not office.read_only:
        facts = {"path": path, "rows": len(sheet.rows), **sheet.asked}
        record_act(work.session, work.now, work.actor, "export_rows", area_code=office.lo, facts=facts)
    text = as_csv(sheet, office.area_name, invented=holds_invented(work.session, office.lo, office.hi))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
