"""People's own data on the command line: clearing what is past its period, periods, purposes, a research extract."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.acts import record_act
from services.clock import civil_date
from services.oversight.research import BANDS, research_extract
from services.oversight.retention import clear_past_periods, rules_in_force, set_period
from services.people.consents import publish_purpose
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="个人资料保护 / people's own data (docs/privacy.md)", no_args_is_help=True)
console = Console(highlight=False)


@app.command("periods")
def periods() -> None:
    """Show how long each kind of record is kept, and on which ground."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        rows = rules_in_force(work.session, work.now)
    table = Table("种类 / kind", "天 / days", "从 / from", "依据 / ground")
    for row in rows.values():
        table.add_row(row.kind, str(row.days), str(row.valid_from), row.ground_zh)
    console.print(table)


@app.command("set-period")
def change_period(
    kind: Annotated[str, typer.Argument(help="种类，见 periods")],
    days: Annotated[int, typer.Argument(help="天数")],
    ground: Annotated[str, typer.Option(help="依据")],
    ground_en: Annotated[str, typer.Option(help="the ground in English")] = "",
) -> None:
    """Decide anew how long a kind is kept, from today on."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        set_period(work.session, work.now, COMMAND_LINE, kind, days, ground, ground_en)
    console.print(f"{kind}：{days} 天")


@app.command("clear")
def clear(
    really: Annotated[bool, typer.Option("--really", help="不加这个只数不删 / without it, only count")] = False,
) -> None:
    """Clear what is past its period; without --really a dry run that only counts. The month's job does it by itself."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        done = clear_past_periods(work.session, work.now, COMMAND_LINE, dry=not really)
    table = Table("种类", "天", "早于", "超期", "已清除")
    for one in done:
        table.add_row(one.title_zh, str(one.days), f"{one.before:%Y-%m-%d}", str(one.found), str(one.removed))
    console.print(table)
    if not really:
        console.print("这是试算，什么也没有删 (a dry run: nothing was removed; add --really)")


@app.command("publish")
def publish(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="TOML: [[purposes]]")]) -> None:
    """Publish new versions of what people are asked to agree to; the same words again change nothing."""
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    with unit_of_work(SYSTEM, login="jobs") as work:
        for new in told.get("purposes", []):
            version = publish_purpose(work.session, work.now, COMMAND_LINE, new)
            console.print(f"{new.get('code')}：第 {version} 版")


@app.command("research")
def research(file: Annotated[Path, typer.Argument(help="CSV")]) -> None:
    """Write a table for research: only who agreed, without names, no group of fewer than five."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        rows = research_extract(work.session, civil_date(work.now))
        record_act(work.session, work.now, COMMAND_LINE, "research_extract", facts={"groups": len(rows)})
    with file.open("w", encoding="utf-8-sig", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(["street", "gender", "age", "living", "care_level", "elders"])
        out.writerows([[r.street, r.gender, BANDS[r.band], r.living, r.care_level, r.elders] for r in rows])
    console.print(f"{file}：{len(rows)} 组")
