"""Where facilities should stand, on the command line: published test problems, and the next sites of a city."""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from geo.siting.answer import SiteAnswer, SitingError, Tell
from geo.siting.covering import CoverQuestion, cover_of
from geo.siting.exact_covering import solve_cover
from geo.siting.exact_median import solve_median
from geo.siting.files import covered_pairs, read_pmed, read_sjc
from geo.siting.median import MedianQuestion
from services.circles.gaps import gaps_of
from services.circles.scenarios import Place
from services.circles.site_wishes import CandidateSite, SiteWish
from services.circles.sites import Proposal, describe, prepare, solve
from services.cities.queries import city_by_key, rules_in_force
from services.cities.rules import area_range, written_code
from services.clock import civil_date
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="选址 / where facilities should stand", no_args_is_help=True)
_console = Console()
_errors = Console(stderr=True)
_STAGES = {"heuristic": "快速求解", "bound": "求界", "exact": "精确求解"}


@contextmanager
def progress_shown() -> Iterator[Tell]:
    """Show on standard error how far a long solve is: the best choice, the bound, and what lies between them."""
    shown = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=_errors, transient=True
    )
    with shown:
        task = shown.add_task("读取", total=None)

        def tell(stage: str, objective: float, bound: float) -> None:
            gap = abs(bound - objective) / max(abs(objective), 1.0)
            between = f"{gap:.2%}" if gap < 1e6 else "—"
            words = f"{_STAGES.get(stage, stage)}：目前{objective:,.0f}，界{bound:,.0f}，差{between}"
            shown.update(task, description=words)

        yield tell


@app.command("solve")
def solve_file(
    pmedian: Annotated[Path | None, typer.Option("--pmedian", help="OR-Library的pmed文件")] = None,
    mclp: Annotated[Path | None, typer.Option("--mclp", help="SJC格式的文件：坐标和需求")] = None,
    radius: Annotated[float, typer.Option("--radius", help="覆盖半径（与坐标同单位），用于 --mclp")] = 0.0,
    p: Annotated[int, typer.Option("--p", help="选几处；--pmedian 时以文件为准")] = 0,
    demand: Annotated[Path | None, typer.Option("--demand", help="需求另在一个文件里时写明")] = None,
    exact: Annotated[bool, typer.Option("--exact", help="证明最优")] = False,
    time_limit: Annotated[float, typer.Option("--time-limit", min=0.1, help="精确求解最多几秒")] = 600.0,
) -> None:
    """Solve a published test problem; prints {"objective", "proven_optimal", "gap", "sites"}, sites from 1."""
    if (pmedian is None) == (mclp is None):
        raise typer.BadParameter("须写明 --pmedian 和 --mclp 之一")
    try:
        with progress_shown() as tell:
            if pmedian is not None:
                answer = _solve_pmedian(pmedian, p, exact, time_limit, tell)
            else:
                assert mclp is not None
                answer = _solve_mclp(mclp, demand, radius, p, exact, time_limit, tell)
    except SitingError as error:
        _errors.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    json.dump(answer.as_json(), sys.stdout)
    sys.stdout.write("\n")


def _solve_pmedian(file: Path, p: int, exact: bool, time_limit: float, tell: Tell) -> SiteAnswer:
    problem = read_pmed(file)
    question = MedianQuestion(problem.costs, p or problem.count)
    return solve_median(question, exact=exact, time_limit=time_limit, tell=tell)


def _solve_mclp(
    file: Path, demand: Path | None, radius: float, p: int, exact: bool, time_limit: float, tell: Tell
) -> SiteAnswer:
    if radius <= 0 or p < 1:
        raise SitingError("--mclp 须写明 --radius（大于0）和 --p（至少1）")
    found = read_sjc(file, demand)
    if not found.demand_known:
        _errors.print(
            "文件中没有需求，每个点按1计；需求在另一个文件时用 --demand 写明", style="yellow", highlight=False
        )
    candidates, clients = covered_pairs(found.points, radius)
    cover = cover_of(candidates, clients, found.demand, len(found.points))
    answer = solve_cover(CoverQuestion(cover, p), exact=exact, time_limit=time_limit, tell=tell)
    spare = (site for site in range(len(found.points)) if site not in answer.sites)
    more = list(islice(spare, p - len(answer.sites)))  # the problem says p sites, needed or not
    return dataclasses.replace(answer, sites=tuple(sorted([*answer.sites, *more])))


@app.command("next")
def next_sites(
    city: Annotated[str, typer.Option("--city", help="城市代码或规则包的键")],
    tier: Annotated[str, typer.Option("--tier", help="服务圈，如 community_10")],
    k: Annotated[int, typer.Option("--k", help="开几处")] = 3,
    model: Annotated[str, typer.Option("--model", help="mclp、lscp或pmedian")] = "mclp",
    profile: Annotated[str, typer.Option("--profile", help="步行方式，默认按服务圈的规定")] = "",
    area: Annotated[str, typer.Option("--area", help="只看这个区域：6、9或12位代码，默认全市")] = "",
    exact: Annotated[bool, typer.Option("--exact", help="证明最优")] = False,
    time_limit: Annotated[int, typer.Option("--time-limit", help="精确求解最多几秒")] = 60,
    share: Annotated[float, typer.Option("--share", help="lscp：要让多大比例的老人走得到")] = 1.0,
    spacing: Annotated[int, typer.Option("--spacing", help="候选点的间距（米）")] = 150,
    source: Annotated[str, typer.Option("--source", help="elders、compounds或population")] = "elders",
    places: Annotated[int, typer.Option("--places", help="每处容纳多少老人，0为不限")] = 0,
    budget: Annotated[float, typer.Option("--budget", help="总预算（元），候选点须有cost_yuan列")] = 0.0,
    candidates: Annotated[
        Path | None, typer.Option("--candidates", help="候选点CSV：lon,lat[,name,cost_yuan,places]")
    ] = None,
    crs: Annotated[str, typer.Option("--crs", help="候选点的坐标系，随 --candidates 必填")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say where the next facilities of a city should stand; those that stand stay where they are."""
    given = _read_candidates(candidates, crs) if candidates else ()
    with unit_of_work(SYSTEM, login="setup") as work:
        code = city_by_key(work.session, city)
        rules = rules_in_force(work.session, code, civil_date(work.now))
        known = {one.code: one for one in rules.tiers}
        if tier not in known:
            raise typer.BadParameter(f"没有这个服务圈，可用：{'、'.join(known)}", param_hint="--tier")
        wish = SiteWish(
            tier, profile or known[tier].default_profile, model, k, exact, time_limit, source, share, spacing,  # type: ignore[arg-type]
            places or None, round(budget * 100) or None, given,
        )  # fmt: skip
        prepared = prepare(work.session, work.now, code, written_code(area) if area else code, wish)
        with progress_shown() as tell:
            solved = solve(prepared, tell)
        found = describe(work.session, prepared, solved)
    if as_json:
        json.dump(found.as_json(), sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _show_proposal(found)


def _read_candidates(file: Path, crs: str) -> tuple[CandidateSite, ...]:
    """Read candidates from CSV; the system of coordinates must be named."""
    if not crs:
        raise typer.BadParameter("候选点须写明坐标系：wgs84、gcj02、bd09或cgcs2000", param_hint="--crs")
    found = []
    with file.open(encoding="utf-8-sig", newline="") as handle:
        for number, row in enumerate(csv.DictReader(handle), start=2):
            try:
                lon, lat = Place(float(row["lon"]), float(row["lat"]), crs).in_wgs84()
                cost = round(float(row["cost_yuan"]) * 100) if row.get("cost_yuan") else None
                room = int(row["places"]) if row.get("places") else None
            except (KeyError, TypeError, ValueError) as error:
                raise typer.BadParameter(f"第{number}行读不懂：{error}", param_hint="--candidates") from error
            found.append(CandidateSite(lon, lat, row.get("name") or "", cost, room))
    return tuple(found)


def _show_proposal(found: Proposal) -> None:
    table = Table("序", "经度, 纬度", "社区", "名称", "新走得到的老人")
    for number, site in enumerate(found.sites, start=1):
        table.add_row(str(number), f"{site.lon:.6f}, {site.lat:.6f}", site.area_name, site.name, f"{site.adds:g}")
    _console.print(table, highlight=False)
    proof = "已证明最优" if found.proven_optimal else f"与界最多差{found.gap:.2%}"
    _console.print(
        f"走得到的老人：{found.reached_before:g} → {found.reached_after:g}，共{found.total:g}人；"
        f"{proof}；候选点{found.candidates}个；{found.beyond_all:g}人在任何候选点都走不到；{found.seconds:.1f}秒。",
        highlight=False,
    )
    if found.mean_before is not None and found.mean_after is not None:
        unit = "米" if found.measure == "metres" else "分钟"
        per = 1.0 if found.measure == "metres" else 60.0
        _console.print(
            f"平均要走：{found.mean_before / per:.1f} → {found.mean_after / per:.1f} {unit}", highlight=False
        )
    _console.print(found.definition, style="dim", highlight=False)


@app.command("gaps")
def show_gaps(
    city: Annotated[str, typer.Option("--city")],
    tier: Annotated[str, typer.Option("--tier")],
    profile: Annotated[str, typer.Option("--profile")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Show the communities and knots of elders beyond a circle, the worst first."""
    with unit_of_work(SYSTEM, login="setup") as work:
        code = city_by_key(work.session, city)
        rules = rules_in_force(work.session, code, civil_date(work.now))
        known = {one.code: one for one in rules.tiers}
        if tier not in known:
            raise typer.BadParameter(f"没有这个服务圈，可用：{'、'.join(known)}", param_hint="--tier")
        lo, hi = area_range(code)
        looker = dataclasses.replace(COMMAND_LINE, role="officer", area_lo=lo, area_hi=hi)
        found = gaps_of(work.session, looker, rules, tier, profile or known[tier].default_profile)
    if as_json:
        json.dump(found.as_json(), sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    table = Table(
        "社区", "走不到", "老人", "最近的要走几分钟", "米", title=f"走不到的老人 {found.left_out}/{found.total}"
    )
    for one in found.communities:
        minutes = "—" if one.minutes is None else f"{one.minutes:.0f}"
        metres = "—" if one.metres is None else f"{one.metres:.0f}"
        table.add_row(one.name or str(one.area_code), str(one.left_out), str(one.total), minutes, metres)
    _console.print(table, highlight=False)
    for knot in found.knots:
        _console.print(
            f"聚集{knot.number}：{knot.area_name} {knot.left_out}人，半径{knot.radius_m:.0f}米，"
            f"({knot.lon:.5f}, {knot.lat:.5f})", highlight=False,
        )  # fmt: skip
