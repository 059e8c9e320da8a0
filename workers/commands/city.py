"""City packs and areas on the command line: load a city, see the cities, change whose rules it runs under."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.acts import record_act
from services.cities.actions import adopt_rules, load_national_streets, load_pack
from services.cities.errors import BadPack
from services.cities.queries import city_by_key, list_cities, rules_in_force
from services.cities.rules import short_code
from services.clock import civil_date
from services.errors import DomainError
from services.outbox import enqueue
from services.oversight.statistics import take_pack_statistics
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="城市规则包 / city packs", no_args_is_help=True)
_console = Console()


def _stop(error: DomainError) -> typer.Exit:
    if isinstance(error, BadPack):
        for problem in error.facts.get("problems", []):
            _console.print(problem["message"], style="red", markup=False, highlight=False)
    else:
        _console.print(f"{error.message_zh} {error.facts}", style="red", markup=False, highlight=False)
    return typer.Exit(1)


@app.command("load")
def load(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="城市的TOML文件，可一次给多个")],
) -> None:
    """Publish the rules of one or more cities from their TOML files; the same file again changes nothing."""
    for file in files:
        try:
            with unit_of_work(SYSTEM, login="setup") as work:
                loaded = load_pack(work.session, work.now, file)
                counts = take_pack_statistics(work.session, work.now, loaded.version_id)
                if loaded.changed or counts:
                    facts = {"version": loaded.version, "statistics": counts}
                    record_act(
                        work.session, work.now, COMMAND_LINE, "load_city", area_code=loaded.city_code, facts=facts
                    )
        except DomainError as error:
            raise _stop(error) from error
        what = f"已载入（区划{loaded.areas}个）" if loaded.changed else "已是这一版本，未作改动"
        _console.print(f"{loaded.key} {loaded.version}：{what}", highlight=False)


@app.command("streets")
def streets(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Load the street and town codes of China (sample_data/codes/streets.csv.gz)."""
    with unit_of_work(SYSTEM, login="setup") as work:
        count = load_national_streets(work.session, file)
        record_act(work.session, work.now, COMMAND_LINE, "load_streets", facts={"file": file.name, "streets": count})
    _console.print(f"全国乡镇街道：{count}个", highlight=False)


@app.command("list")
def show_cities() -> None:
    """Show every loaded city, and whose rules it runs under today."""
    table = Table("代码", "键", "名称", "规则", "版本", "演示")
    with unit_of_work(SYSTEM, login="setup") as work:
        for city in list_cities(work.session):
            rules = rules_in_force(work.session, city.code, civil_date(work.now))
            demonstration = "是" if city.demonstration else ""
            table.add_row(
                short_code(city.code),
                city.key,
                city.name_zh,
                rules.rules_city_key,
                rules.version,
                demonstration,
            )
    _console.print(table)


@app.command("rules")
def rules(
    city: Annotated[str, typer.Argument(help="城市的键或代码")],
    source: Annotated[str, typer.Option("--from", help="采用哪个城市的规则")],
) -> None:
    """Let a city run under another city's rules from today on, or under its own again."""
    try:
        with unit_of_work(SYSTEM, login="setup") as work:
            code, lender = city_by_key(work.session, city), city_by_key(work.session, source)
            day = adopt_rules(work.session, work.now, code, lender)
            chosen = rules_in_force(work.session, code, day)
            facts = {"from_city_code": lender, "from_day": day.isoformat()}
            record_act(work.session, work.now, COMMAND_LINE, "adopt_rules", area_code=code, facts=facts)
            for job in ("circles.refresh", "visits.refresh_duties", "benefits.settle_every_elder"):
                enqueue(work.session, work.now, job, {"city_code": code})
    except DomainError as error:
        raise _stop(error) from error
    circles = "、".join(tier.name_zh for tier in chosen.tiers)
    _console.print(f"{city}自{day}起采用{chosen.rules_city_name_zh}的规则（{chosen.version}）：{circles}")
    _console.print("服务圈、探访名单和享受条件随即重新计算（worker 运行时自动完成）")
