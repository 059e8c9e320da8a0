"""Where facilities should stand, on the command line: published test problems, and the next sites of a city."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geo.siting.answer import SiteAnswer, SitingError, Tell
from geo.siting.covering import CoverQuestion, cover_of
from geo.siting.exact_covering import solve_cover
from geo.siting.exact_median import solve_median
from geo.siting.files import covered_pairs, read_pmed, read_sjc
from geo.siting.median import MedianQuestion

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
    return solve_cover(CoverQuestion(cover, p), exact=exact, time_limit=time_limit, tell=tell)
