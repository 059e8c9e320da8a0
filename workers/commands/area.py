"""Areas on the command line: what a code names, what lies above and inside it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from services.cities.queries import areas_inside, find_area
from services.cities.rules import LEVEL_NAMES_ZH, area_range, short_code, written_code
from services.unit_of_work import SYSTEM, unit_of_work

app = typer.Typer(help="行政区划 / areas", no_args_is_help=True)
_console = Console()


@app.callback()
def areas() -> None:
    """Look up provinces, cities, districts, streets, communities and quarters by their codes."""


@app.command("show")
def show_area(code: Annotated[str, typer.Argument(help="6、9、12或15位区划代码")]) -> None:
    """Show one area, its parent, its validity, and what lies inside it."""
    try:
        whole = written_code(code)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with unit_of_work(SYSTEM, login="jobs") as work:
        area = find_area(work.session, whole)
        inside = [row for row in areas_inside(work.session, whole) if row.parent_code == whole]
    first, last = area_range(whole)
    _console.print(f"{short_code(whole)} {area.name}（{LEVEL_NAMES_ZH[area.level]}）上级：{area.parent_name or '无'}")
    _console.print(f"范围 {first}–{last}；有效期 {area.valid_from or '始'} 至 {area.valid_to or '今'}", highlight=False)
    for row in inside:
        _console.print(f"  {short_code(row.code)} {row.name}", highlight=False)
