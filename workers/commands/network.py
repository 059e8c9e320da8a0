"""Walking networks on the command line: import a city's streets, look at them, put an older version back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import text
from sqlmodel import Session

from geo.errors import GeoError
from geo.kernels import warm_up
from geo.store import StoredVersion, activate_version, import_network
from services.acts import record_act
from services.cities.errors import UnknownCity
from services.cities.queries import city_by_key
from services.cities.rules import written_code
from services.unit_of_work import COMMAND_LINE, SYSTEM, UnitOfWork, unit_of_work

app = typer.Typer(help="步行路网 / walking networks", no_args_is_help=True)
_console = Console()
_errors = Console(stderr=True)
_STAGES = {"read": "读取道路", "nodes": "写入路口", "edges": "写入路段"}


def city_number(session: Session, city: str) -> int:
    """The 15-digit code of a city given by code or by a pack's key.

    A name that no pack knows becomes a negative number of its own, so that any extract can be tried.
    """
    try:
        return city_by_key(session, city)
    except UnknownCity:
        pass
    try:
        return written_code(city)
    except ValueError:
        digest = hashlib.sha256(city.strip().casefold().encode()).digest()
        return -1 - int.from_bytes(digest[:6], "big")


def _record(work: UnitOfWork, verb: str, stored: StoredVersion) -> None:
    """Write into the trail that a city's streets changed; an extract that was only tried belongs to no area."""
    area = stored.city_code if stored.city_code > 0 else None
    facts = {"name": stored.name, "source": stored.source_name}
    subject = ("network_version", stored.id)
    record_act(work.session, work.now, COMMAND_LINE, verb, area_code=area, subject=subject, facts=facts)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="OpenStreetMap文件（.pbf .osm .xml，可为.gz .bz2）")],
    city: Annotated[str, typer.Option("--city", help="城市代码、规则包的键或任意名称")],
    name: Annotated[str, typer.Option("--name", help="路网名称")],
) -> None:
    """Make the streets of a map file the network of a city; the same file again changes nothing."""
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=_console
    )
    try:
        with progress, unit_of_work(SYSTEM, login="setup") as work:
            code = city_number(work.session, city)
            stored = import_network(work.session, work.now, file, code, name, _teller(progress))
            if stored.changed:
                _record(work, "import_network", stored)
    except GeoError as error:
        _errors.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    if not stored.changed:
        _console.print(f"与现用路网相同（版本{stored.id}），未作改动。", highlight=False)
    show_report(stored)


def _teller(progress: Progress) -> Callable[[str, int, int], None]:
    bars: dict[str, TaskID] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in bars:
            bars[stage] = progress.add_task(_STAGES[stage], total=total or None)
        progress.update(bars[stage], completed=done)

    return tell


def show_report(stored: StoredVersion) -> None:
    """Print what an import found, confidence first."""
    report = stored.report
    high = report["confidence"] == "high"
    table = Table("项目", "数值", title=f"{stored.name}（版本{stored.id}，{stored.source_name}）")
    table.add_row("可信度", "高" if high else "低，结果标为“估算”：" + "；".join(report["confidence_reasons"]))
    table.add_row("路口 / 路段", f"{report['nodes']:,} / {report['edges']:,}")
    table.add_row("总长", f"{report['length_m'] / 1000:,.1f} 公里")
    table.add_row("连通部分（可用）", f"{report['components']}（{report['usable_components']}）")
    table.add_row("可用部分长度占比", f"{report['usable_length_share']:.1%}")
    table.add_row("步行专用道路占比", f"{report['footway_length_share']:.1%}")
    for kind, metres in list(report["length_m_by_class"].items())[:12]:
        table.add_row(f"  {kind}", f"{metres / 1000:,.1f} 公里")
    _console.print(table, highlight=False)


@app.command("list")
def list_versions(city: Annotated[str, typer.Option("--city")]) -> None:
    """Show a city's stored networks; the one in service is marked."""
    table = Table("版本", "现用", "名称", "文件", "导入时间", "可信度")
    with unit_of_work(SYSTEM, login="setup") as work:
        rows = work.session.connection().execute(
            text(
                "SELECT id, active, name, source_name, imported_at, report->>'confidence' FROM geo.network_version"
                " WHERE city_code = :city ORDER BY id"
            ),
            {"city": city_number(work.session, city)},
        )
        for version, active, name, source, at, confidence in rows:
            table.add_row(str(version), "是" if active else "", name, source, f"{at:%Y-%m-%d %H:%M}", confidence)
    _console.print(table, highlight=False)


@app.command("activate")
def activate(version: Annotated[int, typer.Argument(help="路网版本号")]) -> None:
    """Put a stored version back into service."""
    try:
        with unit_of_work(SYSTEM, login="setup") as work:
            stored = activate_version(work.session, version)
            _record(work, "activate_network", stored)
    except GeoError as error:
        _errors.print(f"没有路网版本 {version}", style="red", highlight=False)
        raise typer.Exit(1) from error
    _console.print(f"现用路网：{stored.name}（版本{stored.id}）", highlight=False)


@app.command("warm-up")
def compile_kernels() -> None:
    """Compile the walking kernels into the cache, as set-up does."""
    warm_up()
    _console.print("步行计算程序已就绪。")
