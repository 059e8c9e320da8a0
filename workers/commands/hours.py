"""What a city's calendar does to hours, on the command line: fill the reserve, grant to key elders, let old ones lapse."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from services.acts import record_act
from services.cities.queries import city_by_key
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work
from services.volunteering.lapsing import expire_hours, fund_reserve, grant_hours

app = typer.Typer(help="时间银行的月度办理 / monthly work of the time bank", no_args_is_help=True)
console = Console(highlight=False)


@app.command("month")
def month(city: Annotated[str, typer.Option(help="城市键或代码，例如 dongying")]) -> None:
    """Do a month's work for a city by its own policy; running again in the same month changes nothing."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        code = city_by_key(work.session, city)
        reserve = fund_reserve(work.session, work.now, code)
        lapsed = expire_hours(work.session, work.now, code)
        elders = grant_hours(work.session, work.now, code)
        facts = {"reserve_minutes": reserve, "lapsed_minutes": lapsed, "elders": elders}
        record_act(work.session, work.now, COMMAND_LINE, "turn_month_of_hours", area_code=code, facts=facts)
    console.print(f"保障储备补充 {reserve} 分钟；到期 {lapsed} 分钟；为 {elders} 位老人发放了时间。")
