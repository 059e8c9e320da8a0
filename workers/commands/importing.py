"""Lists on the command line: facilities, compounds, elders, areas, beds and houses, with every doubt told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from geo.osm_reader import read_buildings
from services.cities.queries import city_by_key
from services.intake.errors import BadMapping
from services.intake.findings import NAMES, REFUSES
from services.intake.flow import Judged
from services.intake.reading import first_rows
from services.intake.rules import LARGEST_BYTES
from services.intake.runs import OUTLINE, SYSTEM_CELL, change_row, find_row, list_runs, sealed, unsealed, waiting_rows
from services.oversight.importing import (
    IMPORTERS,
    KINDS_ZH,
    ListWish,
    ReadList,
    ground_of,
    importer_of,
    judge,
    read_list,
    take_list,
    try_row,
)
from services.people.taking import SECRETS
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

NAME = "import"
MAP_FILES = (".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.xml", ".osm.xml.gz", ".osm.xml.bz2")
app = typer.Typer(help="导入名录 / take lists in", no_args_is_help=True)
_console = Console()
_errors = Console(stderr=True)
File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="CSV、XLSX、JSON 或 GeoJSON；楼栋也可用OpenStreetMap文件")
]
City = Annotated[str, typer.Option("--city", help="城市代码、键或名称")]
Crs = Annotated[str | None, typer.Option("--crs", help="坐标系：wgs84、gcj02、bd09或cgcs2000")]
MappingFile = Annotated[Path | None, typer.Option("--mapping", exists=True, dir_okay=False, help="列对照文件（TOML）")]
Sheet = Annotated[str | None, typer.Option("--sheet", help="XLSX里的工作表")]
Dry = Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")]
Yes = Annotated[bool, typer.Option("--yes", help="不再询问：猜出的列对照也照用")]
Trust = Annotated[bool, typer.Option("--trust-crs", help="坐标与区划不符时仍按声明的坐标系")]
Invented = Annotated[bool, typer.Option("--invented", help="虚构的演示数据")]
Told = Annotated[int, typer.Option("--told", help="列出多少行有问题的行")]


def _take(
    kind: str, file: Path, city: str, crs: str | None, mapping: Path | None, sheet: str | None, dry: bool, yes: bool,
    trust: bool, invented: bool, told: int,
) -> None:  # fmt: skip
    """Read, judge, show, and unless it is a dry run take a list over, all in one transaction."""
    of_map = kind == "buildings" and file.name.endswith(MAP_FILES)
    if not of_map and file.stat().st_size > LARGEST_BYTES:
        raise typer.BadParameter(f"文件超过{LARGEST_BYTES // 2**20} MB (too large)")
    content, crs = (houses_of_map(file), "wgs84") if of_map else (file.read_bytes(), crs)
    text = mapping.read_text(encoding="utf-8") if mapping else None
    with unit_of_work(SYSTEM, login="jobs") as work:
        wish = ListWish(kind, file.name, content, city_by_key(work.session, city), crs, text, sheet, trust, invented)
        read = _read(wish)
        if read.guessed:
            _show_mapping(read)
            if not (yes or dry) and not typer.confirm("列对照对吗？(Is this right?)"):
                raise typer.Exit(1)
        source = read.mapping.source or ""
        ground = ground_of(work.session, wish.city_code, invented=invented, source=source)
        judged = judge(work.session, work.now, ground, read)
        _show(judged, told)
        if dry or (judged.verdict and judged.verdict.contradicted):
            _show_system(judged)
        if dry:
            _console.print("这是试运行，没有写入任何数据。", style="bold")
            return
        bar = Progress(TextColumn("写入"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=_console)
        with bar:
            task = bar.add_task("写入", total=len(judged.accepted))
            run_id, counts = take_list(
                work.session, work.now, COMMAND_LINE, ground, read, judged,
                lambda done, total: bar.update(task, completed=done),
            )  # fmt: skip
    _console.print(
        f"导入 {run_id}：新增{counts['created']}，更新{counts['updated']}，未变{counts['unchanged']}；"
        f"{counts['refused']}行没有导入，其中{counts['need_place']}行只缺位置。",
        highlight=False,
    )
    if counts["refused"]:
        _console.print(
            f"查看：bin/yinling import waiting --run {run_id}；修改后重试：bin/yinling import mend", highlight=False
        )


def houses_of_map(file: Path) -> bytes:
    """Give the houses of an OpenStreetMap file that an address can name, as a JSON list in WGS-84."""
    rows = []
    for house in read_buildings(file):
        told = {name: house.tags.get(name, "") for name in ("name", "addr:street", "addr:housenumber")}
        if told["name"] or (told["addr:street"] and told["addr:housenumber"]):
            inside = house.polygon.representative_point()
            rows.append({"osm_id": house.osm_id, **told, "lon": inside.x, "lat": inside.y})
    if not rows:
        raise typer.BadParameter("地图里没有写名称或门牌的楼栋 (no house with a name or number)")
    return json.dumps(rows, ensure_ascii=False).encode()


def _read(wish: ListWish) -> ReadList:
    try:
        return read_list(wish)
    except BadMapping as wrong:
        _errors.print(wrong.message_zh, style="red", markup=False, highlight=False)
        if "columns" in wrong.facts:
            _errors.print(f"文件的列：{'、'.join(wrong.facts['columns'])[:600]}", markup=False, highlight=False)
            _errors.print("请用 --mapping 给出列对照文件，格式见 docs/importing.md。", markup=False, highlight=False)
        raise typer.Exit(1) from wrong


def _show_mapping(read: ReadList) -> None:
    names = {spec.name: spec for spec in importer_of(read.wish.kind).fields}
    first = next(first_rows(read.table, 1), {})
    table = Table("字段", "列", "第一行写的", title="猜出的列对照 / guessed columns")
    for name, column in read.mapping.columns.items():
        shown = "（不显示）" if names[name].private else first.get(column, "")[:40]
        table.add_row(f"{names[name].name_zh} {name}", escape(column), escape(shown))
    unused = [column for column in read.table.columns if column not in read.mapping.columns.values()]
    _console.print(table, highlight=False)
    if unused:
        _console.print(f"没有用到的列：{'、'.join(unused)[:300]}", markup=False, highlight=False)


def _show(judged: Judged, told: int) -> None:
    counts, report = judged.counts(), judged.report()
    how = "，".join(str(part) for part in (judged.table.form, judged.table.encoding, judged.table.sheet) if part)
    title = f"{KINDS_ZH[judged.kind]}名录（{how}）：{counts['rows']}行，可导入{counts['accepted']}行"
    table = Table("问题", "行数", "处理", title=title)
    for kind, count in report["kinds"].items():
        table.add_row(NAMES[kind], str(count), "不导入，除非补上" if kind in REFUSES else "提示")
    if report["kinds"]:
        _console.print(table, highlight=False)
    else:
        _console.print(title, highlight=False)
    _show_rows(judged, told)


def _show_rows(judged: Judged, told: int) -> None:
    rows = [row for row in judged.rows if row.refused][:told]
    rows += [row for row in judged.rows if row.findings and not row.refused][: told - len(rows)]
    if not rows:
        return
    table = Table("行", "导入", "原因")
    for row in rows:
        table.add_row(
            str(row.line), "否" if row.refused else "是", escape("；".join(one.message for one in row.findings))
        )
    _console.print(table, highlight=False)
    more = sum(bool(row.findings) for row in judged.rows) - len(rows)
    if more > 0:
        _console.print(f"另有{more}行有提示（--told 可列出更多）。", highlight=False)


def _show_system(judged: Judged) -> None:
    verdict = judged.verdict
    if verdict is None:
        return
    table = Table("坐标系", "落在所写区划之外", "平均误差", title=f"坐标系核对（声明 {verdict.declared}）")
    for name, fit in verdict.fits.items():
        table.add_row(name, f"{fit.outside} / {fit.rows}", f"{fit.error_m:.1f} 米")
    _console.print(table, highlight=False)
    if not verdict.checked:
        _console.print("写明区划的行太少，坐标系没有核对。", style="yellow")
    elif verdict.contradicted:
        _console.print(f"坐标系像是 {verdict.best}；按 {verdict.declared} 导入会被拒绝。", style="red")


def _command(kind: str) -> None:
    def take(
        file: File, city: City, crs: Crs = None, mapping: MappingFile = None, sheet: Sheet = None, dry_run: Dry = False,
        yes: Yes = False, trust_crs: Trust = False, invented: Invented = False, told: Told = 20,
    ) -> None:  # fmt: skip
        _take(kind, file, city, crs, mapping, sheet, dry_run, yes, trust_crs, invented, told)

    app.command(kind, help=f"导入{KINDS_ZH[kind]}名录 / take a list of {kind} in")(take)


for _kind in IMPORTERS:
    _command(_kind)


@app.command("runs")
def show_runs(city: Annotated[str | None, typer.Option("--city")] = None) -> None:
    """Show the newest imports."""
    table = Table("导入", "种类", "文件", "状态", "行数", "新增", "更新", "未导入")
    with unit_of_work(SYSTEM, login="jobs") as work:
        code = city_by_key(work.session, city) if city else None
        for run in list_runs(work.session, city_code=code):
            counts = [str(run.counts.get(name, "")) for name in ("rows", "created", "updated", "refused")]
            table.add_row(str(run.id), KINDS_ZH[run.kind], escape(run.file_name), run.state, *counts)
    _console.print(table, highlight=False)


@app.command("waiting")
def show_waiting(
    kind: Annotated[str | None, typer.Option("--kind")] = None,
    run: Annotated[int | None, typer.Option("--run")] = None,
    place: Annotated[bool, typer.Option("--place", help="只看只缺位置的")] = False,
    limit: Annotated[int, typer.Option("--limit")] = 50,
) -> None:
    """Show the rows that wait to be mended; what is private stays sealed."""
    table = Table("编号", "导入", "行", "内容", "原因", "猜测的位置")
    with unit_of_work(SYSTEM, login="jobs") as work:
        for row in waiting_rows(work.session, kind=kind, run_id=run, needs_place=True if place else None, limit=limit):
            private = {spec.name for spec in importer_of(row.kind).fields if spec.private}
            cells = unsealed(SECRETS, row.raw_sealed)
            said = "；".join(
                f"{name}={text}" for name, text in cells.items() if name not in private and name != OUTLINE
            )
            guess = f"{row.found['words']}（{row.found['confidence']:.0%}）" if row.found and not private else ""
            reasons = "；".join(one["message"] for one in row.findings if one["kind"] in REFUSES)
            table.add_row(
                str(row.id), str(row.run_id), str(row.line), escape(said[:120]), escape(reasons), escape(guess)
            )
    _console.print(table, highlight=False)


@app.command("mend")
def mend_row(
    row: Annotated[int, typer.Argument(help="行的编号（import waiting 里的第一列）")],
    changes: Annotated[list[str], typer.Option("--set", help="字段=内容，可重复；经纬度用 lon=、lat=、crs=")],
) -> None:
    """Mend a waiting row and try it again at once."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        kept = find_row(work.session, row, lock=True)
        known = {spec.name for spec in importer_of(kept.kind).fields} | {"crs"}
        cells = unsealed(SECRETS, kept.raw_sealed)
        for change in changes:
            name, sign, said = change.partition("=")
            if not sign or name not in known:
                raise typer.BadParameter(f"写成 字段=内容，字段有：{'、'.join(sorted(known))}")
            cells[SYSTEM_CELL if name == "crs" else name] = said.strip()
        change_row(work.session, row, raw_sealed=sealed(SECRETS, cells))
        done = try_row(work.session, work.now, COMMAND_LINE, row)
        findings = [] if done else find_row(work.session, row).findings
    if done:
        _console.print("已导入。")
        return
    for one in findings:
        _errors.print(one["message"], style="red", markup=False, highlight=False)
    raise typer.Exit(1)
