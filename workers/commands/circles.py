"""Service circles on the command line: the circle of a door, the reach of a city, its coverage."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from geo.errors import GeoError
from geo.picture import MEDIA_TYPES, draw_map
from services.acts import record_act
from services.circles.actions import refresh_reach
from services.circles.naming import city_number
from services.circles.queries import circles_around
from services.cities.errors import NoRulesInForce, UnknownCity
from services.cities.pack import CityRules
from services.cities.queries import rules_in_force
from services.cities.rules import written_code
from services.clock import civil_date
from services.errors import DomainError
from services.oversight.printing import coverage_map
from services.unit_of_work import COMMAND_LINE, SYSTEM, UnitOfWork, unit_of_work
from workers.coverage_commands import add_coverage

app = typer.Typer(help="服务圈 / service circles", invoke_without_command=True)
_console = Console()
_errors = Console(stderr=True)
add_coverage(app)


def _rules(work: UnitOfWork, city_code: int) -> CityRules | None:
    try:
        return rules_in_force(work.session, city_code, civil_date(work.now))
    except (UnknownCity, NoRulesInForce):
        return None


def _stop(error: DomainError) -> typer.Exit:
    _errors.print(f"{error.message_zh} {error.facts}", style="red", markup=False, highlight=False)
    return typer.Exit(1)


@app.callback()
def circles(
    context: typer.Context,
    city: Annotated[str, typer.Option("--city", help="城市代码、规则包的键或导入路网时的名称")] = "",
    lon: Annotated[float, typer.Option("--lon", help="经度")] = float("nan"),
    lat: Annotated[float, typer.Option("--lat", help="纬度")] = float("nan"),
    crs: Annotated[str, typer.Option("--crs", help="wgs84、gcj02、bd09或cgcs2000，必填")] = "",
    profile: Annotated[str, typer.Option("--profile", help="步行方式")] = "elder",
    minutes: Annotated[str, typer.Option("--minutes", help="分钟数，以逗号分隔；不写则按本市规则")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出JSON")] = False,
) -> None:
    """Draw the circles of one door: exact costs at map points and along streets, outlines for display."""
    if context.invoked_subcommand is not None:
        return
    if not city or not crs or lon != lon or lat != lat:
        _errors.print("须写明 --city、--lon、--lat 和 --crs（wgs84、gcj02、bd09、cgcs2000）", style="red")
        raise typer.Exit(2)
    try:
        wanted = [int(number) for number in minutes.split(",")] if minutes else None
    except ValueError as error:
        raise typer.BadParameter("分钟数须为整数，以逗号分隔", param_hint="--minutes") from error
    try:
        with unit_of_work(SYSTEM, login="setup") as work:
            code = city_number(work.session, city)
            rules = _rules(work, code) if code > 0 else None
            answer = circles_around(work.session, code, lon, lat, crs, profile, wanted, rules)
    except DomainError as error:
        raise _stop(error) from error
    if as_json:
        json.dump(answer, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _show_circle(answer)


def _show_circle(answer: dict[str, Any]) -> None:
    network, snapped = answer["network"], answer["snapped"]
    trust = "低（估算）" if network["estimate"] else "高"
    table = Table("项目", "数值", title=f"{network['name']}（版本{network['version']}，可信度{trust}）")
    table.add_row("上路点", f"{snapped['lon']:.6f}, {snapped['lat']:.6f}，步行{snapped['distance_m']:.1f}米")
    table.add_row("可达路口和转折点", f"{len(answer['nodes']):,}")
    table.add_row("可达路段", f"{len(answer['edges']):,}")
    table.add_row("圈", "、".join(f"{number}分钟" for number in answer["polygons"]))
    _console.print(table, highlight=False)


@app.command("refresh")
def refresh(city: Annotated[str, typer.Option("--city")]) -> None:
    """Compute anew for every elder of a city which facilities she can walk to."""
    try:
        with unit_of_work(SYSTEM, login="setup") as work:
            code = city_number(work.session, city)
            report = refresh_reach(work.session, work.now, code)
            facts = {"facilities": report.facilities, "elders": report.elders, "reach_rows": report.reach_rows}
            area = code if code > 0 else None
            record_act(work.session, work.now, COMMAND_LINE, "refresh_circles", area_code=area, facts=facts)
    except DomainError as error:
        raise _stop(error) from error
    _console.print(
        f"设施{report.facilities}处，老人{report.elders}人，可达记录{report.reach_rows:,}条；"
        f"附近无路的设施{len(report.unsnapped_facilities)}处、老人{report.unsnapped_elders}人；"
        f"图边缘不计入{report.elders_in_margin}人；无住址坐标{report.elders_without_home}人。",
        highlight=False,
    )


@app.command("picture")
def picture(
    city: Annotated[str, typer.Option("--city")],
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件：.png、.svg 或 .pdf")],
    tier: Annotated[str, typer.Option("--tier", help="哪一圈；不写为规则里的第一圈")] = "",
    profile: Annotated[str, typer.Option("--profile", help="步行方式；不写为该圈的默认")] = "",
    area: Annotated[str, typer.Option("--area", help="只画这个区划代码")] = "",
    level: Annotated[str, typer.Option("--level", help="community 或 street")] = "community",
) -> None:
    """Draw the coverage map of a circle for a report, its definition, day and confidence printed on it."""
    kind = out.suffix.lstrip(".").lower()
    if kind not in MEDIA_TYPES:
        raise typer.BadParameter("文件名须以 .png、.svg 或 .pdf 结尾", param_hint="--out")
    try:
        with unit_of_work(SYSTEM, login="setup") as work:
            code = city_number(work.session, city)
            rules = rules_in_force(work.session, code, civil_date(work.now))
            chosen = next((one for one in rules.tiers if one.code == (tier or rules.tiers[0].code)), rules.tiers[0])
            way = profile or chosen.default_profile
            place = written_code(area) if area else code
            sheet = coverage_map(work.session, code, place, tier=tier or chosen.code, profile=way, level=level)
        out.write_bytes(draw_map(sheet, kind))
    except DomainError as error:
        raise _stop(error) from error
    except GeoError as error:
        _errors.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    _console.print(f"已画好：{out}", highlight=False)
