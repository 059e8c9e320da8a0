"""Walking networks on the command line: import a city's streets, look at them, put an older version back."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import text

from geo.errors import GeoError
from geo.kernels import warm_up
from geo.lines_words import FIELDS, LinesSource, is_lines_file
from geo.store import StoredVersion, active_version
from geo.walkability import RULES, WIKI
from services.circles.confidence import confidence_by_area, judge_areas
from services.circles.errors import UnreadableStreets
from services.circles.naming import city_number
from services.circles.networks import put_network_back, restore_network, take_network
from services.cities.queries import area_names
from services.errors import DomainError
from services.unit_of_work import COMMAND_LINE, SYSTEM, UnitOfWork, unit_of_work
from workers.commands.network_gates import gates

app = typer.Typer(help="步行路网 / walking networks", no_args_is_help=True)
app.add_typer(gates, name="gate")
_console = Console()
_errors = Console(stderr=True)
_STAGES = {"read": "读取道路", "join": "连接路口", "nodes": "写入路口", "edges": "写入路段"}
City = Annotated[str, typer.Option("--city", help="城市代码、规则包的键或任意名称")]


def _stop(error: Exception) -> typer.Exit:
    told = error.message_zh if isinstance(error, DomainError) else str(error)
    _errors.print(told, style="red", markup=False, highlight=False)
    return typer.Exit(1)


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="OpenStreetMap（.pbf .osm .xml，可为.gz .bz2），或 .gpkg .shp .zip .geojson")
    ],
    city: City,
    name: Annotated[str, typer.Option("--name", help="路网名称")],
    crs: Annotated[
        str | None, typer.Option("--crs", help="自有线路的坐标系：wgs84 gcj02 bd09 cgcs2000 或 EPSG:编号")
    ] = None,
    mapping: Annotated[Path | None, typer.Option("--mapping", help="字段映射文件（TOML）")] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="自有线路的图层")] = None,
    tolerance_m: Annotated[
        float | None, typer.Option("--tolerance-m", min=0.0, max=20.0, help="在此距离内及交叉处相接")
    ] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Shapefile的字段编码")] = None,
    column: Annotated[list[str] | None, typer.Option("--column", help="字段=列名，可写多次")] = None,
    squares: Annotated[
        Literal["across", "outline"], typer.Option(help="广场：只沿边（outline），或可穿行（across）")
    ] = "outline",
) -> None:
    """Make the streets of a map file the network of a city; the same file again changes nothing."""
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=_console
    )
    try:
        lines = None
        if is_lines_file(file):
            lines = _lines_source(
                mapping, column or [], crs=crs, layer=layer, tolerance_m=tolerance_m, encoding=encoding
            )
            show_plan(file, lines)
        with progress, unit_of_work(SYSTEM, login="setup") as work:
            code = city_number(work.session, city)
            take = partial(take_network, work.session, work.now, COMMAND_LINE, file, code, name)
            stored = take(progress=_teller(progress), lines=lines, across=squares == "across")
            low = _low_areas(work, stored)
    except (GeoError, DomainError) as error:
        raise _stop(error) from error
    if not stored.changed:
        _console.print(f"与现用路网相同（版本{stored.id}），未作改动。", highlight=False)
    show_report(stored)
    if stored.city_code > 0:
        _show_low(*low)


def _lines_source(mapping: Path | None, columns: list[str], **stated: Any) -> LinesSource:
    """What the mapping file says, and what was stated beside it, which is stronger."""
    try:
        told = tomllib.loads(mapping.read_text(encoding="utf-8")) if mapping else {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableStreets(f"映射文件无法读取：{error}", file_name=str(mapping)) from error
    known = {"columns", "values", "crs", "layer", "tolerance_m", "encoding"}
    pairs = [pair.partition("=") for pair in columns]
    wrong = [*(set(told) - known), *("".join(pair) for pair in pairs if pair[0] not in FIELDS or not pair[2])]
    if wrong:
        raise UnreadableStreets(
            f"映射中不认识：{'、'.join(map(str, wrong))}；字段有 {'、'.join(FIELDS)}", file_name=str(mapping)
        )
    picked = dict(told.get("columns", {})) | {ours: theirs for ours, _, theirs in pairs}
    facts = told | {key: value for key, value in stated.items() if value is not None}
    return LinesSource(**{**facts, "columns": picked or None})


def show_plan(file: Path, lines: LinesSource) -> None:
    """Print how a file of lines will be read, so that a wrong guess is seen before it is stored."""
    from geo.lines_reader import plan_lines

    plan = plan_lines(file, lines)
    how = "按映射" if lines.columns is not None else "按列名猜测"
    table = Table(
        "字段", "文件的列", title=f"{file.name}，图层{plan.layer}，{plan.lines:,}条线，坐标系{plan.crs[:40]}（{how}）"
    )
    for ours in FIELDS:
        table.add_row(ours, plan.columns.get(ours, "—"))
    table.add_row("未用的列", "、".join(plan.spare_columns) or "—")
    _console.print(table, highlight=False)
    for value, kind, count in plan.classes:
        _console.print(f"  {value or '（空）'} → {kind}：{count:,}", highlight=False, markup=False)


@app.command("plan")
def plan_file(
    file: Annotated[Path, typer.Argument()],
    crs: Annotated[str | None, typer.Option("--crs")] = None,
    mapping: Annotated[Path | None, typer.Option("--mapping")] = None,
    layer: Annotated[str | None, typer.Option("--layer")] = None,
    column: Annotated[list[str] | None, typer.Option("--column")] = None,
) -> None:
    """Show how a file of lines would be read; nothing is stored."""
    try:
        show_plan(file, _lines_source(mapping, column or [], crs=crs, layer=layer))
    except (GeoError, DomainError) as error:
        raise _stop(error) from error


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
    longest = sorted(report["length_m_by_class"].items(), key=lambda one: -one[1])
    for kind, metres in longest[:16]:
        table.add_row(f"  {kind}", f"{metres / 1000:,.1f} 公里")
    _console.print(table, highlight=False)


def _low_areas(work: UnitOfWork, stored: StoredVersion) -> tuple[int, list[tuple[str, str]]]:
    if stored.city_code < 0:
        return 0, []
    judged = confidence_by_area(work.session, stored.id, stored.city_code, "community")
    names = area_names(work.session, {area.area_code for area in judged})
    low = [(names[area.area_code], "；".join(area.reasons)) for area in judged if area.confidence == "low"]
    return len(judged), low


def _show_low(judged: int, low: list[tuple[str, str]]) -> None:
    if not judged:
        _console.print("本市的社区没有边界，可信度按全市路网判断。", highlight=False)
        return
    table = Table("社区", "原因", title=f"{judged}个社区中{len(low)}个路网可信度低")
    for area, reasons in low[:30]:
        table.add_row(area, reasons)
    _console.print(table, highlight=False)


@app.command("report")
def report(city: City) -> None:
    """Show again what the import of a city's network in service found, and judge its communities anew."""
    try:
        with unit_of_work(SYSTEM, login="setup") as work:
            stored = active_version(work.session, city_number(work.session, city))
            judge_areas(work.session, work.now, stored.id, stored.city_code)
            low = _low_areas(work, stored)
    except (GeoError, DomainError) as error:
        raise _stop(error) from error
    show_report(stored)
    _show_low(*low)


@app.command("rules")
def show_rules() -> None:
    """Print the table of what is walked and what is not, with sources."""
    table = Table("主题", "值", "结论", "原因", "来源")
    for rule in RULES:
        table.add_row(rule.topic, " ".join(rule.values), rule.verdict, rule.why, WIKI + rule.source.replace(" ", "_"))
    _console.print(table, highlight=False)


@app.command("list")
def list_versions(city: City) -> None:
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
    _put_back(lambda work: put_network_back(work.session, work.now, COMMAND_LINE, version))


@app.command("restore")
def restore(city: City) -> None:
    """Put the version before the one in service back."""
    _put_back(lambda work: restore_network(work.session, work.now, COMMAND_LINE, city_number(work.session, city)))


def _put_back(act: Callable[[UnitOfWork], StoredVersion]) -> None:
    try:
        with unit_of_work(SYSTEM, login="setup") as work:
            stored = act(work)
    except DomainError as error:
        raise _stop(error) from error
    _console.print(f"现用路网：{stored.name}（版本{stored.id}）", highlight=False)


@app.command("warm-up")
def compile_kernels() -> None:
    """Compile the walking kernels into the cache, as set-up does."""
    warm_up()
    _console.print("步行计算程序已就绪。")
