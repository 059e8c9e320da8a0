"""China's days off: taken over from a file once the State Council has announced a year."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.errors import DomainError
from services.orders.holidays import import_holidays
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="放假安排 / days off", no_args_is_help=True)


@app.callback()
def holidays() -> None:
    """放假安排 / days off"""


@app.command("import")
def take_over(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV: day,kind,name_zh,name_en,source")],
) -> None:
    """按国务院的通知换掉整年的假日 / replace whole years by the State Council's notice."""
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            counted = import_holidays(work.session, work.now, COMMAND_LINE, file.read_text(encoding="utf-8"))
    except (DomainError, UnicodeDecodeError) as error:
        words = error.message_zh if isinstance(error, DomainError) else "文件须是UTF-8 / the file must be UTF-8"
        typer.echo(f"{words} {getattr(error, 'facts', '')}", err=True)
        raise typer.Exit(1) from error
    for year, days in counted.items():
        typer.echo(f"{year} 年：{days} 天 / days")
