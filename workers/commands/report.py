"""Monthly reports on the command line: make one, work one out again, write one to a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from services.acts import record_act
from services.cities.rules import written_code
from services.errors import DomainError
from services.oversight.report_papers import as_pdf, as_workbook
from services.oversight.reports import (
    check_report,
    find_report,
    gather_report,
    keep_report,
    made_report,
    promise_report,
)
from services.unit_of_work import COMMAND_LINE, unit_of_work

app = typer.Typer(help="月报 / monthly reports", no_args_is_help=True)
_console = Console()


@app.callback()
def reports() -> None:
    """Make an area's monthly report, work it out again, write it to a file."""


@app.command("make")
def make(
    area: Annotated[str, typer.Option("--area", help="6、9、12或15位区划代码")],
    month: Annotated[str, typer.Option("--month", help="YYYY-MM，须已过完")],
    to: Annotated[Path | None, typer.Option("--to", help="写到 .pdf 或 .xlsx 文件")] = None,
) -> None:
    """Make the report of an area about a month, print its fingerprint, and write it to a file where one is named."""
    try:
        with Progress(console=_console) as bar, unit_of_work(COMMAND_LINE, login="jobs") as work:
            task = bar.add_task("汇总", total=None)
            first = date.fromisoformat(f"{month}-01")
            report_id = promise_report(work.session, work.now, COMMAND_LINE, written_code(area), first)
            report = find_report(work.session, report_id)
            content = gather_report(work.session, report, lambda done, of: bar.update(task, completed=done, total=of))
            found = keep_report(work.session, work.now, COMMAND_LINE, report, content)
    except (DomainError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    _console.print(f"月报 {report_id}：{found}", highlight=False)
    if to is not None:
        to.write_bytes(as_workbook(content, found) if to.suffix == ".xlsx" else as_pdf(content, found))


@app.command("check")
def check(report_id: int) -> None:
    """Work a report out again with the knowledge of its day; ends with 1 when it differs, naming where."""
    with unit_of_work(COMMAND_LINE, login="jobs") as work:
        report = made_report(work.session, report_id)
        checked = check_report(work.session, report_id)
        facts = {"equal": checked.equal}
        record_act(work.session, work.now, COMMAND_LINE, "check_report", area_code=report.area_code, facts=facts)
    if checked.equal:
        _console.print(f"一致：{checked.content_hash}", highlight=False)
        return
    _console.print(f"不同：{checked.content_hash} / {checked.found_hash}", highlight=False)
    for path in checked.where:
        _console.print(f"  {path}", highlight=False)
    raise typer.Exit(1)
