"""Beds on the command line: the register of a day, the night's watch, and what would be."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.acts import record_act
from services.beds.register import register_on
from services.beds.what_if import Change, what_if
from services.circles.naming import city_number
from services.cities.rules import area_range
from services.clock import civil_date
from services.errors import DomainError
from services.oversight.bed_watch import watch_city
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="床位 / beds", no_args_is_help=True)
_console = Console()
City = Annotated[str, typer.Option("--city", help="城市：代码、键或名称")]


@app.callback()
def beds() -> None:
    """Show a city's register of beds, read its ratios as the night does, try what would be."""


@app.command("register")
def show_register(
    city: City, on: Annotated[str, typer.Option("--on", help="哪一天（YYYY-MM-DD），默认今天")] = ""
) -> None:
    """Print every home of a city on a day, counted anew from dated facts."""
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            lo, hi = area_range(city_number(work.session, city))
            day = date.fromisoformat(on) if on else civil_date(work.now)
            rows = register_on(work.session, day, lo=lo, hi=hi)
    except (DomainError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    table = Table(title=f"{day}，{len(rows)}家")
    for column in ("编号", "机构", "性质", "许可", "开放", "护理型", "认知症", "保基本", "已入住", "外出"):
        table.add_column(column)
    for row in rows:
        cells = (row.facility_id, row.name, row.ownership or "", row.licensed, row.open, row.nursing, row.dementia)
        table.add_row(*map(str, (*cells, row.basic_guarantee, row.occupied, row.on_leave)))
    _console.print(table)


@app.command("watch")
def watch(city: City) -> None:
    """Read a city's ratios now, keep the reading and tell of beds that are short, as the night's job does."""
    try:
        with unit_of_work(COMMAND_LINE, login="jobs") as work:
            code = city_number(work.session, city)
            seen = watch_city(work.session, work.now, code)
            facts = {one.ratio_code: one.found.short_beds for one in seen}
            record_act(work.session, work.now, COMMAND_LINE, "watch_beds", area_code=code, facts=facts)
    except DomainError as error:
        raise typer.BadParameter(str(error)) from error
    for one in seen:
        found = one.found
        _console.print(
            f"{found.definition}：{found.nursing}/{found.total}，{len(one.places)}家机构还差{found.short_beds}张"
        )
        if one.ahead is not None:
            _console.print(
                f"  到{one.ahead.due_on}大约{one.ahead.expected:.1f}%（{one.ahead.low:.1f}–{one.ahead.high:.1f}%）"
            )


@app.command("what-if")
def imagine(
    city: City,
    home: Annotated[int, typer.Option("--home", help="机构编号")],
    certify: Annotated[int, typer.Option("--certify", help="把几张现有床位认定为护理型")] = 0,
    more: Annotated[int, typer.Option("--open", help="新开几张护理型床位")] = 0,
) -> None:
    """Print the ratio as it would be; nothing is written."""
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            code = city_number(work.session, city)
            found = what_if(work.session, code, civil_date(work.now), [Change(home, certify, more)])
    except DomainError as error:
        raise typer.BadParameter(error.message_zh) from error
    share = f"{found.ratio * 100:.2f}%" if found.ratio is not None else "–"
    _console.print(
        f"{found.now.nursing}/{found.now.total} → {found.nursing}/{found.total} = {share}，还差{found.short_after}张"
    )
