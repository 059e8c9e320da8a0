"""The command line of the house: `bin/yinling COMMAND`."""

from __future__ import annotations

import importlib
import pkgutil
import re
import signal
import sys
import threading
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError

import workers.commands
from services import migrating
from services.acts import record_act
from services.clock import SHANGHAI, advance
from services.errors import DomainError
from services.logs import set_up_logs
from services.settings import settings
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(no_args_is_help=True, help="银龄圈 Yinling: service circles, orders, visits and the time bank.")
clock = typer.Typer(no_args_is_help=True, help="The demonstration's clock.")
app.add_typer(clock, name="clock")
console = Console()

UNDEFINED_TABLE = "42P01"
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def mount_commands() -> None:
    """Add the command group of every room: module `network_x` becomes `network-x`; a `run` function, a command."""
    for info in sorted(pkgutil.iter_modules(workers.commands.__path__), key=lambda found: found.name):
        module = importlib.import_module(f"workers.commands.{info.name}")
        group = getattr(module, "app", None)
        command = getattr(module, "command", None)
        name = getattr(module, "NAME", info.name.replace("_", "-"))  # "import" is no name for a module
        if isinstance(group, typer.Typer):
            app.add_typer(group, name=name)
        if command is not None:
            app.command(name)(command)


@app.command()
def migrate() -> None:
    """Bring the database to this version of the house."""
    before = migrating.revision()
    migrating.upgrade()
    after = migrating.revision()
    if after != before:
        with unit_of_work(SYSTEM, login="jobs") as work:
            record_act(work.session, work.now, COMMAND_LINE, "migrate", facts={"from": before, "to": after})
    console.print("数据库已是最新版本 (database is up to date)")


@app.command()
def serve(host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the API and the pages."""
    import uvicorn

    uvicorn.run("api.app:serving_app", factory=True, host=host, port=port, log_level="warning", access_log=False)


@app.command()
def worker(burst: bool = False) -> None:
    """Do promised jobs until stopped."""
    set_up_logs(readable=sys.stderr.isatty())
    from workers.worker import work_forever

    work_forever(burst=burst)


@app.command()
def relay() -> None:
    """Carry promised jobs to the workers until stopped."""
    set_up_logs(readable=sys.stderr.isatty())
    from workers.relay import relay_forever

    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    relay_forever(stop.is_set)


@clock.command("advance")
def clock_advance(by: Annotated[str, typer.Argument(help="for example 3d, 36h or 90m")]) -> None:
    """Move the demonstration's clock forward for every process."""
    number, unit = by[:-1], by[-1:]
    if unit not in UNITS or not number.isdigit():
        raise typer.BadParameter("写成 3d、36h 或 90m (write 3d, 36h or 90m)")
    if not settings().demonstration:
        raise typer.BadParameter(
            "演示模式之外不能调整时钟 (the clock moves in demonstration mode only: YINLING_DEMONSTRATION=1)"
        )
    with unit_of_work(SYSTEM, login="jobs") as work:
        now = advance(work.session, timedelta(**{UNITS[unit]: int(number)}))
        record_act(work.session, work.now, COMMAND_LINE, "advance_clock", facts={"by": by})
    console.print(f"现在是 {now.astimezone(SHANGHAI):%Y-%m-%d %H:%M} (Asia/Shanghai)")


@clock.command("show")
def clock_show() -> None:
    """Say what time it is in the house."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        console.print(f"{work.now.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} (Asia/Shanghai)")


def main() -> None:
    """Run the command line; a refused act prints its sentence and ends with 2."""
    mount_commands()
    try:
        app()
    except DomainError as refused:
        Console(stderr=True).print(f"[red]{refused.message_zh}[/red] {refused}")
        sys.exit(2)
    except DBAPIError as error:
        if not is_unbuilt(error):
            raise
        Console(stderr=True).print(
            "[red]数据库还没有建立，请先运行[/red] bin/yinling migrate (the database is not built yet)"
        )
        sys.exit(2)


def is_unbuilt(error: DBAPIError) -> bool:
    """Tell whether a command failed because nobody has migrated this database: no table yet, or not even the login."""
    no_table = getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE
    return no_table or re.search(r'(user|role) "yinling_(app|jobs)"', str(error.orig)) is not None


if __name__ == "__main__":
    main()
