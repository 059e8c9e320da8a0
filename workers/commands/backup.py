"""`bin/yinling backup FILE`: everything the house keeps, in one sealed file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.acts import record_act
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work
from workers.backup import Saved, save

_console = Console()


def describe(done: Saved) -> str:
    """Say what a backup holds."""
    size = f"{done.size_bytes / 1_000_000:.1f} MB"
    return f"{done.tables}张表，{done.rows}行，账目{done.transfers}笔，附件{done.attachments}个，{size}"


def stamp(verb: str, file: Path, done: Saved) -> None:
    """Write into the trail that everything the house keeps went out to a file, or came in from one."""
    facts = {"file": file.name, "tables": done.tables, "rows": done.rows, "attachments": done.attachments}
    with unit_of_work(SYSTEM, login="jobs") as work:
        record_act(work.session, work.now, COMMAND_LINE, verb, facts=facts)


def backup(file: Annotated[Path, typer.Argument(help="新文件；已有的文件不会被覆盖")]) -> None:
    """Save the database and the attachments into one sealed file (docs/backup.md)."""
    if not file.parent.is_dir():
        raise typer.BadParameter(f"没有这个目录 (no such directory): {file.parent}")
    try:
        done = save(file)
    except FileExistsError as there:
        raise typer.BadParameter(f"文件已存在 (already exists): {file}") from there
    stamp("backup", file, done)
    _console.print(f"已备份：{describe(done)}", highlight=False)
    _console.print("恢复时需要同一个 YINLING_SECRET_KEY；请另处妥善保存。", highlight=False)


command = backup
