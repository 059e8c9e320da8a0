"""Gates and barriers on the command line: `bin/yinling network gate add|remove|list`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from services.circles.gates import add_gate, list_gates, remove_gate
from services.circles.naming import city_number
from services.cities.rules import area_range
from services.errors import DomainError
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

gates = typer.Typer(help="出入口和阻隔点 / gates and barriers", no_args_is_help=True)
_console = Console()
_errors = Console(stderr=True)
_KINDS = {"gate": "出入口", "barrier": "阻隔"}
EFFECTS = {
    "opens": "已打通",
    "bars": "已阻断",
    "no_street": "附近没有道路，未起作用",
    "no_other_side": "附近本就走得通，未起作用",
    "no_network": "本市尚无路网",
    "removed": "已撤销",
}
City = Annotated[str, typer.Option("--city", help="城市代码、规则包的键或任意名称")]


@gates.command("add")
def add(
    city: City,
    lon: Annotated[float, typer.Option("--lon", help="经度")],
    lat: Annotated[float, typer.Option("--lat", help="纬度")],
    crs: Annotated[str, typer.Option("--crs", help="wgs84、gcj02、bd09或cgcs2000")],
    reason: Annotated[str, typer.Option("--reason", help="依据，如“2026年11月开放东门”")],
    kind: Annotated[Literal["gate", "barrier"], typer.Option("--kind", help="gate开口，barrier阻隔")] = "gate",
) -> None:
    """Open a way through at a point, or bar the street there; the circles follow."""
    try:
        with unit_of_work(SYSTEM, login="setup") as work:
            code = city_number(work.session, city)
            number = add_gate(work.session, work.now, COMMAND_LINE, code, kind, (lon, lat), crs, reason)
            rows = {row.id: row for row in list_gates(work.session, code, *_span(code))}
    except DomainError as error:
        raise _stop(error) from error
    _console.print(
        f"{_KINDS[kind]}{number}：{EFFECTS[rows[number].effect]}（{rows[number].distance_m:.1f}米）", highlight=False
    )


@gates.command("remove")
def remove(gate: Annotated[int, typer.Argument(help="出入口或阻隔点的编号")]) -> None:
    """Take a gate or barrier away again."""
    try:
        with unit_of_work(SYSTEM, login="setup") as work:
            remove_gate(work.session, work.now, COMMAND_LINE, gate)
    except DomainError as error:
        raise _stop(error) from error
    _console.print(f"已撤销{gate}。", highlight=False)


@gates.command("list")
def show(city: City, past: Annotated[bool, typer.Option("--past", help="连同已撤销的")] = False) -> None:
    """Show a city's gates and barriers and what each does."""
    table = Table("编号", "种类", "经度", "纬度", "作用", "依据", "起")
    with unit_of_work(SYSTEM, login="setup") as work:
        code = city_number(work.session, city)
        for row in list_gates(work.session, code, *_span(code), with_removed=past):
            place = f"{row.lon:.6f}", f"{row.lat:.6f}"
            effect = EFFECTS[row.effect]
            table.add_row(str(row.id), _KINDS[row.kind], *place, effect, row.reason, f"{row.valid_from:%Y-%m-%d}")
    _console.print(table, highlight=False)


def _span(city_code: int) -> tuple[int, int]:
    return area_range(city_code) if city_code > 0 else (city_code, city_code)


def _stop(error: DomainError) -> typer.Exit:
    _errors.print(error.message_zh, style="red", markup=False, highlight=False)
    return typer.Exit(1)
