"""Supervision of institutions, on the command line: checklists, and drawing a published draw again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cities.errors import BadPack
from services.errors import DomainError
from services.supervision.checklists import load_checklist
from services.supervision.lots import check_paper, draw_inspection
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="机构监管 / supervision of institutions", no_args_is_help=True)
console = Console(highlight=False)


@app.command("checklist")
def checklist(files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="TOML文件")]) -> None:
    """Publish versions of checklists; a version that stands is never edited."""
    for file in files:
        try:
            with unit_of_work(SYSTEM, login="jobs") as work:
                code, version, new = load_checklist(work.session, work.now, COMMAND_LINE, file)
        except DomainError as error:
            told = error.facts.get("problems", []) if isinstance(error, BadPack) else []
            for problem in told or [{"message": f"{error.message_zh} {error.facts}"}]:
                console.print(problem["message"], style="red", markup=False)
            raise typer.Exit(1) from error
        console.print(f"检查表 {code} {version}：{'新公布' if new else '已经有了'}")


@app.command("draw-check")
def draw_check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="公布的抽查记录（JSON）")],
) -> None:
    """Draw a published draw again from its paper alone: no database, no network; ends with 1 if something differs."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        wrong = check_paper(told) if isinstance(told, dict) else ["这不是一份抽查记录"]
    except (ValueError, UnicodeDecodeError) as broken:
        wrong = [f"文件读不懂：{broken}"]
    if wrong:
        for line in wrong:
            console.print(line, style="red", markup=False)
        raise typer.Exit(1)
    for row in draw_inspection(told["lists"], told["seed"], told["public_word"]):
        console.print(
            f"{row['place']:>3} {row['list']:<7} {row['target']}  {'、'.join(row['inspectors'])}", markup=False
        )
    console.print("与公布的结果一致：种子、名单、抽中的机构和检查人员都对得上。", style="green")
