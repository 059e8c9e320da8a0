"""`bin/yinling restore FILE --into-empty-database`: a backup brought back and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workers.backup import restore as bring_back
from workers.commands.backup import describe, stamp

_console = Console()


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    into_empty_database: Annotated[
        bool, typer.Option("--into-empty-database", help="恢复到 DATABASE_URL 所指的空数据库")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="先清空不为空的数据库")] = False,
) -> None:
    """Bring a backup back into an empty database; row counts, the ledger and every attachment are checked."""
    if not into_empty_database:
        raise typer.BadParameter("请加 --into-empty-database，确认目标是 DATABASE_URL 所指的空数据库")
    done = bring_back(file, force=force)
    stamp("restore", file, done)
    _console.print(f"已恢复并核对：{describe(done)}", highlight=False)


command = restore
