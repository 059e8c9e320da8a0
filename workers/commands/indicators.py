"""Indicators on the command line: the numbers of an area, a full count, the nightly check."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from services.acts import record_act
from services.circles.naming import city_number
from services.cities.rules import written_code
from services.clock import civil_date
from services.errors import DomainError
from services.oversight.counting import check_counts, count_city
from services.oversight.indicator_queries import IndicatorValue, indicator_values, next_promise
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="指标 / indicators", no_args_is_help=True)
_console = Console()
City = Annotated[str, typer.Option("--city", help="城市：代码、键或名称")]


@app.callback()
def indicators() -> None:
    """Show what a city is measured by, count it anew, check yesterday's counts."""


@app.command("show")
def show_indicators(
    city: City,
    area: Annotated[str, typer.Option("--area", help="6、9或12位区划代码，默认全市")] = "",
    on: Annotated[str, typer.Option("--on", help="哪一天（YYYY-MM-DD），默认今天")] = "",
) -> None:
    """Print an area's indicators on a day, each with its parts, its next promise and what is missing."""
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            where = written_code(area) if area else city_number(work.session, city)
            day = date.fromisoformat(on) if on else civil_date(work.now)
            values = indicator_values(work.session, where, day)
    except (DomainError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    table = Table(title=f"{where} {day}")
    for column in ("指标", "数", "分子/分母", "目标", "还差"):
        table.add_column(column)
    for value in values:
        table.add_row(*_cells(value))
    _console.print(table)


@app.command("count")
def count(city: City) -> None:
    """Count every indicator of a city anew."""
    with Progress(console=_console) as bar, unit_of_work(COMMAND_LINE, login="jobs") as work:
        task = bar.add_task("计数", total=None)
        report = count_city(
            work.session, work.now, city_number(work.session, city),
            lambda done, of: bar.update(task, completed=done, total=of),
        )  # fmt: skip
        bar.update(task, completed=report.measures, total=report.measures)
        facts = {"measures": report.measures, "changed": report.changed}
        record_act(work.session, work.now, COMMAND_LINE, "count_indicators", area_code=report.city_code, facts=facts)
    _console.print(f"计了 {report.measures} 项，{report.changed} 行有变动。")


@app.command("check")
def check(city: City) -> None:
    """Count yesterday again and tell which rows differ from what events had counted; ends with 1 when any does."""
    with unit_of_work(COMMAND_LINE, login="jobs") as work:
        report = check_counts(work.session, work.now, city_number(work.session, city))
        facts = {"day": report.day.isoformat(), "differences": report.differences}
        record_act(work.session, work.now, COMMAND_LINE, "check_indicators", area_code=report.city_code, facts=facts)
    if report.differences:
        _console.print(f"{report.day}：{report.differences} 行不同。前几行：")
        for row in report.first:
            _console.print(f"  {row}", highlight=False)
        raise typer.Exit(1)
    _console.print(f"{report.day}：{report.rows} 项全部一致。")


def _cells(value: IndicatorValue) -> tuple[str, str, str, str, str]:
    promise = next_promise(value)
    number = "–" if value.value is None else f"{value.value:.2f}" if value.formula.factor != 1 else str(value.numerator)
    parts = "" if value.denominator is None else f"{value.numerator}/{value.denominator}"
    aim = "" if promise is None else f"{promise.target.value:g}（{promise.target.due_on.year}）"
    missing = "" if promise is None or not promise.missing else str(promise.missing)
    return value.formula.indicator.name, number, parts, aim, missing
