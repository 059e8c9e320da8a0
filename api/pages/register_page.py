"""A page of a register (台账): what it holds, its tables with their files, and the forms by which an officer changes it.

A room's page says what stands on it (`Page`), this module shows it, gives a table as CSV or XLSX
(`?table=KEY&file=csv`) and turns a refusal into a sentence beside the form that asked.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from openpyxl import Workbook
from sqlalchemy.exc import IntegrityError

from api.errors import domain_error_of, status_of
from api.pages.filters import day_and_clock, full_date
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Office, speaking
from api.pages.officer_sheets import Cell, safe_cell
from services.acts import record_act
from services.errors import DomainError, Invalid
from services.oversight.rows import holds_invented

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Kind = Literal["text", "date", "number", "choice", "note"]


@dataclass(frozen=True)
class Entry:
    """One field of a form; `written`: its choices are names that stay as they were written."""

    name: str
    label: str
    kind: Kind = "text"
    choices: Sequence[tuple[Any, str]] = ()
    value: str = ""
    required: bool = True
    hint: str = ""
    written: bool = False


@dataclass(frozen=True)
class Form:
    """One form: `key` is its own on the page, `danger` for what cannot be taken back."""

    key: str
    title: str
    action: str
    button: str
    entries: tuple[Entry, ...] = ()
    danger: bool = False
    warning: str = ""


@dataclass(frozen=True)
class Table:
    """One table; cells as in officer_sheets."""

    key: str
    title: str
    columns: list[dict[str, Any]]
    rows: list[list[Cell]]
    note: str = ""


@dataclass(frozen=True)
class Page:
    """All of a page: heading, sentences, facts (term, text), tables, forms and where to go next."""

    title: str
    note: str = ""
    facts: list[tuple[str, Any]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    back: tuple[str, str] = ("/officer/registers", "")


Build = Callable[[], Page]


def show(
    request: Request, office: Office, build: Build, *, errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    """Show a page, or give one of its tables as a file when the address asks for one."""
    with speaking(request):
        page = build()
        wanted = next((one for one in page.tables if one.key == request.query_params.get("table")), None)
        form = request.query_params.get("file")
        if wanted is not None and form in ("csv", "xlsx") and request.method == "GET":
            return _file(request, office, wanted, form)
        names = office.names(
            page=page, errors=errors or {}, values=values or {}, done="done" in request.query_params, path=request.url.path,
            back_word=page.back[1] or translate("回台账目录"),
        )  # fmt: skip
    return render(request, "officer/register.html", names, status_code=status)


def act(
    request: Request, office: Office, form_key: str, build: Build, do: Callable[[], object], to: str | Callable[[Any], str],
    values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    """Do what a form asks and go on to `to`; refused, the same page says why beside the form."""
    try:
        with office.work.session.begin_nested():
            done = do()
    except DomainError as error:
        refused = error
    except IntegrityError as broken:
        found = domain_error_of(broken)
        if found is None:
            raise
        refused = found
    else:
        target = to if isinstance(to, str) else to(done)
        return RedirectResponse(f"{target}{'&' if '?' in target else '?'}done=1", status_code=303)
    where = f"{form_key}-{refused.facts.get('field', '')}"
    told = {f"{form_key}-{name}": value for name, value in (values or {}).items()}
    errors = {where if where in told else form_key: refused.message_zh}
    return show(request, office, build, errors=errors, values=told, status=status_of(refused))


def day_of(written: str, name: str) -> date:
    """Read a date of a form. Raises Invalid(field)."""
    try:
        return date.fromisoformat(written.strip())
    except ValueError:
        raise Invalid("请选一个日期。", field=name) from None


def number_of(written: str, name: str) -> int:
    """Read a whole number of a form. Raises Invalid(field)."""
    digits = written.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise Invalid("请写一个整数。", field=name)
    return int(digits)


def _file(request: Request, office: Office, table: Table, form: str) -> Response:
    work = office.work
    if not office.read_only:
        facts = {"path": request.url.path, "table": table.key, "rows": len(table.rows)}
        record_act(work.session, work.now, work.actor, "export_rows", area_code=office.lo, facts=facts)
    rows = [[safe_cell(cell) for cell in row] for row in _lines(office, table)]
    name = f"{request.url.path.rsplit('/', 1)[1]}-{table.key}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if form == "csv":
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
    book = Workbook()
    sheet = book.active
    sheet.title = table.key
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return Response(file.getvalue(), media_type=XLSX, headers=headers)


def _lines(office: Office, table: Table) -> list[list[Cell]]:
    work = office.work
    day = f"{full_date(work.now)} {day_and_clock(work.now)[6:]}"
    lines: list[list[Cell]] = [
        [table.title, office.area_name],
        [translate("截至"), day],
        [translate("口径"), table.note],
    ]
    if holds_invented(work.session, office.lo, office.hi):
        lines.append([translate("演示数据：人物虚构")])
    return [*lines, [column["name"] for column in table.columns], *table.rows]
