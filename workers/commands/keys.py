"""The key ring on the command line: how many values lie under which key, and turning the ring."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.people.privacy import newest_key
from services.people.resealing import (
    SEALED_COLUMNS,
    SealedColumn,
    count_by_key,
    files_to_reseal,
    note_rotation,
    rehash,
    reseal_batch,
    reseal_file,
)
from services.people.storage import storage
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="加密密钥环 / the key ring (docs/privacy.md)", no_args_is_help=True)
console = Console(highlight=False)


@app.command("status")
def show_keys() -> None:
    """Show how many values of each column lie under which key; only the newest key should be left."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        counts = {one: count_by_key(work.session, one) for one in SEALED_COLUMNS}
        old_files = len(files_to_reseal(work.session))
    names = sorted({key for found in counts.values() for key in found})
    table = Table("列 / column", *names)
    for one, found in counts.items():
        table.add_row(one.name, *(str(found.get(name, 0)) for name in names))
    console.print(table)
    console.print(f"最新密钥 {newest_key()}；旧密钥下的附件 {old_files} 个 (newest key; files under an older one)")


@app.command("rotate")
def rotate() -> None:
    """Seal every value and file anew under the newest key; stopped half-way, run it again and it goes on."""
    counts: dict[str, int] = {}
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with bar:
        for one in SEALED_COLUMNS:
            counts[one.name] = _rotate_column(bar, one)
        counts["attachment"] = _rotate_files(bar)
    with unit_of_work(SYSTEM, login="jobs") as work:
        left = {one.name: left for one in SEALED_COLUMNS if (left := _under_older(count_by_key(work.session, one)))}
        note_rotation(work.session, work.now, COMMAND_LINE, counts)
    if left:
        console.print(
            f"还有 {left}，有人正在改这些行；请再运行一次 (held by somebody: run it once more)", style="yellow"
        )
        raise typer.Exit(1)
    console.print(f"全部在 {newest_key()} 之下：{sum(counts.values())} 项重新加密 (all under the newest key)")


@app.command("rehash")
def rehash_look_ups() -> None:
    """Make the look-up hashes anew after YINLING_LOOKUP_KEY changed; stop the servers first, nobody can sign in meanwhile."""
    bar = Progress(TextColumn("{task.description}"), TextColumn("{task.completed}"))
    with bar, unit_of_work(SYSTEM, login="jobs") as work:
        task = bar.add_task("重新计算查找用的哈希 / look-up hashes", total=None)
        counts = rehash(work.session, work.now, COMMAND_LINE, lambda size: bar.advance(task, size))
    console.print(f"完成：{counts} (done, in one transaction)")


def _under_older(found: dict[str, int]) -> int:
    return sum(number for key, number in found.items() if key != newest_key())


def _rotate_column(bar: Progress, one: SealedColumn) -> int:
    with unit_of_work(SYSTEM, login="jobs") as work:
        waiting = _under_older(count_by_key(work.session, one))
    task, done = bar.add_task(one.name, total=waiting), 0
    while True:
        with unit_of_work(SYSTEM, login="jobs") as work:
            batch = reseal_batch(work.session, one)
        if not batch:
            return done
        done += batch
        bar.advance(task, batch)


def _rotate_files(bar: Progress) -> int:
    with unit_of_work(SYSTEM, login="jobs") as work:
        waiting = files_to_reseal(work.session)
    task = bar.add_task("attachment", total=len(waiting))
    for attachment_id in waiting:
        with unit_of_work(SYSTEM, login="jobs") as work:
            old = reseal_file(work.session, attachment_id)
        if old is not None:
            storage().remove(old)  # only now: until the row named the new file, it still needed the old one
        bar.advance(task)
    return len(waiting)
