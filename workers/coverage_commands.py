"""Coverage on the command line: `bin/yinling circles coverage | administrative | access | history | ...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, cast

import shapely
import typer
from rich.console import Console
from rich.table import Table

from geo.errors import GeoError, UnreadableRaster
from services.circles.access import Capacity, compute_access, latest_access
from services.circles.actions import refresh_reach
from services.circles.administrative import administrative_coverage_as_of
from services.circles.coverage import Coverage
from services.circles.demand import Credit, Source, load_compounds, load_population
from services.circles.history import coverage_as_of, coverage_trend
from services.circles.naming import city_number
from services.circles.openness import LICENCE, publish_open_coverage
from services.cities.queries import rules_in_force
from services.cities.rules import written_code
from services.clock import civil_date
from services.errors import DomainError
from services.unit_of_work import COMMAND_LINE, SYSTEM, UnitOfWork, unit_of_work

City = Annotated[str, typer.Option("--city", help="城市代码、规则包的键或名称")]
AsOf = Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="过去某日，如 2025-11-22")]
AreaOf = Annotated[str, typer.Option("--area", help="只看这个区划代码（6、9、12或15位）")]
Json = Annotated[bool, typer.Option("--json", help="输出JSON")]
SourceOf = Annotated[str, typer.Option("--source", help="elders 登记老年人、compounds 小区、population 人口栅格")]
TRUST_ZH = {"high": "高", "low": "低", "none": "无路网"}
_console = Console()
_errors = Console(stderr=True)


@contextmanager
def _asked(city: str, login: str = "setup") -> Iterator[tuple[UnitOfWork, int]]:
    """Open one act about a city; a refusal is said in a sentence and ends the command."""
    try:
        with unit_of_work(SYSTEM, login=login) as work:  # type: ignore[arg-type]
            yield work, city_number(work.session, city)
    except DomainError as error:
        _errors.print(f"{error.message_zh} {error.facts}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    except GeoError as error:
        _errors.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error


def _tell(told: Any) -> None:
    json.dump(told, sys.stdout, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


def _day(work: UnitOfWork, as_of: datetime | None) -> date:
    return civil_date(work.now) if as_of is None else as_of.date()


def show_coverage(
    city: City,
    as_json: Json = False,
    detail: Annotated[bool, typer.Option("--detail", help="JSON中写出全部口径和来源")] = False,
    area: AreaOf = "",
    source: SourceOf = "elders",
    as_of: AsOf = None,
) -> None:
    """Show how many elders reach each circle's facilities, the map's confidence first; on any day."""
    with _asked(city) as (work, code):
        place = written_code(area) if area else None
        found = coverage_as_of(work.session, work.now, code, place, _day(work, as_of), source=source)
    if as_json or detail:
        _tell(asdict(found) if detail else found.as_story())
        return
    _show(found)


def _show(found: Coverage) -> None:
    dated = "当日记录" if found.basis == "recorded" else "按有日期的登记事实推算，路网和设施功能取现值"
    table = Table(
        "可信度", "圈 / 口径", "覆盖", "沿路网", "直线", "估算/不计/无路/近边", title=f"{found.as_of}（{dated}）"
    )
    for tier in found.tiers:
        circle = f"{tier.tier_name}\n  {tier.profile} {tier.limit_zh}"
        aside = f"{tier.estimated:g}/{tier.in_margin:g}/{tier.unsnapped:g}/{tier.near_edge:g}"
        headline = "—" if tier.share is None else f"{tier.label}{tier.share:.1%} {tier.reached:g}/{tier.total:g}"
        table.add_row(
            TRUST_ZH[tier.confidence], circle, headline, _share(tier.walk_share), _share(tier.straight_share), aside
        )
    _console.print(table, highlight=False)
    for reason in found.confidence_reasons:
        _console.print(f"路网可信度低：{reason}", style="yellow", highlight=False)
    if found.not_placed:
        _console.print(f"未能定位、未计入：{found.not_placed:g} 人", style="yellow", highlight=False)
    for tier in {one.tier_code: one for one in found.tiers}.values():
        _console.print(tier.definition, style="dim", highlight=False)


def _share(share: float | None) -> str:
    return "—" if share is None else f"{share:.1%}"


def show_administrative(city: City, as_json: Json = False, area: AreaOf = "", as_of: AsOf = None) -> None:
    """Show which areas own a qualified facility, and which function the others lack; on any day."""
    with _asked(city) as (work, code):
        place = written_code(area) if area else code
        tiers = administrative_coverage_as_of(work.session, place, _day(work, as_of))
    if as_json:
        _tell([asdict(tier) for tier in tiers])
        return
    for tier in tiers:
        table = Table(
            "区域", "合格设施", "还缺", title=f"{tier.tier_name}：{tier.owning}/{tier.total}（{_share(tier.share)}）"
        )
        for one in tier.areas:
            lacks = f"{one.candidate}：{'、'.join(one.missing)}" if one.candidate else "没有这类设施"
            table.add_row(one.name, "、".join(one.qualified), "" if one.qualified else lacks)
        _console.print(table, highlight=False)
        _console.print(f"{tier.definition}（{tier.as_of}）", style="dim", highlight=False)


def show_access(
    city: City,
    capacity: Annotated[str, typer.Option("--capacity", help="places 日间照料位，beds 养老床位")] = "places",
    profile: Annotated[str, typer.Option("--profile", help="步行方式")] = "elder",
    source: SourceOf = "elders",
    area: AreaOf = "",
    as_json: Json = False,
) -> None:
    """Compute how much of a day place or bed each community's elders can count on (E2SFCA), and show it."""
    if capacity not in ("places", "beds"):
        raise typer.BadParameter("须为 places 或 beds", param_hint="--capacity")
    with _asked(city) as (work, code):
        compute_access(work.session, work.now, code, cast(Capacity, capacity), profile, source=source)
        place = written_code(area) if area else None
        found = latest_access(work.session, code, cast(Capacity, capacity), profile, place)
    if as_json:
        _tell(asdict(found))
        return
    table = Table(
        "社区", "老年人", "每千人可得", "步行可达有空位者", title=f"可信度{TRUST_ZH[found.confidence]} {found.label}"
    )
    for one in found.areas:
        table.add_row(str(one.area_code), f"{one.elders:g}", f"{one.per_thousand:.1f}", f"{one.with_room:g}")
    _console.print(table, highlight=False)
    _console.print(found.definition, style="dim", highlight=False)


def show_history(
    city: City,
    tier: Annotated[str, typer.Option("--tier", help="哪一圈；不写为规则里的第一圈")] = "",
    profile: Annotated[str, typer.Option("--profile", help="步行方式；不写为该圈的默认")] = "",
    source: SourceOf = "elders",
    area: AreaOf = "",
    as_json: Json = False,
) -> None:
    """Show how the coverage of a circle went, day by day on which something changed."""
    with _asked(city) as (work, code):
        today = civil_date(work.now)
        rules = rules_in_force(work.session, code, today)
        chosen = rules.tier(tier) if tier else rules.tiers[0]
        way, place = profile or chosen.default_profile, written_code(area) if area else code
        points = coverage_trend(work.session, code, place, chosen.code, way, today, source=source)
    if as_json:
        _tell([asdict(point) for point in points])
        return
    table = Table("日期", "覆盖", "人数", "其中估算", title=f"{chosen.name_zh} {way}")
    for point in points:
        table.add_row(f"{point.day}", _share(point.share), f"{point.reached:g}/{point.total:g}", f"{point.estimated:g}")
    _console.print(table, highlight=False)


def take_population(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="GeoTIFF，可多个，逐格相加")],
    city: City,
    name: Annotated[str, typer.Option("--name", help="数据名称")],
    licence: Annotated[str, typer.Option("--licence", help="许可，如 CC BY 4.0")] = "",
    attribution: Annotated[str, typer.Option("--attribution", help="署名")] = "",
    boundary: Annotated[Path | None, typer.Option("--boundary", exists=True, help="边界，GeoJSON，WGS-84")] = None,
) -> None:
    """Count a city's elders by a population grid (persons per cell), and compute its coverage anew."""
    with _asked(city, "jobs") as (work, code):
        outline = None if boundary is None else read_boundary(boundary)
        credit = Credit(name, licence, attribution)
        source = load_population(work.session, work.now, COMMAND_LINE, files, code, credit, outline)
        refresh_reach(work.session, work.now, code)
    _show_source(source)


def take_compounds(
    city: City,
    elder_share: Annotated[float | None, typer.Option("--elder-share", help="只有人口的小区：老年人占比")] = None,
    per_household: Annotated[
        float | None, typer.Option("--elders-per-household", help="只有户数的小区：户均老年人")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="数据名称")] = "小区名单",
) -> None:
    """Count a city's elders by its list of compounds, and compute its coverage anew."""
    with _asked(city, "jobs") as (work, code):
        source = load_compounds(work.session, work.now, COMMAND_LINE, code, Credit(name), elder_share, per_household)
        refresh_reach(work.session, work.now, code)
    _show_source(source)


def _show_source(source: Source) -> None:
    _console.print(
        f"{source.name}：共{source.total:,}人，已定位{source.report['placed']}人，未能定位{source.report['not_placed']}人。",
        highlight=False,
    )


def publish(
    city: City, licence: Annotated[str, typer.Option("--licence", help="许可")] = LICENCE, as_json: Json = False
) -> None:
    """Publish the coverage table of today as open data, small counts and what would give them away withheld."""
    with _asked(city, "jobs") as (work, code):
        table = publish_open_coverage(work.session, work.now, COMMAND_LINE, code, licence=licence)
    if as_json:
        _tell(asdict(table))
        return
    withheld = sum(1 for row in table.rows if row["suppressed"])
    _console.print(
        f"已公布{len(table.rows)}行（{table.day}，{table.licence}），其中隐去{withheld}行。", highlight=False
    )


def read_boundary(path: Path) -> shapely.Geometry:
    """Read the outline of a GeoJSON file (all its features together), degrees WGS-84. Raises UnreadableRaster."""
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        place = f"第{error.lineno}行第{error.colno}列" if isinstance(error, json.JSONDecodeError) else "编码"
        raise UnreadableRaster(path.name, f"边界不是有效的GeoJSON（{place}）") from error
    features = told.get("features", [told]) if isinstance(told, dict) else []
    shapes = [feature.get("geometry", feature) for feature in features if isinstance(feature, dict)]
    if not shapes:
        raise UnreadableRaster(path.name, "边界文件里没有任何图形")
    try:
        drawn = [shapely.make_valid(shapely.from_geojson(json.dumps(shape))) for shape in shapes]
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise UnreadableRaster(path.name, "边界文件里有的图形写法不对") from error
    outline = shapely.union_all(drawn)
    west, south, east, north = shapely.bounds(outline).tolist()
    if outline.is_empty or outline.area == 0 or not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise UnreadableRaster(path.name, "边界要是WGS-84经纬度的面")
    return outline


def add_coverage(app: typer.Typer) -> None:
    """Give the command `circles` its parts about coverage."""
    app.command("coverage")(show_coverage)
    app.command("administrative")(show_administrative)
    app.command("access")(show_access)
    app.command("history")(show_history)
    app.command("population")(take_population)
    app.command("compounds")(take_compounds)
    app.command("publish")(publish)
