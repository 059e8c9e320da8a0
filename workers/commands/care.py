"""What a city promises, on the command line: its service catalogue, its entitlement rules, the ways to assess."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.benefits.entitling import load_rules
from services.benefits.schemes import load_scheme
from services.catalogue.actions import load_catalogue
from services.cities.errors import BadPack
from services.errors import DomainError
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(
    help="服务目录、享受条件、评估标准 / catalogue, entitlement and assessment schemes", no_args_is_help=True
)
console = Console(highlight=False)
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="TOML文件")]


def _stop(error: DomainError) -> typer.Exit:
    problems = error.facts.get("problems", []) if isinstance(error, BadPack) else []
    for problem in problems or [{"message": f"{error.message_zh} {error.facts}"}]:
        console.print(problem["message"], style="red", markup=False)
    return typer.Exit(1)


@app.command("catalogue")
def catalogue(file: File) -> None:
    """Publish a city's service standards; what stands already stays."""
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            done = load_catalogue(work.session, work.now, COMMAND_LINE, file)
    except DomainError as error:
        raise _stop(error) from error
    console.print(f"服务目录：新公布{done.published}项，未变{done.unchanged}项")


@app.command("entitlement")
def entitlement(file: File) -> None:
    """Publish a city's entitlement rules; everybody's entitlement is decided anew by the worker."""
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            done = load_rules(work.session, work.now, COMMAND_LINE, file)
    except DomainError as error:
        raise _stop(error) from error
    console.print(f"享受条件：新公布{done.published}条，未变{done.unchanged}条")


@app.command("scheme")
def scheme(file: File) -> None:
    """Publish a way to assess elders."""
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            code, version, new = load_scheme(work.session, work.now, COMMAND_LINE, file)
    except DomainError as error:
        raise _stop(error) from error
    console.print(f"{code} {version}：{'已公布' if new else '已是这一版本，未作改动'}")
