"""What a city's calendar does to hours, on the command line: fill the reserve, grant to key elders, let old ones lapse."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from services.cities.queries import city_by_key
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work
from services.volunteering.turning import turn_month

app = typer.Typer(help="时间银行的月度办理 / monthly work of the time bank", no_args_is_help=True)
console = Console(highlight=False)


@app.command("month")
def month(city: Annotated[str, typer.Option(help="城市键或代码，例如 dongying")]) -> None:
    """Do a month's work for a city by its own policy; running again in the same month changes nothing."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        code = city_by_key(work.session, city)
        done = turn_month(work.session, work.now, code, COMMAND_LINE)
    told = f"保障储备补充 {done.reserve_minutes} 分钟；到期 {done.lapsed_minutes} 分钟"
    console.print(f"{told}；为 {done.elders} 位老人发放了时间。")
