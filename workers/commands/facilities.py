"""Facilities on the command line: take a city's list over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.acts import record_act
from services.cities.queries import city_by_key
from services.directory.changes import Moved, change_facility, facility_by_code
from services.directory.importer import import_facilities
from services.errors import DomainError
from services.outbox import enqueue
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="设施名录 / facilities", no_args_is_help=True)
_console = Console()
LARGEST = 20 * 1024 * 1024


@app.callback()
def facilities() -> None:
    """Facilities: a city's own list, taken over whole or not at all."""


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV，UTF-8")],
    crs: Annotated[str, typer.Option("--crs", help="lon、lat的坐标系：wgs84、gcj02、bd09或cgcs2000")],
    city: Annotated[str, typer.Option("--city", help="城市代码、键或名称")],
    invented: Annotated[bool, typer.Option("--invented", help="名录是虚构的演示数据")] = False,
) -> None:
    """Take over a city's facilities: all rows, or none with the line and column of every mistake."""
    if file.stat().st_size > LARGEST:
        raise typer.BadParameter("文件超过20 MB (larger than 20 MB)")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"文件须为UTF-8编码 (not UTF-8): {error.reason}") from error
    with unit_of_work(SYSTEM, login="jobs") as work:
        code = city_by_key(work.session, city)
        done = import_facilities(work.session, work.now, work.actor, text, crs=crs, city_code=code, invented=invented)
        if not done.refused and (done.created or done.updated):
            facts = {"rows": done.rows, "created": done.created, "updated": done.updated}
            record_act(work.session, work.now, COMMAND_LINE, "import_facilities", area_code=code, facts=facts)
            enqueue(work.session, work.now, "circles.refresh", {"city_code": code})
    if done.refused:
        table = Table("行", "列", "原因")
        for one in done.refused[:100]:
            table.add_row(str(one.line), one.field, one.message)
        _console.print(table)
        _console.print(f"{len(done.refused)}处有误，未导入任何设施。", style="red")
        raise typer.Exit(1)
    _console.print(
        f"设施{done.rows}处：新增{done.created}，更新{done.updated}，未变{done.unchanged}。", highlight=False
    )
    if done.created or done.updated:
        _console.print("服务圈随即重新计算（worker 运行时自动完成）。", highlight=False)


@app.command("change")
def change(
    code: Annotated[str, typer.Argument(help="设施编码")],
    close: Annotated[bool, typer.Option("--close", help="今日起停办")] = False,
    reopen: Annotated[bool, typer.Option("--open", help="重新开办")] = False,
    functions: Annotated[str | None, typer.Option("--functions", help="现有功能，以逗号分隔")] = None,
    place: Annotated[str, typer.Option("--place", help="迁到 lon,lat（须同时写 --crs）")] = "",
    crs: Annotated[str, typer.Option("--crs", help="wgs84、gcj02、bd09或cgcs2000")] = "",
    day_places: Annotated[int | None, typer.Option("--day-places", min=0, help="日间照料位")] = None,
) -> None:
    """Close, open, move or change one site; the circles of whom it touches follow at once by a job."""
    moved = None
    if close and reopen:
        raise typer.BadParameter("--close 与 --open 只能写一个")
    if place:
        try:
            lon, lat = (float(part) for part in place.split(","))
        except ValueError as error:
            raise typer.BadParameter("须写作 经度,纬度", param_hint="--place") from error
        if not crs:
            raise typer.BadParameter("迁址须写明 --crs", param_hint="--crs")
        moved = Moved(lon, lat, crs)
    names = None if functions is None else [one.strip() for one in functions.split(",") if one.strip()]
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            site = facility_by_code(work.session, code)
            closed = True if close else False if reopen else None
            changed = change_facility(
                work.session, work.now, COMMAND_LINE, site, functions=names, closed=closed, moved=moved,
                day_places=day_places,
            )  # fmt: skip
    except DomainError as error:
        _console.print(f"{error.message_zh} {error.facts}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    _console.print(f"已改：{'、'.join(changed)}" if changed else "未作改动", highlight=False)
